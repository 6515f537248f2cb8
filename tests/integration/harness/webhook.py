"""A receiver of notifications: a small HTTP server in the test."""
import http.server
import json
import threading


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
