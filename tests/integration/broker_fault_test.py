"""kill -9 of Mosquitto during load, with the broker as the daemon's child and as a unit of its own:
the service resumes by itself and everything the new broker acknowledged is stored once."""
import os
import pathlib
import signal
import socket
import subprocess
import time
import uuid

import pytest

from harness import fault, reports, wait
from harness.farm import PRINTFLEET, Daemon
from harness.mqtt import FLEET, Client, Person
from harness.sim import Simulator

SETTINGS = {"inbound": {"heartbeat_interval_ms": 300, "deaf_after_ms": 3000}}
LOAD = ["--printers", 60, "--rate", 600, "--seed", 41, "--reconnect-ms-max", 1000]
PRINTER = "b20cef00b20cef00b20cef00b20cef00"
TOPIC = reports.temperature_topic(PRINTER, "20022")


def accepts(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 0.2):
            return True
    except OSError:
        return False


def publish(port, msgids, qos=1):
    wait.until(lambda: accepts(port), "the broker accepts connections", 20)
    with Client(port, client_id=PRINTER) as printer:
        infos = [printer.client.publish(TOPIC, reports.temperature(msgid), qos) for msgid in msgids]
        for info in infos:
            info.wait_for_publish(20)
        # QoS 0 knows no end; one of QoS 1 behind it does.
        printer.publish(TOPIC, reports.temperature(str(uuid.uuid4())))


def stored_once(database, msgids, timeout_s=30):
    fault.wait_stored(database, [(msgid, TOPIC) for msgid in msgids], timeout_s)


def new_child(pid, comm, old, timeout_s=20):
    """The pid of the next child of this name, as soon as it runs its own program."""
    path = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        for child in path.read_text().split():
            try:
                name = pathlib.Path(f"/proc/{child}/comm").read_text().strip()
            except OSError:
                continue
            if int(child) != old and name == comm:
                return int(child)
        time.sleep(0.001)
    raise AssertionError(f"no new {comm} in {timeout_s} s")


def states(port):
    """Printers whose state is retained now."""
    with Client(port) as client:
        client.subscribe(f"{FLEET}/printers/+/state")
        return {message.topic.split("/")[3] for message in client.seen()}


def wait_states(daemon, sim):
    wanted = {printer.id for printer in sim.printers}
    wait.until(lambda: wanted <= states(daemon.mqtt_port), "every printer's retained state", 30)


def check_service(daemon):
    """A command goes round."""
    with Person(daemon.mqtt_port) as person:
        assert person.call("printer.list", wait_s=15)["event"] == "done"


def test_killed_child_broker():
    with Daemon(SETTINGS) as daemon, Simulator(daemon.mqtt_port, *LOAD) as load:
        port = daemon.mqtt_port
        load.wait_online()
        wait_states(daemon, load)
        lost, slowest = 0, 0.0
        acknowledged_later = []
        for _ in range(3):
            old = fault.broker_pid(daemon.pid)
            fault.kill(old)
            killed = time.monotonic()
            new_child(daemon.pid, "mosquitto", old)
            # Between the broker's restart and the daemon's reconnect.
            daemon.signal(signal.SIGSTOP)
            before = len(load.ledger())
            mine = [str(uuid.uuid4()) for _ in range(20)]
            try:
                publish(port, mine)
                wait.until(lambda: len(load.ledger()) > before + 300, "load goes on", 20)
            finally:
                daemon.signal(signal.SIGCONT)
            wait.equal(lambda: daemon.http_status("/readyz"), 200, "/readyz", 30)
            slowest = max(slowest, time.monotonic() - killed)
            with daemon.database() as database:
                stored_once(database, mine)
            wait_states(daemon, load)
            check_service(daemon)
            acknowledged_later.append((before, len(load.ledger())))
        load.stop()
        with daemon.database() as database:
            entries = load.ledger()
            begin = 0
            for before, _ in acknowledged_later:
                # What the old broker had acknowledged since its last save may be lost with it.
                begin = max(begin, before)
            fault.wait_stored(database, entries[begin:])
            counts = fault.stored(database)
            lost = sum(1 for msgid, _ in entries if msgid not in counts)
            twice = [msgid for msgid, _ in entries if counts.get(msgid, 0) > 1]
            assert not twice, twice[:5]
            assert database.one("SELECT count(*) FROM fleet.dead_letters") == 0
        story = [line for line in daemon.log_text().splitlines() if "broker: " in line or "lost" in line]
        print(f"\n3 kills: ready again after {slowest:.1f} s at most; {len(entries)} acknowledged "
              f"reports, {lost} lost with the old brokers, none twice; {len(story)} lines of the log")


class OwnBroker:
    """`printfleet broker`: the managed Mosquitto in a process of its own."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.process = None

    def __enter__(self):
        with open(self.daemon.log, "ab") as log:
            self.process = subprocess.Popen(
                [PRINTFLEET, "broker", "--config", str(self.daemon.config)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def mosquitto(self):
        return fault.broker_pid(self.process.pid)


@pytest.fixture(scope="module")
def own():
    daemon = Daemon({**SETTINGS, "broker": {"lifetime": "own", "autosave_interval_s": 3600}})
    with OwnBroker(daemon) as broker, daemon:
        yield daemon, broker


def test_killed_own_broker(own):
    daemon, broker = own
    port = daemon.mqtt_port
    old = broker.mosquitto()
    daemon.signal(signal.SIGSTOP)
    try:
        fault.kill(old)
        new_child(broker.process.pid, "mosquitto", old)
        mine = [str(uuid.uuid4()) for _ in range(50)]
        publish(port, mine)
    finally:
        daemon.signal(signal.SIGCONT)
    wait.equal(lambda: daemon.http_status("/readyz"), 200, "/readyz", 30)
    with daemon.database() as database:
        stored_once(database, mine)
    check_service(daemon)


def test_reports_of_a_daemons_absence(own):
    """QoS 0 as QoS 1: the broker keeps them for a session that is away."""
    daemon, broker = own
    port = daemon.mqtt_port
    mosquitto = broker.mosquitto()
    assert daemon.stop() == 0
    assert fault.alive(mosquitto)
    quick = [f"qos0-{uuid.uuid4()}" for _ in range(500)]
    sure = [f"qos1-{uuid.uuid4()}" for _ in range(100)]
    publish(port, quick, qos=0)
    publish(port, sure)
    daemon.start()
    assert fault.alive(mosquitto)
    with daemon.database() as database:
        stored_once(database, quick + sure)


def test_a_save_of_the_broker_keeps_the_absent_daemons_queue(own):
    """The same with a broker that is restarted in between (SIGTERM: it saves)."""
    daemon, broker = own
    port = daemon.mqtt_port
    assert daemon.stop() == 0
    mine = [str(uuid.uuid4()) for _ in range(100)]
    publish(port, mine)
    old = broker.mosquitto()
    os.kill(old, signal.SIGTERM)
    new_child(broker.process.pid, "mosquitto", old)
    wait.until(lambda: accepts(port), "the broker is back", 20)
    daemon.start()
    with daemon.database() as database:
        stored_once(database, mine)
