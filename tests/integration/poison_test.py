"""A message that the store refuses, and one that killed the process twice, cost only themselves."""
import hashlib
import struct
import uuid

import pytest

from harness import reports, wait
from harness.farm import Daemon
from harness.mqtt import Client

PRINTER = "c0ffee00c0ffee00c0ffee00c0ffee00"
TOPIC = reports.temperature_topic(PRINTER)


def digest(topic, payload):
    """As base/digest.h: the first half of a SHA-256 of the topic's length, the topic, the payload."""
    topic = topic.encode()
    return hashlib.sha256(struct.pack("<Q", len(topic)) + topic + payload).digest()[:16]


@pytest.fixture(scope="module")
def daemon():
    # Long batches, so that the poison has company in its own.
    with Daemon({"inbound": {"batch_time_ms": 500, "batch_messages_max": 200,
                             "heartbeat_interval_ms": 300}}) as running:
        yield running


def count_of(database, msgids):
    return database.one("SELECT count(DISTINCT msgid) FROM fleet.report_log WHERE msgid = ANY(%s)",
                        list(msgids))


def publish_all(daemon, payloads):
    with Client(daemon.mqtt_port, client_id=f"{PRINTER}") as printer:
        infos = [printer.client.publish(TOPIC, payload, 1) for payload in payloads]
        for info in infos:
            info.wait_for_publish(20)


def test_one_refused_row_costs_only_its_message(daemon):
    poison = f"poison-{uuid.uuid4()}"
    good = [str(uuid.uuid4()) for _ in range(150)]
    with daemon.database() as database:
        # A first report, so that printer and partition are there.
        publish_all(daemon, [reports.temperature(good[0])])
        wait.equal(lambda: count_of(database, good[:1]), 1, "the first report is stored")
        database.rows(f"ALTER TABLE fleet.report_log ADD CONSTRAINT no_poison CHECK (msgid <> '{poison}')")
        bad = reports.temperature(poison, 41)
        payloads = [reports.temperature(msgid, 21 + i % 7) for i, msgid in enumerate(good[1:])]
        publish_all(daemon, payloads[:70] + [bad] + payloads[70:])
        wait.equal(lambda: count_of(database, good), len(good), "all others are stored", 30)
        rows = wait.until(lambda: database.rows("SELECT * FROM fleet.dead_letters"), "a dead letter")
        assert [(row["topic"], row["reason"], bytes(row["payload"])) for row in rows] == \
            [(TOPIC, "store_refused", bad)]
        assert count_of(database, [poison]) == 0
        twice = database.rows("SELECT msgid FROM fleet.report_log WHERE msgid = ANY(%s) "
                              "GROUP BY msgid HAVING count(*) > 1", good)
        assert not twice
        # And the next good report is applied.
        publish_all(daemon, [reports.temperature("after-poison", 99)])
        wait.equal(lambda: database.one(
            "SELECT nozzle_temp_c FROM fleet.printer_status WHERE printer_id = %s", PRINTER), 99.0,
            "the next report is applied")
    assert 'printfleet_dead_letters_total{reason="store_refused"} 1' in daemon.http("/metrics")[1]


def test_the_killer_of_two_processes_is_not_stepped_again(daemon):
    killer = reports.temperature("killer-of-processes", 55)
    page = daemon.data_dir / "stepping"
    for _ in range(2):
        daemon.kill()
        assert page.stat().st_size == 16
        page.write_bytes(digest(TOPIC, killer))  # it died while it handled this one
        daemon.start()
    assert "the process died while it handled one message" in daemon.log_text()
    publish_all(daemon, [reports.temperature("before-killer", 50), killer, reports.temperature("after-killer", 60)])
    with daemon.database() as database:
        wait.equal(lambda: count_of(database, ["before-killer", "after-killer"]), 2,
                   "the others are stored")
        rows = wait.until(lambda: database.rows(
            "SELECT * FROM fleet.dead_letters WHERE reason = 'crashed'"), "a dead letter")
        assert [(row["topic"], bytes(row["payload"])) for row in rows] == [(TOPIC, killer)]
        assert count_of(database, ["killer-of-processes"]) == 0
        wait.equal(lambda: database.one(
            "SELECT nozzle_temp_c FROM fleet.printer_status WHERE printer_id = %s", PRINTER), 60.0,
            "the next report is applied")
