"""The inventory of the printers' files, with the test itself as the printer: its reports say neither
which folder they list nor which file is gone."""
import base64
import json
import time
import uuid

import pytest

from harness import mqtt, wait
from harness.farm import Daemon

ID = "f11e" * 8
REPORTS = f"anycubic/anycubicCloud/v1/printer/public/20021/{ID}"
REQUESTS = f"anycubic/anycubicCloud/v1/server/printer/20021/{ID}"
GBK = b"\xc4\xe3\xba\xc3.gcode"


class Printer:
    """Says what a test tells it to, and hears the daemon's requests."""

    def __init__(self, daemon, database, client, person):
        self.daemon, self.database, self.client, self.person = daemon, database, client, person
        client.subscribe(f"{REQUESTS}/#")
        self.say("ota", "reportVersion", "done", {"firmware_version": "3.1.4", "model_id": "20021"})
        self.say("status", "workReport", "free", None)

    def say(self, kind, action, state, data, **members):
        message = {"type": kind, "action": action, "msgid": str(uuid.uuid4()), "state": state,
                   "timestamp": int(time.time() * 1000), "code": 200, "msg": "", "data": data}
        self.say_bytes(kind, json.dumps({**message, **members}).encode())

    def say_bytes(self, kind, payload):
        self.client.publish(f"{REPORTS}/{kind}/report", payload)

    def asked(self, action):
        """The requests of this action that came so far."""
        seen = self.client.seen(prefix=f"{REQUESTS}/file")
        bodies = [json.loads(each.payload.decode(errors="replace")) for each in seen]
        return [body for body in bodies if body["action"] == action]

    def request(self, command, args, action):
        """Sends a command to it and waits until it has come."""
        before = len(self.asked(action))
        request_id = self.person.send(command, {"printers": [ID]}, args)
        wait.until(lambda: len(self.asked(action)) > before, f"{action} at the printer", 15,
                   lambda: self.person.responses(request_id))
        return request_id

    def listed(self, names, action="listLocal"):
        records = [{"filename": name, "size": 5, "timestamp": 1705245340, "is_dir": False}
                   for name in names]
        self.say("file", action, "done", {"records": records})

    def inventory(self):
        rows = self.database.rows("SELECT storage, path, filename FROM fleet.printer_files "
                                  "WHERE printer_id = %s ORDER BY 1, 2, 3", ID)
        return [(row["storage"], row["path"], row["filename"]) for row in rows]

    def expect(self, *rows):
        wait.equal(self.inventory, list(rows), "the inventory", 15)


@pytest.fixture(scope="module", name="printer")
def printer_fixture():
    with Daemon({"fleet": {"enrolment": "auto"}}) as daemon, daemon.database() as database:
        with mqtt.Client(daemon.mqtt_port) as client, mqtt.Person(daemon.mqtt_port) as person:
            yield Printer(daemon, database, client, person)


def test_a_list_nobody_of_us_asked_for_is_of_the_root(printer):
    printer.listed(["a.gcode", "b.gcode"])
    printer.listed(["u.gcode"], "listUdisk")
    printer.expect(("local", "/", "a.gcode"), ("local", "/", "b.gcode"), ("usb", "/", "u.gcode"))
    assert printer.database.one("SELECT modified_at::text FROM fleet.printer_files WHERE filename = "
                                "'a.gcode'").startswith("2024-01-14")


def test_a_folder_that_we_ask_for_leaves_the_root_alone(printer):
    request = printer.request("file.list_local", {"path": "models/"}, "listLocal")
    printer.listed(["deep.gcode"])
    assert printer.person.final(request)["succeeded"] == 1
    printer.expect(("local", "/", "a.gcode"), ("local", "/", "b.gcode"),
                   ("local", "/models", "deep.gcode"), ("usb", "/", "u.gcode"))


def test_a_file_that_we_delete_goes(printer):
    request = printer.request("file.delete_local", {"path": "/", "filename": "a.gcode"},
                              "deleteLocal")
    printer.say("file", "deleteLocal", "success", None)
    assert printer.person.final(request)["succeeded"] == 1
    printer.expect(("local", "/", "b.gcode"), ("local", "/models", "deep.gcode"),
                   ("usb", "/", "u.gcode"))
    assert len(printer.asked("listLocal")) == 1  # the one of the folder


def test_a_deletion_that_fails_changes_nothing(printer):
    request = printer.request("file.delete_local", {"path": "/", "filename": "b.gcode"},
                              "deleteLocal")
    printer.say("file", "deleteLocal", "failed", None, code=11001)
    assert printer.person.final(request)["failed"] == 1
    printer.expect(("local", "/", "b.gcode"), ("local", "/models", "deep.gcode"),
                   ("usb", "/", "u.gcode"))


def test_what_others_delete_makes_us_ask(printer):
    printer.say("file", "deleteUdisk", "success", None)
    wait.until(lambda: printer.asked("listUdisk"), "our own question", 15)
    printer.listed([], "listUdisk")
    printer.expect(("local", "/", "b.gcode"), ("local", "/models", "deep.gcode"))


def test_names_that_are_not_utf_8_are_kept_as_bytes(printer):
    printer.say_bytes("file", b'{"action":"listUdisk","state":"done","msgid":"gbk","data":{"records":['
                              b'{"filename":"' + GBK + b'","timestamp":1705245340137}]}}')
    usb = "SELECT filename, filename_raw, modified_at::text FROM fleet.printer_files " \
          "WHERE storage = 'usb'"
    row = wait.until(lambda: printer.database.rows(usb), "the name", 15)[0]
    assert row["filename"].strip("\ufffd") == ".gcode" and bytes(row["filename_raw"]) == GBK
    assert row["modified_at"].startswith("2024-01-14")
    encoded = base64.b64encode(GBK).decode()
    request = printer.request("file.delete_usb", {"filename_b64": encoded}, "deleteUdisk")
    printer.say("file", "deleteUdisk", "success", None)
    assert printer.person.final(request)["succeeded"] == 1
    wait.equal(lambda: printer.database.rows(usb), [], "the inventory of the stick", 15)


def test_field_errors_are_counted_by_type_and_field(printer):
    printer.say("file", "listLocal", "done", {"records": [
        {"filename": "b.gcode", "size": "x"}, {"filename": "c.gcode", "size": "y"}]})
    counted = 'printfleet_field_errors_total{type="file",field="data.records[].size"} 2'
    wait.until(lambda: counted in printer.daemon.http("/metrics")[1], "the field errors", 15,
               lambda: printer.daemon.http("/metrics")[1])
    printer.expect(("local", "/", "b.gcode"), ("local", "/", "c.gcode"),
                   ("local", "/models", "deep.gcode"))
