"""print.stop whatever has failed: sent, timed, and looked for in the tables afterwards."""
import base64
import contextlib
import json
import shutil
import sqlite3
import subprocess
import tempfile
import time

from harness import fault, wait
from harness.farm import PRINTFLEET


def stops_received(sim):
    """{printer_id: distinct print/stop requests that reached it}"""
    msgids = {}
    for printer_id, entry in fault.messages_of(sim, "print", "stop"):
        msgids.setdefault(printer_id, set()).add(entry["request"]["msgid"])
    return {printer_id: len(found) for printer_id, found in msgids.items()}


def stop_all(person, sim):
    """Sends print.stop to every printer of `sim`; (request id, seconds until it had reached all, by
    the printers' own journal)."""
    seen = len(sim.received())
    before = stops_received(sim)
    wanted = {printer.id: before.get(printer.id, 0) + 1 for printer in sim.printers}
    begin_ms = time.time() * 1000
    request_id = person.send("print.stop", {"printers": [printer.id for printer in sim.printers]},
                             timeout_s=10)
    wait.equal(lambda: stops_received(sim), wanted, "stops that reached the printers", 20)
    arrived = {}
    for printer_id, entry in fault.messages_of(sim, "print", "stop", seen):
        arrived.setdefault(printer_id, entry["at_ms"])
    return request_id, (max(arrived.values()) - begin_ms) / 1000


def check_stop_answer(person, sim, request_id):
    done = person.final(request_id, 15)
    assert done["event"] == "done", done
    assert done["sent_unconfirmed"] == len(sim.printers), done


def check_stop_rows(database, sim, request_id, states=("sent_unconfirmed",)):
    command = wait.until(lambda: database.rows(
        "SELECT * FROM fleet.commands WHERE request_id = %s AND state = 'done'", request_id),
        "the stop is in the tables", 20)[0]
    assert command["command"] == "print.stop"
    executions = database.rows(
        "SELECT * FROM fleet.command_executions WHERE command_id = %s", command["command_id"])
    assert {row["printer_id"] for row in executions} == {printer.id for printer in sim.printers}
    assert {row["state"] for row in executions} <= set(states)
    assert all(row["sent_at"] for row in executions)
    assert database.one("SELECT count(*) FROM fleet.audit_log WHERE request_id = %s AND outcome "
                        "LIKE 'done%%'", request_id) == 1


def kept_stops(daemon):
    """Ids of the stops in the spool, of a copy: its owner has it for itself."""
    with tempfile.TemporaryDirectory() as copy:
        for file in (daemon.data_dir / "spool").glob("spool.db*"):
            shutil.copy(file, copy)
        with contextlib.closing(sqlite3.connect(f"{copy}/spool.db")) as database:
            rows = database.execute("SELECT payload FROM entries WHERE kind = 1").fetchall()
    records = [json.loads(payload) for payload, in rows]
    return [json.loads(base64.b64decode(record["payload_b64"]))["id"] for record in records]


def start_server(daemon, what):
    """`printfleet broker` or `printfleet database` alone."""
    with open(daemon.log, "ab") as log:
        return subprocess.Popen([PRINTFLEET, what, "--config", str(daemon.config)],
                                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
