"""Whatever is published under the topics we subscribe to is in report_log or in dead_letters, once;
the daemon stays up and goes on."""
import json
import pathlib
import random
import time
import uuid

import pytest

from harness import mqtt, wait
from harness.farm import ROOT, Daemon

FIXTURES = sorted((ROOT / "tests/fixtures/payloads").glob("*.json"))
PUBLIC = "anycubic/anycubicCloud/v1/printer/public"
APP = "anycubic/anycubicCloud/v1/printer/app"
GOOD = "feedfacefeedfacefeedfacefeedface"
DEAD_LETTER_BYTES = 65536


class Inlet:
    """Publishes, and knows what became of everything."""

    def __init__(self, daemon, database, client):
        self.daemon, self.database, self.client = daemon, database, client
        self.pid = daemon.pid
        self.temperature = 20

    def good_report(self, printer_id=GOOD, model="20021"):
        """The next good report is applied: its reading shows in the tables."""
        self.temperature += 1
        wanted = 20 + self.temperature / 10
        report = {"type": "tempature", "action": "auto", "timestamp": int(time.time() * 1000),
                  "msgid": str(uuid.uuid4()), "state": "done", "code": 200, "msg": "",
                  "data": {"curr_hotbed_temp": 25, "curr_nozzle_temp": wanted,
                           "target_hotbed_temp": 0, "target_nozzle_temp": 0}}
        self.client.publish(f"{PUBLIC}/{model}/{printer_id}/tempature/report", json.dumps(report))
        wait.equal(lambda: self.database.one(
            "SELECT nozzle_temp_c FROM fleet.printer_status WHERE printer_id = %s", printer_id),
            wanted, f"the reading of {printer_id}", 15)
        assert self.daemon.alive() and self.daemon.pid == self.pid
        assert self.daemon.http_status("/readyz") == 200

    def places(self, topic, payload, printer_id, alone):
        """Rows in report_log and dead_letters of this message. Of a printer that said nothing else
        (`alone`) any report counts: unchanged telemetry is kept without its bytes."""
        logged = self.database.one(
            "SELECT count(*) FROM fleet.report_log WHERE printer_id = %s AND "
            "(%s OR coalesce(payload_raw, convert_to(payload, 'UTF8')) = %s)", printer_id, alone,
            payload)
        dead = self.database.one(
            "SELECT count(*) FROM fleet.dead_letters WHERE topic = %s AND payload = %s", topic,
            payload[:DEAD_LETTER_BYTES])
        return logged + dead

    def check(self, messages, qos=1, alone=False):
        """Publishes [(topic, payload, printer_id)]; each must be in one of the two, once."""
        for topic, payload, _ in messages:
            self.client.publish(topic, payload, qos)
        self.good_report()
        for message in messages:
            wait.until(lambda m=message: self.places(*m, alone) > 0,
                       f"{message[1][:80]!r} on {message[0][:200]} is stored", 10)
        for message in messages:
            assert self.places(*message, alone) == 1, (message[0][:200], message[1][:80])


@pytest.fixture(scope="module", name="inlet")
def inlet_fixture():
    settings = {"inbound": {"dead_letters_per_printer_per_minute": 100000}}
    with Daemon(settings) as daemon, daemon.database() as database:
        with mqtt.Client(daemon.mqtt_port) as client:
            yield Inlet(daemon, database, client)


def payload_of(fixture):
    payload = fixture["payload"]
    return (payload if isinstance(payload, str) else json.dumps(payload)).encode()


def kind_of(fixture):
    """The message's type, as its topic says it."""
    payload = fixture["payload"]
    named = payload.get("type") if isinstance(payload, dict) else None
    return named or "print"


def fixtures():
    assert len(FIXTURES) >= 60
    return [json.loads(path.read_text()) for path in FIXTURES]


