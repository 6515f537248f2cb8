"""Commands: from the fleet's topic to the printers and back, with what reached the printers as the
oracle. One farm for all tests, in the order of the file."""
import json
import subprocess
import uuid

import pytest

from harness import commands, contract, mqtt, wait
from harness.farm import ROOT


@pytest.fixture(scope="module", name="farm")
def farm_fixture():
    with commands.commanded_farm(enroll=False) as farm:
        yield farm


# -- Pending and enrolled --

def test_printers_are_pending_until_somebody_enrolls_them(farm):
    wait.equal(lambda: farm.database.one("SELECT count(*) FROM fleet.printers WHERE firmware IS NOT "
                                         "NULL AND enrolment = 'pending'"), 16, "pending printers")
    printer = farm.sim.printers[0]
    request = farm.person.send("print.update", {"printers": [printer.id]},
                               {"bed_target_c": 40, "unattended_ok": True})
    assert farm.person.final(request)["skipped"] == 1
    assert commands.skip_reasons(farm, request) == {printer.id: "pending"}
    wait.until(lambda: "printfleet_printers_pending 16" in farm.daemon.http("/metrics")[1],
               "the pending printers are counted", 10)


def test_a_stop_goes_to_a_pending_printer(farm):
    printer = farm.sim.printers[0]
    with farm.sending() as news:
        done = farm.person.call("print.stop", {"printers": [printer.id]}, timeout_s=10)
    assert done["event"] == "done" and done["skipped"] == 0, done
    assert [(entry["printer_id"], entry["body"]["action"]) for entry in news] == [
        (printer.id, "stop")]


def test_enroll_by_what_they_are(farm):
    done = farm.person.call("printer.enroll", {"enrolment": ["pending"]})
    assert done["event"] == "done" and done["succeeded"] == 16, done
    assert farm.database.one("SELECT count(*) FROM fleet.printers WHERE enrolment = 'enrolled'") == 16
    request = farm.person.send("status.query", {"all": True})
    assert farm.person.final(request)["succeeded"] == 16


# -- The registry --

def test_set_list_get(farm):
    first, second = farm.sim.printers[:2]
    done = farm.person.call("printer.set", {"printers": [first.id]},
                            {"name": "a-01", "groups": ["rack-a"], "labels": {"row": "1"},
                             "note": "first"})
    assert done["event"] == "done" and done["succeeded"] == 1, done
    done = farm.person.call("printer.set", {"printers": [second.id]},
                            {"name": "a-02", "groups": ["rack-a", "rack-b"], "labels": {"row": "2"}})
    assert done["succeeded"] == 1, done
    found = farm.person.ask("printer.get", {"printers": ["a-01"]})["printers"]
    assert [each["printer_id"] for each in found] == [first.id]
    assert found[0]["groups"] == ["rack-a"] and found[0]["labels"] == {"row": "1"}
    assert contract.problems("state", found[0]) == []
    for target, names in [({"groups": ["rack-a"]}, {"a-01", "a-02"}),
                          ({"groups": ["rack-b"]}, {"a-02"}),
                          ({"labels": {"row": "1"}}, {"a-01"}),
                          ({"groups": ["rack-a"], "exclude": ["a-02"]}, {"a-01"}),
                          ({"groups": ["rack-a"], "firmware": "<3.1.0"},
                           {name for name, printer in (("a-01", first), ("a-02", second))
                            if printer.firmware == "3.0.9"})]:
        found = farm.person.ask("printer.list", target)["printers"]
        assert {each["name"] for each in found} == names, target
    row = farm.database.rows("SELECT * FROM fleet.printers WHERE printer_id = %s", first.id)[0]
    assert (row["name"], row["groups"], row["labels"], row["note"]) == (
        "a-01", ["rack-a"], {"row": "1"}, "first")
    # The retained state says it too.
    wait.equal(lambda: json.loads(farm.person.retained(f"fleet/v1/printers/{first.id}/state")[
        f"fleet/v1/printers/{first.id}/state"])["name"], "a-01", "the retained name")


def test_a_name_is_given_once(farm):
    refused = farm.person.call("printer.set", {"printers": [farm.sim.printers[2].id]},
                               {"name": "a-01"})
    assert refused["event"] == "rejected" or refused["failed"] == 1, refused
    assert farm.database.one("SELECT count(*) FROM fleet.printers WHERE name = 'a-01'") == 1


def test_pages_of_a_list(farm):
    names, after = [], None
    for _ in range(10):
        args = {"limit": 5, **({"after": after} if after else {})}
        page = farm.person.ask("printer.list", None, args)
        assert len(page["printers"]) <= 5
        names += [each["printer_id"] for each in page["printers"]]
        after = page["after"]
        if after is None:
            break
    assert len(names) == 16 and len(set(names)) == 16


# -- print.pause to one model: the issue's own example --

