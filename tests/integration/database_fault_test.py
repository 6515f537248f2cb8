"""PostgreSQL dies, hangs, or is not there at the start, during load: no report is lost or doubled,
requests are refused at once, stops go out all the same and reach the tables afterwards."""
import json
import signal
import time

import pytest

from harness import fault, stops, wait
from harness.farm import Daemon
from harness.mqtt import FLEET, Client, Person
from harness.sim import Simulator

SETTINGS = {
    "database": {"request_timeout_ms": 1500, "connect_timeout_ms": 1000},
    "inbound": {"hold_time_ms": 2000, "heartbeat_interval_ms": 300, "deaf_after_ms": 3000},
}
LOAD = ["--printers", 60, "--rate", 600, "--seed", 21, "--reconnect-ms-max", 1000]
# Both topic forms among them.
FEW = ["--printers", 6, "--seed", 22, "--firmware", "3.1.0,3.0.9", "--report-interval", 1,
       "--reconnect-ms-max", 1000]
STOP_S = 1.0


@pytest.fixture(scope="module")
def farm():
    with Daemon(SETTINGS) as daemon:
        with Simulator(daemon.mqtt_port, *LOAD) as load, Simulator(daemon.mqtt_port, *FEW) as few:
            few.wait_online()
            load.wait_online()
            ids = [printer.id for printer in few.printers]
            with daemon.database() as database:
                wait.equal(lambda: database.one(
                    "SELECT count(*) FROM fleet.printers WHERE printer_id = ANY(%s) "
                    "AND firmware IS NOT NULL", ids), len(ids), "versions known", 30)
            yield daemon, load, few


def bridge_state(port):
    """What the retained topic says now."""
    with Client(port) as client:
        client.subscribe(f"{FLEET}/bridge")
        message = wait.until(lambda: client.seen(topic=f"{FLEET}/bridge"), "the bridge's state", 10)
        return json.loads(message[-1].payload)


def check_recovered(daemon, timeout_s=60):
    wait.equal(lambda: daemon.http_status("/readyz"), 200, "/readyz", timeout_s)
    wait.equal(lambda: bridge_state(daemon.mqtt_port)["state"], "online", "bridge", 10)


def metric(daemon, name):
    for line in daemon.http("/metrics")[1].splitlines():
        if line.startswith(name + " "):
            return float(line.split()[1])
    return None


def test_killed(farm):
    daemon, load, _ = farm
    for _ in range(2):
        begin = time.monotonic()
        fault.kill(fault.postmaster_pid(daemon.pid))
        wait.equal(lambda: daemon.http_status("/readyz"), 503, "/readyz", 10)
        check_recovered(daemon)
        print(f"\npostmaster killed: ready again after {time.monotonic() - begin:.1f} s")
        with daemon.database() as database:
            fault.wait_stored(database, load.ledger())
    assert metric(daemon, "printfleet_database_up") == 1


def test_hung(farm):
    daemon, load, few = farm
    port = daemon.mqtt_port
    postmaster = fault.postmaster_pid(daemon.pid)
    pids = [postmaster, *fault.descendants(postmaster)]
    with Person(port) as person:
        with fault.stopped(pids):
            hung = time.monotonic()
            # At once, before anybody knows that the database hangs.
            at_once, first_s = stops.stop_all(person, few)
            assert first_s < STOP_S, f"a stop took {first_s:.2f} s"
            asked_early = person.send("status.query", {"printers": [few.printers[0].id]})
            wait.equal(lambda: daemon.http_status("/readyz"), 503, "/readyz", 10)
            noticed_s = time.monotonic() - hung
            assert "database" in daemon.http("/readyz")[1]
            state = bridge_state(port)
            assert state["state"] == "degraded" and "database" in state["reason"], state
            # Known by now: refused at once, with an answer.
            begin = time.monotonic()
            refused = person.call("status.query", {"printers": [few.printers[0].id]}, wait_s=5)
            refused_s = time.monotonic() - begin
            assert (refused["event"], refused["reason"]) == ("rejected", "unavailable"), refused
            assert refused_s < 1, refused_s
            early = person.final(asked_early, 10)
            assert early["event"] == "rejected" and early["reason"] in ("unavailable", "unknown"), early
            # Longer than hold_time: the reports go to the spool; stops still go out.
            held = SETTINGS["inbound"]["hold_time_ms"] / 1000
            wait.until(lambda: time.monotonic() - hung > noticed_s + held + 1.5, "hold_time is over", 20)
            later, later_s = stops.stop_all(person, few)
            assert later_s < STOP_S, f"a stop took {later_s:.2f} s"
            stops.check_stop_answer(person, few, later)
            stops.check_stop_answer(person, few, at_once)
            assert later in stops.kept_stops(daemon)
            sent = stops.stops_received(few)
        check_recovered(daemon)
        with daemon.database() as database:
            stops.check_stop_rows(database, few, later)
            # Its batch may have been committed after all; then answers of the printers count.
            stops.check_stop_rows(database, few, at_once, ("sent_unconfirmed", "succeeded", "failed"))
            fault.wait_stored(database, load.ledger() + few.ledger())
            # Refusals are kept for the audit.
            assert database.one("SELECT count(*) FROM fleet.audit_log WHERE outcome LIKE %s",
                                "%unavailable%") >= 1
        assert stops.stops_received(few) == sent, "a stop was sent again"
        wait.equal(lambda: metric(daemon, "printfleet_spool_messages"), 0, "the spool is empty", 10)
        # What was refused did nothing, and its id is free for another try.
        assert person.call("status.query", {"printers": [few.printers[0].id]})["succeeded"] == 1
    print(f"\nhung: noticed after {noticed_s:.1f} s, refusal in {refused_s * 1000:.0f} ms, stops "
          f"reached {len(few.printers)} printers in {first_s * 1000:.0f} and {later_s * 1000:.0f} ms")


