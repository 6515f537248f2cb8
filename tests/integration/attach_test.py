"""A command of six hundred printers: left alone and followed again, and read the day after."""
import json
import os
import pty
import re
import signal
import subprocess
import uuid

import pytest

from harness import wait
from harness.farm import PRINTFLEET, Daemon
from harness.sim import Simulator

PRINTERS = 600  # more than one answer holds


class Desk:
    def __init__(self, daemon, database, sim):
        self.daemon, self.database, self.sim = daemon, database, sim

    def run(self, *words, code=0):
        result = self.daemon.run(*words)
        assert result.returncode == code, (words, result.returncode, result.stdout, result.stderr)
        return result

    def start(self, *words, **streams):
        return subprocess.Popen([PRINTFLEET, *words, "--config", str(self.daemon.config)],
                                text=True, **streams)

    def outcomes(self, request_id):
        """{printer_id: state} as the store has it."""
        return {each["printer_id"]: each["state"] for each in self.database.rows(
            "SELECT printer_id, e.state FROM fleet.command_executions e "
            "JOIN fleet.commands USING (command_id) WHERE request_id = %s", request_id)}


def shown(table):
    """{printer_id: state} of a table on standard output."""
    return dict(re.findall(r"^\S+ +([0-9a-f]{32}) +([a-z_]+)", table, re.M))


@pytest.fixture(scope="module", name="desk")
def desk_fixture():
    settings = {"fleet": {"silent_after_s": 600}, "commands": {"max_in_flight": 10000}}
    with Daemon(settings) as daemon, daemon.database() as database:
        with Simulator(daemon.mqtt_port, "--models", f"K2Pro={PRINTERS}", "--firmware", "3.1.0",
                       "--report-interval", 600, "--seed", 5) as sim:
            sim.wait_online(60)
            wait.equal(lambda: database.one("SELECT count(*) FROM fleet.printer_status WHERE state "
                                            "= 'idle'"), PRINTERS, "idle printers", 60)
            yield Desk(daemon, database, sim)


@pytest.fixture(scope="module", name="bulk")
def bulk_fixture(desk):
    """The id of a fan.set that three printers did not hear. Sent on a terminal, left by Ctrl-C,
    followed again to its end."""
    silent = [printer.id for printer in desk.sim.printers[:3]]
    for printer in silent:
        desk.sim.tell(f"silence {printer}")
    request = str(uuid.uuid4())
    master, slave = pty.openpty()
    sender = desk.start("send", "fan.set", "fan_ratio=0.4", "--all", "--yes", "--id", request,
                        "--timeout", "12", "--max-in-flight", "10000", stdin=slave, stdout=slave,
                        stderr=slave)
    os.close(slave)
    seen = b""
    while f"{PRINTERS - 3}/{PRINTERS} done".encode() not in seen:
        seen += os.read(master, 65536)
    sender.send_signal(signal.SIGINT)
    assert sender.wait(10) == 130
    seen += os.read(master, 65536)
    os.close(master)
    assert b"NAME" in seen and f"--attach {request}".encode() in seen
    assert desk.database.one("SELECT state FROM fleet.commands WHERE request_id = %s",
                             request) == "accepted"

    attached = desk.start("send", "--attach", request, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    table, said = attached.communicate(timeout=60)
    assert attached.returncode == 1, said
    assert f"{PRINTERS - 3}/{PRINTERS} done, 3 sent" in said
    assert shown(table) == desk.outcomes(request)
    assert {printer for printer, state in shown(table).items()
            if state == "sent_unconfirmed"} == set(silent)
    for printer in silent:
        desk.sim.tell(f"speak {printer}")
    return request, table


def test_what_has_ended_is_shown_at_once(desk, bulk):
    request, table = bulk
    again = desk.run("send", "--attach", request, code=1)
    assert shown(again.stdout) == shown(table)
    assert again.stdout.splitlines()[-1].startswith("597 succeeded, 3 sent, not confirmed in ")
    assert again.stdout.splitlines()[-1] == table.splitlines()[-1]
    repeated = desk.run("send", "fan.set", "fan_ratio=0.4", "--all", "--yes", "--id", request,
                        "--timeout", "12", "--max-in-flight", "10000", code=1)
    assert shown(repeated.stdout) == shown(table)


def test_as_json_it_is_the_senders_stream(desk, bulk):
    request, table = bulk
    responses = [json.loads(line) for line in
                 desk.run("send", "--attach", request, "--json", code=1).stdout.splitlines()]
    assert {each["event"] for each in responses[:-1]} == {"execution"}
    rows = {row["printer_id"]: row["state"] for each in responses[:-1] for row in each["executions"]}
    assert rows == shown(table)
    done = responses[-1]
    assert (done["event"], done["succeeded"], done["sent_unconfirmed"]) == ("done", 597, 3)


def test_it_is_found_and_read_the_day_after(desk, bulk):
    request, table = bulk
    desk.run("send", "status.query", "--printer", desk.sim.printers[0].id)
    desk.daemon.stop()
    desk.daemon.start()
    listed = desk.run("commands", "--command", "fan.set", "--since", "24h").stdout.splitlines()
    assert len(listed) == 2, listed
    assert re.fullmatch(r"(\d+) +\S+Z  local   fan.set fan_ratio=0.4  all     done   "
                        r"597 succeeded, 3 sent_unconfirmed", listed[1]), listed
    number = listed[1].split()[0]
    one = desk.run("commands", number).stdout
    assert shown(one) == shown(table)
    rows = [line for line in one.splitlines() if re.match(r"\S+ +[0-9a-f]{32}", line)]
    assert all("sent_unconfirmed" in line for line in rows[:3])
    assert f"request {request}" in one and "sent by local at" in one
    assert shown(desk.run("commands", request).stdout) == shown(table)
    assert shown(desk.run("send", "--attach", request, code=1).stdout) == shown(table)
    document = json.loads(desk.run("commands", number, "--json").stdout)
    assert len(document["executions"]) == PRINTERS
    assert document["counts"]["succeeded"] == 597


def test_lists_are_filtered(desk, bulk):
    def listed(*words):
        return [json.loads(line)["command"]
                for line in desk.run("commands", "--json", *words).stdout.splitlines()]

    desk.run("send", "fleet.hold", "reason=test")
    desk.run("send", "fleet.release")
    assert listed()[:2] == ["fleet.release", "fleet.hold"] and "fan.set" in listed()
    assert listed("--limit", "1") == ["fleet.release"]
    assert listed("--author", "nobody") == listed("--open") == listed("--since", "0s") == []
    assert set(listed("--printer", desk.sim.printers[5].id)) == {"fan.set"}
    assert "expected a time" in desk.run("commands", "--since", "yesterday", code=2).stderr
    desk.run("commands", "999999", code=2)
    desk.run("commands", "some-command", code=2)
    desk.run("send", "--attach", str(uuid.uuid4()), code=2)
