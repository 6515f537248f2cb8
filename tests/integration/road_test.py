"""The road of a report: thirty simulated printers, and what tables, topics and pages show of them."""
import collections
import json
import subprocess

import pytest

from harness import contract, mqtt, wait
from harness.farm import Daemon
from harness.sim import Simulator

# Printing time of a job is print-minutes / speedup: 8 s.
PRINT = ["--speedup", 60, "--print-minutes", 8, "--layers", 40, "--print-report-gap-ms", 100]


class Road:
    def __init__(self, daemon, sim, database):
        self.daemon, self.sim, self.database = daemon, sim, database

    def count(self, table, where="true", *values):
        return self.database.one(f"SELECT count(*) FROM fleet.{table} WHERE {where}", *values)


@pytest.fixture(scope="module", name="road")
def road_fixture():
    fleet = {"query_timeout_s": 3, "silent_after_s": 8, "job_settle_s": 3}
    with Daemon({"fleet": fleet, "store": {"telemetry_interval_ms": 2000}}) as daemon:
        with Simulator(daemon.mqtt_port, "--models", "K2Pro=10,K2Plus=10,K2Max=10",
                       "--firmware", "3.1.0,3.0.9", "--seed", 7, "--panel-jobs", 12,
                       "--report-interval", 1, "--greeting-extras", "--ack-response",
                       "--connect-copies", 6, *PRINT) as sim, daemon.database() as database:
            sim.wait_online()
            yield Road(daemon, sim, database)


def test_every_printer_has_its_rows(road):
    wait.equal(lambda: road.count("printers"), 30, "printers")
    wait.equal(lambda: road.count("printers", "firmware IS NOT NULL"), 30, "known firmware")
    wait.equal(lambda: road.count("printer_status", "online AND state <> 'unknown'"), 30,
               "printers online")
    rows = {row["printer_id"]: row for row in road.database.rows("SELECT * FROM fleet.printers")}
    models = collections.Counter(row["model"] for row in rows.values())
    assert models == {"K2Pro": 10, "K2Plus": 10, "K2Max": 10}
    for printer in road.sim.printers:
        row = rows[printer.id]
        assert (row["model_id"], row["model"], row["firmware"]) == (
            printer.model_id, printer.model, printer.firmware)
        assert row["enrolment"] == "enrolled" and row["first_seen_at"] and row["last_seen_at"]
    assert len({row["name"] for row in rows.values()}) == 30


def test_jobs_started_at_the_panel_are_adopted_and_progress_to_finished(road):
    shown = collections.defaultdict(list)

    def watch():
        for row in road.database.rows("SELECT job_id, progress_ratio, outcome FROM fleet.jobs"):
            ratio = row["progress_ratio"]
            if ratio is not None and (not shown[row["job_id"]] or shown[row["job_id"]][-1] != ratio):
                shown[row["job_id"]].append(ratio)
        return road.count("jobs", "outcome = 'finished'") == 12

    wait.until(watch, "twelve jobs finished", 90,
               lambda: road.database.rows("SELECT printer_id, state, outcome FROM fleet.jobs"))
    rows = road.database.rows("SELECT * FROM fleet.jobs")
    assert len(rows) == 12
    for row in rows:
        assert row["source"] == "panel" and row["state"] == "ended" and row["command_id"] is None
        assert row["filename"] and row["layers"] == 40
        assert row["progress_ratio"] == 1 and row["ended_at"] > row["started_at"]
        ratios = shown[row["job_id"]]
        assert len(ratios) >= 3 and ratios == sorted(ratios), ratios
    occupied = set(road.database.column("SELECT printer_id FROM fleet.printers WHERE bed = 'occupied'"))
    assert occupied == {row["printer_id"] for row in rows}
    steps = road.database.rows("SELECT job_id, kind FROM fleet.job_events ORDER BY job_id, at")
    for row in rows:
        kinds = [step["kind"] for step in steps if step["job_id"] == row["job_id"]]
        assert "printing" in kinds and kinds[-1] == "finished", kinds
    wait.equal(lambda: road.count("printer_status", "state = 'idle' AND job_id IS NULL"), 30,
               "idle printers")


def test_a_job_whose_end_is_lost_is_settled(road):
    with Simulator(road.daemon.mqtt_port, "--printers", 3, "--seed", 99, "--id-prefix", "1057",
                   "--panel-jobs", 3, "--report-interval", 1, "--lose-finished", 1, *PRINT) as sim:
        sim.wait_online()
        ids = [printer.id for printer in sim.printers]
        wait.until(lambda: road.count("jobs", "printer_id = ANY(%s) AND outcome IS NOT NULL", ids) == 3,
                   "three jobs ended", 60, lambda: road.database.rows(
                       "SELECT state, outcome, progress_ratio FROM fleet.jobs WHERE printer_id = ANY(%s)",
                       ids))
        outcomes = road.database.column(
            "SELECT outcome FROM fleet.jobs WHERE printer_id = ANY(%s)", ids)
        assert outcomes == ["ended_unknown"] * 3
    wait.equal(lambda: road.count("printer_status", "printer_id = ANY(%s) AND NOT online", ids), 3,
               "printers that left are offline")