def test_refuses_everything_for_a_while(farm):
    """A full disk, say: the connection stands, every COMMIT fails. No message is at fault."""
    daemon, load, few = farm
    with daemon.database() as database:
        database.rows("CREATE FUNCTION fleet.full() RETURNS trigger LANGUAGE plpgsql AS "
                      "$$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full'; END $$")
        database.rows("CREATE TRIGGER full_disk BEFORE INSERT ON fleet.inbound_batches "
                      "FOR EACH STATEMENT EXECUTE FUNCTION fleet.full()")
        wait.equal(lambda: daemon.http_status("/readyz"), 503, "/readyz", 10)
        with Person(daemon.mqtt_port) as person:
            request_id, seconds = stops.stop_all(person, few)
            assert seconds < STOP_S, f"a stop took {seconds:.2f} s"
            database.rows("DROP TRIGGER full_disk ON fleet.inbound_batches")
            check_recovered(daemon)
            # In time for a batch of its own, its printers' answers count; else nothing is proved.
            assert person.final(request_id, 30)["event"] == "done"
        stops.check_stop_rows(database, few, request_id, ("sent_unconfirmed", "succeeded", "failed"))
        fault.wait_stored(database, load.ledger() + few.ledger())
        assert database.one("SELECT count(*) FROM fleet.dead_letters") == 0


def test_hung_shorter_than_the_timeout(farm):
    daemon, load, few = farm
    postmaster = fault.postmaster_pid(daemon.pid)
    with fault.stopped([postmaster, *fault.descendants(postmaster)]):
        time.sleep(0.8)  # the length of the fault
    check_recovered(daemon)
    load.stop()
    with daemon.database() as database:
        count = fault.wait_stored(database, load.ledger() + few.ledger())
        assert database.one("SELECT count(*) FROM fleet.dead_letters") == 0
    print(f"\n{count} acknowledged reports, each stored once")


def test_a_daemon_started_without_its_database_stops_printers():
    daemon = Daemon({**SETTINGS, "database": {**SETTINGS["database"], "lifetime": "own"}})
    server = stops.start_server(daemon, "database")
    try:
        with daemon, Simulator(daemon.mqtt_port, *FEW) as sim:
            sim.wait_online()
            ids = [printer.id for printer in sim.printers]
            with daemon.database() as database:
                wait.equal(lambda: database.one(
                    "SELECT count(*) FROM fleet.printers WHERE printer_id = ANY(%s) "
                    "AND firmware IS NOT NULL", ids), len(ids), "versions known", 30)
            snapshot = daemon.data_dir / "printers.snapshot"
            wait.until(lambda: snapshot.exists() and
                       snapshot.read_text().count('"firmware":"3') == len(ids),
                       "versions in the snapshot", 10)
            port = daemon.mqtt_port
            daemon.kill()
            server.send_signal(signal.SIGTERM)
            assert server.wait(30) == 0
            daemon.start(ready=False)
            wait.until(lambda: sim_online(sim), "the printers are back", 30)
            wait.until(lambda: bridge_is_degraded(port), "the bridge says degraded", 30)
            with Person(port) as person:
                by_model, seconds = stops.stop_all(person, sim)
                assert seconds < STOP_S, f"a stop took {seconds:.2f} s"
                stops.check_stop_answer(person, sim, by_model)
                refused = person.call("print.resume", {"all": True}, wait_s=5)
                assert (refused["event"], refused["reason"]) == ("rejected", "unavailable"), refused
                sent = stops.stops_received(sim)
                server = stops.start_server(daemon, "database")
                daemon.wait_ready(60)
                with daemon.database() as database:
                    stops.check_stop_rows(database, sim, by_model)
                    fault.wait_stored(database, sim.ledger())
                assert stops.stops_received(sim) == sent, "a stop was sent again"
            print(f"\nwithout a database from the start: stops in {seconds * 1000:.0f} ms")
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def sim_online(sim):
    return all(online for online, _, _ in sim.states().values())


def bridge_is_degraded(port):
    try:
        state = bridge_state(port)
    except (OSError, AssertionError):
        return False
    return state["state"] == "degraded" and "database" in state["reason"]
