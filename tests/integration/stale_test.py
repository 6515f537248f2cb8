"""Requests that waited in the broker while the daemon was away."""
import contextlib
import datetime
import json
import signal
import subprocess
import time
import uuid

import pytest

from harness import mqtt, wait
from harness.farm import PRINTFLEET, Daemon, free_port
from harness.sim import Simulator

STOP_STALE_S = 10


@contextlib.contextmanager
def broker_alone(daemon):
    with open(daemon.log, "ab") as log:
        process = subprocess.Popen([PRINTFLEET, "broker", "--config", str(daemon.config)],
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@pytest.fixture(scope="module", name="site")
def site_fixture():
    port = free_port()
    daemon = Daemon({
        "broker": {"mode": "managed", "lifetime": "own",
                   "listeners": [{"address": "127.0.0.1", "port": port}]},
        "commands": {"stop_stale_s": STOP_STALE_S}})
    with contextlib.ExitStack() as stack:
        stack.callback(daemon.cleanup)
        stack.enter_context(broker_alone(daemon))
        daemon.start()
        sim = stack.enter_context(Simulator(port, "--printers", 3, "--seed", 31, "--speedup", 60,
                                            "--report-interval", 1))
        sim.wait_online()
        person = stack.enter_context(mqtt.Person(port))
        wait.until(lambda: person.call("status.query", {"all": True}).get("succeeded") == 3,
                   "three printers answer", 30)
        wait.until(lambda: all(each["firmware"] for each in
                               person.ask("printer.list")["printers"]), "their firmware", 20)
        yield daemon, sim, person


def in_time(seconds):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def acted(sim, action):
    return [entry["printer_id"] for entry in sim.received()
            if json.loads(entry["payload"])["action"] == action]


def test_what_waited_is_refused_unless_it_says_how_long_it_holds(site):
    daemon, sim, person = site
    target = {"printers": [sim.printers[0].id]}
    assert daemon.stop() == 0
    stale = person.send("print.update", target, {"fan_ratio": 0.1})
    holds = person.send("print.update", target, {"fan_ratio": 0.2}, expires_at=in_time(3600),
                        on_offline="wait")
    over = person.send("print.update", target, {"fan_ratio": 0.3}, expires_at=in_time(-5))
    stop = person.send("print.stop", target, timeout_s=5)
    asks = person.send("printer.list")
    short = str(uuid.uuid4())
    person.send_raw(json.dumps({"id": short, "command": "print.update", "target": target,
                                "args": {"fan_ratio": 0.4}}), MessageExpiryInterval=1)
    since = time.monotonic()
    wait.until(lambda: time.monotonic() > since + 1.5, "the broker has dropped the last one", 5)
    daemon.start()
    refused = person.final(stale)
    assert (refused["event"], refused["reason"]) == ("rejected", "stale")
    done = person.final(holds)
    assert done["event"] == "done" and done["succeeded"] == 1, done
    assert person.final(over)["reason"] == "expired"
    assert person.final(stop)["event"] == "done"
    assert person.final(asks)["event"] in ("done", "rejected")
    # In the last second of its life Mosquitto 2.0.11 delivers it without the property: then nothing
    # says how long it holds. Dropped, expired or stale, nothing of it is sent (below).
    assert (person.responses(short) == []
            or person.final(short)["reason"] in ("expired", "stale"))
    fans = [json.loads(entry["payload"])["data"]["settings"]["fan_speed_pct"]
            for entry in sim.received() if json.loads(entry["payload"])["action"] == "update"]
    assert fans == [20]
    assert acted(sim, "stop") == [sim.printers[0].id]


def test_a_stop_that_is_too_old_is_not_sent(site):
    daemon, sim, person = site
    before = len(acted(sim, "stop"))
    assert daemon.stop() == 0
    stop = person.send("print.stop", {"all": True})
    since = time.monotonic()
    wait.until(lambda: time.monotonic() > since + STOP_STALE_S + 1, "the stop is too old",
               STOP_STALE_S + 5)
    daemon.start()
    refused = person.final(stop)
    assert (refused["event"], refused["reason"]) == ("rejected", "stale")
    assert person.call("status.query", {"all": True})["succeeded"] == 3
    assert len(acted(sim, "stop")) == before
