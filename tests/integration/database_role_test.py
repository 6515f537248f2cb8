"""The database role that the daemon works as: it can add to audit_log and change nothing there; and an
external broker, which has to be trusted in writing."""
import contextlib

import psycopg2
import pytest

from harness import external, mqtt, wait
from harness.farm import Daemon
from harness.sim import Simulator
from harness.sql import Database

OWNER, WORKING = "user=printfleet ", "user=printfleet_daemon "

# What somebody who has taken the role over would try.
FORBIDDEN = [
    "UPDATE fleet.audit_log SET outcome = 'done'",
    "DELETE FROM fleet.audit_log",
    "TRUNCATE fleet.audit_log",
    "DROP TABLE fleet.audit_log",
    "ALTER TABLE fleet.audit_log RENAME TO gone",
    "ALTER TABLE fleet.audit_log ADD COLUMN forged text",
    "ALTER TABLE fleet.audit_log OWNER TO CURRENT_USER",
    "ALTER TABLE fleet.audit_log DISABLE TRIGGER ALL",
    "CREATE RULE quiet AS ON INSERT TO fleet.audit_log DO INSTEAD NOTHING",
    "CREATE TABLE fleet.shadow (x int)",
    "CREATE OR REPLACE FUNCTION fleet.add_partition(parent text, day date) RETURNS void "
    "LANGUAGE sql AS 'SELECT'",
    "SELECT fleet.add_partition('audit_log', '2026-01-01')",
    "DELETE FROM fleet.events",
    "GRANT ALL ON fleet.audit_log TO CURRENT_USER; DELETE FROM fleet.audit_log",
    "DROP SCHEMA fleet CASCADE",
    "DROP TABLE fleet.report_log",
    "SET ROLE {owner}",
    "SET SESSION AUTHORIZATION {owner}",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "GRANT {owner} TO CURRENT_USER",
    "CREATE ROLE helper",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "ALTER SYSTEM SET fsync = off",
]
REFUSED = (psycopg2.errors.InsufficientPrivilege, psycopg2.errors.WrongObjectType)


def check_append_only(owner, working_conninfo, owner_role="printfleet"):
    """Tries everything of FORBIDDEN as the daemon's role. (A GRANT that gives nothing only warns: what
    follows it is refused.)"""
    before = owner.rows("SELECT * FROM fleet.audit_log ORDER BY at, request_id")
    assert before
    with contextlib.closing(psycopg2.connect(working_conninfo)) as connection:
        connection.autocommit = True
        for statement in FORBIDDEN:
            with connection.cursor() as cursor, pytest.raises(REFUSED):
                cursor.execute(statement.format(owner=owner_role))
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM fleet.audit_log")
            assert cursor.fetchone()[0] >= len(before)
    now = owner.rows("SELECT * FROM fleet.audit_log ORDER BY at, request_id")
    assert [row for row in now if row in before] == before


def working_roles(owner):
    """Whom the daemon's connections are made as."""
    return owner.column("SELECT usename FROM pg_stat_activity WHERE application_name LIKE "
                        "'printfleet/%%' AND datname = current_database()")


@pytest.fixture(scope="module", name="site")
def site_fixture():
    """(daemon, its database as the owner, person)"""
    with Daemon() as daemon, daemon.database() as owner, mqtt.Person(daemon.mqtt_port) as person:
        assert person.call("fleet.release")["event"] == "done"
        yield daemon, owner, person


def test_the_daemon_works_as_a_role_that_can_only_add(site):
    daemon, owner, person = site
    assert working_roles(owner) == ["printfleet_daemon"]
    check_append_only(owner, daemon.addresses()["database"].replace(OWNER, WORKING))
    request_id = person.send("fleet.release")
    assert person.final(request_id)["event"] == "done"
    assert owner.column("SELECT outcome FROM fleet.audit_log WHERE request_id = %s", request_id) == \
        ["done"]
    assert "could change audit_log" not in daemon.log_text()


