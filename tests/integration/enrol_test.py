"""Printers come and go: enrolled before they connect, by their own file, replaced after a new
mainboard. One farm for all tests, in the order of the file."""
import contextlib
import json

import pytest

from harness import contract, mqtt, wait
from harness.farm import Daemon
from harness.sim import Simulator

SECRET = "hunter2-is-the-mqtt-password"


class Farm:
    """`early` starts in a test; `old` and `next` are one printer each."""

    def __init__(self, stack):
        self.daemon = stack.enter_context(Daemon({"fleet": {
            "enrolment": "manual", "silent_after_s": 5, "query_timeout_s": 2}}))
        self.database = stack.enter_context(self.daemon.database())
        self.person = stack.enter_context(mqtt.Person(self.daemon.mqtt_port))
        self.early, self.old, self.next = [
            Simulator(self.daemon.mqtt_port, "--models", models, "--firmware", "3.1.0", "--seed", seed,
                      "--id-prefix", prefix, "--report-interval", 1, "--status-interval", 5)
            for models, seed, prefix in (("K2Pro=3", 31, "e1"), ("K2Plus=1", 32, "e2"),
                                         ("K2Plus=1", 33, "e3"))]
        for sim in (self.early, self.old, self.next):
            stack.callback(sim.stop)

    def run(self, *words, code=0):
        result = self.daemon.run(*words)
        assert result.returncode == code, (words, result.returncode, result.stdout, result.stderr)
        assert SECRET not in result.stdout + result.stderr
        return result

    def row(self, printer):
        rows = self.database.rows("SELECT * FROM fleet.printers WHERE printer_id = %s", printer.id)
        return rows[0] if rows else {"enrolment": None}

    def state(self, printer):
        """Its retained document; None when there is none."""
        topic = f"fleet/v1/printers/{printer.id}/state"
        found = self.person.retained(topic)
        return json.loads(found[topic]) if topic in found else None

    def wait_heard(self, printer):
        wait.until(lambda: self.row(printer).get("firmware") == "3.1.0", f"{printer} is heard", 30,
                   lambda: self.row(printer))

    def file(self, content):
        path = self.daemon.directory / "ac_mqtt_connect_info"
        path.write_bytes(content)
        return str(path)


@pytest.fixture(scope="module", name="farm")
def farm_fixture():
    with contextlib.ExitStack() as stack:
        yield Farm(stack)


def test_a_file_without_an_id_is_refused_without_showing_it(farm):
    for content in (b"", SECRET.encode(), b"\0" * 5000, b" " + farm.early.printers[0].id.encode()):
        refused = farm.run("enroll", "--connect-info", farm.file(content), code=2)
        assert "bytes 0 to 31" in refused.stderr and "bytes 128 to 159" in refused.stderr
    large = farm.run("enroll", "--connect-info", farm.file(b"\0" * (2 << 20)), code=2)
    assert "1 MiB" in large.stderr
    farm.run("enroll", "--connect-info", "/nowhere", code=2)
    assert farm.database.one("SELECT count(*) FROM fleet.printers") == 0


def test_a_printer_is_enrolled_before_it_connects(farm):
    printer, pending, _ = farm.early.printers
    file = farm.file(printer.id.encode() + b"\n" + SECRET.encode())
    refused = farm.run("enroll", "--connect-info", file, code=2)
    assert "args.model" in refused.stderr and printer.id in refused.stderr
    farm.run("enroll", "--connect-info", file, "--model", "K2Pro", "--name", "early", "--dry-run")
    assert farm.row(printer)["enrolment"] is None
    farm.run("enroll", "--connect-info", file, "--model", "K2Pro", "--name", "early")
    row = farm.row(printer)
    assert (row["enrolment"], row["model_id"], row["name"]) == ("enrolled", "20021", "early")
    assert row["last_seen_at"] is None and row["first_seen_at"] is not None
    document = farm.state(printer)
    assert contract.problems("state", document) == []
    assert (document["online"], document["state"]) == (None, "unknown")

    farm.early.start()
    farm.early.wait_online()
    for each in farm.early.printers:
        farm.wait_heard(each)
    row = farm.row(printer)
    assert (row["enrolment"], row["name"]) == ("enrolled", "early") and row["last_seen_at"]
    assert farm.row(pending)["enrolment"] == "pending"
    asked = farm.person.call("status.query", {"printers": ["early"]})
    assert asked["succeeded"] == 1, asked


