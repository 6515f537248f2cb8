"""`printfleet backup` and `restore`: what is in the file, what comes of it, and what is left when
something is in the way. And the way from the managed database to somebody else's."""
import contextlib
import os
import pathlib
import signal
import stat
import subprocess

import psycopg2
import pytest

from harness import external, mqtt, wait
from harness.farm import PRINTFLEET, Daemon
from harness.sim import Simulator
from harness.sql import Database

FLEET = {"fleet": {"enrolment": "auto"}, "inbound": {"heartbeat_interval_ms": 300}}
TABLES = ("printers", "jobs", "commands", "command_executions", "events", "report_log", "telemetry")


def counts(database):
    return {table: database.one(f"SELECT count(*) FROM fleet.{table}") for table in TABLES}


def names_in(directory):
    return sorted(path.name for path in pathlib.Path(directory).iterdir())


@pytest.fixture(scope="module", name="made")
def made_fixture():
    """(a daemon that is stopped, its backup, what it held)"""
    daemon = Daemon(FLEET)
    try:
        daemon.start()
        with Simulator(daemon.mqtt_port, "--printers", 3, "--seed", 5, "--report-interval", 1) as sim, \
                mqtt.Person(daemon.mqtt_port) as person, daemon.database() as database:
            sim.wait_online()
            wait.until(lambda: person.call("status.query", {"all": True}).get("succeeded") == 3, "three", 30)
            assert person.call("printer.set", {"all": True}, {"bed": "clear"})["event"] == "done"
            file = daemon.directory / "running.dump"
            done = daemon.run("backup", "--to", str(file))
            assert done.returncode == 0, done.stderr
            assert "not in it" in done.stderr + done.stdout
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            again = daemon.run("backup", "--to", str(file))
            assert again.returncode == 2 and "is there already" in again.stderr + again.stdout
            database.rows("INSERT INTO fleet.notifications (notification_id, target, state, created_at, body) "
                          "VALUES (-1, 't', 'queued', now(), '{}')")
            sim.stop()
            assert person.call("fleet.hold", args={"reason": "backup"})["event"] == "done"
        assert daemon.stop() == 0
        stopped = daemon.directory / "stopped.dump"
        done = daemon.run("backup", "--to", str(stopped))
        assert done.returncode == 0, done.stderr
        assert daemon.servers() == {}
        daemon.start()
        with daemon.database() as database:
            held = counts(database)
        assert daemon.stop() == 0
        yield daemon, stopped, held
    finally:
        daemon.cleanup()


@contextlib.contextmanager
def other_place():
    daemon = Daemon(FLEET)
    try:
        yield daemon
    finally:
        daemon.cleanup()


def test_a_new_place_goes_on_with_it(made):
    old, file, held = made
    with other_place() as daemon:
        restored = daemon.run("restore", str(file))
        assert restored.returncode == 0, restored.stderr
        assert "restoring" not in names_in(daemon.data_dir)
        daemon.start()
        with daemon.database() as database, mqtt.Person(daemon.mqtt_port) as person, \
                Simulator(daemon.mqtt_port, "--printers", 3, "--seed", 5, "--report-interval", 1) as sim:
            now = counts(database)
            assert {table: now[table] >= count for table, count in held.items()} == dict.fromkeys(held, True)
            assert database.column("SELECT DISTINCT bed FROM fleet.printers") == ["unknown"]
            assert database.column("SELECT state FROM fleet.notifications") == ["failed"]
            assert database.one("SELECT count(*) FROM fleet.audit_log WHERE command = 'restore'") == 1
            highest = database.one("SELECT max(command_id) FROM fleet.commands")
            sim.wait_online()
            done = wait.until(lambda: (lambda said: said if said.get("succeeded") == 3 else None)(
                person.call("status.query", {"all": True})), "three answer", 30)
            assert done["command_id"] > highest + 900_000
            wait.until(lambda: counts(database)["report_log"] > now["report_log"], "reports are stored")
            assert database.one("SELECT hold FROM fleet.ledger") == "backup"
        assert "gave the daemon's role its rights" not in daemon.log_text()
        # Where there is one, it is not touched, or set aside.
        running = daemon.run("restore", str(file))
        assert running.returncode == 2 and "stop it first" in running.stderr + running.stdout
        assert daemon.stop() == 0
        refused = daemon.run("restore", str(file))
        assert refused.returncode == 2 and "--replace" in refused.stderr + refused.stdout
        replaced = daemon.run("restore", str(file), "--replace")
        assert replaced.returncode == 0, replaced.stderr
        assert any(name.startswith("database.before-") for name in names_in(daemon.data_dir))
        daemon.start()
        with daemon.database() as database:
            assert database.one("SELECT max(command_id) FROM fleet.commands") == highest


