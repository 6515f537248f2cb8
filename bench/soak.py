#!/usr/bin/python3
"""Hours of load with a fault every minute: is everything flat that should be, and is the lag back
below a second after each fault?

    cmake --preset release && cmake --build --preset release
    bench/soak.py [--minutes 60] [--rate 3000] [--printers 1000]

In turn: the bridge, Mosquitto and PostgreSQL are killed, stopped for some seconds (SIGSTOP), and told to
end, and come back. Before each fault the sizes of processes and files are noted. Flat: by the trend of the
last two thirds (the first one is warm-up) a third of the time adds at most 5 %. Tables grow by rows only:
bytes a row are looked at likewise. The lag is back when a report is stored within a second of its
publication. Exit code 1 where one is not flat, a lag does not come back, or a report is stored twice.
"""
import argparse
import json
import os
import pathlib
import signal
import statistics
import sys
import time

sys.dont_write_bytecode = True
sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent / each) for each in (".", "../tests/integration")]

from harness import fault  # noqa: E402
from measure import site as measured  # noqa: E402
from measure.probe import Probe  # noqa: E402
from measure.process import rss_mib  # noqa: E402

FLAT_SHARE = 0.05
FAULT_EVERY_S = 60
STOPPED_S = 8
LAG_S = 1.0
LAG_PATIENCE_S = 50
# Sizes below these are noise, whatever their ratio.
FLOORS = {"bridge_mib": 1, "broker_mib": 4, "database_mib": 16, "wal_mib": 64, "broker_file_mib": 4,
          "spool_mib": 8}
SETTINGS = {"broker": {"autosave_interval_s": 60}}


def tree_mib(path):
    total = 0
    for folder, _, files in os.walk(path):
        for name in files:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size
            except FileNotFoundError:
                continue
    return total / (1 << 20)


def find(directory, pattern):
    return sum(tree_mib(path) if path.is_dir() else path.stat().st_size / (1 << 20)
               for path in pathlib.Path(directory).glob(pattern) if path.exists())


def sizes(site):
    data = site.bridge.data_dir
    rows = site.committed()
    table = site.sql.one("SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c JOIN "
                         "pg_namespace n ON n.oid = relnamespace WHERE nspname = 'fleet' AND relkind = "
                         "'r' AND relname LIKE 'report_log%%'")
    small = site.sql.one("SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c JOIN "
                         "pg_namespace n ON n.oid = relnamespace WHERE nspname = 'fleet' AND relkind = "
                         "'r' AND relname IN ('printers', 'printer_status', 'ledger')")
    return {"reports": rows, "bridge_mib": rss_mib(site.bridge.pid), "broker_mib": rss_mib(site.broker_pid),
            "database_mib": rss_mib(site.database_pid), "wal_mib": find(data, "**/pg_wal"),
            "broker_file_mib": find(data, "**/mosquitto.db"), "spool_mib": find(data, "**/spool*"),
            "report_log_bytes_a_row": float(table) / max(1, rows), "small_tables_mib": float(small) / (1 << 20)}


class Faults:
    """Each once, then again."""

    def __init__(self, site):
        self.site = site
        self.all = [(what, how) for how in ("kill", "pause", "end")
                    for what in ("bridge", "broker", "database")]
        self.number = 0

    def next(self):
        what, how = self.all[self.number % len(self.all)]
        self.number += 1
        pid = {"bridge": self.site.bridge.pid, "broker": self.site.broker_pid,
               "database": self.site.database_pid}[what]
        if how == "pause":
            with fault.stopped([pid, *fault.descendants(pid)]):
                time.sleep(STOPPED_S)
        elif what == "bridge":
            self.site.bridge.kill() if how == "kill" else self.site.bridge.stop()
            self.site.bridge.start(ready=False)
        else:
            end = signal.SIGINT if what == "database" else signal.SIGTERM
            os.kill(pid, signal.SIGKILL if how == "kill" else end)
        return f"{what} {how}"


