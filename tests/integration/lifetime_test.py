"""Broker and database as processes of their own, and as somebody else's; two daemons that must not
run at the same time; an orderly end."""
import shutil
import signal
import subprocess
import time

from harness import external, fault, wait
from harness.farm import PRINTFLEET, Daemon, free_port
from harness.mqtt import Client, Person
from harness.sim import Simulator
from harness.sql import Database

FAST = {"inbound": {"heartbeat_interval_ms": 300}}
FEW = ["--printers", 8, "--seed", 51, "--report-interval", 1, "--reconnect-ms-max", 1000]


class Alone:
    """`printfleet broker` or `printfleet database`."""

    def __init__(self, daemon, what):
        self.daemon, self.what, self.process = daemon, what, None

    def __enter__(self):
        with open(self.daemon.log, "ab") as log:
            self.process = subprocess.Popen(
                [PRINTFLEET, self.what, "--config", str(self.daemon.config)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self

    def __exit__(self, *_):
        below = fault.descendants(self.process.pid)
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(30) == 0
        assert not [pid for pid in below if fault.alive(pid)], f"{self.what} left something behind"


def list_printers(daemon):
    with Person(daemon.mqtt_port) as person:
        return person.call("status.query", {"all": True})


def wait_enrolled(daemon, sim):
    ids = [printer.id for printer in sim.printers]
    with daemon.database() as database:
        wait.equal(lambda: database.one(
            "SELECT count(*) FROM fleet.printers WHERE printer_id = ANY(%s) AND firmware IS NOT NULL",
            ids), len(ids), "printers known", 30)


def expect_end(daemon, timeout_s=30):
    """A daemon that must refuse to run: (exit code, its last lines)."""
    code = daemon.process.wait(timeout_s)
    return code, daemon.tail(5)


def test_servers_of_their_own():
    daemon = Daemon({**FAST, "broker": {"lifetime": "own"}, "database": {"lifetime": "own"}})
    with daemon_directory(daemon), Alone(daemon, "broker") as broker, Alone(daemon, "database") as database:
        with daemon:
            servers = fault.descendants(broker.process.pid) + fault.descendants(database.process.pid)
            assert not fault.children(daemon.pid), "serve started servers that have a life of their own"
            with Simulator(daemon.mqtt_port, *FEW) as sim:
                sim.wait_online()
                wait_enrolled(daemon, sim)
                assert list_printers(daemon)["succeeded"] == len(sim.printers)
                connects = stats(sim)["connects"]
                for end in (daemon.stop, daemon.kill):
                    end()
                    daemon.start()
                    assert list_printers(daemon)["succeeded"] == len(sim.printers)
                assert stats(sim)["connects"] == connects == len(sim.printers)
                assert stats(sim)["disconnects"] == 0
                assert daemon.stop() == 0
                sim.stop()
                daemon.start()
                with daemon.database() as sql:
                    fault.wait_stored(sql, sim.ledger())
            daemon.stop()
            left = [pid for pid in servers if fault.alive(pid)]
            # PostgreSQL's backends of the daemon's own connections go; the servers stay.
            assert fault.broker_pid(broker.process.pid) in left
            assert fault.postmaster_pid(database.process.pid) in left


def daemon_directory(daemon):
    """Keeps the directory until the servers of their own are stopped too."""
    daemon.own_directory = False

    class Keep:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            shutil.rmtree(daemon.directory, ignore_errors=True)

    return Keep()


def stats(sim):
    words = [word.split("=") for word in sim.tell("stats").split() if "=" in word]
    return {name: int(value) for name, value in words}


def test_people_of_a_broker_with_a_life_of_its_own():
    port = free_port()
    listeners = [{"address": "127.0.0.1", "port": 0},
                 {"address": "127.0.0.1", "port": port, "for": ["people"], "login": "password"}]
    daemon = Daemon({**FAST, "broker": {"lifetime": "own", "listeners": listeners}})
    password = daemon.directory / "password"
    password.write_text("for-this-test\n")

    def may_log_in():
        client = Client(port, "anna", "for-this-test")
        client.connect()
        client.close()
        return client.reason.value == 0

    with daemon_directory(daemon), Alone(daemon, "broker") as broker, daemon:
        assert not may_log_in()
        pid = fault.broker_pid(broker.process.pid)
        added = daemon.run("user", "add", "anna", "--role", "viewer", "--password-file", str(password))
        assert added.returncode == 0, added.stderr
        wait.until(may_log_in, "a user that was added may log in", 15, daemon.tail)
        assert fault.broker_pid(broker.process.pid) == pid, "the broker was not restarted for it"


def test_serve_before_its_servers():
    """The order of units is nobody's problem: serve waits for both."""
    daemon = Daemon({**FAST, "broker": {"lifetime": "own"}, "database": {"lifetime": "own"}})
    with daemon_directory(daemon):
        daemon.start(ready=False)
        try:
            wait.until(lambda: "away" in daemon.log_text() or "cannot" in daemon.log_text()
                       or daemon.process.poll() is not None, "it says what it waits for", 20)
            assert daemon.alive(), daemon.tail()
            with Alone(daemon, "database"), Alone(daemon, "broker"):
                daemon.wait_ready(60)
                assert daemon.stop() == 0
        finally:
            daemon.cleanup()


def test_external_services_and_one_daemon_a_database():
    with external.mosquitto() as mosquitto, external.Cluster() as cluster, \
            external.external_daemon(mosquitto, cluster) as daemon:
        assert not fault.children(daemon.pid)
        with Simulator(mosquitto, *FEW) as sim:
            sim.wait_online()
            with Database(cluster.conninfo()) as database:
                wait.equal(lambda: database.one("SELECT count(*) FROM fleet.printers"),
                           len(sim.printers), "printers known", 30)
                with Person(mosquitto) as person:
                    done = person.call("status.query", {"all": True})
                    assert done["succeeded"] == len(sim.printers), done
                # Another daemon of another data_dir: the database is taken.
                other = external.external_daemon(mosquitto, cluster, instance="other")
                try:
                    other.start(ready=False)
                    wait.until(lambda: not other.alive() or "advisory" in other.log_text()
                               or "another" in other.log_text(), "a clear error", 30, other.tail)
                    assert "another" in other.log_text(), other.tail()
                    assert other.http_status("/readyz") != 200 if other.alive() else True
                finally:
                    other.cleanup()
                # The first is not disturbed.
                with Person(mosquitto) as person:
                    assert person.call("status.query", {"all": True})["succeeded"] == len(sim.printers)
                sim.stop()
                fault.wait_stored(database, sim.ledger())
                assert database.one("SELECT count(*) FROM fleet.dead_letters") == 0
        assert daemon.stop() == 0


def test_one_daemon_a_data_dir_and_an_orderly_end():
    with Daemon(FAST) as daemon:
        second = Daemon(FAST, directory=daemon.directory)
        second.log = daemon.directory / "second.log"
        with open(second.log, "ab") as log:
            second.process = subprocess.Popen(
                [PRINTFLEET, "serve", "--config", str(second.config)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        code, text = expect_end(second)
        assert code == 2 and "another daemon uses this data_dir" in text, text
        assert daemon.http_status("/readyz") == 200
        with Simulator(daemon.mqtt_port, *FEW) as sim:
            sim.wait_online()
            wait_enrolled(daemon, sim)
            ports = (daemon.mqtt_port, daemon.http_port)
            below = fault.descendants(daemon.pid)
            assert len(below) >= 3, below
            begin = time.monotonic()
            assert daemon.stop() == 0
            stop_s = time.monotonic() - begin
            assert not [pid for pid in below if fault.alive(pid)]
            assert fault.servers_in(daemon.data_dir) == ([], [])
            daemon.start()
            assert daemon.mqtt_port == ports[0], "the broker's port is kept"
            wait.until(lambda: all(online for online, _, _ in sim.states().values()), "back online", 30)
            assert list_printers(daemon)["succeeded"] == len(sim.printers)
            sim.stop()
            with daemon.database() as database:
                fault.wait_stored(database, sim.ledger())
            print(f"\nstopped in {stop_s:.1f} s")
