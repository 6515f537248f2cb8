"""The matrix: victims, what happens to them, and the moments at which it does. Which message it is,
how many go by before, and which of a moment's failpoints is meant, the seed says."""
import contextlib
import os
import signal
import time

from harness import fault, wait
from rig.farm import HANGS_S, SHORT

VICTIMS = ("bridge", "mosquitto", "postgresql")
FAULTS = ("killed", "hung", "restarted")
# The bridge is caught at one of these; at an empty moment nothing is under way.
MOMENTS = {
    "idle": (),
    "reading": ("reading.stepped", "reading.close"),
    "committing": ("committing.begin", "committing.written", "committing.committed"),
    "releasing": ("releasing.merged", "releasing.published", "releasing.acknowledged"),
    "sending": ("sending.before", "sending.written", "sending.acknowledged"),
    # The database hangs while the bridge is at one of these, and is back when it comes to one of the
    # last.
    "spooling": ("spooling.written", "spooling.committed", "spooling.kept", "spooling.acknowledged"),
    "draining": ("draining.read", "draining.stored", "draining.ended"),
}
SPOOLING, DRAINING = "spooling", "draining"
SPOOLED_S = 2.0  # beyond hold_time, for a drain that is worth it
SKIPS = {"reading.stepped": 200, "draining.read": 200, "draining.stored": 2, "draining.ended": 1,
         "sending.before": 3, "sending.written": 3, "sending.acknowledged": 3}
SKIPS_MAX = 20  # of the others: they are passed once a batch
ORDERS_AGAIN_S = 3.0


def run(farm, victim, what, moment, chance):
    """One cell. Returns a line that says what was done and how long the recovery took."""
    story = [f"{victim} {what}, {moment}"]
    action = "kill" if (victim, what) == ("bridge", "killed") else "pause"
    with contextlib.ExitStack() as away:
        if moment in (SPOOLING, DRAINING):
            farm.load.talk()
            away.enter_context(fault.stopped(farm.postgres()))
            wait.equal(lambda: farm.daemon.http_status("/readyz"), 503, "/readyz", 10)
        with caught(farm, moment, chance, action, story, away):
            begin = ACTIONS[victim, what](farm, chance)
    farm.wait_ready()
    story.append(f"ready after {time.monotonic() - begin:.1f} s")
    if moment == "idle":
        farm.load.talk()
    with_broker = victim == "mosquitto"
    # Of a broker that hangs for longer than a stop waits nothing can be had; and what is sent while
    # the store is away is sent once: a broker that dies then takes it along.
    gone = with_broker and (what == "hung" or moment in (SPOOLING, DRAINING))
    count = farm.check(ordered=not with_broker, stops_arrive=not gone)
    story.append(f"{count} reports")
    return "; ".join(story)


@contextlib.contextmanager
def caught(farm, moment, chance, action, story, away):
    """Inside, the bridge stands (or fell) at the moment; it goes on as soon as the fault has begun."""
    if moment == "idle":
        farm.load.quiet()
        wait.equal(farm.load.waiting, 0, "reports without PUBACK", 20)
        farm.orders.wait_answered()
        yield
        return
    farm.load.talk()
    name = chance.choice(MOMENTS[moment])
    skip = chance.randrange(SKIPS.get(name, SKIPS_MAX))
    story.append(f"{name} +{skip}")
    farm.failpoints.arm(name, action, skip)
    if moment == DRAINING:
        time.sleep(SPOOLED_S + SHORT["inbound"]["hold_time_ms"] / 1000)  # the database is away
        away.close()
    if moment == "sending" or chance.random() < 0.5:
        reach_with_orders(farm, name)
    farm.failpoints.wait_reached(name, explain=farm.explain)
    try:
        yield
    finally:
        farm.failpoints.release()


def reach_with_orders(farm, name):
    given_at = None
    while not farm.failpoints.is_reached(name):
        if given_at is None or time.monotonic() - given_at > ORDERS_AGAIN_S:
            assert farm.fresh, f"{name} is not reached, whatever is ordered\n{farm.explain()}"
            given_at = time.monotonic()
            farm.give_orders()
        time.sleep(0.01)


