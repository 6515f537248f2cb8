"""How reports are put together: one that comes alone is stored at once, many share a commit."""
import time
import uuid

import pytest

from harness import fault, reports, wait
from harness.farm import Daemon
from harness.mqtt import Client

PRINTER = "ba7c4ba7c4ba7c4ba7c4ba7c4ba7c400"
TOPIC = reports.temperature_topic(PRINTER)
BATCH = 500
PATIENT_MS = 1000  # how long a batch waits for company at most
PER_S = 250


@pytest.fixture(scope="module")
def daemon():
    # Heartbeats are messages too: here they are none.
    with Daemon({"inbound": {"batch_messages_max": BATCH, "batch_time_ms": PATIENT_MS,
                             "heartbeat_interval_ms": 20000, "deaf_after_ms": 60000},
                 "fleet": {"enrolment": "auto"}}) as running:
        yield running


@pytest.fixture(scope="module")
def printer(daemon):
    with Client(daemon.mqtt_port, client_id=PRINTER) as client:
        yield client


def say(printer):
    """Publishes one report; (its msgid, paho's handle)"""
    msgid = str(uuid.uuid4())
    return msgid, printer.client.publish(TOPIC, reports.temperature(msgid), 1)


def commits(database):
    return database.one("SELECT last_batch_seq FROM fleet.ledger")


def wait_stored(database, msgids):
    wait.equal(lambda: database.one("SELECT count(*) FROM fleet.report_log WHERE msgid = ANY(%s)",
                                    list(msgids)), len(msgids), "stored", 30)


def test_one_that_comes_alone_has_a_commit_of_its_own(daemon, printer):
    with daemon.database() as database:
        wait_stored(database, [say(printer)[0]])  # the printer is known now, and asked this and that
        before = commits(database)
        for _ in range(5):
            wait_stored(database, [say(printer)[0]])
        assert commits(database) - before >= 5


def test_a_burst_shares_commits(daemon, printer):
    with daemon.database() as database:
        before = commits(database)
        said = [say(printer) for _ in range(3 * BATCH)]
        wait_stored(database, [msgid for msgid, _ in said])
        assert commits(database) - before <= 60


def test_what_waited_fills_batches(daemon, printer):
    """A batch is stepped in pieces, so that a command comes between them; it is closed when it is full."""
    with daemon.database() as database:
        before = commits(database)
        with fault.stopped([daemon.pid]):
            said = [say(printer) for _ in range(4 * BATCH)]
            for _, published in said:
                published.wait_for_publish(30)
        wait_stored(database, [msgid for msgid, _ in said])
        made = commits(database) - before
        assert made <= 12, made


def test_a_stream_waits_for_company_and_not_for_more(daemon, printer):
    """Twenty are enough, which at this rate are together in 80 ms: neither a commit for each, nor one
    every PATIENT_MS only."""
    with daemon.database() as database:
        said, begin = [], time.monotonic()
        before = None
        while time.monotonic() - begin < 4:
            if before is None and time.monotonic() - begin > 1:  # the rate is known
                before, counted_from = commits(database), len(said)
            said.append(say(printer)[0])
            time.sleep(max(0.0, begin + len(said) / PER_S - time.monotonic()))  # the load
        made = commits(database) - before
        wait_stored(database, said)
        streamed = len(said) - counted_from
        assert made <= streamed / 8, (made, streamed)
        assert made >= 3000 / PATIENT_MS * 1.5, (made, streamed)