def test_readings_and_reports_are_logged(road):
    wait.equal(lambda: len(road.database.column(
        "SELECT printer_id FROM fleet.telemetry WHERE nozzle_temp_c IS NOT NULL "
        "GROUP BY printer_id HAVING count(*) >= 2")) >= 30, True, "telemetry of all printers")
    assert road.count("telemetry", "progress_ratio > 0") > 0
    # Unchanged telemetry alone is kept without its bytes.
    assert road.count("report_log", "payload IS NULL AND payload_raw IS NULL AND type <> 'tempature'") == 0
    types = set(road.database.column("SELECT DISTINCT type FROM fleet.report_log"))
    assert {"tempature", "status", "print", "ota", "lastWill"} <= types, types


def test_every_acknowledged_report_is_stored_once(road):
    def missing():
        acknowledged = {(msgid, topic) for msgid, topic in road.sim.ledger() if msgid != "-"}
        counts = collections.Counter()
        for row in road.database.rows(
                "SELECT l.msgid, p.model_id, l.printer_id, count(*) AS n, count(DISTINCT coalesce(l.payload,"
                " '')) AS bodies FROM fleet.report_log l JOIN fleet.printers p USING (printer_id)"
                " GROUP BY 1, 2, 3"):
            counts[row["msgid"]] += row["n"]
            # One msgid may run over the states of one command, but no report is there twice.
            assert row["n"] == row["bodies"], row
        return [each for each in acknowledged if counts[each[0]] == 0]

    assert len(road.sim.ledger()) > 100
    first = set(missing())
    wait.until(lambda: not first & set(missing()), "the acknowledged reports are in report_log", 10,
               lambda: list(first & set(missing()))[:5])


def test_well_behaved_printers_make_no_dead_letters(road):
    letters = road.database.rows("SELECT topic, reason, detail FROM fleet.dead_letters LIMIT 5")
    assert letters == []


def test_retained_topics_show_printers_and_bridge(road):
    with mqtt.Person(road.daemon.mqtt_port) as person:
        def states():
            found = person.retained("fleet/v1/printers/+/state")
            return {topic.split("/")[3]: json.loads(body) for topic, body in found.items()}

        seen = wait.until(lambda: len(found := states()) == 33 and found, "33 retained states", 20)
        for printer in road.sim.printers:
            document = seen[printer.id]
            assert contract.problems("state", document) == []
            assert document["printer_id"] == printer.id and document["model"] == printer.model
            assert document["online"] is True and document["firmware"] == printer.firmware
            assert document["nozzle_temp_c"] is not None
        others = set(seen) - {printer.id for printer in road.sim.printers}
        for printer_id in others:
            assert contract.problems("state", seen[printer_id]) == []
            assert seen[printer_id]["online"] is False and seen[printer_id]["state"] == "offline"
        rest = person.retained("fleet/v1/#")
        bridge = json.loads(rest.pop("fleet/v1/bridge"))
        assert bridge["state"] == "online" and bridge["version"], bridge
        assert all(topic.startswith("fleet/v1/printers/") for topic in rest), list(rest)


def test_events_are_numbered(road):
    rows = road.database.rows("SELECT event_id, kind, printer_id FROM fleet.events ORDER BY event_id")
    kinds = collections.Counter(row["kind"] for row in rows)
    assert kinds["printer_added"] == 33 and kinds["job_started"] == 15 and kinds["job_ended"] == 15
    numbers = [row["event_id"] for row in rows]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_pages(road):
    assert road.daemon.http("/healthz")[0] == 200
    assert road.daemon.http("/readyz")[0] == 200
    for path in ("/metrics", "/metrics/printers"):
        status, page = road.daemon.http(path)
        assert status == 200
        checked = subprocess.run(["promtool", "check", "metrics"], input=page, text=True,
                                 capture_output=True, check=False)
        assert checked.returncode == 0 and not checked.stderr.strip(), checked.stderr
    wait.until(lambda: "printfleet_jobs_total{" in road.daemon.http("/metrics")[1],
               "the outcomes stand and are counted", 30)
    page = road.daemon.http("/metrics")[1]
    for name in ("printers{", "inbound_messages_total{", "inbound_lag_seconds",
                 "inbound_commit_duration_seconds_bucket", "jobs_total{", "job_duration_seconds_bucket",
                 "broker_up 1", "database_up 1", "build_info{", "config_last_reload_successful 1",
                 "data_dir_free_bytes", "printers_pending 0"):
        assert f"printfleet_{name}" in page, f"{name}\n{page}"


def test_at_most_ten_series_a_printer(road):
    page = road.daemon.http("/metrics/printers")[1]
    series = collections.Counter()
    for line in page.splitlines():
        if not line.startswith("#"):
            name = line.split('printer_id="')[1].split('"')[0]
            series[name] += 1
    assert {printer.id for printer in road.sim.printers} <= set(series)
    assert max(series.values()) <= 10
    # Those that left: no readings that stand still.
    gone = [name for name in series if name.startswith("1057")]
    assert len(gone) == 3
    for name in gone:
        assert f'printfleet_printer_up{{printer_id="{name}"}} 0' in page
        assert f'printer_temperature_celsius{{printer_id="{name}"' not in page


def test_the_daemon_stops_in_order_and_leaves_nothing(road):
    road.database.close()
    assert road.daemon.stop() == 0
    assert "error" not in [line.split(" ", 1)[0] for line in road.daemon.log_text().splitlines()]