# -- What happens to whom. Each returns when the fault was over and the recovery began. --

def hang(pids, farm, victim):
    with fault.stopped(pids):
        farm.failpoints.release()  # in the bridge it is the stop that holds it now
        time.sleep(HANGS_S[victim])  # the length of the fault
    return time.monotonic()


def bridge_killed(farm, _chance):
    if farm.daemon.process.poll() is None and not fallen(farm):
        farm.daemon.kill()
    farm.daemon.process.wait(10)
    begin = time.monotonic()
    farm.daemon.start(ready=False)
    return begin


def fallen(farm):
    """It was caught by a failpoint that kills: wait for its end."""
    if not list(farm.failpoints.directory.glob("*.reached")):
        return False
    farm.daemon.process.wait(10)
    return True


def bridge_hung(farm, _chance):
    return hang([farm.daemon.pid], farm, "bridge")


def bridge_restarted(farm, _chance):
    farm.daemon.signal(signal.SIGTERM)
    farm.failpoints.release()
    assert farm.daemon.process.wait(30) == 0
    begin = time.monotonic()
    farm.daemon.start(ready=False)
    return begin


def saved(farm):
    """Has the broker write its queues; returns a time before which everything acknowledged is in them."""
    database = farm.daemon.data_dir / "broker" / "mosquitto.db"
    before = database.stat().st_mtime_ns if database.exists() else 0
    at = time.monotonic()
    os.kill(farm.mosquitto(), signal.SIGUSR1)
    wait.until(lambda: database.exists() and database.stat().st_mtime_ns != before, "the broker's save", 10)
    return at


def mosquitto_killed(farm, chance):
    at = saved(farm)
    time.sleep(chance.uniform(0, 0.2))  # acknowledged and not saved: may go with it
    old = farm.mosquitto()
    fault.kill(old)
    farm.reports.lost_with_broker(at, time.monotonic())
    return wait_successor([old], farm.mosquitto)


def mosquitto_restarted(farm, _chance):
    old = farm.mosquitto()
    os.kill(old, signal.SIGTERM)
    return wait_successor([old], farm.mosquitto)


def wait_successor(old, server):
    """`old` processes end, and `server()` is there again; returns when the recovery began."""
    begin = time.monotonic()
    fault.wait_gone(old, 15)

    def there():
        with contextlib.suppress(AssertionError):
            return server()
        return False

    wait.until(there, "a successor", 15)
    return begin


def mosquitto_hung(farm, _chance):
    return hang([farm.mosquitto()], farm, "mosquitto")


def go_on(pids):
    """They may hang: while the bridge spools. Only one that runs sees that it has to end."""
    for pid in pids:
        fault.kill(pid, signal.SIGCONT)


def postgresql_killed(farm, chance):
    postmaster, *others = farm.postgres()
    # Its postmaster alone, as the kernel's out-of-memory killer does, or all of it.
    for pid in [postmaster] if chance.random() < 0.5 else [postmaster, *others]:
        fault.kill(pid)
    go_on(others)
    return wait_successor([postmaster, *others], farm.postgres)


def postgresql_hung(farm, _chance):
    return hang(farm.postgres(), farm, "postgresql")


def postgresql_restarted(farm, _chance):
    old = farm.postgres()
    os.kill(old[0], signal.SIGINT)
    go_on(old)
    return wait_successor(old, farm.postgres)


ACTIONS = {
    ("bridge", "killed"): bridge_killed,
    ("bridge", "hung"): bridge_hung,
    ("bridge", "restarted"): bridge_restarted,
    ("mosquitto", "killed"): mosquitto_killed,
    ("mosquitto", "hung"): mosquitto_hung,
    ("mosquitto", "restarted"): mosquitto_restarted,
    ("postgresql", "killed"): postgresql_killed,
    ("postgresql", "hung"): postgresql_hung,
    ("postgresql", "restarted"): postgresql_restarted,
}
