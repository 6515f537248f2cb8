"""The database is away for longer than reports are held: they go to the spool, and from there into the
tables, once and in order, whatever happens to the daemon or the database meanwhile."""
import signal
import time

import pytest

from harness import fault, stops, wait
from harness.farm import Daemon
from harness.mqtt import Person
from harness.sim import Simulator

SETTINGS = {
    "database": {"request_timeout_ms": 1500, "connect_timeout_ms": 1000, "lifetime": "own"},
    "inbound": {"hold_time_ms": 500, "heartbeat_interval_ms": 300, "deaf_after_ms": 3000},
}
LOAD = ["--printers", 60, "--rate", 600, "--seed", 31, "--reconnect-ms-max", 500]


def metric(daemon, name):
    """0 also while the daemon is not there yet."""
    try:
        lines = daemon.http("/metrics")[1].splitlines()
    except OSError:
        return 0
    return next((float(line.split()[1]) for line in lines if line.startswith(name + " ")), 0)


@pytest.fixture
def farm():
    """A daemon whose database is a process of its own, and load."""
    daemon = Daemon(SETTINGS)
    servers = [stops.start_server(daemon, "database")]
    try:
        with daemon, Simulator(daemon.mqtt_port, *LOAD) as load:
            load.wait_online()
            yield daemon, load, servers
    finally:
        servers[-1].send_signal(signal.SIGTERM)
        servers[-1].wait(30)


def take_database_away(servers):
    servers[-1].send_signal(signal.SIGINT)
    assert servers[-1].wait(30) == 0


def give_database_back(daemon, servers):
    servers.append(stops.start_server(daemon, "database"))


def wait_spooled(daemon, count):
    return wait.until(lambda: metric(daemon, "printfleet_spool_messages") >= count and
                      metric(daemon, "printfleet_spool_messages"), f"{count} in the spool", 60)


def check_stored(daemon, load):
    daemon.wait_ready(60)
    load.stop()
    with daemon.database() as database:
        count = fault.wait_stored(database, load.ledger())
        assert database.one("SELECT count(*) FROM fleet.dead_letters") == 0
    wait.equal(lambda: metric(daemon, "printfleet_spool_messages"), 0, "the spool is empty", 10)
    return count


def test_an_outage_goes_through_the_spool(farm):
    daemon, load, servers = farm
    with Person(daemon.mqtt_port) as person:
        take_database_away(servers)
        spooled = wait_spooled(daemon, 2000)
        status, text = daemon.http("/readyz")
        assert status == 503 and "reports go to the spool" in text, text
        few = [printer.id for printer in load.printers[:5]]
        refused = person.call("status.query", {"printers": few}, wait_s=5)
        assert (refused["event"], refused["reason"]) == ("rejected", "unavailable"), refused
        stop = person.call("print.stop", {"printers": few}, wait_s=5)
        assert stop["event"] == "done" and stop["sent_unconfirmed"] == len(few), stop
        give_database_back(daemon, servers)
        count = check_stored(daemon, load)
        with daemon.database() as database:
            wait.equal(lambda: database.one(
                "SELECT count(*) FROM fleet.command_executions e JOIN fleet.commands c "
                "USING (command_id) WHERE c.command = 'print.stop'"), len(few), "the stop", 10)
            assert database.one("SELECT count(*) FROM fleet.audit_log WHERE outcome = "
                                "'rejected(unavailable)'") == 1
            # In the order of arrival, and each at its own time.
            assert database.one("SELECT count(*) FROM (SELECT received_at < lag(received_at) OVER "
                                "(ORDER BY seq) AS back FROM fleet.report_log) r WHERE back") == 0
    assert metric(daemon, "printfleet_spool_kept_total") >= spooled
    print(f"\n{spooled:.0f} were in the spool of {count} stored")


def test_a_daemon_that_dies_while_spooling_and_while_draining(farm):
    daemon, load, servers = farm
    take_database_away(servers)
    wait_spooled(daemon, 500)
    for at_least in (1500, 3000):
        daemon.kill()
        daemon.start(ready=False)
        wait_spooled(daemon, at_least)
    give_database_back(daemon, servers)
    wait.until(lambda: metric(daemon, "printfleet_spool_stored_total"), "draining has begun", 60)
    daemon.kill()
    daemon.start(ready=False)
    print(f"\n{check_stored(daemon, load)} stored")


def test_the_database_goes_again_while_draining(farm):
    daemon, load, servers = farm
    for _ in range(3):
        take_database_away(servers)
        wait_spooled(daemon, 1500)
        before = metric(daemon, "printfleet_spool_stored_total")
        give_database_back(daemon, servers)
        wait.until(lambda: metric(daemon, "printfleet_spool_stored_total") > before, "drains", 60)
    print(f"\n{check_stored(daemon, load)} stored")
