"""Who is there, and why not: reports, wills, silence and the broker's own log put together; a power
cut, a deaf bridge and a dead printer told apart; printer.diagnose."""
import contextlib
import json
import os
import signal
import socket
import ssl
import struct
import subprocess
import time
import uuid

import paho.mqtt.client as paho
import pytest

from harness import mqtt, wait
from harness.farm import PRINTFLEET, Daemon, free_port, merge
from harness.fault import broker_pid
from harness.sim import PUBLIC, Simulator

MODEL = "20021"
PRINTERS = 30
SETTINGS = {
    "fleet": {"enrolment": "auto", "silent_after_s": 12, "query_timeout_s": 1, "outage_window_s": 30,
              "flapping_losses": 4, "flapping_window_s": 8},
    "inbound": {"heartbeat_interval_ms": 300, "deaf_after_ms": 2500},
}


def new_id():
    return uuid.uuid4().hex


class Hand:
    """A printer in a test's hand, MQTT 3.1.1: connects, reports, and goes as it is told. It answers
    status questions while it `answers`."""

    def __init__(self, port, printer_id=None, keepalive=60, will=False, answers=True, login=None,
                 tls=None):
        self.id = printer_id or new_id()
        self.answers = answers
        self.connected = None
        self.client = paho.Client(client_id=self.id, protocol=paho.MQTTv311)
        self.client.on_connect = self._on_connect
        self.client.on_message = self._on_message
        if login:
            self.client.username_pw_set(*login)
        if tls:
            self.client.tls_set(**tls)
            self.client.tls_insecure_set(True)
        if will:
            self.client.will_set(self.topic("lastWill"), self.words("lastWill", "onlineReport",
                                                                    "offline"), 1)
        self.client.connect("127.0.0.1", port, keepalive)
        self.client.loop_start()
        wait.until(lambda: self.connected is not None, "CONNACK", 15)

    def _on_connect(self, client, _user, _flags, code):
        client.subscribe(f"anycubic/anycubicCloud/v1/server/printer/{MODEL}/{self.id}/#", 1)
        self.connected = code

    def _on_message(self, _client, _user, message):
        if self.answers and message.topic.split("/")[7:8] == ["status"]:
            self.client.publish(self.topic("status"), self.words("status", "workReport", "free"), 1)

    def topic(self, kind, printer_id=None):
        return f"{PUBLIC}/{MODEL}/{printer_id or self.id}/{kind}/report"

    @staticmethod
    def words(kind, action, state):
        return json.dumps({"type": kind, "action": action, "state": state, "code": 200, "msg": "",
                           "msgid": str(uuid.uuid4()), "timestamp": int(time.time() * 1000)})

    def report(self):
        self.client.publish(self.topic("status"), self.words("status", "workReport", "free"),
                            1).wait_for_publish(10)
        return self

    def _alone(self):
        """paho's thread ends; the socket stays."""
        self.client._thread_terminate = True
        self.client._thread.join()

    def reset(self):
        """As a power cut with a router that answers for it: a TCP reset."""
        self._alone()
        connection = self.client.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    def hang(self):
        """The connection stands, and nothing comes any more."""
        self._alone()

    def goodbye(self):
        self.client.disconnect()
        self.client.loop_stop()


class Site:
    def __init__(self, daemon, database, person, watcher):
        self.daemon, self.database, self.person, self.watcher = daemon, database, person, watcher
        self.port = daemon.mqtt_port

    def status(self, printer_id):
        rows = self.database.rows("SELECT online, offline_reason, address, state FROM "
                                  "fleet.printer_status WHERE printer_id = %s", printer_id)
        return rows[0] if rows else {}

    def wait_online(self, printer_id):
        wait.until(lambda: self.status(printer_id).get("online"), f"{printer_id} is online", 15,
                   lambda: self.status(printer_id))

    def wait_offline(self, printer_id, reason, timeout_s=20):
        wait.until(lambda: self.status(printer_id).get("offline_reason") == reason,
                   f"{printer_id} is offline: {reason}", timeout_s,
                   lambda: self.status(printer_id))

    def events(self, kind, printer_id=None):
        found = [json.loads(each.payload) for each in self.watcher.seen(f"{mqtt.FLEET}/events")]
        return [each for each in found if each["kind"] == kind
                and (printer_id is None or each["printer_id"] == printer_id)]

    def bridge(self):
        return json.loads(self.watcher.seen(f"{mqtt.FLEET}/bridge")[-1].payload)

    def metric(self, name):
        """Its value; 0 where it has no series."""
        for line in self.daemon.http("/metrics")[1].splitlines():
            if line.startswith(f"printfleet_{name} "):
                return float(line.rsplit(" ", 1)[1])
        return 0.0

    def wait_metric(self, name, value):
        wait.equal(lambda: self.metric(name), value, name)  # they are published once a second

    def hand(self, **more):
        hand = Hand(self.port, **more).report()
        self.wait_online(hand.id)
        return hand

    def diagnose(self, printer_id, seconds=2):
        target = {"printers": [printer_id]} if self.status(printer_id) else None
        args = {"seconds": seconds} | ({} if target else {"printer_id": printer_id})
        result = self.person.ask("printer.diagnose", target, args)
        assert result["listened_s"] == seconds
        (printer,) = result["printers"]
        assert printer["printer_id"] == printer_id and printer["findings"]
        return printer


