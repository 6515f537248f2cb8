"""Faults and their oracle: which processes belong to a daemon, how to kill or stop them, and
whether every report that a publisher had acknowledged is in the tables exactly once."""

import contextlib
import json
import os
import pathlib
import signal
import threading
import time

POLL_S = 0.002


# -- Processes, by /proc --


def _stat(pid):
    """(comm, state, parent, start in clock ticks) or None."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    comm = text[text.index("(") + 1:text.rindex(")")]
    fields = text[text.rindex(")") + 2:].split()
    return comm, fields[0], int(fields[1]), int(fields[19])


def alive(pid):
    stat = _stat(pid)
    return stat is not None and stat[1] not in "ZX"


def processes():
    """{pid: (comm, state, parent, start)} of everything."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            stat = _stat(int(entry))
            if stat is not None:
                found[int(entry)] = stat
    return found


def children(pid):
    return [child for child, stat in processes().items() if stat[2] == pid and stat[1] not in "ZX"]


def descendants(pid):
    """All processes below `pid`, parents before children."""
    table = processes()
    found = []
    wave = [pid]
    while wave:
        wave = [child for child, stat in table.items() if stat[2] in wave and stat[1] not in "ZX"]
        found += wave
    return found


def child_named(pid, comm):
    """The one child of `pid` whose program is `comm`."""
    table = processes()
    found = [child for child, stat in table.items()
             if stat[2] == pid and stat[0] == comm and stat[1] not in "ZX"]
    assert len(found) == 1, f"children of {pid} named {comm}: {found}"
    return found[0]


def broker_pid(parent):
    return child_named(parent, "mosquitto")


def postmaster_pid(parent):
    return child_named(parent, "postgres")


def servers_in(data_dir):
    """(brokers, postmasters) that run in `data_dir`, whoever started them."""
    table = processes()
    root = os.path.realpath(data_dir) + "/"
    brokers, postmasters = [], []
    for pid, (comm, state, parent, _) in table.items():
        if comm not in ("mosquitto", "postgres") or state in "ZX":
            continue
        try:
            inside = os.readlink(f"/proc/{pid}/cwd") + "/"
        except OSError:
            continue
        if not inside.startswith(root):
            continue
        if comm == "mosquitto":
            brokers.append(pid)
        elif table.get(parent, ("",))[0] != "postgres":
            postmasters.append(pid)
    return brokers, postmasters


def kill(pid, number=signal.SIGKILL):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def wait_gone(pids, seconds=30):
    """Seconds until none of `pids` is alive."""
    begin = time.monotonic()
    while any(alive(pid) for pid in pids):
        left = [pid for pid in pids if alive(pid)]
        assert time.monotonic() - begin < seconds, f"still alive after {seconds} s: {left}"
        time.sleep(POLL_S)
    return time.monotonic() - begin


@contextlib.contextmanager
def stopped(pids):
    """SIGSTOP to all of `pids`, SIGCONT at the end."""
    for pid in pids:
        kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(pids):
            kill(pid, signal.SIGCONT)


class SuccessorWatch:
    """Looks all the time whether two brokers or two postmasters run in one data_dir."""

    def __init__(self, data_dir):
        self._data_dir = data_dir
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.overlaps = []
        self.samples = 0

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()

    def _run(self):
        while not self._end.wait(0.02):
            self.samples += 1
            for kind, pids in zip(("mosquitto", "postgres"), servers_in(self._data_dir)):
                if len(pids) > 1:
                    self.overlaps.append((kind, pids))


# -- The ledger's oracle --
# The ledger has a line for every report whose publisher holds a PUBACK. Each must be in the tables
# exactly once.

STORED = ("SELECT msgid, count(*) AS times FROM fleet.report_log "
          "WHERE msgid IS NOT NULL GROUP BY msgid")


def stored(database):
    """{msgid: how often it is in report_log}"""
    return {row["msgid"]: row["times"] for row in database.rows(STORED)}


def problems(entries, counts):
    """What is wrong with `entries` [(msgid, topic)], as a short text; "" for nothing."""
    named = [(msgid, topic) for msgid, topic in entries if msgid != "-"]
    missing = [(msgid, topic) for msgid, topic in named if msgid not in counts]
    twice = [(msgid, topic) for msgid, topic in named if counts.get(msgid, 0) > 1]
    if not missing and not twice:
        return ""
    return (f"{len(named)} acknowledged, {len(missing)} missing {missing[:5]}, "
            f"{len(twice)} more than once {twice[:5]}")


def wait_stored(database, entries, timeout_s=60.0):
    """Until every entry is stored; fails where one is not, or is twice. Returns how many."""
    deadline = time.monotonic() + timeout_s
    while True:
        counts = stored(database)
        if all(msgid in counts for msgid, _ in entries if msgid != "-"):
            break
        if time.monotonic() > deadline:
            break
        time.sleep(0.3)
    wrong = problems(entries, counts)
    assert not wrong, wrong
    return len(entries)


def messages_of(sim, kind, action, since=0):
    """Requests of this type and action that reached the simulated printers: [(printer_id, entry)]."""
    found = []
    for entry in sim.received()[since:]:
        request = json.loads(entry.get("payload", "null"))
        if isinstance(request, dict) and (request.get("type"), request.get("action")) == (kind, action):
            found.append((entry["printer_id"], {**entry, "request": request}))
    return found


# -- Memory --


def rss_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0
