"""What a process, or a tree of them, has used so far: /proc, no tool between."""
import os
import pathlib

from harness import fault

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def _fields(pid):
    text = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return text[text.rindex(")") + 2:].split()


def cpu_s(pid):
    """(user, system) seconds of all its threads, those that ended too."""
    fields = _fields(pid)
    return int(fields[11]) * TICK_S, int(fields[12]) * TICK_S


def tree_cpu_s(pid):
    """The same of the process, its children that ended and those that live."""
    user, system = 0.0, 0.0
    for each in [pid, *fault.descendants(pid)]:
        try:
            fields = _fields(each)
        except (FileNotFoundError, ProcessLookupError):
            continue
        user += (int(fields[11]) + int(fields[13])) * TICK_S
        system += (int(fields[12]) + int(fields[14])) * TICK_S
    return user, system


def rss_mib(pid):
    pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


class Usage:
    """CPU of named process trees from its making to `spent()`."""

    def __init__(self, **trees):
        self.trees = trees
        self.before = {name: tree_cpu_s(pid) for name, pid in trees.items()}

    def spent(self):
        """{name: (user, system) seconds}"""
        now = {name: tree_cpu_s(pid) for name, pid in self.trees.items()}
        return {name: tuple(after - before for after, before in zip(now[name], self.before[name]))
                for name in self.trees}
