#!/usr/bin/python3
"""One command to many printers, beside a plain libmosquitto client that publishes the same messages
to the same broker: from the request until the last printer has its message.

    cmake --preset release && cmake --build --preset release
    bench/bulk_command.py [--printers 10000] [--rounds 5]

Rounds alternate, in one run. `command` counts from the request's publish and includes its rows in the
database, which are committed before the first message goes out; `bare` counts from the first publish.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/integration"))
from harness import farm, sim, wait  # noqa: E402
from harness.mqtt import Person  # noqa: E402

LIMITS = {"commands": {"max_in_flight": 100000}, "fleet": {"printers_max": 20000}}
PATIENCE_S = 180


def fan_messages(simulator, offset):
    """The journal's fan requests behind `offset` bytes, and the new offset."""
    with open(simulator.received_file, "rb") as journal:
        journal.seek(offset)
        text = journal.read()
    end = text.rfind(b"\n") + 1
    found = [json.loads(line) for line in text[:end].split(b"\n") if b"fan_speed_pct" in line]
    return found, offset + end


def wait_all(simulator, offset, count):
    """[entries] once `count` printers have their message."""
    found = []

    def more():
        nonlocal offset
        news, offset = fan_messages(simulator, offset)
        found.extend(news)
        return len({entry["printer_id"] for entry in found}) >= count

    wait.until(more, f"{count} printers have their message", PATIENCE_S)
    return found, offset


def send_command(person, simulator, offset, printers, ratio):
    begin = time.time_ns() // 1_000_000
    request_id = person.send("fan.set", {"all": True}, {"fan_ratio": ratio}, max_in_flight=10000,
                             timeout_s=120)
    found, offset = wait_all(simulator, offset, printers)
    done = person.final(request_id, PATIENCE_S)
    assert done["succeeded"] == printers, done
    return max(entry["at_ms"] for entry in found) - begin, found, offset


def send_bare(publisher, port, simulator, offset, messages, directory):
    lines = []
    for entry in messages:
        body = {**json.loads(entry["payload"]), "msgid": str(uuid.uuid4())}
        lines.append(entry["topic"] + "\t" + json.dumps(body, separators=(",", ":")))
    path = pathlib.Path(directory) / "messages"
    path.write_text("\n".join(lines) + "\n")
    run = subprocess.run([publisher, "127.0.0.1", str(port), str(path)], capture_output=True,
                         text=True, timeout=PATIENCE_S, check=True)
    begin, acknowledged = (int(word) for word in run.stdout.split())
    found, offset = wait_all(simulator, offset, len(messages))
    return max(entry["at_ms"] for entry in found) - begin, acknowledged - begin, offset


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--printers", type=int, default=10000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--build", default="release", help="the preset whose programs are measured")
    options = parser.parse_args()
    programs = ROOT / "build" / options.build / "bin"
    farm.PRINTFLEET, sim.PRINTER_SIM = str(programs / "printfleet"), str(programs / "printer-sim")
    with tempfile.TemporaryDirectory() as directory, farm.Daemon(LIMITS) as daemon, \
            sim.Simulator(daemon.mqtt_port, "--printers", options.printers, "--report-interval", 3600,
                          "--connect-rate", 2000, "--seed", 7) as simulator, \
            daemon.database() as database:
        simulator.wait_online(PATIENCE_S)
        wait.until(lambda: database.one("SELECT count(*) FROM fleet.printers WHERE firmware IS NOT "
                                        "NULL") == options.printers, "versions known", PATIENCE_S)
        wait.until(lambda: database.one("SELECT count(*) FROM fleet.printer_status WHERE online")
                   == options.printers, "all are online", PATIENCE_S)
        offset = 0
        ours, bare, pubacks = [], [], []
        with Person(daemon.mqtt_port) as person:
            for number in range(options.rounds + 1):
                took, messages, offset = send_command(person, simulator, offset, options.printers,
                                                      0.2 + 0.1 * (number % 6))
                plain, acknowledged, offset = send_bare(programs / "bare_publisher", daemon.mqtt_port,
                                                        simulator, offset, messages, directory)
                print(f"{'warm-up' if number == 0 else f'round {number}'}: command {took} ms, bare "
                      f"{plain} ms (its PUBACKs after {acknowledged} ms)", flush=True)
                if number > 0:
                    ours.append(took)
                    bare.append(plain)
                    pubacks.append(acknowledged)
        command, plain = statistics.median(ours), statistics.median(bare)
        print(json.dumps({"printers": options.printers, "command_ms": command, "bare_ms": plain,
                          "bare_pubacks_ms": statistics.median(pubacks),
                          "ratio": round(command / plain, 2)}))


if __name__ == "__main__":
    main()