def test_another_model_under_its_id_is_not_that_printer(farm):
    printer = farm.early.printers[0]
    topic = printer.topic("status").replace("/20021/", "/20023/")
    farm.person.publish(topic, '{"type":"status","action":"workReport","state":"free","msgid":"x"}')
    wait.equal(lambda: farm.database.column("SELECT reason FROM fleet.dead_letters"),
               ["model_mismatch"], "its dead letter")
    assert farm.row(printer)["model_id"] == "20021"


def test_a_pending_printer_is_enrolled_by_the_second_layout_and_the_rest_at_once(farm):
    _, second, third = farm.early.printers
    layout = SECRET.encode().ljust(128, b"\0") + second.id.encode() + b"\0" * 40
    farm.run("enroll", "--connect-info", farm.file(layout))
    assert farm.row(second)["enrolment"] == "enrolled"
    assert farm.row(third)["enrolment"] == "pending"
    farm.run("enroll", "--pending")
    assert farm.row(third)["enrolment"] == "enrolled"
    farm.run("enroll", "nobody", code=2)


def test_a_new_mainboard_takes_the_old_ones_place(farm):
    old, new = farm.old.printers[0], farm.next.printers[0]
    farm.old.start().wait_online()
    farm.wait_heard(old)
    farm.run("enroll", old.id, "--name", "b-07")
    farm.run("send", "printer.set", 'groups=["rack-b"]', "labels.row=7", "note=by the door",
             "bed=clear", "maintenance=new mainboard", "--printer", "b-07")
    farm.next.start().wait_online()
    farm.wait_heard(new)
    online = farm.run("send", "printer.replace", f"by={new.id}", "--printer", "b-07", code=2)
    assert "is online" in online.stderr
    farm.old.stop()
    wait.until(lambda: farm.state(old)["online"] is False, "the old one is offline", 30,
               lambda: farm.state(old))

    farm.run("send", "printer.replace", f"by={new.id}", "--printer", "b-07")
    row = farm.row(new)
    assert (row["name"], row["groups"], row["labels"], row["note"], row["maintenance"], row["bed"],
            row["enrolment"]) == ("b-07", ["rack-b"], {"row": "7"}, "by the door", "new mainboard",
                                  "unknown", "enrolled")
    row = farm.row(old)
    assert (row["enrolment"], row["replaced_by"]) == ("retired", new.id) and row["retired_at"]
    wait.until(lambda: farm.state(old) is None, "the old one's state is cleared", 10)
    assert farm.state(new)["name"] == "b-07"
    event = farm.database.rows("SELECT printer_id, body FROM fleet.events WHERE kind = "
                               "'printer_replaced'")
    assert [(each["printer_id"], each["body"]["replaced_by"]) for each in event] == [(old.id, new.id)]
    assert farm.database.one("SELECT count(*) FROM fleet.report_log WHERE printer_id = %s", old.id) > 0


def test_that_outlives_a_restart(farm):
    old, new = farm.old.printers[0], farm.next.printers[0]
    assert farm.daemon.stop() == 0
    farm.daemon.start()
    farm.database.conninfo = farm.daemon.addresses()["database"]
    with mqtt.Person(farm.daemon.mqtt_port) as person:
        listed = person.ask("printer.list")["printers"]
        assert {each["printer_id"]: each["name"] for each in listed}.get(new.id) == "b-07"
        assert old.id not in {each["printer_id"] for each in listed}
        # Its row is written again, whole.
        done = person.call("printer.set", {"printers": [old.id], "enrolment": ["retired"]},
                           {"note": "scrapped"})
        assert done["succeeded"] == 1, done
    row = farm.row(old)
    assert (row["note"], row["replaced_by"]) == ("scrapped", new.id)
