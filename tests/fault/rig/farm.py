"""A farm to break: the daemon, its broker and its database in processes of their own (as systemd runs
them), numbered reports, printers that take commands, somebody who gives them."""
import contextlib
import json
import os
import random
import shutil
import signal
import time

import psycopg2

from harness import fault, sql, stops, wait
from harness.commands import QUESTIONS
from harness.farm import Daemon, merge
from harness.sim import Simulator
from rig import oracle
from rig.failpoints import Failpoints
from rig.load import Load
from rig.orders import Orders

# A twentieth of the defaults, as far as the protocols let go: keepalive_s has 5 as its least (libmosquitto),
# a connect to PostgreSQL 2 s (libpq).
SHORT = {
    "broker": {"lifetime": "own", "connect_timeout_ms": 500, "retry_max_ms": 250,
               "restart_wait_max_ms": 250, "stop_timeout_s": 2, "autosave_interval_s": 3600},
    "database": {"lifetime": "own", "request_timeout_ms": 500, "connect_timeout_ms": 250,
                 "retry_max_ms": 250, "restart_wait_max_ms": 250, "stop_timeout_s": 2},
    # Small batches, so that some are full, and are written ahead of their COMMIT.
    "inbound": {"batch_messages_max": 16, "hold_time_ms": 750, "heartbeat_interval_ms": 100, "deaf_after_ms": 500,
                "keepalive_s": 5},
    "fleet": {"enrolment": "auto", "silent_after_s": 6, "query_timeout_s": 1, "state_interval_ms": 100,
              "job_settle_s": 1},
    "commands": {"attempt_s": 1, "stop_attempt_s": 1, "fresh_s": 2},
}
# Longer than every time-out that begins when the victim hangs.
HANGS_S = {
    "bridge": 8.5,      # the broker drops a client after 1.5 * keepalive_s
    "mosquitto": 11.0,  # the daemon a broker: keepalive_s until it pings, as long for the answer
    "postgresql": 4.5,  # request_timeout, a connect of 2 s, hold_time
}
MEMORY = "/dev/shm"
ROOM_BYTES = 4 << 30
READY_S = 15.0  # from the end of a fault until /readyz says 200


def seed():
    """PRINTFLEET_FAULT_SEED, or a new one; said when something fails (conftest.py)."""
    global _seed
    if _seed is None:
        _seed = int(os.environ.get("PRINTFLEET_FAULT_SEED") or random.SystemRandom().getrandbits(31))
    return _seed


_seed = None


def scratch():
    """Where farms live. Time-outs are a twentieth of the defaults, but a disk that others keep busy takes
    as long for an fsync() as it ever did. Processes die here, not machines: memory keeps things well enough."""
    roomy = os.path.isdir(MEMORY) and shutil.disk_usage(MEMORY).free >= ROOM_BYTES
    return MEMORY if roomy else "/tmp"


class PatientDatabase(sql.Database):
    """For questions while the server comes back."""

    def rows(self, statement, *values):
        deadline = time.monotonic() + READY_S
        while True:
            try:
                return super().rows(statement, *values)
            except psycopg2.OperationalError:
                self.close()
                if time.monotonic() > deadline:
                    raise
                time.sleep(wait.STEP_S)


