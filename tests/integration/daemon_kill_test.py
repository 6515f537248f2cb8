"""SIGKILL of the daemon during load, again and again: nothing acknowledged is lost or stored twice,
every open command ends, no print is started twice, no server gets a successor beside it.

FAULT_ROUNDS says how often (4)."""
import datetime
import os
import random
import time

import pytest

from harness import fault, wait
from harness.farm import Daemon
from harness.mqtt import Person
from harness.sim import Simulator

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "4"))
SETTINGS = {
    "inbound": {"heartbeat_interval_ms": 300},
    "commands": {"attempt_s": 3},
}
LOAD = ["--printers", 100, "--rate", 1000, "--clean-session", "false", "--reconnect-ms-max", 1000,
        "--seed", 11]
# Answer late, so that a kill comes between a start and its answer.
SLOW = ["--printers", max(ROUNDS, 4), "--seed", 12, "--reply-delay-ms", 700, "--speedup", 100,
        "--print-minutes", 2, "--reconnect-ms-max", 1000, "--report-interval", 2]
# Never answer, so that a command stays open until its deadline.
MUTE = ["--printers", 2, "--seed", 13, "--ignore-commands", 1, "--reconnect-ms-max", 1000,
        "--report-interval", 1]


def in_seconds(seconds):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture(scope="module")
def farm():
    with Daemon(SETTINGS) as daemon:
        port = daemon.mqtt_port
        with Simulator(port, *LOAD) as load, Simulator(port, *SLOW) as slow, \
                Simulator(port, *MUTE) as mute:
            for sim in (load, slow, mute):
                sim.wait_online()
            yield daemon, load, slow, mute


def wait_known(daemon, sims):
    ids = [printer.id for sim in sims for printer in sim.printers]
    with daemon.database() as database:
        wait.equal(lambda: database.one(
            "SELECT count(*) FROM fleet.printers WHERE printer_id = ANY(%s) AND firmware IS NOT NULL",
            ids), len(ids), "printers known", 30)


def kill_and_restart(daemon, delay_s):
    """Returns the seconds from the kill until the successor is ready."""
    time.sleep(delay_s)  # the moment of the kill, not a hope
    old = fault.descendants(daemon.pid)
    with fault.SuccessorWatch(daemon.data_dir) as watch:
        begin = time.monotonic()
        daemon.kill()
        daemon.start()
        took = time.monotonic() - begin
        fault.wait_gone(old, 10)
    assert watch.samples > 3
    assert not watch.overlaps, watch.overlaps
    return took


def ended(database, request_id):
    """How the request ended; None while it is open or not read yet."""
    state = database.one("SELECT state FROM fleet.commands WHERE request_id = %s", request_id)
    if state == "done" or state == "rejected":
        return state
    if state is None and database.one(
            "SELECT count(*) FROM fleet.audit_log WHERE request_id = %s", request_id):
        return "refused"
    return None


def test_kills_during_load(farm):
    daemon, load, slow, mute = farm
    chance = random.Random(4711)
    wait_known(daemon, [slow, mute])
    with Person(daemon.mqtt_port) as person:
        assert person.call("printer.set", {"printers": [each.id for each in slow.printers]},
                           {"bed": "clear"})["event"] == "done"
    restarts = []
    requests = []
    for number in range(ROUNDS):
        with Person(daemon.mqtt_port) as person:
            requests.append(person.send("file.list_local", {"printers": [p.id for p in mute.printers]},
                                        timeout_s=6, expires_at=in_seconds(60)))
            printer = slow.printers[number]
            requests.append(person.send(
                "print.start", {"printers": [printer.id]},
                {"file": {"storage": "local", "path": "/", "filename": "benchy.gcode"}},
                timeout_s=25, expires_at=in_seconds(60)))
            restarts.append(kill_and_restart(daemon, chance.choice((0, 0.02, 0.3, 1.0, 2.0))))
    with daemon.database() as database:
        for request_id in requests:
            wait.until(lambda ask=request_id: ended(database, ask), f"an end of {request_id}", 150,
                       lambda ask=request_id: database.rows(
                           "SELECT * FROM fleet.command_executions JOIN fleet.commands "
                           "USING (command_id) WHERE request_id = %s", ask))
        outcomes = database.rows(
            "SELECT command, e.state, count(*) AS n, max(extract(epoch FROM "
            "c.finished_at - c.created_at))::int AS s FROM fleet.command_executions e "
            "JOIN fleet.commands c USING (command_id) WHERE request_id = ANY(%s) GROUP BY 1, 2",
            requests)
    starts = [printer_id for printer_id, _ in fault.messages_of(slow, "print", "start")]
    for printer in slow.printers:
        assert starts.count(printer.id) <= 1, f"{printer}: print.start sent twice"
    load.stop()
    begin = time.monotonic()
    with daemon.database() as database:
        entries = load.ledger() + slow.ledger() + mute.ledger()
        count = fault.wait_stored(database, entries, 120)
        assert database.one("SELECT count(*) FROM fleet.dead_letters") == 0
    print(f"\n{ROUNDS} kills: {count} acknowledged reports, each stored once (the last "
          f"{time.monotonic() - begin:.1f} s after the load's end); ready again after "
          f"{max(restarts):.1f} s at most; {len(starts)} prints started; "
          f"{[tuple(each.values()) for each in outcomes]} (command, state, printers, seconds at most)")
