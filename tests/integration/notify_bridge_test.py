"""The bridge's own troubles are told, also while nothing can be stored."""
import os
import signal
import time

from harness import wait
from harness.fault import broker_pid, children
from harness.webhook import site_of, target


def test_the_bridges_own_troubles_are_told_past_the_store():
    def targets(receiver):
        return [target(receiver, "shift", events=["bridge_degraded", "bridge_recovered"])]

    with site_of(targets, {"notify": {"degraded_after_s": 2}}) as site:
        # The start itself may have taken long enough to be told.
        before = quiet_for(site, 4)
        broker = broker_pid(site.daemon.pid)
        os.kill(broker, signal.SIGSTOP)
        try:
            deaf = site.told("/shift", before + 1)[before]
            assert deaf.json["title"] == "bridge degraded"
        finally:
            os.kill(broker, signal.SIGCONT)
        assert site.told("/shift", before + 2)[before + 1].json["title"] == "bridge recovered"
        wait.equal(lambda: site.database.column(
            "SELECT kind FROM fleet.events WHERE kind LIKE 'bridge_%%ed' "
            "ORDER BY event_id DESC LIMIT 2"), ["bridge_recovered", "bridge_degraded"], "events", 10)

        # Nothing can be queued now, and yet it is told; the tables have it afterwards.
        database = site.daemon.servers()["database"]
        site.database.close()
        os.kill(database, signal.SIGSTOP)
        for child in children(database):
            os.kill(child, signal.SIGKILL)
        try:
            away = site.told("/shift", before + 3)[before + 2]
            assert away.json["title"] == "bridge degraded"
            assert "database" in away.json["items"][0]["text"], away
            quiet_for(site, 2)
        finally:
            os.kill(database, signal.SIGCONT)
        assert site.told("/shift", before + 4, 60)[before + 3].json["title"] == "bridge recovered"
        wait.until(lambda: [row["state"] for row in site.rows()] == ["sent"] * (before + 4),
                   "every message has its row", 20, site.rows)


def quiet_for(site, for_s):
    """How many requests there are once none has come for so long."""
    seen, since = -1, time.monotonic()
    while time.monotonic() - since < for_s:
        if len(site.receiver.requests) != seen:
            seen, since = len(site.receiver.requests), time.monotonic()
        time.sleep(wait.STEP_S)
    return seen
