#!/usr/bin/python3
"""Following a command: the live table on a terminal, interrupting, attaching again.

Run: PRINTFLEET=build/dev/bin/printfleet /usr/bin/python3 tests/unit/cli/follow_test.py
(mosquitto, python3-paho-mqtt)
"""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
import unittest
import uuid

import scripted

FINAL = ("succeeded", "failed", "timed_out", "sent_unconfirmed", "cancelled", "expired", "skipped")


class Daemon(scripted.Daemon):
    """One command of many printers whose executions the test ends by hand."""

    def __init__(self, port):
        self.states = {}
        self.request_id = None
        self.page_max = 100
        self.lock = threading.Lock()
        super().__init__(port)

    def fill(self, count, state="sent"):
        self.states = {f"p{number:05}": state for number in range(count)}

    def row(self, printer):
        return {"printer_id": printer, "name": f"name-{printer}", "state": self.states[printer],
                "code": None, "message": "", "result": {}}

    def counts(self):
        states = list(self.states.values())
        return {"queued": states.count("queued"), "sent": states.count("sent"),
                **{name: states.count(name) for name in FINAL}}

    def done(self):
        counts = self.counts()
        return all(state in FINAL for state in self.states.values()) and {
            "event": "done", "matched": len(self.states), "duration_ms": 60000,
            **{name: counts[name] for name in FINAL}}

    def say(self, *responses):
        for response in responses:
            message = {"id": self.request_id, "at": "2026-01-01T00:01:00.000Z", **response}
            self.client.publish(f"fleet/v1/response/local/{self.request_id}", json.dumps(message), 1)

    def end(self, state, *printers, told=True):
        """Ends these printers' part; `told` on the response topic."""
        with self.lock:
            self.states |= dict.fromkeys(printers, state)
            rows = [self.row(printer) for printer in printers]
        if told:
            for at in range(0, len(rows), 300):
                self.say({"event": "execution", "executions": rows[at:at + 300]})
            self.say({"event": "progress", **self.counts()})
            if self.done():
                self.say(self.done())

    def answer(self, request):
        args = request["args"]
        if request["command"] != "command.get":
            self.request_id = request["id"]
            return [{"event": "accepted", "matched": len(self.states), "target_hash": "h",
                     "skipped": []}]
        if args["request_id"] != self.request_id:
            return [{"event": "rejected", "reason": "not_found", "message": "no such command"}]
        with self.lock:
            wanted = [printer for printer in sorted(self.states) if printer > args.get("after", "")
                      and (args.get("state") != "open" or self.states[printer] not in FINAL)]
            page = wanted[:min(args["limit"], self.page_max)]
            command = {"command_id": 7, "request_id": self.request_id, "counts": self.counts(),
                       "created_at": "2026-01-01T00:00:00.000Z",
                       "finished_at": "2026-01-01T00:01:00.000Z" if self.done() else None,
                       "state": "done" if self.done() else "accepted",
                       "executions": [self.row(printer) for printer in page]}
        return [{"event": "done", "result": {
            "command": command, "after": page[-1] if len(page) < len(wanted) else None}}]