def test_real_messages_under_a_kobra_2_topic(inlet):
    messages = {}
    for fixture in fixtures():
        topic = f"{PUBLIC}/20022/{'a2' * 16}/{kind_of(fixture)}/report"
        messages[topic, payload_of(fixture)] = (topic, payload_of(fixture), "a2" * 16)
    inlet.check(list(messages.values()))
    inlet.good_report("a2" * 16, "20022")


def test_real_messages_one_printer_each(inlet):
    messages = []
    for number, fixture in enumerate(fixtures()):
        printer_id = f"{number:04x}" + "b3" * 14
        messages.append((f"{PUBLIC}/2002{1 + number % 3}/{printer_id}/{kind_of(fixture)}/report",
                         payload_of(fixture), printer_id))
    inlet.check(messages, alone=True)
    printer = messages[0][2]
    inlet.good_report(printer, "20021")


def own_topic(fixture, number):
    topic = fixture["topic"]
    printer_id = f"{number:04x}" + "c4" * 14
    for placeholder in ("<id>", "<PRINTER_ID>", "[YOUR_PRINTER_ID]"):
        topic = topic.replace(placeholder, printer_id)
    return topic.replace("<model>", "20021").replace("<PRINTER_MODEL_ID>", "20021").replace(
        "<ACTION>", "print"), printer_id


def test_real_messages_under_their_own_topics(inlet):
    ours, foreign = {}, []
    for number, fixture in enumerate(fixtures()):
        topic, printer_id = own_topic(fixture, number)
        words = topic.split("/")
        if words[3:5] in (["printer", "public"], ["printer", "app"]):
            ours[topic, payload_of(fixture)] = (topic, payload_of(fixture), words[6])
        else:
            foreign.append((topic, payload_of(fixture)))
    assert len(ours) >= 15 and len(foreign) >= 30
    before = inlet.database.one("SELECT count(*) FROM fleet.dead_letters")
    for topic, payload in foreign:
        inlet.client.publish(topic, payload)
    inlet.good_report()
    # Requests on requests' topics are not for us.
    assert inlet.database.one("SELECT count(*) FROM fleet.dead_letters") == before
    inlet.check(list(ours.values()))


def report(**members):
    base = {"type": "print", "action": "start", "timestamp": 1700000000000,
            "msgid": str(uuid.uuid4()), "state": "printing", "code": 200, "msg": "done",
            "data": {"taskid": "5", "filename": "a.gcode", "progress": 50, "curr_layer": 1,
                     "total_layers": 2, "print_time": 1, "remain_time": 1, "supplies_usage": 1}}
    return {**base, **members}


def text(value):
    return json.dumps(value).encode()


def data(**members):
    return text(report(data={**report()["data"], **members}))


