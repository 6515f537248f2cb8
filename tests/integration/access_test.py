"""Who may do what: people by name and password, printers by their id, and nobody in another's name."""
import contextlib
import json
import pathlib
import signal
import uuid

import paho.mqtt.client as paho
import pytest

from harness import mqtt, wait
from harness.farm import Daemon, free_port
from harness.sim import PUBLIC, Simulator

SERVER = "anycubic/anycubicCloud/v1/server/printer"
REFUSED = 0x87
PASSWORDS = {"anna": "anna's pass-word", "otto": "otto ∞ 17", "vera": "v"}
ROLES = {"anna": "admin", "otto": "operator", "vera": "viewer"}
# What the vendor's firmware brings: nobody here can check it.
VENDOR_USER = "dev|fdm|20021|0123456789abcdef0123456789abcdef"
VENDOR_PASSWORD = "A" * 344


def add_user(daemon, name, role, password):
    file = daemon.directory / f"password-{name}"
    file.write_text(password + "\n")
    file.chmod(0o600)
    return daemon.run("user", "add", name, "--role", role, "--password-file", str(file))


class Site:
    def __init__(self, daemon, database, ports, sim):
        self.daemon, self.database, self.sim = daemon, database, sim
        self.printers_port, self.people_port, self.local_port = ports

    def person(self, name):
        return mqtt.Person(self.people_port, name, PASSWORDS[name])

    def simulated(self):
        """A target: those that answer."""
        return {"printers": [printer.id for printer in self.sim.printers]}

    def printer(self, printer_id, user=VENDOR_USER, password=VENDOR_PASSWORD):
        return mqtt.Client(self.printers_port, user, password, client_id=printer_id)

    def denied(self):
        for line in self.daemon.http("/metrics")[1].splitlines():
            if line.startswith("printfleet_broker_denied_total"):
                return float(line.split()[-1])
        return 0

    def rows(self, printer_id):
        return self.database.one("SELECT count(*) FROM fleet.report_log WHERE printer_id = %s",
                                 printer_id)


@pytest.fixture(scope="module", name="site")
def site_fixture():
    ports = [free_port() for _ in range(3)]
    listeners = [
        {"address": "127.0.0.1", "port": ports[0], "for": ["printers"], "login": "none"},
        {"address": "127.0.0.1", "port": ports[1], "for": ["people"], "login": "password"},
        {"address": "127.0.0.1", "port": ports[2], "for": ["people"], "login": "none"},
    ]
    daemon = Daemon({"broker": {"mode": "managed", "listeners": listeners, "local_role": "operator",
                                "log_denied": True}})
    with contextlib.ExitStack() as stack:
        stack.callback(daemon.cleanup)
        for name in ("anna", "otto"):
            added = add_user(daemon, name, ROLES[name], PASSWORDS[name])
            assert added.returncode == 0, added.stderr
        daemon.start()
        database = stack.enter_context(daemon.database())
        sim = stack.enter_context(Simulator(ports[0], "--models", "K2Pro=1,K2Max=1", "--seed", 5,
                                            "--report-interval", 1, "--speedup", 60))
        sim.wait_online()
        wait.equal(lambda: database.one("SELECT count(*) FROM fleet.printers WHERE firmware IS NOT "
                                        "NULL"), 2, "printers with their firmware")
        yield Site(daemon, database, ports, sim)


def report(printer_id, kind="tempature"):
    return json.dumps({"type": kind, "action": "auto", "timestamp": 1700000000000,
                       "msgid": str(uuid.uuid4()), "state": "done", "code": 200, "msg": "",
                       "data": {"curr_hotbed_temp": 30, "curr_nozzle_temp": 31,
                                "target_hotbed_temp": 0, "target_nozzle_temp": 0}})


def connect_code(port, user=None, password=None, client_id=None):
    client = mqtt.Client(port, user, password, client_id)
    client.connect()
    client.close()
    return client.reason.value


# -- People --

def test_a_password_is_asked_for(site):
    assert connect_code(site.people_port, "anna", PASSWORDS["anna"]) == 0
    for user, password in ((None, None), ("anna", "wrong"), ("anna", ""), ("nobody", "x"),
                           ("otto", PASSWORDS["anna"]), ("local", "x")):
        assert connect_code(site.people_port, user, password) in (0x86, 0x87), (user, password)


