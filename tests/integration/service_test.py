"""The units of deploy/systemd, their ExecStart lines run by hand: when they are ready, that they are
alive, that they end, and that the daemon's restart costs no printer its connection. Confined as far
as that can be had without systemd (harness/unit.py)."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile

import pytest
import yaml

from harness import fault, wait
from harness.farm import PRINTFLEET, ROOT, free_port
from harness.sim import Simulator
from harness.unit import USER, Service, can_mount

BUILD_DIR = pathlib.Path(PRINTFLEET).resolve().parent.parent
FEW = ["--printers", 6, "--seed", 61, "--report-interval", 1, "--reconnect-ms-max", 500]


class Tree:
    """What deploy/install.sh makes, with free ports in its configuration."""

    def __init__(self, *words):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="unit-", dir="/tmp"))
        self.path.chmod(0o755)
        self.mqtt_port, self.http_port = free_port(), free_port()
        try:
            self.install(words)
        except BaseException:
            self.__exit__()
            raise

    def install(self, words):
        done = subprocess.run(
            [ROOT / "deploy/install.sh", "--no-build", "--build-dir", BUILD_DIR, *words],
            capture_output=True, text=True, timeout=120, check=False,
            env={**os.environ, "DESTDIR": str(self.path)})
        assert done.returncode == 0, done.stdout + done.stderr
        config = self.path / "etc/printfleet/printfleet.yaml"
        settings = yaml.safe_load(config.read_text())
        settings["broker"]["listeners"][0]["port"] = self.mqtt_port
        settings["http"]["listeners"][0]["port"] = self.http_port
        settings["database"]["shared_buffers_mib"] = 32
        settings["inbound"] = {"heartbeat_interval_ms": 300}
        if not can_mount():
            settings["data_dir"] = str(self.path / "var/lib/printfleet")
        config.write_text(yaml.safe_dump(settings))
        if os.geteuid() == 0:
            for path in (config.parent, config, self.path / "var/lib/printfleet"):
                os.chown(path, USER.pw_uid, USER.pw_gid)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def readyz(self):
        return subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-m", "5",
                               f"http://127.0.0.1:{self.http_port}/readyz"], capture_output=True,
                              text=True, check=False).stdout


def accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def stats(sim):
    words = [word.split("=") for word in sim.tell("stats").split() if "=" in word]
    return {name: int(value) for name, value in words}


def check_alive(service):
    """WATCHDOG=1 often enough, and none while the loop stands."""
    beats = len(service.manager.times("WATCHDOG=1"))
    wait.until(lambda: len(service.manager.times("WATCHDOG=1")) >= beats + 3, "it is alive", 10)
    beats = service.manager.times("WATCHDOG=1")[-3:]
    # A third of the interval, and the loop's own turn of a second.
    assert max(later - earlier for earlier, later in zip(beats, beats[1:])) < 0.8 * service.watchdog_s
    with fault.stopped([service.process.pid]):
        begin = max(service.manager.times("WATCHDOG=1"))
        wait.stays(lambda: len(service.manager.times("WATCHDOG=1", begin)) <= 1,
                   "a stopped loop says nothing", 1.5)


def check_only_main_speaks(service):
    assert {pid for _, pid, _ in service.manager.heard} <= {service.process.pid}


def test_three_units_and_a_restart_that_nobody_notices():
    with Tree() as tree, Service(tree.path, "printfleet-broker.service") as broker, \
            Service(tree.path, "printfleet-database.service") as database, \
            Service(tree.path, "printfleet.service") as daemon:
        daemon.start()
        wait.until(lambda: any("away" in text for text in daemon.manager.statuses()),
                   "it says what it waits for", 20, daemon.tail)
        broker.start().wait_ready()
        assert accepts(tree.mqtt_port), "READY=1 before it listens"
        # Without a database it hears, but cannot store.
        wait.until(lambda: any("database is away" in text for text in daemon.manager.statuses()),
                   "it misses the database", 20, daemon.tail)
        assert not daemon.manager.times("READY=1") and tree.readyz() == "503"
        database.start().wait_ready()
        daemon.wait_ready()
        wait.equal(tree.readyz, "200", "/readyz", 10)
        with Simulator(tree.mqtt_port, *FEW) as sim:
            sim.wait_online()
            servers = [fault.broker_pid(broker.process.pid), fault.postmaster_pid(database.process.pid)]
            check_alive(daemon)
            for number in (signal.SIGTERM, signal.SIGKILL):
                daemon.process.send_signal(number)
                daemon.process.wait(30)
                daemon.start().wait_ready()
            assert stats(sim)["disconnects"] == 0
            assert stats(sim)["connects"] == len(sim.printers)
            assert daemon.stop() == 0
        assert daemon.manager.times("STOPPING=1")
        assert all(fault.alive(pid) for pid in servers)
        check_alive(broker)
        for service in (broker, database):
            assert service.stop() == 0
            assert service.manager.times("STOPPING=1")
            check_only_main_speaks(service)
        check_only_main_speaks(daemon)
        assert not [pid for pid in servers if fault.alive(pid)]


def test_one_unit_for_everything():
    with Tree("--embedded") as tree, Service(tree.path, "printfleet-embedded.service") as service:
        service.start().wait_ready()
        assert accepts(tree.mqtt_port) and tree.readyz() == "200"
        with Simulator(tree.mqtt_port, *FEW) as sim:
            sim.wait_online()
        below = fault.descendants(service.process.pid)
        assert len(below) >= 2
        check_only_main_speaks(service)
        assert service.stop() == 0
        assert service.manager.times("STOPPING=1")
        assert not [pid for pid in below if fault.alive(pid)]


def test_a_server_that_died_is_started_again_and_said():
    with Tree() as tree, Service(tree.path, "printfleet-broker.service") as broker:
        broker.start().wait_ready()
        assert len(broker.manager.times("READY=1")) == 1
        os.kill(fault.broker_pid(broker.process.pid), signal.SIGKILL)
        wait.until(lambda: len(broker.manager.times("READY=1")) == 2, "ready again", 20, broker.tail)
        assert any("starting: " in text for text in broker.manager.statuses())
        assert accepts(tree.mqtt_port)


@pytest.mark.skipif(not can_mount(), reason="wants root")
def test_the_confinement_is_real():
    """Else the tests above would say less than they seem to."""
    with Tree() as tree:
        service = Service(tree.path, "printfleet-database.service")
        tried = ("import ctypes, os, socket, mmap\n"
                 "def fails(what):\n"
                 "    try: what()\n"
                 "    except OSError: return True\n"
                 "    return False\n"
                 "assert os.geteuid() != 0\n"
                 "assert fails(lambda: open('/usr/local/bin/x', 'w'))\n"
                 "assert fails(lambda: open('/etc/x', 'w'))\n"
                 "assert fails(lambda: os.listdir('/root'))\n"
                 "assert fails(lambda: socket.socket(socket.AF_INET))\n"
                 "assert fails(lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC))\n"
                 "assert fails(lambda: os.chown('/var/lib/printfleet', 0, 0))\n"
                 "assert ctypes.CDLL(None).unshare(0x10000000) != 0\n"
                 "assert not os.path.exists('/proc/stat')\n"
                 "open('/var/lib/printfleet/x', 'w').close()\n")
        service.command = lambda: ["/usr/bin/python3", "-I", "-c", tried]
        service.start()
        assert service.process.wait(20) == 0, service.tail()