GARBAGE = {
    "empty": b"",
    "blank": b"   ",
    "not json": b"hello",
    "truncated": text(report())[:-7],
    "trailing": text(report()) + b"}",
    "two documents": text(report()) + text(report()),
    "null": b"null",
    "number": b"17",
    "text": b'"print"',
    "array": b"[]",
    "array of reports": text([report()]),
    "empty object": b"{}",
    "not utf-8": b"\xff\xfe\x00\x01garbage",
    "latin-1 in a text": text(report(msgid="latin")).replace(b"a.gcode", b"\xe9\xe8.gcode"),
    "gbk file name": text(report(msgid="gbk")).replace(b"a.gcode", "零件.gcode".encode("gbk")),
    "overlong utf-8": text(report(msgid="overlong")).replace(b"a.gcode", b"\xc0\xaf.gcode"),
    "utf-8 surrogate": text(report(msgid="surrogate8")).replace(b"a.gcode", b"\xed\xa0\x80.gcode"),
    "bom": b"\xef\xbb\xbf" + text(report(msgid="bom")),
    "utf-16": json.dumps(report(msgid="utf16")).encode("utf-16"),
    "nul byte": b"\x00",
    "nul inside": text(report(msgid="nul")).replace(b"a.gcode", b"a\x00.gcode"),
    "nul behind": text(report(msgid="nulbehind")) + b"\x00",
    "escaped nul": data(filename="a\u0000b.gcode"),
    "escaped nul everywhere": text(report(type="print\u0000", action="\u0000", state="\u0000",
                                          msgid="\u0000", msg="\u0000")),
    "lone high surrogate": text(report(msgid="high")).replace(b"a.gcode", rb"\ud83d.gcode"),
    "lone low surrogate": text(report(msgid="low")).replace(b"a.gcode", rb"\udc00.gcode"),
    "swapped surrogates": text(report(msgid="swap")).replace(b"a.gcode", rb"\ude00\ud83d.gcode"),
    "deep arrays": b'{"type":"print","action":"start","data":' + b"[" * 5000 + b"]" * 5000 + b"}",
    "deep objects": b'{"type":"print","data":' + b'{"a":' * 5000 + b"1" + b"}" * 5001,
    "deep and open": b"[" * 200000,
    "1.5 MiB": text(report(msg="x" * (1536 * 1024))),
    "1.5 MiB of rubbish": random.Random(1).randbytes(1536 * 1024),
    "just below 1 MiB": text(report(msgid="below", msg="y" * (1024 * 1024 - 1000))),
    "many members": text(report(msgid="many", data={f"k{i}": i for i in range(20000)})),
    "double members": b'{"type":"print","type":"ota","action":"start","action":1,"data":{},"data":5}',
    "huge integer": text(report(msgid="hugeint", code=10**30, timestamp=10**30)),
    "huge exponent": text(report(msgid="hugeexp")).replace(b'"code": 200', b'"code": 1e400'),
    "minus zero": text(report(msgid="minus", code=-0.0)),
    "nan": text(report(msgid="nan", code=float("nan"))),
    "infinity": text(report(msgid="inf", timestamp=float("inf"))),
    "int64 edges": data(progress=2**63 - 1, curr_layer=-2**63, total_layers=2**64 - 1,
                        print_time=2**63, remain_time=-2**63, supplies_usage=1e308),
    "time before time": text(report(msgid="t1", timestamp=-62135596800000)),
    "time far away": text(report(msgid="t2", timestamp=9007199254740993)),
    "time int64": text(report(msgid="t3", timestamp=2**63 - 1)),
    "progress out of range": data(progress=-3),
    "progress beyond": data(progress=400),
    "data null": text(report(msgid="dnull", data=None)),
    "data text": text(report(msgid="dtext", data="x")),
    "data array": text(report(msgid="darray", data=[1, 2])),
    "data number": text(report(msgid="dnumber", data=1)),
    "types as numbers": text({"type": 1, "action": 2, "timestamp": "soon", "msgid": 4, "state": 5,
                              "code": "200", "msg": 7, "data": 8}),
    "types as objects": text({key: {"a": []} for key in report()}),
    "types as null": text({key: None for key in report()}),
    "members of wrong types": data(taskid=5, filename=7, progress="x", curr_layer=[],
                                   total_layers={}, print_time=None, remain_time=True),
    "no type": text({key: value for key, value in report(msgid="notype").items() if key != "type"}),
    "unknown type": text(report(msgid="unknown", type="moon", action="phase")),
    "very long words": text(report(type="t" * 70000, action="a" * 70000, state="s" * 70000,
                                   msgid="m" * 70000)),
    "long file name": data(filename="f" * 60000),
    "control characters": data(filename="a\r\n\t\x1b[31m\x7f.gcode"),
    "sql": data(filename="'; DROP TABLE fleet.jobs; --", taskid="\\x00"),
    "copy specials": data(filename="\\N\t\\.\n\\b", taskid="\\."),
    "format": data(filename="%s%n%x{}$1"),
    "a request": text({"type": "print", "action": "pause", "msgid": "r1", "timestamp": 1700000000000,
                       "data": {"taskid": "1"}}),
}



@pytest.mark.parametrize("kind", ["print", "tempature", "ota", "file", "status", "lastWill", "video",
                                  "fan", "multiColorBox", "moon"])