def test_an_author_stands_under_a_command(site):
    target = {"printers": [site.sim.printers[0].id]}
    with site.person("otto") as otto:
        done = otto.call("status.query", target)
        assert done["event"] == "done" and done["succeeded"] == 1, done
    assert site.database.column("SELECT author FROM fleet.commands") == ["otto"]


def test_another_users_name_is_refused(site):
    request = json.dumps({"id": str(uuid.uuid4()), "command": "print.stop", "target": {"all": True}})
    before = len(site.sim.received())
    denied = site.denied()
    with site.person("otto") as otto:
        for topic in ("fleet/v1/command/anna", "fleet/v1/command/local", "fleet/v1/command",
                      "fleet/v1/command/", "fleet/v1/command/otto/more", "fleet/v1/command/Otto"):
            assert otto.publish(topic, request) == REFUSED, topic
        otto.call("status.query", site.simulated())
    assert not [entry for entry in site.sim.received()[before:] if '"stop"' in entry["payload"]]
    assert site.database.one("SELECT count(*) FROM fleet.commands WHERE command = 'print.stop'") == 0
    assert site.database.one("SELECT count(*) FROM fleet.audit_log WHERE command = 'print.stop'") == 0
    # It never arrived, and is counted from the broker's log.
    wait.until(lambda: site.denied() >= denied + 6, "six more refusals", 10, site.denied)


def test_other_peoples_answers_are_not_shown(site):
    with site.person("otto") as otto, site.person("anna") as anna:
        otto.subscribe("fleet/v1/response/#")
        otto.subscribe("fleet/v1/response/anna/#")
        anna.call("status.query", site.simulated())
        otto.call("status.query", site.simulated())
        assert {each.topic.split("/")[3] for each in otto.seen(prefix="fleet/v1/response/")} == {"otto"}


def test_people_hear_the_fleet_and_say_nothing_in_its_name(site):
    printer = site.sim.printers[0]
    with site.person("otto") as otto:
        assert set(otto.retained("fleet/v1/#")) == {
            "fleet/v1/bridge", *(f"fleet/v1/printers/{each.id}/state" for each in site.sim.printers)}
        otto.subscribe("#")
        for topic in ("fleet/v1/bridge", "fleet/v1/events", f"fleet/v1/printers/{printer.id}/state",
                      "fleet/v1/heartbeat/printfleet", "fleet/v1/response/otto/x", printer.topic("print"),
                      f"{SERVER}/{printer.model_id}/{printer.id}/print"):
            assert otto.publish(topic, b"{}", retain=False) == REFUSED, topic
        otto.call("status.query", site.simulated())
        topics = {each.topic for each in otto.seen()}
        assert not [topic for topic in topics if "heartbeat" in topic]
        assert not [topic for topic in topics if topic.startswith("anycubic/")]


def test_roles(site):
    assert add_user(site.daemon, "vera", "viewer", PASSWORDS["vera"]).returncode == 0

    def there():
        return connect_code(site.people_port, "vera", PASSWORDS["vera"]) == 0

    wait.until(there, "a user added while the daemon runs may log in", 15)
    target = {"printers": [site.sim.printers[0].id]}
    with site.person("vera") as vera:
        assert len(vera.ask("printer.list")["printers"]) == 2
        for command, args in (("print.stop", {}), ("fan.set", {"fan_ratio": 1}),
                              ("printer.set", {"note": "x"}), ("printer.retire", {})):
            refused = vera.call(command, target, args)
            assert (refused["event"], refused["reason"]) == ("rejected", "forbidden"), command
    with site.person("otto") as otto:
        assert otto.call("printer.set", target, {"note": "x"})["event"] == "done"
        assert otto.call("printer.retire", target)["reason"] == "forbidden"
        raw = {"type": "file", "action": "listLocal", "data": {"path": "/"}}
        assert otto.call("printer.raw", target, raw)["reason"] == "forbidden"
        firmware = {"url": "http://192.0.2.1/f", "md5": "0" * 32, "size_bytes": 1, "version": "3.1.2",
                    "name": "update.bin", "confirm": True}
        for command, args in (("file.delete_local", {"filename": "a"}), ("ota.update", firmware),
                              ("ota.report_version", firmware), ("rollout.start", {})):
            request = otto.send(command, target, args)
            refused = otto.final(request)
            assert refused["reason"] == "forbidden" and "admin" in refused["message"], refused
            wait.equal(lambda each=request: site.database.column(
                "SELECT author || ' ' || outcome FROM fleet.audit_log WHERE request_id = %s", each),
                ["otto rejected(forbidden)"], command, 5)
        assert otto.call("ota.report_version", target)["succeeded"] == 1
    with site.person("anna") as anna:
        done = anna.call("printer.raw", target, raw)
        assert done["event"] == "done" and done["succeeded"] == 1, done


