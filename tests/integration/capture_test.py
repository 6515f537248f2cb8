"""A printer's traffic is recorded while it prints, gives nothing away, and is played back elsewhere."""
import contextlib
import dataclasses
import json
import os
import pathlib
import signal
import stat
import subprocess

import pytest

from harness import wait
from harness.farm import PRINTFLEET, Daemon
from harness.sim import PRINTER_SIM, Simulator

SECRETS = {"region": "ap-nowhere-7", "tmp_secret_key": "kEy/0815+x=", "tmp_secret_id": "AKIDhunter2",
           "session_token": "toKen-4711"}
ADDRESSES = {"ip": "192.168.77.23", "mac": "a4:5e:60:01:02:03", "ssid": "Hall 5 upstairs"}
JOBS = "SELECT filename, source, outcome FROM fleet.jobs WHERE printer_id = %s ORDER BY job_id"


@dataclasses.dataclass
class Recorded:
    file: pathlib.Path
    printer: object
    other: object
    jobs: list
    mode: int
    daemon: Daemon

    def messages(self):
        return [json.loads(line) for line in self.file.read_text().splitlines()[1:]]


def jobs_of(database, printer_id):
    return database.rows(JOBS, printer_id)


def state_of(database, printer_id):
    return database.one("SELECT state FROM fleet.printer_status WHERE printer_id = %s", printer_id)