def lag_back_s(site, probe):
    """Seconds from the end of a fault until a report is stored within LAG_S of its publication and the
    bridge is ready; None if that does not come."""
    begin = time.monotonic()
    while time.monotonic() - begin < LAG_PATIENCE_S:
        published = time.monotonic()
        if probe.stored_within(LAG_S) and site.bridge.http_status("/readyz") == 200:
            return published - begin
    return None


def trend(values, period):
    """How much is added from one sample to the next: the median of the slopes (Theil and Sen) between
    all samples that follow the same fault, for memory comes and goes with what the last fault queued.
    None where none follows the same."""
    slopes = [(values[late] - values[early]) / (late - early)
              for early in range(len(values)) for late in range(early + period, len(values), period)]
    return statistics.median(slopes) if slopes else None


def verdict(samples, period):
    """[what is not flat]; `period`: samples from a fault to its next."""
    third = len(samples) // 3
    wrong = []
    for name in samples[0] if third else ():
        if name in ("reports", "after", "lag_back_s"):
            continue
        values = [each[name] for each in samples[third:]]  # the first third is warm-up
        usual, slope = statistics.median(values), trend(values, period)
        if slope is None:
            print(f"{name:<26} median {usual:>10.2f}  too short to tell more")
            continue
        grown = slope * third
        flat = grown <= usual * FLAT_SHARE or grown <= FLOORS.get(name, 0)
        print(f"{name:<26} median {usual:>10.2f}  a third of the time adds {grown:>8.2f}  "
              f"{'flat' if flat else 'GROWS'}")
        wrong += [] if flat else [name]
    late_lags = [each for each in samples if each["lag_back_s"] is None]
    print(f"faults {len(samples)}, lag not back within {LAG_PATIENCE_S} s after {len(late_lags)}: "
          f"{[each['after'] for each in late_lags]}")
    return wrong + [each["after"] for each in late_lags]


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is stopped
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=3000)
    parser.add_argument("--printers", type=int, default=1000)
    parser.add_argument("--build", default="release")
    parser.add_argument("--json", default=str(measured.ROOT / "build/bench/soak.json"))
    options = parser.parse_args()
    measured.programs(options.build)
    samples = []
    with measured.Site(SETTINGS) as site, site.simulator(
            "--printers", options.printers, "--report-interval", options.printers / options.rate,
            "--connect-rate", 2000, "--reconnect-ms-max", 2000, "--seed", 5), \
            Probe(site.bridge.mqtt_port, site.sql) as probe:
        faults = Faults(site)
        end = time.monotonic() + options.minutes * 60
        next_fault = time.monotonic() + FAULT_EVERY_S / 2
        while next_fault < end:
            time.sleep(max(0.0, next_fault - time.monotonic()))
            next_fault += FAULT_EVERY_S
            sample = sizes(site)
            sample["after"] = faults.next()
            sample["lag_back_s"] = lag_back_s(site, probe)
            samples.append(sample)
            print(json.dumps(sample), flush=True)
        time.sleep(FAULT_EVERY_S / 2)
        rows, distinct, committed = site.sql.rows(
            "SELECT count(*) AS rows, count(DISTINCT seq) AS seqs, (SELECT next_report_seq - 1 FROM "
            "fleet.ledger) AS committed FROM fleet.report_log")[0].values()
        assert rows == distinct == committed, (rows, distinct, committed)
        # A client has its will's bytes for as long as it lives: twice the same may be two losses.
        twice = site.sql.one("SELECT count(*) FROM (SELECT FROM fleet.report_log WHERE msgid IS NOT NULL "
                             "AND type <> 'lastWill' GROUP BY printer_id, msgid HAVING count(*) > 1) AS found")
        print(f"{rows} reports, {twice} stored twice (wills left out)")
        assert twice == 0
    pathlib.Path(options.json).write_text(json.dumps(samples, indent=1) + "\n", encoding="utf-8")
    return 1 if verdict(samples, len(faults.all)) else 0


if __name__ == "__main__":
    sys.exit(main())
