"""Waiting for a condition, with a deadline; a test never sleeps for the time it hopes is enough."""
import time

STEP_S = 0.05


def until(condition, what, timeout_s=30.0, explain=None):
    """The first true value of `condition()`. `what` says in the failure what was awaited, `explain()`
    what was there instead."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            seen = f"; instead: {explain()}" if explain else f"; last: {value!r}"
            raise AssertionError(f"after {timeout_s} s still not: {what}{seen}")
        time.sleep(STEP_S)


def equal(expression, expected, what, timeout_s=30.0):
    """Until `expression()` is `expected`; the failure shows what it was."""
    last = []

    def same():
        last[:] = [expression()]
        return last[0] == expected

    until(same, f"{what} == {expected!r}", timeout_s, lambda: repr(last[0]))


def stays(condition, what, for_s):
    """`condition()` is true during `for_s` seconds: for things that must not happen."""
    deadline = time.monotonic() + for_s
    while time.monotonic() < deadline:
        assert condition(), f"no longer: {what}"
        time.sleep(STEP_S)
