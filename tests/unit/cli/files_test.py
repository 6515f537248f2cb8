#!/usr/bin/python3
"""printfleet files, against a scripted daemon and a scripted HTTP server.

Run: PRINTFLEET=build/dev/bin/printfleet /usr/bin/python3 tests/unit/cli/files_test.py
(mosquitto, python3-paho-mqtt)
"""
import http.server
import json
import os
import pathlib
import pty
import signal
import subprocess
import threading
import unittest

import scripted
from scripted import PROGRAM, free_port

FILE = {"artifact_id": 3, "name": "part.gcode", "sha256": "ab" * 32, "md5": "cd" * 16,
        "size_bytes": 1500, "slicer": "OrcaSlicer 2.1.1", "model": "K2Pro", "estimated_s": 3723,
        "material": "PLA", "layers": 12, "has_thumbnail": True, "added_by": "ann",
        "added_at": "2026-01-01T08:00:00.000Z"}


class Daemon(scripted.Daemon):
    def answer(self, request):
        command, args = request["command"], request["args"]
        if command == "file.library.list":
            after = None if args.get("after") else "3"
            return [{"event": "done", "result": {"files": [FILE], "after": after}}]
        if args.get("artifact") != "part.gcode":
            return [{"event": "rejected", "reason": "not_found", "message": "no such file"}]
        return [{"event": "done", "result": {"file": FILE}}]


class Server(http.server.ThreadingHTTPServer):
    """Takes uploads, as the daemon does; remembers what it has got."""

    def __init__(self):
        self.uploads, self.ended = [], threading.Event()
        self.got_some, self.released = threading.Event(), threading.Event()
        super().__init__(("127.0.0.1", 0), Uploads)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # a client that has gone gets no answer


class Uploads(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self):  # pylint: disable=invalid-name
        if self.headers["X-Api-Key"] != "the key":
            return self.say(401, {"error": "the API key is wrong"})
        left, body = int(self.headers["Content-Length"]), b""
        while left > 0 and (piece := self.rfile.read1(min(left, 1 << 16))):
            body, left = body + piece, left - len(piece)
            self.server.got_some.set()
            if "slow" in self.path:
                self.server.released.wait(60)
        self.server.uploads.append((self.path, len(body), left))
        self.server.ended.set()
        return self.say(200 if "known" in self.path else 201, FILE)

    def say(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_):
        pass


class Files(scripted.Desk):
    daemon_class = Daemon

    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.directory.name)
        (self.folder / "key").write_text("the key\n")
        self.server = Server()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def tearDown(self):
        self.server.released.set()
        self.server.shutdown()
        self.server.server_close()
        super().tearDown()

    def file(self, name, size=1500):
        path = self.folder / name
        path.write_text("G28\n" + ";" * (size - 5) + "\n")
        return str(path)

    def add(self, *words, key="key", **options):
        return subprocess.run([PROGRAM, "files", "add", "--url", self.url, *words],
                              env={**os.environ, "PRINTFLEET_KEY_FILE": str(self.folder / key)},
                              capture_output=True, text=True, timeout=60, check=False, **options)

    def test_list_pages_and_shows_a_table(self):
        result = self.run_cli("files", "list")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("part.gcode  1.5 kB  K2Pro", result.stdout)
        self.assertEqual(len(self.daemon.requests), 2)
        lines = self.run_cli("files", "list", "--json").stdout.splitlines()
        self.assertEqual([json.loads(line) for line in lines], [FILE, FILE])

    def test_show_and_remove(self):
        shown = self.run_cli("files", "show", "part.gcode")
        self.assertIn("md5           " + "cd" * 16, shown.stdout)
        self.assertEqual(json.loads(self.run_cli("files", "show", "part.gcode", "--json").stdout), FILE)
        removed = self.run_cli("files", "remove", "part.gcode")
        self.assertEqual((removed.returncode, removed.stderr), (0, "part.gcode: removed\n"))
        self.assertEqual(self.daemon.requests[-1][1]["command"], "file.library.remove")
        missing = self.run_cli("files", "remove", "other.gcode")
        self.assertEqual(missing.returncode, 2)
        self.assertIn("no such file", missing.stderr)

    def test_add_uploads_each_file(self):
        result = self.add(self.file("würfel a.gcode"), self.file("known.gcode", 3 << 20))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("würfel a.gcode: added\n", result.stdout)
        self.assertIn("known.gcode: already there\n", result.stdout)
        self.assertEqual(self.server.uploads, [("/library/w%C3%BCrfel%20a.gcode", 1500, 0),
                                               ("/library/known.gcode", 3 << 20, 0)])
        self.assertEqual(json.loads(self.add("--json", self.file("a.gcode")).stdout), FILE)

    def test_add_refused(self):
        (self.folder / "wrong").write_text("another\n")
        result = self.add(self.file("a.gcode"), key="wrong")
        self.assertEqual(result.returncode, 2)
        self.assertIn("refused (401): the API key is wrong", result.stderr)
        self.assertNotIn("another", result.stderr)
        result = self.add(self.file("a.gcode"), str(self.folder / "missing.gcode"))
        self.assertEqual(result.returncode, 1)
        self.assertIn("missing.gcode: No such file", result.stderr)
        self.assertEqual(self.add(str(self.folder)).returncode, 2)
        self.assertEqual(self.add(self.file("a.gcode"), key="no-such-key").returncode, 2)

    def test_add_to_nobody(self):
        self.url = f"http://127.0.0.1:{free_port()}"
        result = self.add(self.file("a.gcode"))
        self.assertEqual(result.returncode, 3)
        self.assertIn(self.url, result.stderr)

    def test_add_shows_its_way_on_a_terminal_and_ends_at_ctrl_c(self):
        master, slave = pty.openpty()
        process = subprocess.Popen(
            [PROGRAM, "files", "add", "--url", self.url, "--key-file", str(self.folder / "key"),
             self.file("slow.gcode", 32 << 20)],
            stdin=slave, stdout=slave, stderr=slave, env={**os.environ, "TERM": "xterm"})
        os.close(slave)
        shown = b""
        while b" %" not in shown:
            shown += os.read(master, 4096)
        self.assertTrue(self.server.got_some.wait(10))
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=10), 130)
        os.close(master)
        self.server.released.set()
        self.assertTrue(self.server.ended.wait(10))
        self.assertGreater(self.server.uploads[0][2], 0)  # it has not come to its end


if __name__ == "__main__":
    unittest.main()
