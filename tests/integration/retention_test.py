"""What is old is deleted, what is needed is not, and nobody who writes has to wait for it."""
import contextlib
import time

import psycopg2
import pytest

from harness import external, wait
from harness.farm import Daemon
from harness.sql import Database

DAYS = 3
RETENTION = {f"{what}_days": DAYS for what in (
    "report_log", "telemetry", "events", "dead_letters", "commands", "jobs", "audit", "notifications",
    "downloads", "printer_files")}
STORE = {"maintenance_interval_s": 1, "retention": RETENTION}
SETTINGS = {"store": STORE, "commands": {"remember_s": 60}}

# Of each table a row that is old and one that is young, and of some an old one that is needed.
ROWS = """
INSERT INTO fleet.printers (printer_id, model_id, model, name, enrolment, bed, first_seen_at, retired_at)
  VALUES ('here', '20021', 'K2Pro', 'here', 'enrolled', 'clear', {old}, NULL),
         ('gone', '20021', 'K2Pro', 'gone', 'retired', 'clear', {old}, {old}),
         ('left', '20021', 'K2Pro', 'left', 'retired', 'clear', {old}, {young});
INSERT INTO fleet.printer_files (printer_id, storage, path, filename, is_directory, listed_at)
  SELECT printer_id, 'local', '/', 'a.gcode', false, {old} FROM fleet.printers;
INSERT INTO fleet.jobs (job_id, printer_id, source, state, outcome, started_at, ended_at, counted)
  VALUES (1, 'here', 'panel', 'ended', 'finished', {old}, {old}, true),
         (2, 'here', 'panel', 'ended', 'finished', {old}, {old}, false),
         (3, 'here', 'panel', 'printing', NULL, {old}, NULL, false),
         (4, 'here', 'panel', 'ended', 'finished', {old}, {young}, true),
         (5, 'here', 'panel', 'ended', 'finished', {young}, {young}, true),
         (6, 'gone', 'panel', 'ended', 'failed', {old}, {old}, true);
INSERT INTO fleet.job_events SELECT job_id, {old}, 'printing', NULL FROM fleet.jobs;
INSERT INTO fleet.commands (command_id, author, request_id, command, state, body_digest, reply_stream,
                            created_at, deadline_at, finished_at)
  SELECT n, 'x', n::text, 'print.pause', CASE WHEN n = 90 THEN 'accepted' ELSE 'done' END, '', true,
         CASE WHEN n = 91 THEN {young} ELSE {old} END, {old},
         CASE WHEN n = 90 THEN NULL WHEN n = 91 THEN {young} ELSE {old} END
  FROM generate_series(1, 91) n;
INSERT INTO fleet.command_executions (command_id, printer_id, state, attempts)
  SELECT n, p::text, 'succeeded', 1 FROM generate_series(1, 91) n, generate_series(1, 50) p;
INSERT INTO fleet.events SELECT n, {old}, 'online', 'here', '{{}}' FROM generate_series(-3000, -1) n;
INSERT INTO fleet.events VALUES (-4000, {young}, 'online', 'here', '{{}}');
INSERT INTO fleet.dead_letters VALUES ({old}, 't', '', 'old', ''), ({young}, 't', '', 'young', '');
INSERT INTO fleet.audit_log VALUES ({old}, 'old', NULL, NULL, NULL, NULL, 'done'),
                                   ({young}, 'young', NULL, NULL, NULL, NULL, 'done'),
                                   ({future}, 'future', NULL, NULL, NULL, NULL, 'done');
INSERT INTO fleet.notifications (notification_id, target, state, created_at, body)
  VALUES (-1, 't', 'sent', {old}, '{{}}'), (-2, 't', 'failed', {old}, '{{}}'),
         (-3, 't', 'queued', {old}, '{{}}'), (-4, 't', 'sent', {young}, '{{}}');
INSERT INTO fleet.artifacts (artifact_id, kind, name, sha256, md5, size_bytes, added_by, added_at, removed_at)
  SELECT n, 'gcode', n::text, repeat('0', 64), repeat('0', 32), 1, 'x', {old},
         CASE n WHEN 1 THEN {old} WHEN 2 THEN {old} WHEN 3 THEN {young} END FROM generate_series(1, 4) n;
INSERT INTO fleet.downloads (command_id, printer_id, attempt, artifact_id, offered_at, expires_at)
  VALUES (1, 'here', 1, 1, {old}, {old}), (90, 'here', 1, 2, {old}, {young}),
         (91, 'here', 1, 4, {young}, {young});
SELECT fleet.add_partition(parent, (now() - days * interval '1 day')::date)
  FROM unnest('{{report_log,telemetry}}'::text[]) parent, unnest('{{2,3,4,9,10}}'::int[]) days;
INSERT INTO fleet.report_log (seq, printer_id, received_at, type)
  SELECT -days, 'here', now() - days * interval '1 day', 'x' FROM unnest('{{2,3,4,9,10}}'::int[]) days;
"""
PERIODS = {"old": "now() - interval '9 days'", "young": "now() - interval '1 hour'",
           "future": "now() + interval '9 days'"}