@contextlib.contextmanager
def own_broker(daemon):
    """Mosquitto with a life of its own, as a systemd unit has it."""
    with open(daemon.directory / "broker.log", "ab") as log:
        process = subprocess.Popen([PRINTFLEET, "broker", "--config", str(daemon.config)],
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@contextlib.contextmanager
def site_of(settings):
    with contextlib.ExitStack() as stack:
        daemon = Daemon(merge(SETTINGS, settings))
        if daemon.settings["broker"].get("lifetime") == "own":
            stack.enter_context(own_broker(daemon))
        stack.enter_context(daemon)
        database = stack.enter_context(daemon.database())
        people = daemon.mqtt_ports[-1]
        person = stack.enter_context(mqtt.Person(people))
        watcher = stack.enter_context(mqtt.Client(people))
        watcher.subscribe(f"{mqtt.FLEET}/events", f"{mqtt.FLEET}/bridge")
        yield Site(daemon, database, person, watcher)


@pytest.fixture(scope="module", name="site")
def site_fixture():
    with site_of({}) as site:
        yield site


# -- One printer --


def test_a_reset_connection(site):
    hand = site.hand()
    assert site.status(hand.id)["address"] == "127.0.0.1"
    hand.reset()
    site.wait_offline(hand.id, "connection_lost", 5)
    # Told after it is stored.
    wait.equal(lambda: [each["body"]["text"] for each in site.events("printer_offline", hand.id)],
               ["connection_lost"], "its event", 10)
    site.wait_metric('printers_offline{reason="connection_lost"}', 1)
    state = site.person.ask("printer.get", {"printers": [hand.id]})["printers"][0]
    assert (state["online"], state["offline_reason"], state["address"], state["flapping"]) == (
        False, "connection_lost", "127.0.0.1", False)


def test_a_goodbye_and_back(site):
    hand = site.hand(answers=False)  # an answer on its way makes the broker say something else
    hand.goodbye()
    site.wait_offline(hand.id, "disconnected", 5)
    again = site.hand(printer_id=hand.id)
    assert site.status(hand.id)["offline_reason"] is None
    again.goodbye()


def test_the_keep_alive_of_a_hanging_printer_runs_out(site):
    hand = site.hand(keepalive=2)
    hand.hang()
    site.wait_offline(hand.id, "timeout", 15)


def test_a_half_open_connection_is_found_by_its_silence(site):
    hand = site.hand()
    hand.hang()
    site.wait_offline(hand.id, "silent", 25)
    found = site.diagnose(hand.id)
    assert found["session"] == "alive" and found["presence"] == "offline"
    assert "Switch it off and on" in found["findings"][0]


def test_a_takeover_is_no_loss(site):
    old = site.hand(will=True)
    old.hang()  # else it takes the session back
    new = Hand(site.port, printer_id=old.id).report()
    wait.until(lambda: site.diagnose(old.id, 1)["replaced"] == 1, "the broker's log tells of it")
    wait.until(lambda: site.database.one("SELECT count(*) FROM fleet.report_log WHERE printer_id = "
                                         "%s AND type = 'lastWill'", old.id), "the old one's will")
    assert site.events("printer_suspect", old.id) == []
    assert site.events("printer_offline", old.id) == []
    new.goodbye()


def test_a_retained_will_proves_nothing(site):
    hand = site.hand()
    hand.client.publish(hand.topic("lastWill"), hand.words("lastWill", "onlineReport", "offline"), 1,
                        retain=True).wait_for_publish(10)
    hand.report()
    assert "answers" in site.diagnose(hand.id, 1)["findings"][0]
    assert site.events("printer_offline", hand.id) == []
    hand.client.publish(hand.topic("lastWill"), b"", 1, retain=True).wait_for_publish(10)
    hand.goodbye()


def test_flapping_is_told_in_two_events(site):
    hand = site.hand()
    for _ in range(6):
        hand.reset()
        hand = Hand(site.port, printer_id=hand.id)
        done = site.person.call("status.query", {"printers": [hand.id]})
        assert done["succeeded"] == 1, done  # so it is online, and no longer suspect
    wait.until(lambda: site.events("printer_flapping", hand.id), "printer_flapping", 10,
               lambda: site.events("printer_suspect", hand.id))
    assert site.events("printer_flapping", hand.id)[0]["body"]["losses"] == 4

    def settled():
        hand.report()
        return site.events("printer_settled", hand.id)

    ended = wait.until(settled, "printer_settled", 20)
    assert ended[0]["body"]["losses"] >= 4 and "online" in ended[0]["body"]["text"]
    assert len(site.events("printer_flapping", hand.id)) == 1
    assert len(site.events("printer_suspect", hand.id)) == 4
    hand.goodbye()


def test_the_log_of_a_broker_that_is_no_child():
    with site_of({"broker": {"lifetime": "own"}}) as site:
        hand = site.hand()
        # Its first report may come before the broker's word of the session.
        wait.until(lambda: site.status(hand.id)["address"] == "127.0.0.1", "its address", 10)
        hand.reset()
        site.wait_offline(hand.id, "connection_lost", 10)
        result = site.person.ask("printer.diagnose", {"printers": [hand.id]}, {"seconds": 1})
        assert result["broker_log"] == "without_topics"
        assert result["printers"][0]["connections"][-1]["outcome"] == "connection_lost"


# -- The farm --


def test_a_power_cut_a_deaf_bridge_and_a_dead_broker_are_told_apart():
    with site_of({"fleet": {"query_timeout_s": 4}}) as site:
        words = ["--printers", PRINTERS, "--seed", 77, "--report-interval", 1, "--connect-rate", 500,
                 "--reconnect-ms-max", 500]
        online = "SELECT count(*) FROM fleet.printer_status WHERE online"
        offline = "SELECT count(*) FROM fleet.printer_status WHERE state = 'offline'"
        with Simulator(site.port, *words) as sim:
            sim.wait_online()
            wait.equal(lambda: site.database.one(online), PRINTERS, "printers online")

            # The broker is killed: nobody is lost by that.
            os.kill(broker_pid(site.daemon.pid), signal.SIGKILL)
            wait.until(lambda: site.metric("broker_restarts_total") == 1 and
                       site.metric("broker_up") == 1, "the broker is back", 20)
            sim.wait_online()
            wait.equal(lambda: site.database.one(online), PRINTERS, "printers online")
            assert site.events("printer_offline") == site.events("printer_suspect") == []

            # The broker hangs: we are deaf, and nothing is said of any printer.
            broker = broker_pid(site.daemon.pid)
            os.kill(broker, signal.SIGSTOP)
            try:
                wait.equal(lambda: site.database.one(
                    "SELECT count(*) FROM fleet.printer_status WHERE state = 'unknown'"), PRINTERS,
                    "unknown printers", 20)
            finally:
                os.kill(broker, signal.SIGCONT)
            wait.until(lambda: site.events("bridge_hears"), "bridge_hears", 20)
            wait.equal(lambda: site.database.one(online), PRINTERS, "printers online")
            assert len(site.events("bridge_deaf")) >= 1
            assert site.events("printer_offline") == site.events("farm_outage") == []
            assert site.metric("farm_outage") == 0 and site.bridge()["farm_outage"] is None

            # The power of the farm fails.
            sim.kill()
            wait.equal(lambda: site.database.one(offline), PRINTERS, "offline printers", 30)
            wait.until(lambda: site.events("farm_outage"), "farm_outage", 10)
            (outage,) = [each["body"] for each in site.events("farm_outage")]
            assert outage["of"] == PRINTERS and PRINTERS / 2 <= outage["lost"] <= PRINTERS, outage
            site.wait_metric("farm_outage_missing_printers", PRINTERS)
            assert site.metric("farm_outage") == site.metric("farm_outages_total") == 1
            assert site.metric('printers_offline{reason="connection_lost"}') == PRINTERS
            assert site.bridge()["farm_outage"]["of"] == PRINTERS
            assert site.bridge()["state"] == "online"
            assert len(site.events("printer_offline")) == PRINTERS

        with Simulator(site.port, *words) as sim:
            sim.wait_online()
            over = wait.until(lambda: site.events("farm_outage_over"), "farm_outage_over", 20)
            assert over[0]["body"]["back"] == PRINTERS and over[0]["body"]["missing"] == 0
            wait.until(lambda: site.bridge()["farm_outage"] is None, "the bridge's document")
            site.wait_metric("farm_outage", 0)


# -- Diagnosis --


def make_certificates(directory):
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=directory, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.crt",
            "-days", "2", "-subj", "/CN=farm")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr",
            "-subj", "/CN=localhost")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
            "-CAcreateserial", "-out", "server.crt", "-days", "2")


