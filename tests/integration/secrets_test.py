"""What is secret in a command reaches the printer, and nothing that is kept or shown."""
import uuid

from harness import mqtt, wait
from harness.farm import Daemon
from harness.sim import Simulator

ARGUMENTS = ("region", "tmp_secret_key", "tmp_secret_id", "session_token")


def everything_stored(database):
    """Every row of every table, as text; bytes as hex."""
    tables = database.column("SELECT table_name FROM information_schema.tables WHERE "
                             "table_schema = 'fleet' AND table_type = 'BASE TABLE'")
    assert {"commands", "audit_log", "events", "command_executions", "dead_letters"} <= set(tables)
    return "\n".join(text for table in tables for text in database.column(
        f"SELECT row_text::text FROM fleet.{table} AS row_text"))


def test_video_secrets_are_kept_nowhere():
    secrets = {name: f"{name}-{uuid.uuid4()}" for name in ARGUMENTS}
    with Daemon() as daemon, Simulator(daemon.mqtt_port, "--models", "K2Pro=1", "--seed", 41) as sim, \
            daemon.database() as database, mqtt.Person(daemon.mqtt_port) as person:
        sim.wait_online()
        wait.equal(lambda: database.one("SELECT count(*) FROM fleet.printers WHERE firmware IS NOT "
                                        "NULL"), 1, "the printer")
        person.subscribe("fleet/v1/events")
        done = person.call("video.start_capture", {"all": True}, secrets, timeout_s=5)
        assert done["event"] == "done" and done["skipped"] == 0, done
        request = done["id"]
        # Refused ones are audited, too.
        refused = person.call("video.start_capture", {"all": True},
                              {**secrets, "region": 1, "wrong": secrets["session_token"]})
        assert refused["event"] == "rejected", refused
        person.call("video.start_capture", {"printers": ["nobody"]}, secrets)
        person.call("command.get", None, {"request_id": request})

        sent = "\n".join(entry["payload"] for entry in sim.received())
        stored = everything_stored(database)
        shown = [("the log", daemon.log_text()), ("retained", str(person.retained("fleet/#"))),
                 ("events and responses", str([each.payload for each in person.seen()]))]
        assert request in stored and '"***"' in database.one(
            "SELECT args::text FROM fleet.commands WHERE request_id = %s", request)
        assert database.one("SELECT count(*) FROM fleet.audit_log WHERE command = "
                            "'video.start_capture' AND args::text LIKE '%***%'") >= 3
        for name, secret in secrets.items():
            assert secret in sent, f"{name} did not reach the printer"
            for where, text in [("the database", stored), *shown]:
                assert secret not in text, f"{name} is in {where}"
                assert secret.encode().hex() not in text, f"{name} is in {where}, as bytes"
        daemon.stop()
        for path in (path for path in daemon.data_dir.rglob("*") if path.is_file()):
            content = path.read_bytes()
            assert not any(secret.encode() in content for secret in secrets.values()), path