LEFT = {
    "jobs": ("job_id", [2, 3, 4, 5, 6]), "job_events": ("job_id", [2, 3, 4, 5, 6]),
    "commands": ("command_id", [90, 91]), "command_executions": ("command_id", [90] * 50 + [91] * 50),
    "events": ("event_id", [-4000]), "dead_letters": ("reason", ["young"]),
    "audit_log": ("author", ["future", "young"]), "notifications": ("notification_id", [-4, -3]),
    "downloads": ("command_id", [90, 91]), "artifacts": ("artifact_id", [2, 3, 4]),
    "printer_files": ("printer_id", ["here", "left"]), "printers": ("printer_id", ["gone", "here", "left"]),
    "report_log": ("seq", [-3, -2]),
}


def let_days_pass(database, count=20):
    """As if the daemon had run on each of the last days."""
    database.rows("INSERT INTO fleet.retention_days SELECT (now() - n * interval '1 day')::date "
                  f"FROM generate_series(1, {count}) n ON CONFLICT DO NOTHING")


def left(database, table):
    key = LEFT[table][0]
    values = database.column(f"SELECT {key} FROM fleet.{table}")
    return sorted(value for value in values
                  if not (table in ("events", "audit_log") and str(value) in ("local", ""))
                  and not (table == "events" and value > 0))


def partitions(database, table):
    return database.column("SELECT inhrelid::regclass::text FROM pg_inherits "
                           f"WHERE inhparent = 'fleet.{table}'::regclass ORDER BY 1")


def day_name(database, table, days):
    return database.one("SELECT %s || to_char(now() AT TIME ZONE 'UTC' - %s * interval '1 day', '_YYYYMMDD')",
                        f"fleet.{table}", days)


def metric(daemon, name):
    values = [float(line.rsplit(" ", 1)[1]) for line in daemon.http("/metrics")[1].splitlines()
              if line.startswith(f"printfleet_{name}")]
    return sum(values)


def test_what_is_old_goes_and_what_is_needed_stays():
    with Daemon(SETTINGS) as daemon, daemon.database() as database:
        database.rows(ROWS.format(**PERIODS))
        wait.until(lambda: metric(daemon, "maintenance_last_success_timestamp_seconds") > 0,
                   "a first pass", 20)
        assert len(partitions(database, "report_log")) >= 5
        assert left(database, "dead_letters") == ["old", "young"]  # too few days have passed
        # The first deletion is no counter's first word: a rate would miss it.
        page = daemon.http("/metrics")[1]
        assert 'printfleet_maintenance_rows_deleted_total{table="events"} 0\n' in page, page
        assert 'printfleet_maintenance_partitions_dropped_total{table="report_log"} 0\n' in page
        let_days_pass(database)
        for table, (_, rows) in LEFT.items():
            wait.equal(lambda: left(database, table), rows, table, 20)
        for table in ("report_log", "telemetry"):
            names = partitions(database, table)
            wanted = [day_name(database, table, days) for days in (3, 2, 1, 0, -1, -2, -3)]
            assert names == wanted, names
        wait.until(lambda: metric(daemon, 'maintenance_rows_deleted_total{table="events"}') >= 3000, "counted", 10,
                   lambda: daemon.http("/metrics")[1])
        assert metric(daemon, 'maintenance_partitions_dropped_total{table="report_log"}') >= 3
        assert metric(daemon, "maintenance_failures_total") == 0
        assert daemon.http_status("/readyz") == 200


@pytest.fixture(scope="module", name="site")
def site_fixture():
    with Daemon(SETTINGS) as daemon, daemon.database() as database:
        yield daemon, database


def add_old(database, table="report_log", days=9):
    database.rows("SELECT fleet.add_partition(%s, (now() - %s * interval '1 day')::date)", table, days)
    return day_name(database, table, days)


def insert_for(database, seconds):
    """Inserts a row of now into report_log all the time; the longest that one took, in seconds."""
    longest, end = 0.0, time.monotonic() + seconds
    while time.monotonic() < end:
        begun = time.monotonic()
        database.rows("INSERT INTO fleet.report_log (seq, printer_id, received_at, type) "
                      "VALUES (1000000 + (random() * 1e9)::bigint, 'here', now(), 'x')")
        longest = max(longest, time.monotonic() - begun)
    return longest


def test_a_slow_query_on_an_old_day_holds_up_no_insert(site):
    daemon, database = site
    name = add_old(database)
    with contextlib.closing(psycopg2.connect(database.conninfo)) as dashboard:
        with dashboard.cursor() as cursor:
            # It has read the old day and may still read it: a lock until its transaction ends.
            cursor.execute("SELECT count(*) FROM fleet.report_log")
            let_days_pass(database)
            wait.until(lambda: "maintenance did not get through" in daemon.log_text(), "it is in the way", 20,
                       daemon.tail)
            longest = insert_for(database, 6)
            cursor.execute(f"SELECT count(*) FROM {name}")  # and its own view of it is whole
            dashboard.rollback()
    assert longest < 0.5, longest
    print(f"longest insert beside a detach that waits: {longest * 1000:.0f} ms")
    wait.equal(lambda: database.one("SELECT to_regclass(%s)::text", name), None, name, 30)
    wait.until(lambda: daemon.http_status("/readyz") == 200, "ready")


