"""Requests that are refused: with a reason, and nothing is sent."""
import collections
import json
import uuid

import pytest

from harness import commands, mqtt, wait


@pytest.fixture(scope="module", name="farm")
def farm_fixture():
    with commands.commanded_farm() as farm:
        yield farm


def body(command="print.update", target=None, args=None, **members):
    base = {"id": str(uuid.uuid4()), "command": command,
            "target": {"all": True} if target is None else target,
            "args": {"fan_ratio": 1} if args is None else args}
    return {**base, **members}


def without(name):
    return {key: value for key, value in body().items() if key != name}


REFUSALS = {
    "no json": (b"hello", "malformed"),
    "not utf-8": (b'{"id":"\xff"}', "malformed"),
    "array": (b"[]", "malformed"),
    "truncated": (json.dumps(body()).encode()[:-1], "malformed"),
    "nul": (json.dumps(body()).encode() + b"\0", "malformed"),
    "deep": (b"[" * 10000, "malformed"),
    "no id": (without("id"), "malformed"),
    "id no uuid": (body(id="17"), "malformed"),
    "id a number": (body(id=17), "wrong_type"),
    "no command": (without("command"), "malformed"),
    "command a number": (body(command=5), "wrong_type"),
    "unknown command": (body(command="print.puase"), "unknown_command"),
    "too hot": (body(args={"bed_target_c": 130, "unattended_ok": True}), "out_of_range"),
    "below zero": (body(args={"bed_target_c": -1}), "out_of_range"),
    "nozzle too hot": (body(args={"nozzle_target_c": 300.5, "unattended_ok": True}), "out_of_range"),
    "fan above one": (body(args={"fan_ratio": 1.01}), "out_of_range"),
    "speed mode": (body(args={"print_speed_mode": "ludicrous"}), "out_of_range"),
    "z offset of many": (body(args={"z_offset_mm": 0.1}), "confirm_required"),
    "z offset too far": (body(args={"z_offset_mm": 11, "confirm": True}), "out_of_range"),
    "wrong type": (body(args={"fan_ratio": "1"}), "wrong_type"),
    "args an array": (body(args=[]), "wrong_type"),
    "a huge number": (json.dumps(body()).replace('"fan_ratio": 1', '"fan_ratio": 1e999').encode(),
                      None),
    "unknown argument": (body(args={"fan_ratoi": 1}), "unknown_argument"),
    "unknown member": (body(optoins={}), "unknown_argument"),
    "unknown option": (body(options={"dryrun": True}), "unknown_argument"),
    "unknown target": (body(target={"model": ["K2Pro"]}), "unknown_argument"),
    "nothing to set": (body(args={}), "missing_argument"),
    "missing argument": (body(command="fan.set", args={}), "missing_argument"),
    "empty target": (body(target={}), "empty_target"),
    "no target": (without("target"), "empty_target"),
    "all false": (body(target={"all": False}), "empty_target"),
    "empty list": (body(target={"printers": []}), None),
    "target a text": (body(target="all"), "wrong_type"),
    "unknown printer": (body(target={"printers": ["nobody"]}), "unknown_printer"),
    "one unknown among known": (body(target={"printers": ["a-01", "nobody"]}), "unknown_printer"),
    "unknown state": (body(target={"states": ["flying"]}), "out_of_range"),
    "bad firmware": (body(target={"firmware": "<newest"}), None),
    "bad percent": (body(target={"all": True, "percent": 101}), "out_of_range"),
    "expired": (body(options={"expires_at": "2020-01-01T00:00:00Z"}), "expired"),
    "no time": (body(options={"expires_at": "tomorrow"}), "wrong_type"),
    "timeout": (body(options={"timeout_s": 0}), "out_of_range"),
    "reply": (body(options={"reply": "never"}), "out_of_range"),
    "on_offline": (body(options={"on_offline": "panic"}), "out_of_range"),
    "later": (body(command="rollout.create", args={}), "unsupported"),
    "raw start": (body(command="printer.raw", target={"printers": ["a-01"]},
                       args={"type": "print", "action": "start"}), "unsupported"),
    "raw start in disguise": (body(command="printer.raw", target={"printers": ["a-01"]},
                                   args={"type": "Print", "action": "START"}), "unsupported"),
    "raw start with blanks": (body(command="printer.raw", target={"printers": ["a-01"]},
                                   args={"type": " Print", "action": "START "}), "out_of_range"),
    "raw to many": (body(command="printer.raw", args={"type": "axis", "action": "move"}), "too_many"),
    "start without a source": (body(command="print.start", args={}), "missing_argument"),
    "start with two sources": (body(command="print.start", args={
        "url": "http://127.0.0.1/a", "md5": "0" * 32, "size_bytes": 1, "filename": "a.gcode",
        "file": {"storage": "local", "path": "/", "filename": "a.gcode"}}), "unknown_argument"),
    "start with half a source": (body(command="print.start", args={"url": "http://127.0.0.1/a"}),
                                 "missing_argument"),
    "start from a file": (body(command="print.start", args={
        "url": "file:///etc/passwd", "md5": "0" * 32, "size_bytes": 1, "filename": "a.gcode"}),
        "out_of_range"),
    "a control character in a name": (body(command="printer.set", target={"printers": ["a-01"]},
                                           args={"name": "a\u0000b"}), None),
    "two names": (body(command="printer.set", args={"name": "same"}), None),
    "too large": (json.dumps(body(args={"x": "y" * 262144})).encode(), "too_large"),
    "too large by far": (b"x" * 1_500_000, "too_large"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refused_with_a_reason_and_nothing_sent(farm, name):
    request, reason = REFUSALS[name]
    raw = request if isinstance(request, bytes) else json.dumps(request).encode()
    request_id = "-"
    if isinstance(request, dict) and isinstance(request.get("id"), str) and len(request["id"]) == 36:
        request_id = request["id"]
    elif name == "a huge number":
        return check_any_refusal(farm, raw)
    known = len(farm.person.responses(request_id))
    rows = audited(farm)
    with farm.sends_nothing():
        farm.person.send_raw(raw)
        answers = wait.until(lambda: farm.person.responses(request_id)[known:], "an answer", 15)
    assert len(answers) == 1 and answers[0]["event"] == "rejected", answers
    assert answers[0]["message"] and (reason is None or answers[0]["reason"] == reason), answers
    assert audited(farm) - rows == {f"rejected({answers[0]['reason']})": 1}
    return None


def audited(farm):
    """How often each outcome stands in the audit log; questions are none of its business."""
    return collections.Counter(farm.database.column(
        "SELECT outcome FROM fleet.audit_log WHERE author = 'local' AND left(outcome, 8) = 'rejected'"))


@pytest.mark.parametrize("topic", [
    "fleet/v1/response/somebody/else", "fleet/v1/response/locals/x", "fleet/v1/response/local",
    "fleet/v1/response/local/", "fleet/v1/command/local", "fleet/v1/printers/x/state",
    "$SYS/broker/x", "anycubic/anycubicCloud/v1/server/printer/20021/x/print"])
def test_a_response_topic_elsewhere_is_refused(farm, topic):
    request = body(command="status.query", args={})
    rows = audited(farm)
    with mqtt.Client(farm.daemon.mqtt_port) as listener, farm.sends_nothing():
        listener.subscribe("#")
        farm.person.send_raw(json.dumps(request), ResponseTopic=topic, CorrelationData=b"c")
        refused = farm.person.final(request["id"])
        assert listener.seen(topic=topic) == []
    assert (refused["event"], refused["reason"]) == ("rejected", "bad_response_topic")
    assert "fleet/v1/response/local/" in refused["message"]
    assert audited(farm) - rows == {"rejected(bad_response_topic)": 1}


def check_any_refusal(farm, raw):
    known = len(farm.person.seen(prefix="fleet/v1/response/"))
    farm.person.send_raw(raw)
    wait.until(lambda: len(farm.person.seen(prefix="fleet/v1/response/")) > known, "an answer", 15)
    answer = json.loads(farm.person.seen(prefix="fleet/v1/response/")[known].payload)
    assert answer["event"] == "rejected", answer


def test_the_refusal_says_what_is_wrong_where(farm):
    refused = farm.person.call("print.update", {"models": ["K2Pro"]}, {"bed_target_c": 130})
    assert refused["path"] == "args.bed_target_c"
    assert refused["message"] == "args.bed_target_c: 130 is above 90, the limit of K2Pro"
    refused = farm.person.call("print.puase", {"all": True})
    assert "print.pause" in refused["message"]


def test_a_retained_request_is_refused_and_cleared(farm):
    request = body(target={"printers": ["a-01"]})
    with farm.sends_nothing():
        farm.person.publish("fleet/v1/command", json.dumps(request), retain=True)
        refused = farm.person.final(request["id"])
    assert (refused["event"], refused["reason"]) == ("rejected", "retained")
    assert farm.database.column("SELECT outcome FROM fleet.audit_log WHERE request_id = %s",
                                request["id"]) == ["rejected(retained)"]
    wait.equal(lambda: farm.person.retained("fleet/v1/command/#"), {}, "retained requests")
    assert farm.database.one("SELECT count(*) FROM fleet.dead_letters") == 0


def test_commands_on_topics_that_are_none(farm):
    with farm.sends_nothing():
        for topic in ("fleet/v1/command/local/more", "fleet/v1/command/admin", "fleet/v1/command/"):
            assert farm.person.publish(topic, json.dumps(body())) == 0x87, topic
