"""What a new user does first, with the commands as the README prints them."""
import contextlib
import json
import os
import pty
import re
import shlex
import subprocess

import pytest

from harness import wait
from harness.farm import PRINTFLEET, ROOT, Daemon
from harness.sim import Simulator

TASKS = ["pause one rack", "a warmer bed on one model, where it prints",
         "yesterday's bulk stop: what was sent, and by the ID what became of each printer"]


def tasks():
    """{comment: [words]} of the block that the README gives for everyday work."""
    block = re.search(r"readme_test\.py runs the next block\. -->\n```sh\n(.*?)```",
                      (ROOT / "README.md").read_text(), re.S)[1]
    found = {}
    for line in block.splitlines():
        if line.startswith("# "):
            found[line[2:]] = commands = []
        else:
            commands.append(shlex.split(line))
    return found


class User:
    """Somebody at a terminal, who types what the README says and answers yes."""

    def __init__(self, daemon):
        self.environment = os.environ | {"PRINTFLEET_CONFIG": str(daemon.config), "NO_COLOR": "1"}

    def types(self, words):
        assert words[0] == "printfleet"
        master, slave = pty.openpty()
        process = subprocess.Popen([PRINTFLEET, *words[1:]], env=self.environment, stdin=slave,
                                   stdout=subprocess.PIPE, stderr=slave, text=True)
        os.close(slave)
        os.write(master, b"y\n")
        output, _ = process.communicate(timeout=60)
        said = b""
        with contextlib.suppress(OSError):  # the end, on Linux
            while news := os.read(master, 65536):
                said += news
        os.close(master)
        assert process.returncode == 0, (words, output, said)
        return output, said.decode()


class Desk:
    def __init__(self, daemon, database, sim):
        self.daemon, self.database, self.sim = daemon, database, sim
        self.user = User(daemon)

    def told(self, action):
        """Printers that were told to do it."""
        return {entry["printer_id"] for entry in self.sim.received()
                if json.loads(entry["payload"])["action"] == action}


@pytest.fixture(scope="module", name="desk")
def desk_fixture():
    with Daemon() as daemon, daemon.database() as database, Simulator(
            daemon.mqtt_port, "--models", "K2Pro=3,K2Plus=4,K2Max=2", "--firmware", "3.1.0",
            "--report-interval", 1, "--speedup", 60, "--print-minutes", 12000, "--seed", 8) as sim:
        sim.wait_online()
        for printer in sim.printers[:-1]:
            sim.tell(f"panel-start {printer.id} part.gcode")
        wait.equal(lambda: database.one("SELECT count(*) FROM fleet.printer_status WHERE state = "
                                        "'printing'"), 8, "printers that print", 40)
        yield Desk(daemon, database, sim)


def test_the_readme_has_the_three_tasks():
    assert list(tasks()) == TASKS


def test_pausing_one_rack(desk):
    rack = {desk.sim.printers[0].id, desk.sim.printers[3].id}
    grouped = desk.daemon.run("send", "printer.set", "groups=rack-a", "--yes", "--printer",
                              ",".join(rack))
    assert grouped.returncode == 0, grouped.stderr
    (words,) = tasks()[TASKS[0]]
    output, said = desk.user.types(words)
    assert "print.pause to 2 printers? [y/N]" in said and "2 succeeded" in output
    assert desk.told("pause") == rack
    wait.equal(lambda: desk.database.column("SELECT printer_id FROM fleet.printer_status WHERE "
                                            "state = 'paused' ORDER BY 1"), sorted(rack), "paused", 20)


def test_raising_the_bed_of_one_model(desk):
    paused = desk.told("pause")
    (words,) = tasks()[TASKS[1]]
    output, _ = desk.user.types(words)
    plus = {printer.id for printer in desk.sim.of_model("K2Plus")} - paused
    assert len(plus) == 3 and "3 succeeded" in output
    assert desk.told("update") == plus
    wait.equal(lambda: set(desk.database.column("SELECT printer_id FROM fleet.printer_status WHERE "
                                                "bed_target_c = 65")), plus, "warmer beds", 20)


def test_reading_how_yesterdays_bulk_stop_ended(desk):
    deaf = desk.sim.printers[1].id
    desk.sim.tell(f"silence {deaf}")
    stopped = desk.daemon.run("send", "print.stop", "--all", "--yes", "--timeout", "6")
    assert stopped.returncode == 1
    desk.sim.tell(f"speak {deaf}")
    desk.daemon.stop()
    desk.daemon.start()
    with desk.daemon.database() as database:
        # As if it had been yesterday.
        database.rows("UPDATE fleet.commands SET created_at = created_at - interval '1 day', "
                      "finished_at = finished_at - interval '1 day' WHERE command = 'print.stop' "
                      "RETURNING command_id")
        stored = database.rows(
            "SELECT printer_id, e.state FROM fleet.command_executions e JOIN fleet.commands "
            "USING (command_id) WHERE command = 'print.stop'")
    first, second = tasks()[TASKS[2]]
    listed, _ = desk.user.types(first)
    (line,) = listed.splitlines()[1:]
    assert re.search(r"^\d+ .* local +print\.stop +all +done +.*succeeded, .*sent_unconfirmed", line)
    assert re.fullmatch(r"\d+", second[2])  # the number of the README is another farm's
    outcome, _ = desk.user.types([*second[:2], line.split()[0]])
    rows = re.findall(r"^\S+ +([0-9a-f]{32}) +([a-z_]+)", outcome, re.M)
    assert dict(rows) == {each["printer_id"]: each["state"] for each in stored}
    assert len(rows) == 9 and deaf in [printer for printer, state in rows[:2]
                                       if state == "sent_unconfirmed"]
