"""The command line with the real daemon: exit codes, and JSON that parses."""
import contextlib
import json
import pathlib
import signal
import subprocess
import uuid

import pytest

from harness import contract, mqtt, wait
from harness.farm import PRINTFLEET, ROOT, Daemon
from harness.sim import Simulator


class Desk:
    def __init__(self, daemon, database, sim):
        self.daemon, self.database, self.sim = daemon, database, sim

    def run(self, *words, code=0):
        result = self.daemon.run(*words)
        assert result.returncode == code, (words, result.returncode, result.stdout, result.stderr)
        assert "terminate called" not in result.stderr
        return result

    def lines(self, *words, code=0):
        """Of --json: one object a line."""
        return [json.loads(line) for line in self.run(*words, "--json", code=code).stdout.splitlines()]


@pytest.fixture(scope="module", name="desk")
def desk_fixture():
    with contextlib.ExitStack() as stack:
        daemon = stack.enter_context(Daemon({"fleet": {"silent_after_s": 5, "query_timeout_s": 2}}))
        sim = stack.enter_context(Simulator(
            daemon.mqtt_port, "--models", "K2Pro=2,K2Plus=2,K2Max=2", "--firmware", "3.1.0,3.0.9",
            "--report-interval", 1, "--speedup", 60, "--print-minutes", 1200, "--seed", 21))
        database = stack.enter_context(daemon.database())
        sim.wait_online()
        wait.equal(lambda: database.one("SELECT count(*) FROM fleet.printers WHERE firmware IS NOT "
                                        "NULL"), 6, "printers with their firmware")
        yield Desk(daemon, database, sim)


def test_help_and_version():
    for words in (["--help"], ["--version"], *([name, "--help"] for name in (
            "serve", "broker", "database", "check", "migrate", "send", "printers", "watch", "jobs",
            "files", "user", "capture", "explain", "enroll")), ["send", "print.update", "--help"]):
        result = subprocess.run([PRINTFLEET, *words], capture_output=True, text=True, check=False)
        assert result.returncode == 0 and result.stdout, words
    for words in ([], ["fly"], ["send"], ["printers", "--colour"], ["send", "print.pause", "--limit", "0"]):
        result = subprocess.run([PRINTFLEET, *words], capture_output=True, text=True, check=False,
                                cwd="/")
        assert result.returncode == 2 and (result.stderr or result.stdout), words