@pytest.fixture(scope="module", name="guarded")
def guarded_fixture(tmp_path_factory):
    """Ports: printers without login, printers by password, printers by certificate, people."""
    directory = tmp_path_factory.mktemp("tls")
    make_certificates(directory)
    tls = {"ca_file": f"{directory}/ca.crt", "cert_file": f"{directory}/server.crt",
           "key_file": f"{directory}/server.key", "require_certificate": True}
    printers = {"address": "127.0.0.1", "for": ["printers"]}
    listeners = [{**printers, "login": "none"}, {**printers, "login": "password"},
                 {**printers, "login": "none", "tls": tls},
                 {"address": "127.0.0.1", "for": ["people"], "login": "none"}]
    for listener in listeners:
        listener["port"] = free_port()
    with site_of({"broker": {"mode": "managed", "listeners": listeners}}) as site:
        site.directory = directory
        yield site


def refused(found, reason):
    return [each for each in found["refused_connections"] if each["reason"] == reason]


def test_a_refused_login(guarded):
    hand = Hand(guarded.daemon.mqtt_ports[1], login=("nobody", "wrong"))
    assert hand.connected == 5
    hand.client.loop_stop()
    found = guarded.diagnose(hand.id, 1)
    assert found["presence"] == "never_heard"
    assert refused(found, "login")[-1]["address"] == "127.0.0.1"
    assert any("wrong user name or password" in each for each in found["findings"]), found
    wait.until(lambda: guarded.metric('broker_refused_connections_total{reason="login"}') >= 1,
               "the metric")