def test_a_removed_user_is_gone(site):
    assert add_user(site.daemon, "eve", "operator", "evening").returncode == 0
    wait.until(lambda: connect_code(site.people_port, "eve", "evening") == 0, "eve may log in", 15)
    assert site.daemon.run("user", "remove", "eve").returncode == 0
    wait.until(lambda: connect_code(site.people_port, "eve", "evening") != 0, "eve may not", 15)
    assert connect_code(site.people_port, "anna", PASSWORDS["anna"]) == 0
    assert site.daemon.alive()


def test_passwords_are_nowhere_in_clear(site):
    texts = [site.daemon.log_text()]
    for path in pathlib.Path(site.daemon.data_dir).rglob("*"):
        if path.is_file() and "database" not in path.parts and path.stat().st_size < 1 << 20:
            texts.append(path.read_text(errors="replace"))
    for password in PASSWORDS.values():
        if len(password) > 3:
            assert not [text for text in texts if password in text]


# -- This machine --

def test_local_is_an_author_with_its_role(site):
    target = {"printers": [site.sim.printers[0].id]}
    with mqtt.Person(site.local_port) as local:
        assert local.call("status.query", target)["succeeded"] == 1
        assert local.call("printer.retire", target)["reason"] == "forbidden"
        assert local.publish("fleet/v1/command/anna", b"{}") == REFUSED
    # A user name means nothing where no password is asked for.
    with mqtt.Client(site.local_port, "anna", "x") as claims:
        assert claims.publish("fleet/v1/command/anna", b"{}") == REFUSED


# -- Printers --

def test_a_printer_with_the_vendors_login_is_served(site):
    printer_id = "ab" * 16
    with site.printer(printer_id) as printer:
        assert printer.subscribe(f"{SERVER}/20021/{printer_id}/#")[0] < 128
        assert printer.publish(f"{PUBLIC}/20021/{printer_id}/tempature/report",
                               report(printer_id)) in (0, 16)
        wait.until(lambda: site.rows(printer_id) >= 1, "its report is stored", 10)
        # And it is asked what it is.
        wait.until(lambda: printer.seen(prefix=f"{SERVER}/20021/{printer_id}/"), "a question", 15)


def test_a_printer_of_mqtt_3_with_qos_0_and_a_long_password(site):
    printer_id = "ac" * 16
    client = paho.Client(client_id=printer_id, protocol=paho.MQTTv31)
    connected = []
    client.on_connect = lambda *words: connected.append(words[3])
    client.username_pw_set(VENDOR_USER, "B" * 512)
    client.connect("127.0.0.1", site.printers_port, keepalive=0)
    client.loop_start()
    wait.until(lambda: connected, "CONNACK", 10)
    assert connected == [0]
    client.publish(f"{PUBLIC}/20022/{printer_id}/tempature/report", report(printer_id), qos=0)
    wait.until(lambda: site.rows(printer_id) == 1, "its report is stored", 10)
    client.disconnect()
    client.loop_stop()