def record(daemon, printer, path, during):
    """What `during` does, recorded until SIGINT."""
    capture = subprocess.Popen(
        [PRINTFLEET, "capture", "--printer", printer.id, "--out", str(path), "--config",
         str(daemon.config)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE)
    try:
        wait.until(lambda: path.exists() and "tempature" in path.read_text(), "a recorded report", 20)
        during()
    finally:
        capture.send_signal(signal.SIGINT)
        _, stderr = capture.communicate(timeout=10)
    assert capture.returncode == 0, stderr


def print_and_command(daemon, database, sim, printer):
    def send(command, *words):
        result = daemon.run("send", command, *words, "--printer", printer.id, "--yes")
        assert result.returncode == 0, (command, result.stdout, result.stderr)

    for name, value in SECRETS.items():
        (daemon.directory / name).write_text(value)
    send("video.start_capture", *(f"{name}=@{daemon.directory / name}" for name in SECRETS))
    send("printer.raw", "type=network", "action=set", f"data={json.dumps(ADDRESSES)}", "--no-wait")
    send("file.list_local")
    sim.tell(f"panel-start {printer.id} vase.gcode")
    wait.until(lambda: [job["outcome"] for job in jobs_of(database, printer.id)] == ["finished"],
               "the print has finished", 60)
    wait.equal(lambda: state_of(database, printer.id), "idle", "the printer's state", 20)


@pytest.fixture(scope="module", name="recorded")
def recorded_fixture(tmp_path_factory):
    path = tmp_path_factory.mktemp("capture") / "hour.jsonl"
    with contextlib.ExitStack() as stack:
        daemon = stack.enter_context(Daemon())
        sim = stack.enter_context(Simulator(
            daemon.mqtt_port, "--models", "K2Pro=2", "--report-interval", 0.5, "--speedup", 120,
            "--print-minutes", 6, "--layers", 20, "--seed", 77))
        database = stack.enter_context(daemon.database())
        sim.wait_online()
        wait.equal(lambda: database.one("SELECT count(*) FROM fleet.printers WHERE firmware IS NOT "
                                        "NULL"), 2, "printers with their firmware", 20)
        printer, other = sim.printers
        record(daemon, printer, path, lambda: print_and_command(daemon, database, sim, printer))
        yield Recorded(path, printer, other, jobs_of(database, printer.id),
                       stat.S_IMODE(os.stat(path).st_mode), daemon)


def test_both_directions_are_in_it(recorded):
    assert recorded.mode == 0o600
    header = json.loads(recorded.file.read_text().splitlines()[0])["capture"]
    assert header["tool"].startswith("printfleet ") and header["redacted"]
    assert [(each["model"], each["firmware"]) for each in header["printers"]] == [("20021", "3.1.0")]
    said = {(each["direction"], each["payload"]["type"]) for each in recorded.messages()}
    for kind in ("video", "file"):
        assert {("to_printer", kind), ("from_printer", kind)} <= said
    assert {("from_printer", "print"), ("from_printer", "tempature"), ("to_printer", "network")} <= said
    offsets = [each["offset_ms"] for each in recorded.messages()]
    assert offsets == sorted(offsets) and all(each["at"].endswith("Z") for each in recorded.messages())


def test_it_gives_nothing_away(recorded):
    text = recorded.file.read_text()
    for given_away in [*SECRETS.values(), *ADDRESSES.values(), recorded.printer.id, recorded.other.id]:
        assert given_away not in text and json.dumps(given_away)[1:-1] not in text, given_away
    stand_in = json.loads(text.splitlines()[0])["capture"]["printers"][0]["printer_id"]
    assert len(stand_in) == 32 and set(stand_in) <= set("0123456789abcdef")
    assert {each["topic"].split("/")[6] for each in recorded.messages()} == {stand_in}
    assert "vase.gcode" in text


def test_keep_secrets_keeps_them(recorded, tmp_path):
    path = tmp_path / "all.jsonl"
    result = recorded.daemon.run("capture", "--all", "--out", str(path), "--keep-secrets", "--for", "3s")
    assert result.returncode == 0, result.stderr
    assert recorded.printer.id in path.read_text() and recorded.other.id in path.read_text()


def test_what_capture_refuses(recorded, tmp_path):
    path = tmp_path / "there"
    path.write_text("precious\n")
    words = ["--out", str(path), "--for", "1s"]
    assert "--force" in recorded.daemon.run("capture", "--all", *words).stderr
    assert path.read_text() == "precious\n"
    assert recorded.daemon.run("capture", "--printer", "nobody", *words, "--force").returncode == 2
    assert path.read_text() == "precious\n"
    full = recorded.daemon.run("capture", "--all", *words, "--force", "--max-bytes", "1500")
    assert full.returncode == 0 and path.stat().st_size <= 1500
    assert all(json.loads(line) for line in path.read_text().splitlines())


def replay(*words):
    return subprocess.run([PRINTER_SIM, *map(str, words)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=120, check=False)


def test_it_plays_in_another_farm_as_another_printer(recorded):
    printer_id = "5" * 32
    with Daemon() as daemon, daemon.database() as database:
        result = replay("--port", daemon.mqtt_port, "--replay", recorded.file, "--as", "K2Max",
                        "--printer-id", printer_id, "--speed", 10)
        assert result.returncode == 0, result.stderr
        sent = sum(each["direction"] == "from_printer" for each in recorded.messages())
        assert f"sent={sent} acked={sent} " in result.stderr
        wait.equal(lambda: jobs_of(database, printer_id), recorded.jobs, "the same jobs", 20)
        wait.equal(lambda: state_of(database, printer_id), "idle", "the printer's state", 20)
        assert database.one("SELECT model_id FROM fleet.printers WHERE printer_id = %s",
                            printer_id) == "20023"
        assert database.one("SELECT count(*) FROM fleet.dead_letters") == 0


def test_explain_tells_the_same_story(recorded):
    result = subprocess.run([PRINTFLEET, "explain", str(recorded.file), "--json"], capture_output=True,
                            text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    *messages, last = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(messages) == len(recorded.messages())
    changes = [change for each in messages for change in each["changes"]]
    states = [change for change in changes if change.startswith("state ")]
    assert any(change.endswith("-> printing") for change in states) and states[-1].endswith("-> idle")
    assert [job.split(": ", 1)[1] for job in last["summary"]["jobs"]] == ["vase.gcode: finished"]
    points = {each["point"]: each["answer"]
              for each in last["summary"]["models"]["20021"]["open_points"]}
    assert points["JSON type of taskid"].startswith("string")
    assert points["reply to print/cancel"] == "never asked"


def test_a_replay_that_cannot_end_well(recorded, tmp_path):
    assert replay("--port", 1, "--replay", recorded.file).returncode == 3
    assert replay("--replay", tmp_path / "nothing").returncode == 2
    (tmp_path / "empty").write_text("")
    assert replay("--replay", tmp_path / "empty").returncode == 2