def test_a_missing_certificate(guarded):
    with pytest.raises(OSError):  # with TLS 1.2 the handshake itself fails
        Hand(guarded.daemon.mqtt_ports[2], tls={"ca_certs": f"{guarded.directory}/ca.crt",
                                                "tls_version": ssl.PROTOCOL_TLSv1_2})
    found = guarded.diagnose(new_id(), 1)
    assert "did not return a certificate" in refused(found, "certificate")[-1]["detail"]
    assert any("shows no client certificate" in each for each in found["findings"]), found


def test_a_refused_topic_is_seen_while_it_is_listened_for(guarded):
    hand = Hand(guarded.port)
    config = guarded.daemon.data_dir / "broker" / "mosquitto.conf"
    wait.until(lambda: "log_type debug" not in config.read_text(), "the last diagnosis is over", 10)
    request = guarded.person.send("printer.diagnose", args={"printer_id": hand.id, "seconds": 6})
    wait.until(lambda: "log_type debug" in config.read_text(), "the broker is told", 10)
    wrong = hand.topic("status", new_id())

    def denied():
        hand.client.publish(wrong, b"{}", 1)
        return guarded.metric("broker_denied_total") >= 1

    wait.until(denied, "the broker's log tells of it", 10)
    (found,) = guarded.person.final(request)["result"]["printers"]
    assert [each["topic"] for each in found["denied_topics"]] == [wrong]
    assert any(wrong in each for each in found["findings"]), found
    assert found["connections"][-1]["outcome"] == "connected"
    wait.until(lambda: "log_type debug" not in config.read_text(), "as before", 10)
    assert "Received PUBLISH" not in guarded.daemon.log_text(), "the traffic is not in our log"
    hand.goodbye()


def test_the_command_line_says_it_readably(guarded):
    hand = Hand(guarded.port).report()
    guarded.wait_online(hand.id)
    said = guarded.daemon.run("send", "printer.diagnose", "--printer", hand.id, "seconds=1")
    assert said.returncode == 0, said.stderr
    assert "* It is connected and answers." in said.stdout
    assert "connected: " in said.stdout and "127.0.0.1" in said.stdout and "{" not in said.stdout
    hand.goodbye()


def test_limits_of_diagnose(guarded):
    assert guarded.person.call("printer.diagnose")["reason"] == "empty_target"
    assert guarded.person.call("printer.diagnose", args={"printer_id": "a", "seconds": 121})[
        "reason"] == "out_of_range"
