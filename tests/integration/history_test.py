"""Printers that are away, and questions about what was."""
import collections
import json
import time

import pytest

from harness import commands, mqtt, wait


@pytest.fixture(scope="module", name="farm")
def farm_fixture():
    with commands.commanded_farm() as farm:
        yield farm


# -- Printers that are away --

def test_stop_to_idle_and_offline_printers(farm):
    idle, away = farm.sim.printers[8:10]
    farm.sim.tell(f"leave {away.id}")
    wait.equal(lambda: farm.online(away), False, "its presence", 20)
    request = farm.person.send("fan.set", {"printers": [away.id]}, {"fan_ratio": 1})
    farm.person.final(request)
    assert commands.skip_reasons(farm, request) == {away.id: "offline"}
    with mqtt.Client(farm.daemon.mqtt_port) as watcher:
        watcher.subscribe(f"{commands.SERVER}/#")
        request = farm.person.send("print.stop", {"printers": [idle.id, away.id]}, timeout_s=4)
        done = farm.person.final(request)
        assert done["skipped"] == 0, done
        stops = {each.topic.split("/")[6] for each in watcher.seen()
                 if json.loads(each.payload)["action"] == "stop"}
    assert stops == {idle.id, away.id}
    executions = farm.person.executions(request)
    assert executions[away.id]["state"] in ("sent_unconfirmed", "timed_out")
    assert executions[idle.id]["state"] in ("sent_unconfirmed", "failed")
    farm.sim.tell(f"reconnect {away.id}")
    wait.equal(lambda: farm.online(away), True, "its presence", 20)


def stops_at(farm, printer):
    return [entry for entry in farm.received() if entry["printer_id"] == printer.id
            and entry["body"]["action"] == "stop"]


def test_a_durable_session_gets_what_is_still_wanted(farm):
    printer = farm.durable.printers[0]
    farm.durable.tell(f"leave {printer.id}")
    before = len(stops_at(farm, printer))
    request = farm.person.send("print.stop", {"printers": [printer.id]}, timeout_s=6)
    wait.until(lambda: farm.person.responses(request), "accepted", 10)
    farm.durable.tell(f"reconnect {printer.id}")
    wait.until(lambda: len(stops_at(farm, printer)) > before, "the stop arrives late", 10)
    farm.person.final(request)


def test_a_durable_session_gets_nothing_of_a_command_that_timed_out(farm):
    printer = farm.durable.printers[0]
    farm.durable.wait_online()
    farm.durable.tell(f"leave {printer.id}")
    before = len(farm.durable.received())
    request = farm.person.send("print.pause", {"printers": [printer.id]}, timeout_s=2)
    done = farm.person.final(request)
    assert done["sent_unconfirmed"] + done["timed_out"] == 1, done
    ended = time.monotonic()
    # Rounded up to whole seconds: at most one later.
    wait.until(lambda: time.monotonic() > ended + 1.2, "the rounding has passed", 5)
    farm.durable.tell(f"reconnect {printer.id}")
    wait.equal(lambda: farm.online(printer), True, "its presence", 20)
    assert farm.person.call("status.query", {"printers": [printer.id]})["succeeded"] == 1
    actions = [json.loads(entry["payload"])["action"] for entry in farm.durable.received()[before:]]
    assert "pause" not in actions, actions


# -- Questions about what was --

def test_commands_are_listed_and_got(farm):
    request = farm.person.send("status.query", {"printers": ["a-01"]})
    done = farm.person.final(request)
    got = farm.person.ask("command.get", args={"request_id": request})
    got = got.get("command", got) if isinstance(got.get("command"), dict) else got
    assert got["command"] == "status.query" and got["state"] == "done"
    assert got["command_id"] == done["command_id"]
    assert [each["state"] for each in got["executions"]] == ["succeeded"]
    by_number = farm.person.ask("command.get", args={"command_id": done["command_id"]})
    assert json.dumps(by_number).count(request) == 1
    page = farm.person.ask("command.list", args={"limit": 3})
    assert len(page["commands"]) == 3 and page["commands"][0]["command_id"] == done["command_id"]
    following = farm.person.ask("command.list", args={"limit": 3, "after": page["after"]})
    numbers = [each["command_id"] for each in page["commands"] + following["commands"]]
    assert numbers == sorted(set(numbers), reverse=True)


def test_cancel_what_is_queued(farm):
    printers = farm.sim.printers[:8]
    with farm.sending() as news:
        for printer in printers:
            farm.sim.tell(f"silence {printer.id}")
        request = farm.person.send("fan.set", {"printers": [each.id for each in printers]},
                                   {"fan_ratio": 0.1}, max_in_flight=1, timeout_s=6)
        wait.until(lambda: farm.person.responses(request), "accepted", 10)
        assert farm.person.call("command.cancel", args={"request_id": request})["event"] == "done"
        done = farm.person.final(request)
        for printer in printers:
            farm.sim.tell(f"speak {printer.id}")
        for printer in printers:
            wait.equal(lambda p=printer: farm.online(p), True, "its presence", 20)
    assert done["cancelled"] == 7, done
    assert len({entry["printer_id"] for entry in news}) == 1


def test_events(farm):
    printer = farm.sim.of_model("K2Max")[2]
    with mqtt.Client(farm.daemon.mqtt_port) as listener:
        listener.subscribe("fleet/v1/events")
        farm.print_at_panel(printer)
        farm.stop_printing(printer)
        live = wait.until(lambda: [each for each in map(
            lambda message: json.loads(message.payload), listener.seen())
            if each["kind"] == "job_started"], "an event", 10)[0]
    stored = farm.database.rows("SELECT * FROM fleet.events WHERE event_id = %s", live["event_id"])
    assert stored[0]["kind"] == "job_started" and stored[0]["printer_id"] == printer.id
    events = farm.person.ask("event.list", args={"since": 0, "limit": 1000})["events"]
    kinds = collections.Counter(each["kind"] for each in events)
    assert kinds["printer_added"] == 16 and kinds["job_started"] and kinds["job_ended"]
    assert kinds["command_done"], kinds
    numbers = [each["event_id"] for each in events]
    assert numbers == sorted(set(numbers))
    later = farm.person.ask("event.list", args={"since": numbers[-3], "limit": 2})["events"]
    assert [each["event_id"] for each in later] == numbers[-2:]


def test_retire_clears_and_mutes(farm):
    printer = farm.sim.printers[11]
    topic = f"fleet/v1/printers/{printer.id}/state"
    assert topic in farm.person.retained("fleet/v1/printers/#")
    done = farm.person.call("printer.retire", {"printers": [printer.id]})
    assert done["event"] == "done" and done["succeeded"] == 1, done
    assert farm.database.one("SELECT enrolment FROM fleet.printers WHERE printer_id = %s",
                             printer.id) == "retired"
    wait.until(lambda: topic not in farm.person.retained("fleet/v1/printers/#"),
               "its retained state is gone", 10)
    before = farm.database.one("SELECT count(*) FROM fleet.report_log WHERE printer_id = %s",
                               printer.id)
    farm.sim.tell(f"greet {printer.id}")
    farm.person.call("status.query", {"all": True})
    assert farm.database.one("SELECT count(*) FROM fleet.report_log WHERE printer_id = %s",
                             printer.id) == before
    assert topic not in farm.person.retained("fleet/v1/printers/#")
    found = farm.person.ask("printer.list")["printers"]
    assert printer.id not in [each["printer_id"] for each in found]


def test_good_use_leaves_nothing_behind(farm):
    commands.check_clean(farm)