class Terminal:
    """A process on a terminal, and what the terminal shows: as much of it as the program uses."""

    def __init__(self, words, rows, columns, **environment):
        self.master, slave = pty.openpty()
        self.rows, self.columns = rows, columns
        self.lines, self.row, self.column = [""], 0, 0
        self.raw = b""
        self.resize(rows, columns)
        self.process = subprocess.Popen(
            words, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env=os.environ | {"TERM": "xterm", "NO_COLOR": ""} | environment)
        os.close(slave)

    def resize(self, rows, columns):
        """As terminals do: what is wider than the new width is broken."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        broken = []
        for line in self.lines:
            broken += [line[at:at + columns] for at in range(0, max(len(line), 1), columns)]
        self.lines, self.rows, self.columns = broken, rows, columns
        self.row, self.column = len(broken) - 1, len(broken[-1])

    def pump(self, time_s=0.05):
        while select.select([self.master], [], [], time_s)[0]:
            try:
                news = os.read(self.master, 65536)
            except OSError:
                return
            self.raw += news
            self.show(news.decode(errors="replace"))
            time_s = 0

    def show(self, text):
        for part in re.findall(r"\x1b\[\d*[A-Za-z]|\r|\n|[^\x1b\r\n]+", text):
            if part == "\r":
                self.column = 0
            elif part == "\n":
                self.row, self.column = self.row + 1, 0
                self.lines += [""] * (self.row + 1 - len(self.lines))
            elif part.endswith("A") and part.startswith("\x1b"):
                self.row -= int(part[2:-1])
                assert self.row >= 0, "the cursor left the screen"
            elif part == "\x1b[J":
                self.lines[self.row] = self.lines[self.row][:self.column]
                del self.lines[self.row + 1:]
            elif part.endswith("m") and part.startswith("\x1b"):
                continue
            else:
                assert not part.startswith("\x1b"), repr(part)
                self.write(part)

    def write(self, part):
        room = self.columns - self.column
        if len(part) > room:
            self.write(part[:room])
            self.show("\r\n")
            self.write(part[room:])
            return
        line = self.lines[self.row].ljust(self.column)
        self.lines[self.row] = line[:self.column] + part + line[self.column + len(part):]
        self.column += len(part)

    def until(self, condition, what, time_s=20):
        def holds():
            try:
                return condition(self.lines)
            except IndexError:
                return False

        deadline = time.monotonic() + time_s
        while not holds():
            assert time.monotonic() < deadline, f"not {what}: {self.lines}"
            self.pump()
        return self.lines

    def wait(self, time_s=20):
        deadline = time.monotonic() + time_s
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it goes on: {self.lines}"
            self.pump()
        self.pump()
        return self.process.returncode

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)


class Follow(scripted.Desk):
    daemon_class = Daemon

    def terminal(self, *words, rows=12, columns=60, **environment):
        terminal = Terminal([scripted.PROGRAM, *words, *self.connection()], rows, columns,
                            **environment)
        self.addCleanup(terminal.close)
        return terminal

    def sending(self, printers=400, **size):
        self.daemon.fill(printers)
        terminal = self.terminal("send", "print.pause", "--all", "--yes", **size)
        terminal.until(lambda lines: f"0/{printers} done" in lines[-1], "the progress")
        return terminal

    def attached(self):
        """As --attach to a command that somebody sent before."""
        self.daemon.request_id = str(uuid.uuid4())
        return ["send", "--attach", self.daemon.request_id]

    # -- The table --
    def test_the_table_shows_what_needs_a_look(self):
        terminal = self.sending(columns=80)
        lines = terminal.until(lambda lines: lines[1].startswith("NAME"), "the table")
        self.assertEqual(len(lines), 1 + 11)  # the line with the request's id, then the table
        self.daemon.end("succeeded", *[f"p{number:05}" for number in range(100)])
        self.daemon.end("failed", "p00200", "p00201")
        lines = terminal.until(lambda lines: "102/400 done" in lines[-1], "the results")
        terminal.until(lambda lines: "name-p00201  failed" in lines[3], "the failed")
        self.assertRegex(lines[2], r"^name-p00200  failed")
        terminal.until(lambda lines: lines[4].startswith("name-p00100  sent"), "the open ones")
        self.assertRegex(lines[-2], r"^… and 100 succeeded, 292 open$")
        self.assertRegex(lines[-1], r"^\[####+ +\] 102/400 done, 2 not succeeded, 298 sent$")
        self.assertIn(b"\x1b[31m", terminal.raw)
        self.daemon.end("succeeded", *[printer for printer, state in self.daemon.states.items()
                                       if state == "sent"])
        self.assertEqual(terminal.wait(), 1)
        self.assertEqual(len(terminal.lines), 1 + 1 + 400 + 1 + 1)
        self.assertRegex(terminal.lines[2], r"^name-p00200  p00200   failed")
        self.assertEqual(terminal.lines[-2], "398 succeeded, 2 failed in 60.0 s")

    def test_it_follows_the_terminals_size(self):
        terminal = self.sending(columns=100)
        self.daemon.end("failed", "p00007")
        terminal.until(lambda lines: "name-p00007  failed" in lines[2], "the failed")
        for rows, columns in ((8, 30), (30, 120), (3, 30), (20, 70)):  # the id's line is broken by 30
            terminal.resize(rows, columns)
            wanted = 2 + (rows - 1 if rows > 4 else 1)
            terminal.until(lambda lines, wanted=wanted: len(lines) == wanted and "[" in lines[-1],
                           f"{wanted} lines")
            self.assertLessEqual(max(len(line) for line in terminal.lines), columns)
            self.assertEqual(sum(line.startswith("NAME") for line in terminal.lines), rows > 4)

    def test_no_color(self):
        terminal = self.sending(NO_COLOR="1")
        self.daemon.end("failed", "p00001")
        terminal.until(lambda lines: "failed" in lines[2], "the failed")
        self.daemon.end("succeeded", *list(self.daemon.states)[2:], "p00000")
        self.assertEqual(terminal.wait(), 1)
        self.assertNotRegex(terminal.raw.decode(), r"\x1b\[\d*m")

    def test_few_printers_need_no_table(self):
        self.daemon.fill(3)
        terminal = self.terminal("send", "print.pause", "--all", "--yes")
        terminal.until(lambda lines: "0/3 done" in lines[-1], "the progress")
        self.daemon.end("succeeded", "p00000")
        lines = terminal.until(lambda lines: "1/3 done" in lines[-1], "the progress")
        self.assertEqual(len(lines), 2)
        self.daemon.end("succeeded", "p00001", "p00002")
        self.assertEqual(terminal.wait(), 0)

    def test_ten_thousand_printers_are_drawn_five_times_a_second(self):
        terminal = self.sending(printers=10000)
        begin, before = time.monotonic(), terminal.raw.count(b"\x1b[J")
        for at in range(0, 10000, 100):
            self.daemon.end("succeeded", *[f"p{number:05}" for number in range(at, at + 100)])
            terminal.pump(0.01)
        self.assertEqual(terminal.wait(60), 0)
        drawn, time_s = terminal.raw.count(b"\x1b[J") - before, time.monotonic() - begin
        self.assertLessEqual(drawn, 5 * time_s + 2)
        self.assertEqual(terminal.lines[-2], "10000 succeeded in 60.0 s")

    # -- Interrupted --
    def test_a_signal_leaves_the_command_running_and_the_terminal_clean(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number):
                terminal = self.sending()
                terminal.process.send_signal(number)
                self.assertEqual(terminal.wait(), 130)
                self.assertEqual("".join(terminal.lines[1:]),
                                 "the command goes on; attach again with: printfleet send --attach "
                                 f"{self.daemon.request_id} --broker mqtt://127.0.0.1:{self.port}")
                self.assertNotIn("command.cancel", [request["command"]
                                                    for _, request in self.daemon.requests])

    def test_the_key_interrupts_too(self):
        terminal = self.sending()
        os.write(terminal.master, b"\x03")
        self.assertEqual(terminal.wait(), 130)
        self.assertFalse([line for line in terminal.lines if "NAME" in line or "^C" in line])

    def test_a_hang_up_ends_it(self):
        terminal = self.sending()
        os.close(terminal.master)
        self.assertEqual(terminal.process.wait(20), 130)
        terminal.master = os.open("/dev/null", os.O_RDONLY)

    # -- Attached --
    def test_attached_to_what_goes_on(self):
        words = self.attached()
        self.daemon.fill(250)
        self.daemon.end("failed", "p00003", told=False)
        terminal = self.terminal(*words)
        lines = terminal.until(lambda lines: "1/250 done" in lines[-1], "the progress")
        self.assertRegex(lines[1], r"^name-p00003  failed")
        self.daemon.end("succeeded", *[f"p{number:05}" for number in range(250) if number != 3])
        self.assertEqual(terminal.wait(), 1)
        self.assertEqual(sum("succeeded" in line for line in terminal.lines), 249 + 1)
        self.assertEqual(terminal.lines[-2], "249 succeeded, 1 failed in 60.0 s")

    def test_attached_to_what_has_ended(self):
        words = self.attached()
        self.daemon.fill(1234, "succeeded")
        result = self.run_cli(*words)
        self.assertEqual(result.returncode, 0, result.stderr)
        lines = result.stdout.splitlines()
        self.assertEqual(len(lines), 1 + 1234 + 1)
        self.assertEqual(len(set(lines)), len(lines))
        self.assertEqual(lines[-1], "1234 succeeded in 60.0 s")
        self.daemon.fill(5, "timed_out")
        self.assertEqual(self.run_cli(*words).returncode, 4)

    def test_attached_while_it_ends_between_two_pages(self):
        words = self.attached()
        self.daemon.fill(500)
        answer = self.daemon.answer

        def ends_behind_the_first_page(request):
            answered = answer(request)
            if request["args"].get("after") is None:
                self.daemon.end("failed", *self.daemon.states, told=False)
            return answered

        self.daemon.answer = ends_behind_the_first_page
        result = self.run_cli(*words)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(sum("  failed" in line for line in result.stdout.splitlines()), 500)

    def test_attached_to_what_answers_elsewhere(self):
        words = self.attached()
        self.daemon.fill(120)
        process = subprocess.Popen([scripted.PROGRAM, *words, *self.connection()], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        begin = time.monotonic()
        while len(self.daemon.requests) < 5:
            time.sleep(0.02)
        self.assertGreater(time.monotonic() - begin, 2)  # two pages, then once a second
        self.daemon.end("failed", "p00001", told=False)
        while not process.stderr.readline().startswith("[                        ] 1/120 done"):
            pass
        self.daemon.end("succeeded", *[f"p{number:05}" for number in range(2, 120)], "p00000",
                        told=False)
        output, _ = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 1)
        self.assertEqual(output.splitlines()[-1], "119 succeeded, 1 failed in 60.0 s")

    def test_attached_as_json(self):
        words = self.attached()
        self.daemon.fill(120, "succeeded")
        documents = [json.loads(line)
                     for line in self.run_cli(*words, "--json").stdout.splitlines()]
        self.assertEqual([each["event"] for each in documents], ["execution", "execution", "done"])
        self.assertEqual({each["id"] for each in documents}, {self.daemon.request_id})
        self.assertEqual(len({row["printer_id"] for each in documents[:2]
                              for row in each["executions"]}), 120)
        self.assertEqual(documents[2]["succeeded"], 120)

    def test_attached_to_nothing(self):
        for words, said in ((["--attach", str(uuid.uuid4())], "no such command"),
                            (["--attach", "17"], "UUID"),
                            (["--attach", str(uuid.uuid4()), "--all"], "--all"),
                            (["print.pause", "--attach", str(uuid.uuid4())], "COMMAND")):
            result = self.run_cli("send", *words)
            self.assertEqual(result.returncode, 2, words)
            self.assertIn(said, result.stderr + result.stdout)

    def test_without_a_terminal_there_are_lines(self):
        self.daemon.fill(4)
        process = subprocess.Popen(
            [scripted.PROGRAM, "send", "print.pause", "--all", "--yes", *self.connection()],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while not self.daemon.requests:
            time.sleep(0.02)
        self.daemon.end("succeeded", "p00000", "p00001")
        self.daemon.end("succeeded", "p00002", "p00003")
        output, said = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(said.splitlines()[1:], [
            "[############            ] 2/4 done, 2 sent", "[########################] 4/4 done"])
        self.assertNotIn("\x1b", output + said)
        self.assertEqual({request["command"] for _, request in self.daemon.requests},
                         {"print.pause"})


if __name__ == "__main__":
    unittest.main()