def test_garbage(inlet, kind):
    messages = []
    for number, (_, payload) in enumerate(GARBAGE.items()):
        printer_id = f"{number:04x}" + uuid.uuid5(uuid.NAMESPACE_OID, kind).hex[:28]
        messages.append((f"{PUBLIC}/20021/{printer_id}/{kind}/report", payload, printer_id))
    inlet.check(messages, alone=True)


def test_garbage_from_a_printer_that_prints(inlet):
    printer = "d5" * 16
    inlet.good_report(printer, "20023")
    inlet.client.publish(f"{PUBLIC}/20023/{printer}/print/report", text(report()))
    messages = [(f"{PUBLIC}/20023/{printer}/print/report", payload, printer)
                for payload in GARBAGE.values()]
    inlet.check(messages)
    inlet.good_report(printer, "20023")


def test_garbage_at_other_levels_of_service(inlet):
    for qos in (0, 2):
        printer_id = f"e{qos}" * 16
        inlet.check([(f"{PUBLIC}/20021/{printer_id}/print/report", payload, printer_id)
                     for payload in (b"zero", b"", b"\xff", text(report()))], qos=qos)


def test_foreign_topics_under_the_filters(inlet):
    printer = "f6" * 16
    topics = [
        PUBLIC, f"{PUBLIC}/", f"{PUBLIC}/20021", f"{PUBLIC}/20021/", f"{PUBLIC}/20021/{printer}",
        f"{PUBLIC}/20021/{printer}/", f"{PUBLIC}/20021/{printer}/print",
        f"{PUBLIC}/20021/{printer}/print/", f"{PUBLIC}/20021/{printer}/print/report/",
        f"{PUBLIC}/20021/{printer}/print/report/more", f"{PUBLIC}/20021/{printer}/print/reports",
        f"{PUBLIC}/20021//print/report", f"{PUBLIC}//{printer}/print/report", f"{PUBLIC}/////",
        f"{PUBLIC}/20021/{printer}//report", f"{PUBLIC}/20021/{'x' * 129}/print/report",
        f"{PUBLIC}/{'9' * 33}/{printer}/print/report", f"{PUBLIC}/20021/{'y' * 60000}/print/report",
        f"{PUBLIC}/20021/{printer}/{'z' * 3000}/report", f"{PUBLIC}/{'/' * 150}",
        APP, f"{APP}/20021/{printer}/print", f"{APP}/x",
    ]
    for topic in topics:
        payload = text(report(msgid=str(uuid.uuid4())))
        inlet.client.publish(topic, payload)
        inlet.good_report()
        stored = inlet.database.one(
            "SELECT (SELECT count(*) FROM fleet.report_log WHERE payload = %s) + "
            "(SELECT count(*) FROM fleet.dead_letters WHERE payload = %s)", payload.decode(), payload)
        assert stored == 1, topic[:200]
    assert "/printers//" not in " ".join(inlet.client.retained("fleet/v1/printers/#"))


def test_odd_printer_ids(inlet):
    for printer_id in ("零件", "a b", "'; DROP TABLE fleet.printers; --", "%s", "..", "\\", '"', "{}",
                       "x" * 128, "~", "id\u2028id", "🖨"):
        inlet.good_report(printer_id)


def test_a_dead_letter_limit_counts_what_it_leaves_out(inlet):
    page = inlet.daemon.http("/metrics")[1]
    total = sum(float(line.rsplit(" ", 1)[1]) for line in page.splitlines()
                if line.startswith("printfleet_dead_letters_total{"))
    assert total == inlet.database.one("SELECT count(*) FROM fleet.dead_letters")


def test_the_log_stays_short_and_printable(inlet):
    log = pathlib.Path(inlet.daemon.log).read_bytes()
    assert len(log) < 1_000_000
    assert not [line for line in log.splitlines() if any(byte < 0x20 and byte != 9 for byte in line)]
    assert b"AddressSanitizer" not in log and b"runtime error" not in log