def test_what_is_no_backup_or_too_new_is_refused(made):
    old, file, _ = made
    with other_place() as daemon:
        rubbish = daemon.directory / "rubbish"
        rubbish.write_bytes(b"PGDMP" + os.urandom(1000))
        absent = daemon.run("restore", str(daemon.directory / "absent"))
        assert absent.returncode == 2 and "No such file" in absent.stderr + absent.stdout
        broken = daemon.run("restore", str(rubbish))
        assert broken.returncode == 2 and "cannot be read" in broken.stderr + broken.stdout
        cut = daemon.directory / "cut"
        cut.write_bytes(file.read_bytes()[:-2000])
        assert daemon.run("restore", str(cut)).returncode != 0
        # As a printfleet of next year makes it.
        assert daemon.run("restore", str(file)).returncode == 0
        daemon.start()
        with daemon.database() as database:
            database.rows("INSERT INTO fleet.schema_migrations (version, name, checksum) VALUES (900, 'x', 'x')")
        assert daemon.stop() == 0
        newer = daemon.directory / "newer"
        assert daemon.run("backup", "--to", str(newer)).returncode == 0
        refused = daemon.run("restore", str(newer), "--replace")
        assert refused.returncode == 2 and "schema version 900" in refused.stderr + refused.stdout
        assert names_in(daemon.data_dir).count("database") == 1
        assert not [name for name in names_in(daemon.data_dir) if name.startswith(("restoring", "database."))]


def begin(daemon, *words):
    return subprocess.Popen([PRINTFLEET, *words, "--config", str(daemon.config)], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_ctrl_c_leaves_nothing_half(made):
    old, file, _ = made
    old.start()
    with contextlib.closing(psycopg2.connect(old.addresses()["database"])) as holder:
        with holder.cursor() as cursor:
            cursor.execute("LOCK TABLE fleet.audit_log IN ACCESS EXCLUSIVE MODE")
            half = old.directory / "half.dump"
            process = begin(old, "backup", "--to", str(half))
            wait.until(lambda: [name for name in names_in(old.directory) if "half" in name], "it has begun", 20)
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=30)[0]
            assert process.returncode == 130 and "interrupted" in said, said
    assert not [name for name in names_in(old.directory) if "half" in name]
    assert old.stop() == 0
    with other_place() as daemon:
        for number in (signal.SIGINT, signal.SIGKILL):
            process = begin(daemon, "restore", str(file))
            wait.until(lambda: (daemon.data_dir / "restoring/database/cluster/PG_VERSION").exists(), "initdb", 30)
            process.send_signal(number)
            process.communicate(timeout=30)
            assert process.returncode == (130 if number == signal.SIGINT else -signal.SIGKILL)
            assert "database" not in names_in(daemon.data_dir)
            wait.equal(daemon.servers, {}, "its server is gone", 30)
        assert daemon.run("restore", str(file)).returncode == 0  # over what the killed one has left
        daemon.start()


def test_from_managed_to_external(made):
    """The commands of deploy/manual/storage.md."""
    _, file, held = made
    with external.mosquitto() as port, external.Cluster() as cluster:
        with Database(cluster.conninfo()) as superuser:
            for role in ("farm_owner", "farm_daemon"):
                superuser.rows(f"CREATE ROLE {role} LOGIN PASSWORD 'for-this-test'")
            superuser.rows("ALTER DATABASE farm OWNER TO farm_owner")
        subprocess.run([cluster.binaries / "pg_restore", "--no-owner", "--no-privileges", "--exit-on-error",
                        "--dbname=" + cluster.url("farm_owner"), file], check=True, capture_output=True,
                       env={**os.environ, "PGPASSWORD": "for-this-test"})
        daemon = external.external_daemon(port, cluster)
        daemon.settings["database"] |= {
            "url": cluster.url("farm_daemon"), "owner_url": cluster.url("farm_owner"),
            "owner_password_file": str(cluster.password_file)}
        daemon.write_config()
        try:
            migrated = daemon.run("migrate")
            assert migrated.returncode == 0, migrated.stderr
            daemon.start()
            with Database(cluster.conninfo("farm_daemon")) as database:
                now = counts(database)
                assert {table: now[table] >= count for table, count in held.items()} == \
                    dict.fromkeys(held, True)
            with Simulator(port, "--printers", 3, "--seed", 5, "--report-interval", 1) as sim, \
                    mqtt.Person(port) as person:
                sim.wait_online()
                wait.until(lambda: person.call("status.query", {"all": True}).get("succeeded") == 3, "three", 30)
            refused = daemon.run("backup")
            assert refused.returncode == 2 and "pg_dump" in refused.stderr + refused.stdout
        finally:
            daemon.cleanup()