def test_pause_one_model(farm):
    plus = farm.sim.of_model("K2Plus")
    others = [farm.sim.of_model("K2Pro")[3], farm.sim.of_model("K2Max")[3]]
    printing = plus[:2]
    for number, printer in enumerate(printing):
        farm.print_at_panel(printer, str(70 + number))
    for printer in others:
        farm.print_at_panel(printer)
    with farm.sending() as news:
        request = farm.person.send("print.pause", {"models": ["K2Plus"]}, timeout_s=5)
        done = farm.person.final(request)
    assert done["event"] == "done", done
    pauses = [entry for entry in news if entry["body"]["action"] == "pause"]
    assert {entry["printer_id"] for entry in pauses} == {printer.id for printer in plus}
    assert pauses == news
    for entry in pauses:
        commands.check_wire(entry, next(each for each in plus if each.id == entry["printer_id"]), "pause")
    for number, printer in enumerate(printing):
        tasks = {entry["body"]["data"]["taskid"] for entry in pauses
                 if entry["printer_id"] == printer.id}
        assert tasks == {str(70 + number)}
    executions = farm.person.executions(request)
    assert set(executions) == {printer.id for printer in plus}
    for printer in plus:
        state = executions[printer.id]["state"]
        allowed = ("succeeded",) if printer in printing else ("sent_unconfirmed", "failed")
        assert state in allowed, executions[printer.id]
        if state == "failed":
            assert executions[printer.id]["code"] and executions[printer.id]["message"]
    assert done["succeeded"] == 2 and done["skipped"] == 0
    for printer in printing:
        farm.wait_state(printer, "paused")
    for printer in others:
        assert farm.state(printer) == "printing"
    rows = farm.database.rows(
        "SELECT c.command, c.author, c.state, e.printer_id, e.state AS became FROM fleet.commands c "
        "JOIN fleet.command_executions e USING (command_id) WHERE c.request_id = %s", request)
    assert len(rows) == 4 and {row["author"] for row in rows} == {"local"}
    assert {row["printer_id"]: row["became"] for row in rows} == {
        key: value["state"] for key, value in executions.items()}
    commands.check_stream(farm.person.responses(request), done, 4)
    resumed = farm.person.call("print.resume", {"printers": [each.id for each in printing]})
    assert resumed["succeeded"] == 2, resumed
    farm.stop_printing(*printing, *others)


def test_the_stream_of_a_quick_command(farm):
    request = farm.person.send("status.query", {"models": ["K2Max"]})
    done = farm.person.final(request)
    assert done["succeeded"] == 5, done
    commands.check_stream(farm.person.responses(request), done, 5)


def test_mosquitto_rr_gets_one_final_answer(farm):
    request = {"id": str(uuid.uuid4()), "command": "file.list_local", "target": {"models": ["K2Pro"]}}
    rr = subprocess.run(
        ["mosquitto_rr", "-V", "5", "-h", "127.0.0.1", "-p", str(farm.daemon.mqtt_port), "-q", "1",
         "-t", "fleet/v1/command", "-e", "fleet/v1/response/local/rr", "-m", json.dumps(request),
         "-D", "PUBLISH", "correlation-data", "four-two", "-F", "%D %p", "-W", "30"],
        capture_output=True, text=True, timeout=60, check=False)
    assert rr.returncode == 0, rr.stderr
    correlation, answer = rr.stdout.strip().split(" ", 1)
    assert correlation == "four-two"
    done = json.loads(answer)
    assert done["event"] == "done" and done["succeeded"] == 7
    assert {each["printer_id"] for each in done["executions"]} == {
        printer.id for printer in farm.printers() if printer.model == "K2Pro"}
    for each in done["executions"]:
        assert each["state"] == "succeeded" and each["result"]["files"], each
    assert farm.person.responses(request["id"]) == []
    stored = farm.database.one("SELECT count(DISTINCT printer_id) FROM fleet.printer_files")
    assert stored == 7


def test_a_final_reply_comes_once_with_its_correlation(farm):
    topic = f"fleet/v1/response/local/{uuid.uuid4()}"
    request = {"id": str(uuid.uuid4()), "command": "status.query", "target": {"printers": ["a-01"]}}
    replies = mqtt.request_response(farm.daemon.mqtt_port, "fleet/v1/command", json.dumps(request),
                                    topic, b"\x00\xffraw")
    assert len(replies) == 1 and replies[0].correlation == b"\x00\xffraw"
    assert json.loads(replies[0].payload)["event"] == "done"


def mqtt_js(farm, version, request, *reply):
    """What MQTT.js prints: each answer with its topic and Correlation Data."""
    assert (ROOT / "build/npm/installed.json").exists(), "tests/npm/install.sh installs MQTT.js"
    node = subprocess.run(
        ["node", ROOT / "tests/npm/mqtt_client.cjs", str(farm.daemon.mqtt_port), str(version),
         json.dumps(request), *map(str, reply)],
        capture_output=True, text=True, timeout=60, check=False)
    assert (node.returncode, node.stderr) == (0, ""), node
    return [json.loads(line) for line in node.stdout.splitlines()]


