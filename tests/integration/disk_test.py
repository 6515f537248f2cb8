"""A disk that fills up: what is given up, in which order, and that it comes back; and an end on a disk
that has nothing left."""
import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from harness import stops, wait
from harness import mqtt as people
from harness.farm import Daemon
from harness.sim import Simulator

MIB = 1 << 20
TOTAL_MIB = 420
STEPS = {"telemetry": 110, "payloads": 90, "history": 70, "commits": 30}
SETTINGS = {
    "database": {"mode": "managed", "shared_buffers_mib": 16},
    "library": {"free_bytes_min": 130 * MIB},
    "fleet": {"enrolment": "auto"},
    "inbound": {"heartbeat_interval_ms": 300, "hold_time_ms": 1000},
    "store": {"telemetry_interval_ms": 1000, "maintenance_interval_s": 3600,
              "disk": {**{f"{step}_free_bytes_min": mib * MIB for step, mib in STEPS.items()},
                       "history_days_min": 3, "reserve_bytes": 8 * MIB}},
}
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small file system")


class Disk:
    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="disk-", dir="/tmp"))

    def __enter__(self):
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={TOTAL_MIB}m", "tmpfs", self.directory], check=True)
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.directory], check=True)
        self.directory.rmdir()

    @property
    def free(self):
        return shutil.disk_usage(self.directory).free

    def leave(self, mib):
        """A file that leaves so much free, about."""
        fill = self.directory / "fill"
        have = fill.stat().st_size if fill.exists() else 0
        want = have + self.free - mib * MIB
        with open(fill, "ab") as file:
            if want > have:
                os.posix_fallocate(file.fileno(), 0, want)
            else:
                os.truncate(fill, max(0, want))

    def fill(self):
        with open(self.directory / "full", "wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"\0" * 4096):
                pass


@pytest.fixture(scope="module", name="site")
def site_fixture():
    with Disk() as disk, Daemon(SETTINGS, directory=disk.directory) as daemon:
        with Simulator(daemon.mqtt_port, "--printers", 5, "--seed", 3, "--report-interval", 1) as sim, \
                daemon.database() as database:
            sim.wait_online()
            wait.until(lambda: database.one("SELECT count(*) FROM fleet.telemetry") > 10, "telemetry", 30)
            yield disk, daemon, sim, database


def steps(daemon):
    """The names of those that are on."""
    return {line.split('"')[1] for line in daemon.http("/metrics")[1].splitlines()
            if line.startswith("printfleet_disk_shedding{") and line.endswith(" 1")}


def count(database, table, where="true"):
    return database.one(f"SELECT count(*) FROM fleet.{table} WHERE {where}")


def test_one_thing_after_the_other_is_given_up(site):
    disk, daemon, _, database = site
    assert disk.free > 140 * MIB, disk.free
    wait.until(lambda: (daemon.data_dir / "reserve").exists(), "the reserve", 10)
    assert steps(daemon) == set()
    disk.leave(120)
    wait.equal(lambda: steps(daemon), {"uploads"}, "steps", 10)
    assert daemon.http("/readyz") == (200, "ready\nwarning: the disk is nearly full: uploads are refused\n")
    disk.leave(100)
    wait.equal(lambda: steps(daemon), {"uploads", "telemetry"}, "steps", 10)
    reports, telemetry = count(database, "report_log"), count(database, "telemetry")
    wait.until(lambda: count(database, "report_log") > reports + 50, "reports go on", 30)
    assert count(database, "telemetry") <= telemetry + 5  # what was on its way
    disk.leave(80)
    wait.equal(lambda: steps(daemon), {"uploads", "telemetry", "payloads"}, "steps", 10)
    last = database.one("SELECT max(seq) FROM fleet.report_log")
    wait.until(lambda: database.one("SELECT max(seq) FROM fleet.report_log") > last + 100, "reports go on", 30)
    kept = database.rows("SELECT type, action, state FROM fleet.report_log WHERE payload IS NOT NULL "
                         "AND seq > %s AND type IN ('tempature', 'fan', 'print')", last + 50)
    assert kept == []


def test_the_oldest_days_go_before_their_time_but_not_all(site):
    disk, daemon, _, database = site
    database.rows("INSERT INTO fleet.retention_days SELECT (now() - n * interval '1 day')::date "
                  "FROM generate_series(1, 9) n ON CONFLICT DO NOTHING")
    database.rows("SELECT fleet.add_partition(t, (now() - d * interval '1 day')::date) "
                  "FROM unnest('{report_log,telemetry}'::text[]) t, unnest('{2,3,4,5}'::int[]) d")
    days = "SELECT array_agg(now()::date - to_date(right(inhrelid::regclass::text, 8), 'YYYYMMDD') " \
           "ORDER BY 1) FROM pg_inherits WHERE inhparent = 'fleet.{}'::regclass"
    disk.leave(60)
    for table in ("telemetry", "report_log"):
        wait.until(lambda: max(database.one(days.format(table))) == 3, f"old days of {table} are gone", 30,
                   daemon.tail)
    wait.until(lambda: "no partition is left that may go" in daemon.log_text(), "it says so", 20)
    said = [line for line in daemon.log_text().splitlines() if "before its time" in line]
    assert ["telemetry" in line for line in said] == [True, True, False, False], said
    assert max(database.one(days.format("report_log"))) == 3
    assert daemon.http_status("/readyz") == 200


def test_nothing_is_stored_and_stops_go_out(site):
    disk, daemon, sim, database = site
    disk.leave(15)
    wait.equal(lambda: daemon.http_status("/readyz"), 503, "/readyz", 20)
    assert "commits_free_bytes_min" in daemon.http("/readyz")[1]
    assert "commits" in steps(daemon)
    with people.Person(daemon.mqtt_port) as person:
        request, _ = stops.stop_all(person, sim)
        assert person.final(request, 30)["event"] == "done"
    stored = count(database, "report_log")
    wait.stays(lambda: count(database, "report_log") == stored, "nothing is stored", 2)
    (disk.directory / "fill").unlink()
    wait.equal(lambda: daemon.http_status("/readyz"), 200, "/readyz", 60)
    wait.equal(lambda: steps(daemon), set(), "steps", 20)
    wait.until(lambda: count(database, "report_log") > stored + 20, "reports are stored again", 60)
    telemetry = count(database, "telemetry")
    wait.until(lambda: count(database, "telemetry") > telemetry, "telemetry is", 30)
    for step in ("uploads are refused", "telemetry is not stored", "nothing is stored"):
        on = [line for line in daemon.log_text().splitlines() if f"nearly full: {step}" in line]
        off = [line for line in daemon.log_text().splitlines() if "room again" in line and step in line]
        assert len(on) == len(off) == 1, (step, on, off)


def test_it_ends_and_comes_back_on_a_full_disk(site):
    disk, daemon, _, database = site
    database.close()
    wait.until(lambda: (daemon.data_dir / "reserve").exists(), "the reserve", 10)
    disk.fill()
    wait.equal(lambda: daemon.http_status("/readyz"), 503, "/readyz", 30)
    assert daemon.stop(60) == 0
    assert not (daemon.data_dir / "reserve").exists()
    for name in ("printers.snapshot", "broker/mosquitto.db"):
        found = list(daemon.data_dir.glob(f"**/{pathlib.Path(name).name}"))
        assert found and found[0].stat().st_size > 0, name
    (disk.directory / "full").unlink()
    daemon.start()
    with daemon.database() as again:
        assert count(again, "report_log") > 0