def test_a_printer_may_use_only_its_own_topics(site):
    mine, victim = "ad" * 16, site.sim.printers[0]
    count = site.rows(victim.id)
    known = site.database.one("SELECT count(*) FROM fleet.dead_letters")
    marker = str(uuid.uuid4())
    with site.printer(mine) as printer:
        for topic in (victim.topic("lastWill"), f"{PUBLIC}/{victim.model_id}/{victim.id}/x/report",
                      f"{PUBLIC}/20021/{mine}x/print/report",
                      f"{SERVER}/{victim.model_id}/{victim.id}/print",
                      f"{SERVER}/20021/{mine}/print", "fleet/v1/bridge"):
            body = json.dumps({"type": "lastWill", "action": "onlineReport", "state": "offline",
                               "msgid": marker, "timestamp": 1700000000000, "data": None})
            assert printer.publish(topic, body) == REFUSED, topic
        printer.subscribe(f"{SERVER}/#")
        printer.subscribe(f"{SERVER}/{victim.model_id}/{victim.id}/#")
        printer.subscribe("fleet/v1/#")
        with site.person("otto") as otto:
            assert otto.call("status.query", {"printers": [victim.id]})["succeeded"] == 1
        assert [each.topic for each in printer.seen() if f"/{mine}/" not in each.topic] == []
    assert site.database.one("SELECT count(*) FROM fleet.report_log WHERE msgid = %s", marker) == 0
    assert site.database.one("SELECT count(*) FROM fleet.dead_letters") == known
    assert site.rows(victim.id) >= count


def test_the_printers_listener_takes_no_commands(site):
    request = {"id": str(uuid.uuid4()), "command": "print.stop", "target": {"all": True}}
    before = len(site.sim.received())
    for client_id, user, password in (
            ("somebody", None, None), ("anna", "anna", PASSWORDS["anna"]), ("local", "local", ""),
            ("x", "anna", "x"), (site.sim.printers[0].id + "x", VENDOR_USER, VENDOR_PASSWORD)):
        client = mqtt.Client(site.printers_port, user, password, client_id=client_id)
        client.connect()
        if client.reason.value == 0:
            for topic in ("fleet/v1/command", "fleet/v1/command/anna", "fleet/v1/command/local",
                          f"fleet/v1/command/{client_id}"):
                assert client.publish(topic, json.dumps(request)) == REFUSED, (client_id, topic)
        client.close()
    with site.person("otto") as otto:
        otto.call("status.query", site.simulated())
    assert not [entry for entry in site.sim.received()[before:] if '"stop"' in entry["payload"]]
    assert site.database.one("SELECT count(*) FROM fleet.audit_log WHERE request_id = %s",
                             request["id"]) == 0


@pytest.mark.parametrize("client_id", ["+", "#", "20021/+", "a/b", "+/x", "ab+", "ab#"])
def test_a_client_id_that_is_a_wildcard_opens_nothing(site, client_id):
    victim = site.sim.printers[0]
    with contextlib.suppress(AssertionError, ConnectionError):
        with site.printer(client_id) as printer:
            printer.subscribe(f"{SERVER}/#")
            for topic in (victim.topic("print"), "fleet/v1/command", f"{PUBLIC}/20021/x/print/report"):
                code = printer.publish(topic, b"{}")
                if code != REFUSED:
                    pytest.fail(f"{client_id}: {topic} was taken with {code}")
            with site.person("otto") as otto:
                otto.call("status.query", {"printers": [victim.id]})
            if printer.seen():
                pytest.fail(f"{client_id}: heard {printer.seen()[0].topic}")


def test_the_daemons_own_client_id_does_not_leave_it_deaf(site):
    for client_id in ("printfleet", "printfleet-reports", "printfleet-commands", "printfleet-outbound"):
        for port, user, password in ((site.printers_port, VENDOR_USER, "x"),
                                     (site.people_port, "otto", PASSWORDS["otto"])):
            client = mqtt.Client(port, user, password, client_id=client_id)
            client.connect()
            client.close()
    assert site.daemon.http_status("/readyz") == 200
    with site.person("otto") as otto:
        assert otto.call("status.query", site.simulated())["succeeded"] == 2


def test_a_reload_keeps_everybody_connected(site):
    with site.person("otto") as otto:
        site.daemon.signal(signal.SIGHUP)
        wait.stays(lambda: site.daemon.http_status("/readyz") == 200, "ready", 1.0)
        assert otto.call("status.query", site.simulated())["succeeded"] == 2
    assert "printfleet_config_last_reload_successful 1" in site.daemon.http("/metrics")[1]
