"""printers.yaml: a farm as a file, changed and put back, with the real daemon."""
import contextlib
import json
import os
import pty
import subprocess

import pytest
import yaml

from harness import contract, wait
from harness.farm import PRINTFLEET, ROOT, Daemon
from harness.sim import Simulator


class Desk:
    def __init__(self, daemon, database, sim):
        self.daemon, self.database, self.sim = daemon, database, sim
        self.file = daemon.directory / "printers.yaml"

    def run(self, *words, code=0):
        result = self.daemon.run("printers", *words)
        assert result.returncode == code, (words, result.returncode, result.stdout, result.stderr)
        return result

    def read(self):
        return yaml.safe_load(self.file.read_text())["printers"]

    def write(self, printers):
        self.file.write_text(yaml.safe_dump({"printers": printers}))

    def commands(self):
        return self.database.one("SELECT count(*) FROM fleet.commands WHERE command = 'printer.set'")


@pytest.fixture(scope="module", name="desk")
def desk_fixture():
    with Daemon() as daemon, daemon.database() as database, Simulator(
            daemon.mqtt_port, "--models", "K2Pro=2,K2Plus=2,K2Max=2", "--seed", 33) as sim:
        sim.wait_online()
        wait.equal(lambda: database.one("SELECT count(*) FROM fleet.printers"), 6, "printers")
        yield Desk(daemon, database, sim)


@pytest.fixture(name="exported")
def exported_fixture(desk):
    """The farm's file before the test, put back behind it."""
    desk.run("export", "--out", str(desk.file))
    before = desk.file.read_text()
    yield desk.read()
    desk.file.write_text(before)
    desk.run("import", str(desk.file), "--yes")
    assert desk.run("export").stdout == before


def test_a_file_of_the_farm_changes_nothing(desk, exported):
    assert {each["id"] for each in exported} == {printer.id for printer in desk.sim.printers}
    assert [each["name"] for each in exported] == sorted(each["name"] for each in exported)
    assert "bed" not in exported[0]
    before = desk.commands()
    for words in (["--yes"], ["--dry-run"], []):
        result = desk.run("import", str(desk.file), *words)
        assert result.stdout == "" and "0 to change, 6 as they should be" in result.stderr
    assert desk.commands() == before
    assert desk.run("export").stdout == desk.file.read_text()


def test_what_is_changed_is_shown_and_done_once(desk, exported):
    one, two, *_ = exported
    one |= {"name": "a-01", "groups": ["rack-b", "rack-a"], "labels": {"row": "3", "x": "y: z"},
            "maintenance": "new belt", "note": "bought used, \"as is\"", "topic_form": "long"}
    two["groups"] = ["rack-a"]
    desk.write(exported)
    before = desk.commands()
    shown = desk.run("import", str(desk.file), "--dry-run")
    assert desk.commands() == before
    assert f"({one['id']})\n  name: " in shown.stdout and "-> a-01\n" in shown.stdout
    assert "  groups: (none) -> rack-a, rack-b\n  labels: (none) -> row=3, x=y: z\n" in shown.stdout
    assert desk.run("import", str(desk.file), code=2).stderr.endswith("say --yes to change them\n")
    assert desk.commands() == before
    assert desk.run("import", str(desk.file), "--yes").stdout.endswith("2 changed\n")
    assert desk.commands() == before + 2
    stored = desk.database.rows("SELECT * FROM fleet.printers WHERE printer_id = %s", one["id"])[0]
    assert (stored["name"], stored["groups"], stored["labels"], stored["maintenance"]) == (
        "a-01", ["rack-a", "rack-b"], {"row": "3", "x": "y: z"}, "new belt")
    assert "0 to change" in desk.run("import", str(desk.file), "--yes").stderr
    assert desk.commands() == before + 2
    again = yaml.safe_load(desk.run("export", "--printer", "a-01").stdout)["printers"]
    assert again == [one | {"groups": ["rack-a", "rack-b"]}]
    state = json.loads(desk.run("--printer", "a-01", "--json").stdout)
    assert contract.problems("state", state) == [] and state["note"] == one["note"]


def test_names_that_move_on(desk, exported):
    names = [each["name"] for each in exported]
    for each, name in zip(exported, [*names[1:], "the-last"]):
        each["name"] = name
    desk.write(exported)
    desk.run("import", str(desk.file), "--yes")
    assert dict(zip((each["id"] for each in exported), [*names[1:], "the-last"])) == {
        each["printer_id"]: each["name"]
        for each in desk.database.rows("SELECT printer_id, name FROM fleet.printers")}


def test_who_is_asked_may_say_no(desk, exported):
    exported[0]["note"] = "x"
    desk.write(exported)
    before = desk.commands()
    for answer, code, sent in ((b"n\n", 2, 0), (b"y\n", 0, 1)):
        master, slave = pty.openpty()
        process = subprocess.Popen(
            [PRINTFLEET, "printers", "import", str(desk.file), "--config", str(desk.daemon.config)],
            stdin=slave, stdout=subprocess.PIPE, stderr=slave)
        os.close(slave)
        os.write(master, answer)
        process.communicate(timeout=30)
        with contextlib.suppress(OSError):
            while os.read(master, 65536):
                pass
        os.close(master)
        assert process.returncode == code and desk.commands() == before + sent


def test_an_unknown_printer_is_named_and_the_others_are_done(desk, exported):
    exported.append({"id": "0123456789abcdef0123456789abcdef", "name": "later"})
    exported[0]["note"] = "here"
    desk.write(exported)
    result = desk.run("import", str(desk.file), "--yes", code=1)
    assert "no printer 0123456789abcdef0123456789abcdef" in result.stderr
    assert "printfleet enroll" in result.stderr and result.stdout.endswith("1 changed\n")
    line = next(number for number, text in enumerate(desk.file.read_text().splitlines(), 1)
                if "0123456789abcdef" in text)
    assert f"{desk.file}:{line}:" in result.stderr


def test_every_mistake_is_named_and_nothing_is_done(desk, exported):
    before = desk.commands()
    desk.file.write_text(f"printers:\n  - id: {exported[0]['id']}\n    nme: a\n    note: {{}}\n"
                         f"  - id: {exported[0]['id']}\n")
    result = desk.run("import", str(desk.file), "--yes", code=2)
    for place, what in ((":3:5:", 'did you mean "name"?'), (":4:11:", "expected a text"),
                        (":5:", "is here twice")):
        assert any(f"{desk.file}{place}" in line and what in line
                   for line in result.stderr.splitlines()), result.stderr
    wrong = "K2Max" if exported[0]["model"] != "K2Max" else "K2Pro"
    desk.write([{"id": exported[0]["id"], "model": wrong, "note": "never"},
                {"id": exported[1]["id"], "name": exported[2]["name"]}])
    result = desk.run("import", str(desk.file), "--yes", code=2)
    assert "is it another printer?" in result.stderr and "rename that one first" in result.stderr
    assert desk.commands() == before
    desk.run("import", "/nonexistent", code=2)
    desk.run("export", "--out", "/nonexistent/file", code=2)


def test_the_example_is_read(desk, exported):
    result = desk.run("import", str(ROOT / "config/printers.yaml"), "--dry-run", code=1)
    assert result.stderr.count("no printer ") == 2