def test_every_table_has_its_rights(site):
    owner = site[1]
    tables = "SELECT relname FROM pg_class WHERE relnamespace = 'fleet'::regnamespace AND " \
             "relkind IN ('r', 'p') AND NOT relispartition "
    assert owner.column(
        tables + "AND NOT has_table_privilege('printfleet_daemon', oid, 'SELECT')") == []
    assert owner.column(
        tables + "AND has_table_privilege('printfleet_daemon', oid, 'TRUNCATE, REFERENCES, TRIGGER')") == []
    assert owner.column(
        tables + "AND has_table_privilege('printfleet_daemon', oid, 'DELETE') ORDER BY 1") == \
        ["inbound_batches", "printer_files"]


def test_a_cluster_of_an_earlier_version_gets_the_role(site):
    """As it was before there was one: the tables and their owner, nothing else."""
    daemon, owner, person = site
    owner.rows("ALTER ROLE printfleet_daemon NOLOGIN")
    owner.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = "
               "'printfleet_daemon'")
    wait.until(lambda: "printfleet_daemon" not in working_roles(owner), "its connection is gone", 10)
    owner.rows("DROP OWNED BY printfleet_daemon; DROP ROLE printfleet_daemon")
    wait.equal(lambda: working_roles(owner), ["printfleet_daemon"], "connected again", 30)
    wait.equal(lambda: daemon.http_status("/readyz"), 200, "/readyz", 30)
    assert person.call("fleet.release")["event"] == "done"
    migrated = daemon.run("migrate")
    assert migrated.returncode == 0, migrated.stderr


def test_an_external_database_with_two_roles():
    with external.mosquitto() as port, external.Cluster() as cluster:
        with Database(cluster.conninfo()) as superuser:
            for role in ("farm_owner", "farm_daemon"):
                superuser.rows(f"CREATE ROLE {role} LOGIN PASSWORD 'for-this-test'")
            superuser.rows("ALTER DATABASE farm OWNER TO farm_owner")
        daemon = external.external_daemon(port, cluster)
        daemon.settings["database"] |= {
            "url": cluster.url("farm_daemon"), "owner_url": cluster.url("farm_owner"),
            "owner_password_file": str(cluster.password_file)}
        daemon.write_config()
        try:
            daemon.start(ready=False)
            wait.until(lambda: "printfleet migrate" in daemon.log_text(), "it says what to do", 20,
                       daemon.tail)
            checked = daemon.run("check")
            assert checked.returncode == 0 and "warning" not in checked.stdout, checked.stdout
            for applied in (True, False):
                migrated = daemon.run("migrate")
                assert migrated.returncode == 0, migrated.stderr
                assert ("applied=0" in migrated.stderr + migrated.stdout) != applied, migrated
            daemon.wait_ready(30)
            with Simulator(port, "--printers", 2, "--seed", 92, "--report-interval", 1) as sim, \
                    mqtt.Person(port) as person, Database(cluster.conninfo()) as superuser:
                sim.wait_online()
                wait.until(lambda: person.call("status.query", {"all": True}).get("succeeded") == 2,
                           "two printers answer", 30)
                assert working_roles(superuser) == ["farm_daemon"]
                check_append_only(superuser, cluster.conninfo("farm_daemon"), "farm_owner")
                assert superuser.one("SELECT count(*) FROM fleet.report_log") > 0
            assert "could change audit_log" not in daemon.log_text()
            # One role for both works, and is warned of.
            daemon.settings["database"]["url"] = cluster.url("farm_owner")
            del daemon.settings["database"]["owner_url"]
            del daemon.settings["database"]["owner_password_file"]
            daemon.write_config()
            assert "could change audit_log" in daemon.run("check").stdout
            assert daemon.stop() == 0
            daemon.start()
            assert "could change audit_log" in daemon.log_text()
        finally:
            daemon.cleanup()


def test_an_external_broker_has_to_be_trusted_in_writing():
    daemon = Daemon()
    daemon.settings["broker"] = {"mode": "external", "url": "mqtt://127.0.0.1:1"}
    daemon.write_config()
    try:
        checked = daemon.run("check")
        assert checked.returncode == 0, checked
        assert "warning: broker.trust_command_topic" in checked.stdout, checked.stdout
        served = daemon.run("serve")
        assert served.returncode == 2, served
        assert "broker.trust_command_topic is not true" in served.stderr + served.stdout
        assert not daemon.data_dir.exists()
        daemon.settings["broker"]["trust_command_topic"] = True
        daemon.write_config()
        assert "trust_command_topic" not in daemon.run("check").stdout
    finally:
        daemon.cleanup()