def test_half_done_things_are_finished(site):
    daemon, database = site
    let_days_pass(database)
    assert daemon.stop() == 0
    daemon.settings["store"] |= {"maintenance_interval_s": 3600}
    daemon.write_config()
    daemon.start()
    # Its first pass; the next one is an hour away.
    wait.until(lambda: metric(daemon, "maintenance_last_success_timestamp_seconds") > 0, "a pass", 20)
    pending, detached, own = (add_old(database, days=days) for days in (11, 12, 13))
    mark = "COMMENT ON TABLE {} IS 'printfleet: to be dropped'"
    with contextlib.closing(psycopg2.connect(database.conninfo)) as other, \
            contextlib.closing(psycopg2.connect(database.conninfo)) as holder:
        other.autocommit = True
        with holder.cursor() as reads, other.cursor() as cursor:
            reads.execute("SELECT count(*) FROM fleet.report_log")
            cursor.execute(mark.format(pending) + "; SET lock_timeout = '300ms'")
            with pytest.raises(psycopg2.errors.LockNotAvailable):
                cursor.execute(f"ALTER TABLE fleet.report_log DETACH PARTITION {pending} CONCURRENTLY")
            holder.rollback()
    assert database.one("SELECT count(*) FROM pg_inherits WHERE inhdetachpending") == 1
    database.rows(f"ALTER TABLE fleet.report_log DETACH PARTITION {detached}; "
                  f"ALTER TABLE fleet.report_log DETACH PARTITION {own}; {mark.format(detached)}")
    # As a process that died there leaves it; the next one:
    daemon.kill()
    daemon.settings["store"] |= {"maintenance_interval_s": 1}
    daemon.write_config()
    daemon.start()
    for name in (pending, detached):
        wait.equal(lambda: database.one("SELECT to_regclass(%s)::text", name), None, name, 20)
    wait.stays(lambda: database.one("SELECT to_regclass(%s)::text", own) is not None,
               "what somebody else detached is his", 3)
    database.rows(f"DROP TABLE {own}")


def test_a_day_on_its_way_out_is_used_again_where_it_is_needed(site):
    _, database = site
    database.rows("DELETE FROM fleet.retention_days")
    name = add_old(database, days=20)
    database.rows(f"INSERT INTO {name} (seq, printer_id, received_at, type) "
                  "VALUES (7, 'here', now() - interval '20 days', 'x')")
    database.rows(f"BEGIN; COMMENT ON TABLE {name} IS 'printfleet: to be dropped'; "
                  f"ALTER TABLE fleet.report_log DETACH PARTITION {name}; "
                  "SELECT fleet.add_partition('report_log', (now() - interval '20 days')::date); "
                  "SELECT fleet.add_partition('report_log', (now() - interval '20 days')::date); COMMIT")
    assert name in partitions(database, "report_log")
    assert database.one("SELECT obj_description(%s::regclass, 'pg_class')", name) is None
    assert database.one("SELECT count(*) FROM fleet.report_log WHERE seq = 7") == 1


def test_an_external_database_whose_owner_is_somebody_else():
    with external.mosquitto() as port, external.Cluster() as cluster:
        with Database(cluster.conninfo()) as superuser:
            for role in ("farm_owner", "farm_daemon"):
                superuser.rows(f"CREATE ROLE {role} LOGIN PASSWORD 'for-this-test'")
            superuser.rows("ALTER DATABASE farm OWNER TO farm_owner")
        daemon = external.external_daemon(port, cluster, **SETTINGS)
        daemon.settings["database"] |= {
            "url": cluster.url("farm_daemon"), "owner_url": cluster.url("farm_owner"),
            "owner_password_file": str(cluster.password_file)}
        daemon.write_config()
        try:
            assert daemon.run("migrate").returncode == 0
            daemon.start()
            with Database(cluster.conninfo("farm_owner")) as owner:
                owner.rows(ROWS.format(**PERIODS))
                let_days_pass(owner)
                wait.equal(lambda: left(owner, "report_log"), LEFT["report_log"][1], "old days", 20)
                wait.until(lambda: "printfleet retain" in daemon.log_text(), "it says who deletes rows", 10)
                assert left(owner, "dead_letters") == ["old", "young"]
                retained = daemon.run("retain")
                assert retained.returncode == 0, retained.stderr
                assert left(owner, "audit_log") == LEFT["audit_log"][1]
                assert left(owner, "commands") == LEFT["commands"][1]
                with contextlib.closing(psycopg2.connect(cluster.conninfo("farm_daemon"))) as role:
                    role.autocommit = True
                    with role.cursor() as cursor, pytest.raises(psycopg2.errors.WrongObjectType):
                        cursor.execute("SELECT fleet.drop_partition('report_log', current_date)")
        finally:
            daemon.cleanup()
