"""From a report's publish until its row is visible to others. The publisher says when in each report;
the ledger, which a batch moves in the transaction of its rows, is looked at every millisecond: so a
figure is never too good, and at most that much too bad."""
import bisect
import threading
import time

from harness.sql import Database
from measure.figures import quantile
from measure.site import Site

POLL_S = 0.001


class VisibleWatch(threading.Thread):
    """What was committed when. Inside `with`."""

    def __init__(self, conninfo):
        super().__init__(daemon=True)
        self.database = Database(conninfo)
        self.seqs, self.times_us = [], []  # committed up to seqs[i] at times_us[i]
        self.done = threading.Event()

    def run(self):
        while not self.done.is_set():
            seq = self.database.one("SELECT next_report_seq FROM fleet.ledger") - 1
            if not self.seqs or seq > self.seqs[-1]:
                self.times_us.append(time.time_ns() // 1000)
                self.seqs.append(seq)
            self.done.wait(POLL_S)
        self.database.close()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.join()

    def visible_us(self, seq):
        """None before and after the watch."""
        at = bisect.bisect_left(self.seqs, seq)
        return self.times_us[at] if 0 < at < len(self.seqs) else None

    def latencies_ms(self, sql):
        """Of all reports that became visible meanwhile, by the time in their msgid or, where that
        is not load_generator's, by their own clock (milliseconds)."""
        rows = sql.rows("SELECT seq, msgid, (extract(epoch FROM reported_at) * 1000000)::bigint AS at "
                        "FROM fleet.report_log WHERE seq > %s AND seq <= %s", self.seqs[0], self.seqs[-1])
        found = []
        for row in rows:
            visible = self.visible_us(row["seq"])
            if visible is None:
                continue
            published = int((row["msgid"] or "").replace("-", "")[:16] or "0", 16)
            if abs(published - visible) > 3600e6:
                published = row["at"]
            if published:
                found.append((visible - published) / 1000)
        return found


def measure(figures, rounds=5, seconds=10, rate=2000, printers=1000):
    with Site() as site:
        site.publish(count=printers * 5)  # all are known, every path is warm
        site.wait_committed(site.published)
        for number in range(rounds + 1):
            with VisibleWatch(site.bridge.addresses()["database"]) as watch:
                site.publish(seconds=seconds if number else 2, rate=rate, connections=100)
                site.wait_committed(site.published)
            samples = watch.latencies_ms(site.sql)
            if number:
                for share, name in ((0.5, "p50"), (0.99, "p99"), (1.0, "max")):
                    figures.add(f"inbound/{rate}-per-s/{name}", quantile(samples, share), "ms")
    figures.limit("published to row visible, p99", f"inbound/{rate}-per-s/p99", at_most=50)
