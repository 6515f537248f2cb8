"""The disk is full: the bridge's own, the database's, the broker's, each a small one of its own. Needs
the right to mount."""
import contextlib
import os
import pathlib
import signal
import subprocess

import pytest

from harness import fault, stops, wait
from rig import cells
from rig.farm import farm as make_farm

MIB = 1 << 20
# These disks are small: what is given up in time on a large one is not what is tried here.
SMALL_DISKS = {"store": {"disk": {name + "_free_bytes_min": 0
                                  for name in ("telemetry", "payloads", "history", "commits")}},
               "library": {"free_bytes_min": 0}}
DISKS = {"": 48, "database": 192, "broker": 24}  # MiB; "" is data_dir itself


class Disk:
    def __init__(self, path, mib):
        self.path = pathlib.Path(path)
        self.filler = self.path / "filler"
        self.path.mkdir(mode=0o711, parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=0711", "tmpfs", self.path],
                       check=True)

    def fill(self):
        """To the last byte."""
        with open(self.filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"\0" * MIB) == MIB:
                pass
        with open(self.filler, "ab", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"\0" * 512):
                pass
        room = os.statvfs(self.path)
        assert room.f_bavail == 0, room

    def clear(self):
        self.filler.unlink(missing_ok=True)

    def unmount(self):
        subprocess.run(["umount", "-l", self.path], check=True)


@pytest.fixture(scope="module")
def made():
    disks = {}

    def mount(daemon):
        for name, mib in DISKS.items():
            disks[name] = Disk(daemon.data_dir / name, mib)

    try:
        with make_farm(SMALL_DISKS, before_start=mount) as farm:
            farm.load.talk()
            yield farm, disks
    finally:
        for disk in reversed(disks.values()):
            disk.unmount()


@contextlib.contextmanager
def full(disk):
    disk.fill()
    try:
        yield
    finally:
        disk.clear()


def grows(farm, count, what):
    before = farm.load.count()
    wait.until(lambda: farm.load.count() >= before + count, what, 20)


def test_the_database_s(made):
    farm, disks = made
    with full(disks["database"]):
        wait.equal(lambda: farm.daemon.http_status("/readyz"), 503, "/readyz", 30)
        assert "database" in farm.daemon.http("/readyz")[1]
        farm.give_orders()  # its stop goes out; the rest is refused or waits
        grows(farm, 50, "reports are taken")
    print(f"\n{farm.check()} reports")


def test_the_broker_s(made):
    """It cannot save; what it has is in its memory, and a save succeeds as soon as there is room."""
    farm, disks = made
    with full(disks["broker"]):
        os.kill(farm.mosquitto(), signal.SIGUSR1)
        farm.give_orders()
        grows(farm, 100, "reports are taken")
        print(f"\n{farm.check()} reports")
    cells.saved(farm)
    fault.kill(farm.mosquitto())
    print(f"\n{farm.check(ordered=False)} reports")


def test_the_bridge_s(made):
    """Its small files: which message is being stepped, the snapshot, the stops' log with its reserve."""
    farm, disks = made
    with full(disks[""]):
        farm.give_orders()
        grows(farm, 100, "reports are taken")
        print(f"\n{farm.check()} reports")
        with fault.stopped(farm.postgres()):
            wait.equal(lambda: farm.daemon.http_status("/readyz"), 503, "/readyz", 10)
            sent = stops.stops_received(farm.sim)
            printer = farm.printing.pop()
            farm.orders.stop(printer)
            wait.until(lambda: stops.stops_received(farm.sim).get(printer.id, 0) > sent.get(printer.id, 0),
                       "the stop goes out", 5)
    print(f"\n{farm.check()} reports")


def test_at_rest(made):
    made[0].check_at_rest()