class Farm:
    def __init__(self, daemon, failpoints, servers):
        self.daemon, self.failpoints, self.servers = daemon, failpoints, servers
        self.load = self.sim = self.orders = self.database = self.reports = self.port = None
        self.journal, self.journal_read = [], 0
        self.fresh = []     # printers that have never been told to print
        self.printing = []  # told to print, and not yet to stop

    # -- Processes --
    def mosquitto(self):
        return fault.broker_pid(self.servers["broker"].pid)

    def postgres(self):
        """The postmaster and all below it."""
        postmaster = fault.postmaster_pid(self.servers["database"].pid)
        return [postmaster, *fault.descendants(postmaster)]

    # -- Traffic --
    def give_orders(self):
        """A start, a stop of what the last one started, and a question."""
        printer = self.fresh.pop()
        self.orders.start(printer)
        if self.printing:
            self.orders.stop(self.printing.pop())
        self.orders.give("file.list_local", printer.id)
        self.printing.append(printer)

    def restock(self):
        """Every printer that does not print is idle, its bed is clear, and it may be told to."""
        busy = {printer.id for printer in self.printing}
        self.fresh = [printer for printer in self.sim.printers if printer.id not in busy]
        ids = [printer.id for printer in self.fresh]
        wait.equal(lambda: self.database.one(
            "SELECT count(*) FROM fleet.printers JOIN fleet.printer_status USING (printer_id) WHERE "
            "printer_id = ANY(%s) AND firmware IS NOT NULL AND state = 'idle'", ids), len(ids),
            "printers known and idle")
        given = [self.orders.give("printer.set", printer_id, {"bed": "clear"}) for printer_id in ids]
        self.orders.wait_answered()
        assert all(order.final["event"] == "done" for order in given), given[0]

    def printers_received(self):
        """What reached the simulated printers and is no question; `offset`: where the journal has it."""
        with open(self.sim.received_file, "rb") as journal:
            journal.seek(self.journal_read)
            for line in journal:
                if not line.endswith(b"\n"):
                    break
                entry = json.loads(line)
                body = json.loads(entry["payload"])
                if (body.get("type"), body.get("action")) not in QUESTIONS:
                    self.journal.append({**entry, "body": body, "offset": self.journal_read})
                self.journal_read += len(line)
        return self.journal

    # -- Afterwards --
    def wait_ready(self, timeout_s=READY_S):
        def ready():
            assert self.daemon.process.poll() is None, \
                f"the daemon ended with {self.daemon.process.returncode}\n{self.daemon.tail()}"
            return (self.daemon.data_dir / "addresses").exists() and \
                self.daemon.http_status("/readyz") == 200

        wait.until(ready, "/readyz says 200", timeout_s, self.explain)

    def explain(self):
        with contextlib.suppress(Exception):
            return f"{self.daemon.http('/readyz')}\n{self.daemon.tail()}"
        return self.daemon.tail()

    def check(self, ordered=True, stops_arrive=True):
        """After a fault: recovered by itself, nothing lost, nothing doubled."""
        self.wait_ready()
        count = self.reports.check(ordered=ordered)
        self.orders.wait_answered()
        oracle.wait_commands_ended(self)
        oracle.check_commands(self, stops_arrive)
        oracle.check_nothing_refused(self)
        return count

    def check_at_rest(self):
        """And when all is said: the tables, the retained states and the printers agree."""
        self.load.quiet()
        wait.equal(self.load.waiting, 0, "reports without PUBACK", 20)
        self.check(ordered=False, stops_arrive=False)
        self.reports.check_last_readings()
        oracle.check_printers(self)


def simulator(port, seed_, printers=30):
    return Simulator(port, "--printers", printers, "--seed", seed_ % 1000, "--firmware", "3.1.0,3.0.9",
                     "--report-interval", 1, "--status-interval", 1, "--reconnect-ms-min", 50,
                     "--reconnect-ms-max", 250, "--reply-delay-ms", 50, "--speedup", 60,
                     "--print-minutes", 100000, "--connect-rate", 500)


@contextlib.contextmanager
def farm(settings=None, environment=None, before_start=None):
    """`before_start(daemon)` is called when there is a configuration and no process."""
    failpoints = Failpoints()
    daemon = Daemon(merge(SHORT, settings or {}),
                    environment={**failpoints.environment, **(environment or {})}, under=scratch())
    servers = {}
    try:
        if before_start:
            before_start(daemon)
        for name in ("broker", "database"):
            servers[name] = stops.start_server(daemon, name)
        daemon.start()
        found = Farm(daemon, failpoints, servers)
        with peopled(found, daemon.mqtt_port, daemon.mqtt_port, daemon.addresses()["database"]):
            yield found
    finally:
        failpoints.release()
        with contextlib.suppress(AssertionError):
            daemon.stop()
        for process in servers.values():
            process.send_signal(signal.SIGTERM)
        for process in servers.values():
            process.wait(30)
        daemon.cleanup()
        failpoints.remove()


@contextlib.contextmanager
def peopled(found, port, printers_port, conninfo):
    """Load, printers and orders for a daemon that is ready."""
    with contextlib.ExitStack() as stack:
        found.port = port
        found.database = stack.enter_context(PatientDatabase(conninfo))
        found.sim = stack.enter_context(simulator(printers_port, seed()))
        found.load = stack.enter_context(Load(printers_port, seed()))
        found.orders = stack.enter_context(Orders(port, found.sim.received_file))
        found.reports = oracle.Reports(found.database, found.load)
        found.sim.wait_online()
        found.restock()
        try:
            yield found
        finally:
            found.failpoints.release()