def test_mqtt_js_gets_one_final_answer(farm):
    request = {"id": str(uuid.uuid4()), "command": "status.query", "target": {"models": ["K2Max"]}}
    topic = "fleet/v1/response/local/js/answers"
    (said,) = mqtt_js(farm, 5, request, topic, "seven", 30)
    assert (said["topic"], said["correlation"]) == (topic, "seven")
    assert said["answer"]["event"] == "done" and said["answer"]["succeeded"] == 5
    assert len(said["answer"]["executions"]) == 5
    assert contract.problems("response", said["answer"]) == []


@pytest.mark.parametrize("version", [4, 5])
def test_mqtt_js_gets_the_stream(farm, version):
    request = {"id": str(uuid.uuid4()), "command": "status.query", "target": {"models": ["K2Max"]}}
    said = [each["answer"] for each in mqtt_js(farm, version, request)]
    commands.check_stream(said, said[-1], 5)


def test_a_message_expiry_is_a_deadline(farm):
    """The printer is away; what may wait for it waits no longer than the message says."""
    away = farm.sim.printers[-1]
    request = {"id": str(uuid.uuid4()), "command": "fan.set", "args": {"fan_ratio": 1},
               "target": {"printers": [away.id]}, "options": {"on_offline": "wait"}}
    farm.sim.tell(f"leave {away.id}")
    farm.wait_state(away, "offline")
    (said,) = mqtt_js(farm, 5, request, "fleet/v1/response/local/js/late", "x", 2)
    farm.sim.tell(f"reconnect {away.id}")
    farm.wait_state(away, "idle")
    assert said["answer"]["expired"] == 1, said


# -- Dry runs, idempotency --

def test_a_dry_run_sends_nothing_and_agrees(farm):
    target = {"models": ["K2Pro"], "exclude": ["a-02"]}
    args = {"bed_target_c": 45, "unattended_ok": True}
    with farm.sends_nothing():
        dry = farm.person.call("print.update", target, args, dry_run=True)
        assert dry["event"] == "done" and dry["dry_run"] is True
        assert dry["matched"] == 6 and dry["would_send"] == 6
    with farm.sending() as news:
        real = farm.person.call("print.update", target, args, if_matched=dry["target_hash"])
    assert real["event"] == "done" and real["succeeded"] == 6, real
    assert {each["printer_id"] for each in dry["executions"]} == {
        entry["printer_id"] for entry in news}
    again = farm.person.call("print.update", {"models": ["K2Max"]}, args, if_matched=dry["target_hash"])
    assert (again["event"], again["reason"]) == ("rejected", "target_changed")
    off = farm.person.call("print.update", target, {"bed_target_c": 0, "nozzle_target_c": 0})
    assert off["succeeded"] == 6, off


def test_the_same_request_again_does_nothing_twice(farm):
    printer = farm.sim.printers[4]
    request = str(uuid.uuid4())
    args = {"fan_ratio": 0.5}
    with farm.sending() as news:
        first = farm.person.call("fan.set", {"printers": [printer.id]}, args, request_id=request)
        assert first["event"] == "done" and first["succeeded"] == 1, first
        count = len(farm.person.responses(request))
        farm.person.send("fan.set", {"printers": [printer.id]}, args, request_id=request)
        wait.until(lambda: len([each for each in farm.person.responses(request)[count:]
                                if each["event"] == "done"]) == 1, "the first answer again", 10,
                   lambda: farm.person.responses(request))
        second = farm.person.final(request)
        conflict = farm.person.call("fan.set", {"printers": [printer.id]}, {"fan_ratio": 0.6},
                                    request_id=request)
    assert [entry["printer_id"] for entry in news] == [printer.id]
    assert commands.by_state(second) == commands.by_state(first) and second["command_id"] == first["command_id"]
    last = farm.person.responses(request)[-1]
    assert (last["event"], last["reason"]) == ("rejected", "conflict"), (conflict, last)
    assert farm.database.one("SELECT count(*) FROM fleet.commands WHERE request_id = %s", request) == 1


def test_the_same_request_while_it_runs_is_one_command(farm):
    printer = farm.sim.printers[5]
    request = str(uuid.uuid4())
    with farm.sending() as news:
        for _ in range(5):
            farm.person.send("fan.set", {"printers": [printer.id]}, {"fan_ratio": 0.25},
                             request_id=request)
        farm.person.final(request)
    assert [entry["printer_id"] for entry in news] == [printer.id]


def test_good_use_leaves_nothing_behind(farm):
    page = farm.daemon.http("/metrics")[1]
    assert 'printfleet_commands_total{command="print.pause",result="succeeded"} 2' in page
    commands.check_clean(farm)
