"""A receiver of notifications: a small HTTP server in the test; and a farm whose targets it is."""
import contextlib
import http.server
import json
import threading

from harness import wait
from harness.farm import Daemon, merge
from harness.sim import Simulator


class Request:
    def __init__(self, path, headers, body):
        self.path, self.headers, self.body = path, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.path} {self.body[:300]!r}"


class Receiver:
    """Takes what is posted, by path. `statuses[path]` is what it answers (200), a path in `hanging`
    is not answered before its end."""

    def __init__(self):
        self.requests = []
        self.statuses = {}
        self.hanging = set()
        self.end = threading.Event()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                receiver.requests.append(Request(self.path, dict(self.headers), body))
                if self.path in receiver.hanging:
                    receiver.end.wait(120)
                    return
                status = receiver.statuses.get(self.path, 200)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def url(self, path):
        return f"http://127.0.0.1:{self.server.server_address[1]}{path}"

    def of(self, path):
        return [request for request in list(self.requests) if request.path == path]

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.end.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)


LAYERS = 300
SETTINGS = {
    "fleet": {"enrolment": "auto", "query_timeout_s": 1, "outage_window_s": 30},
    "inbound": {"heartbeat_interval_ms": 300, "deaf_after_ms": 2500},
    "notify": {"retry_first_s": 1, "retry_max_s": 1},
}


class Site:
    def __init__(self, daemon, database, receiver):
        self.daemon, self.database, self.receiver = daemon, database, receiver

    def metric(self, name):
        for line in self.daemon.http("/metrics")[1].splitlines():
            if line.startswith(f"printfleet_{name} "):
                return float(line.split()[-1])
        return None

    def rows(self, where="true"):
        return self.database.rows(
            f"SELECT * FROM fleet.notifications WHERE {where} ORDER BY notification_id")

    def told(self, path, count=1, timeout_s=30):
        wait.until(lambda: len(self.receiver.of(path)) >= count, f"{count} at {path}", timeout_s,
                   lambda: (self.receiver.requests, self.rows()))
        return self.receiver.of(path)

    def print_all(self, sim):
        sim.wait_online()
        for printer in sim.printers:
            sim.tell(f"panel-start {printer.id} {printer.id[:6]}.gcode")
        ids = [printer.id for printer in sim.printers]
        wait.until(lambda: self.database.one(
            "SELECT count(*) FROM fleet.jobs WHERE printer_id = ANY(%s) AND layer >= 1", ids)
            == len(ids), f"{len(ids)} print their first layers", 60)


def target(receiver, name, **more):
    return {"name": name, "url": receiver.url(f"/{name}"), "group_s": 1, **more}


@contextlib.contextmanager
def site_of(make_targets, settings=None):
    with Receiver() as receiver:
        over = merge(SETTINGS, settings or {})
        over = merge(over, {"notify": {"targets": make_targets(receiver)}})
        with Daemon(over) as daemon:
            database = daemon.database()
            try:
                yield Site(daemon, database, receiver)
            finally:
                database.close()


def simulator(site, count, seed, *words):
    return Simulator(site.daemon.mqtt_port, "--printers", count, "--seed", seed, "--layers", LAYERS,
                     "--report-interval", 1, "--print-minutes", 60, "--speedup", 20,
                     "--connect-rate", 500, *words)