def test_the_examples_check(desk):
    for name in ("workshop.yaml",):
        result = subprocess.run([PRINTFLEET, "check", "--config", str(ROOT / "config" / name)],
                                capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout + result.stderr
    desk.run("check")


def test_check_names_every_error_with_its_place(tmp_path):
    config = tmp_path / "wrong.yaml"
    config.write_text("data_dir: relative\n"
                      "broker:\n"
                      "  mode: manged\n"
                      "  listners: []\n"
                      "fleet:\n"
                      "  printers_max: many\n")
    result = subprocess.run([PRINTFLEET, "check", "--config", str(config)], capture_output=True,
                            text=True, check=False)
    assert result.returncode == 2
    output = result.stdout + result.stderr
    for place in (":1:", ":3:", ":4:", ":6:"):
        assert f"{config}{place}" in output, output
    assert "listeners" in output
    served = subprocess.run([PRINTFLEET, "serve", "--config", str(config)], capture_output=True,
                            text=True, check=False, timeout=20)
    assert served.returncode == 2 and f"{config}:1:" in served.stderr


def test_printers(desk):
    listed = desk.lines("printers")
    assert {each["printer_id"] for each in listed} == {printer.id for printer in desk.sim.printers}
    for each in listed:
        assert contract.problems("state", each) == []
    pro = desk.lines("printers", "--model", "K2Pro")
    assert {each["model"] for each in pro} == {"K2Pro"} and len(pro) == 2
    old = desk.lines("printers", "--firmware", "<3.1.0")
    assert {each["firmware"] for each in old} == {"3.0.9"} and len(old) == 3
    table = desk.run("printers").stdout
    for each in listed:
        assert each["name"] in table
    desk.run("printers", "--printer", "nobody", code=2)


def test_send(desk):
    printer = desk.sim.printers[0]
    desk.run("send", "status.query", "--printer", printer.id)
    responses = desk.lines("send", "status.query", "--all", "--yes")
    assert responses[-1]["event"] == "done" and responses[-1]["succeeded"] == 6
    executed = {each["printer_id"] for response in responses
                for each in response.get("executions", [])}
    assert executed == {each.id for each in desk.sim.printers}
    many = desk.run("send", "status.query", "--all", code=2)
    assert "--yes" in many.stderr
    failed = desk.run("send", "file.delete_local", "path=/", "filename=none", "--printer", printer.id,
                      code=1)
    assert "11001" in failed.stdout
    for words in (["print.puase", "--all"], ["print.update", "bed_target_c=130", "--all"],
                  ["print.update", "bed_target_c", "--all"], ["fan.set", "--all"],
                  ["fan.set", "fan_ratio=1"], ["fan.set", "fan_ratio=1", "--printer", "nobody"]):
        refused = desk.run("send", *words, "--yes", code=2)
        assert refused.stderr, words


def test_send_dry_run_and_id(desk):
    printer = desk.sim.printers[1]
    before = len(desk.sim.received())
    desk.run("send", "fan.set", "fan_ratio=0.5", "--printer", printer.id, "--dry-run")
    assert "set" not in [json.loads(entry["payload"])["type"]
                         for entry in desk.sim.received()[before:]]
    request = str(uuid.uuid4())
    for _ in range(2):
        desk.run("send", "fan.set", "fan_ratio=0.5", "--printer", printer.id, "--yes", "--id", request)
    sent = [entry for entry in desk.sim.received()[before:]
            if json.loads(entry["payload"])["type"] == "set"]
    assert len(sent) == 1
    desk.run("send", "fan.set", "fan_ratio=0.6", "--printer", printer.id, "--yes", "--id", request,
             code=2)


def test_send_that_times_out(desk):
    printer = desk.sim.printers[2]
    desk.sim.tell(f"silence {printer.id}")
    # An unanswered question has timed out; what an unanswered setting did cannot be known.
    desk.run("send", "status.query", "--printer", printer.id, "--yes", "--timeout", "2", code=4)
    desk.run("send", "fan.set", "fan_ratio=0.7", "--printer", printer.id, "--yes", "--timeout", "2",
             code=1)
    desk.sim.tell(f"speak {printer.id}")


def test_registry_by_the_command_line(desk):
    printer = desk.sim.printers[3]
    desk.run("send", "printer.set", "name=a-04", 'groups=["rack-a"]', "--printer", printer.id)
    assert [each["printer_id"] for each in desk.lines("printers", "--group", "rack-a")] == [printer.id]
    assert desk.lines("printers", "--printer", "a-04")[0]["name"] == "a-04"


def test_jobs(desk):
    printer = desk.sim.printers[4]
    desk.sim.tell(f"panel-start {printer.id} part.gcode")
    wait.until(lambda: desk.lines("jobs", "--state", "open"), "an open job", 20)
    desk.run("send", "print.stop", "--printer", printer.id)
    ended = wait.until(lambda: desk.lines("jobs", "--outcome", "stopped"), "a stopped job", 20)
    assert [(each["printer_id"], each["filename"]) for each in ended] == [(printer.id, "part.gcode")]
    assert "part.gcode" in desk.run("jobs").stdout
    assert desk.lines("jobs", "--printer", desk.sim.printers[5].id) == []


def test_watch(desk):
    output = desk.daemon.directory / "watched"
    with open(output, "wb") as out:
        watch = subprocess.Popen([PRINTFLEET, "watch", "--json", "--config", str(desk.daemon.config)],
                                 stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL)
    try:
        wait.until(lambda: all(printer.id in output.read_text() for printer in desk.sim.printers),
                   "all printers in watch --json", 20)
    finally:
        watch.send_signal(signal.SIGINT)
        assert watch.wait(10) in (0, 130, -signal.SIGINT)
    for line in output.read_text().splitlines():
        assert isinstance(json.loads(line), dict)


def test_users(desk):
    password = desk.daemon.directory / "password"
    password.write_text("secret word\n")
    desk.run("user", "add", "anna", "--role", "operator", "--password-file", str(password))
    desk.run("user", "add", "vera", "--role", "viewer", "--password-file", str(password))
    desk.run("user", "add", "vera", "--role", "admin", "--password-file", str(password))
    assert {each["name"]: each["role"] for each in desk.lines("user", "list")} == {
        "anna": "operator", "vera": "admin"}
    assert "secret" not in desk.run("user", "list").stdout
    desk.run("user", "remove", "vera")
    assert [each["name"] for each in desk.lines("user", "list")] == ["anna"]
    desk.run("user", "remove", "vera", code=2)
    for name in ("local", "a/b", "+", "#", "", "x" * 200):
        desk.run("user", "add", name, "--role", "viewer", "--password-file", str(password), code=2)
    desk.run("user", "add", "bob", "--role", "king", "--password-file", str(password), code=2)
    wait.stays(lambda: desk.daemon.http_status("/readyz") == 200, "ready after the reloads", 1.0)


def test_migrate_again_changes_nothing(desk):
    before = desk.database.column(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'fleet' ORDER BY 1")
    desk.run("migrate")
    desk.run("migrate")
    assert desk.database.column("SELECT table_name FROM information_schema.tables WHERE "
                                "table_schema = 'fleet' ORDER BY 1") == before
    assert desk.daemon.alive() and desk.daemon.http_status("/readyz") == 200


def test_a_second_daemon_on_the_same_directory_is_refused(desk):
    second = subprocess.run([PRINTFLEET, "serve", "--config", str(desk.daemon.config)],
                            capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode == 2 and "data_dir" in second.stderr, second.stderr
    assert desk.daemon.http_status("/readyz") == 200
    pid = int(pathlib.Path(desk.daemon.data_dir / "printfleet.pid").read_text())
    assert pid == desk.daemon.pid


def test_any_client_can_do_the_same(desk):
    with mqtt.Person(desk.daemon.mqtt_port) as person:
        listed = person.ask("printer.list")["printers"]
    assert {each["printer_id"] for each in listed} == {
        each["printer_id"] for each in desk.lines("printers")}


def test_not_reachable(desk):
    desk.database.close()
    desk.sim.stop()
    assert desk.daemon.stop() == 0
    for words in (["printers"], ["jobs"], ["send", "status.query", "--all", "--yes"], ["watch"]):
        desk.run(*words, code=3)
    assert desk.lines("user", "list") == [{"name": "anna", "role": "operator"}]
