#!/usr/bin/python3
"""The command line against a real Mosquitto and a scripted daemon.

Run: PRINTFLEET=build/dev/bin/printfleet /usr/bin/python3 tests/unit/cli/client_test.py
(mosquitto, python3-paho-mqtt)
"""
import json
import os
import pathlib
import pty
import signal
import subprocess
import tempfile
import time
import unittest

import scripted
from scripted import PROGRAM, free_port, state


class CommandLine(scripted.Desk):
    def test_one_printer_is_not_asked_about(self):
        result = self.run_cli("send", "print.pause", "--printer", "p1")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("a-01  p1       succeeded  200", result.stdout)
        self.assertIn("1 succeeded, 1 skipped in 0.8 s", result.stdout)
        dry, real = [request for _, request in self.daemon.requests]
        self.assertTrue(dry["options"]["dry_run"])
        self.assertEqual(real["options"], {"if_matched": "hash"})
        self.assertNotEqual(dry["id"], real["id"])
        self.assertIn(real["id"], result.stderr)

    def test_many_printers_without_anybody_to_ask(self):
        result = self.run_cli("send", "print.pause", "--all")
        self.assertEqual(result.returncode, 2)
        self.assertIn("2 printers matched, 1 skipped:\n  a-03: offline", result.stderr)
        self.assertIn("--yes", result.stderr)
        self.assertEqual(len(self.daemon.requests), 1)

    def test_many_printers_at_a_terminal(self):
        for answer, code, requests in [("n\n", 2, 1), ("y\n", 1, 3)]:
            with self.subTest(answer):
                master, slave = pty.openpty()
                process = subprocess.Popen(
                    [PROGRAM, "send", "print.pause", "--all", *self.connection()],
                    stdin=slave, stdout=slave, stderr=slave)
                os.close(slave)
                os.write(master, answer.encode())
                self.assertEqual(process.wait(timeout=30), code)
                os.close(master)
                self.assertEqual(len(self.daemon.requests), requests)

    def test_ctrl_c_at_the_question_sends_nothing(self):
        master, slave = pty.openpty()
        process = subprocess.Popen([PROGRAM, "send", "print.pause", "--all", *self.connection()],
                                   stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        while b"[y/N]" not in os.read(master, 4096):
            pass
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=10), 2)
        os.close(master)
        self.assertEqual(len(self.daemon.requests), 1)

    def test_yes_sends_at_once_and_one_failure_is_exit_1(self):
        result = self.run_cli("send", "print.pause", "--all", "--yes")
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn("failed     10110", result.stdout)
        self.assertEqual(len(self.daemon.requests), 1)

    def test_json_passes_every_response(self):
        result = self.run_cli("send", "print.pause", "--all", "--yes", "--json")
        events = [json.loads(line)["event"] for line in result.stdout.splitlines()]
        self.assertEqual(events, ["accepted", "progress", "execution", "done"])

    def test_no_wait_and_dry_run(self):
        result = self.run_cli("send", "print.pause", "--all", "--yes", "--no-wait")
        self.assertEqual((result.returncode, result.stdout), (0, ""))
        result = self.run_cli("send", "print.pause", "--all", "--dry-run")
        self.assertEqual(result.returncode, 0)
        self.assertEqual(result.stdout, """\
3 printers matched
would be sent (2):
  print/pause {"taskid":"17"}
    2 printers: a-01, a-02
would be skipped (1):
  offline
    1 printer: a-03
to exactly these printers, or to none: --if-matched hash
""")

    def test_rejected_is_usage(self):
        result = self.run_cli("send", "print.update", "bed_target_c=130", "--printer", "p1")
        self.assertEqual(result.returncode, 2)
        self.assertIn("refused: out_of_range: args.bed_target_c: 130 is above 90", result.stderr)

    def test_question_prints_its_result(self):
        result = self.run_cli("send", "command.get", "request_id=abc")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(json.loads(result.stdout), {"state": "done", "asked": "abc"})

    def test_user_is_the_author(self):
        result = self.run_cli("send", "command.get", "request_id=abc", "--user", "anna")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.daemon.requests[0][0], "anna")

    def test_lists_are_paged(self):
        result = self.run_cli("printers")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("210/210", result.stdout)
        self.assertIn("45 %", result.stdout)
        result = self.run_cli("printers", "--json", "--model", "K2Pro")
        self.assertEqual([json.loads(line)["name"] for line in result.stdout.splitlines()],
                         ["a-01", "a-02"])
        self.assertEqual(self.daemon.requests[-1][1]["target"], {"models": ["K2Pro"]})
        result = self.run_cli("jobs", "--printer", "a-01", "--limit", "3")
        self.assertIn("1 h 6 min", result.stdout)
        self.assertEqual(self.daemon.requests[-1][1]["args"], {"limit": 3})

    def test_watch_says_changes(self):
        for number in (1, 2):
            self.daemon.client.publish(f"fleet/v1/printers/p{number}/state",
                                       json.dumps(state(number)), 1, True).wait_for_publish()
        process = subprocess.Popen([PROGRAM, "watch", *self.connection()], stdout=subprocess.PIPE,
                                   text=True)
        self.assertEqual(sorted(process.stdout.readline() for _ in range(2)),
                         ["a-01 printing 45 % clip.gcode\n", "a-02 printing 45 % clip.gcode\n"])
        self.daemon.client.publish("fleet/v1/events", json.dumps(
            {"at": "2026-01-01T00:00:00.000Z", "kind": "online", "printer_id": "p1"}), 1)
        self.assertEqual(process.stdout.readline(), "2026-01-01T00:00Z online p1\n")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=10), 0)
        process.stdout.close()

    def test_ctrl_c_leaves_the_command_running(self):
        process = subprocess.Popen(
            [PROGRAM, "send", "print.map_local_task", "--printer", "p1", "--yes",
             *self.connection()], stderr=subprocess.PIPE, text=True)
        while not self.daemon.requests:
            time.sleep(0.02)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=10), 130)
        request_id = self.daemon.requests[0][1]["id"]
        self.assertIn("the command goes on; attach again with: printfleet send --attach "
                      f"{request_id} --broker mqtt://127.0.0.1:{self.port}", process.stderr.read())
        process.stderr.close()

    def test_nobody_there_is_exit_3(self):
        port = free_port()
        result = subprocess.run([PROGRAM, "printers", "--broker", f"mqtt://127.0.0.1:{port}"],
                                capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(result.returncode, 3)
        self.assertIn("Connection refused", result.stderr)

    def test_offline_daemon_is_exit_3_at_once(self):
        self.daemon.bridge("offline")
        time.sleep(0.2)
        self.daemon.stop()
        start = time.monotonic()
        result = self.run_cli("printers")
        self.assertEqual(result.returncode, 3)
        self.assertIn("the daemon is offline", result.stderr)
        self.assertLess(time.monotonic() - start, 5)

    def test_lost_broker_is_exit_3(self):
        process = subprocess.Popen(
            [PROGRAM, "send", "print.map_local_task", "--printer", "p1", "--yes",
             *self.connection()], stderr=subprocess.PIPE, text=True)
        while not self.daemon.requests:
            time.sleep(0.02)
        self.broker.terminate()
        self.broker.wait()
        self.assertEqual(process.wait(timeout=10), 3)
        self.assertIn("it may still have been done", process.stderr.read())
        process.stderr.close()


class LocalFiles(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.directory.name)
        self.config = self.root / "printfleet.yaml"
        self.config.write_text(f"data_dir: {self.root}\n")

    def tearDown(self):
        self.directory.cleanup()

    def run_cli(self, *words):
        environment = os.environ | {"PRINTFLEET_CONFIG": str(self.config)}
        return subprocess.run([PROGRAM, *words], capture_output=True, text=True, env=environment,
                              stdin=subprocess.DEVNULL, timeout=60, check=False)

    def test_check_names_every_problem(self):
        result = self.run_cli("check")
        self.assertEqual((result.returncode, result.stdout), (0, "configuration ok\n"))
        self.config.write_text("data_dir: data\nbrokr: {}\n")
        result = self.run_cli("check")
        self.assertEqual(result.returncode, 2)
        self.assertEqual(result.stdout.replace(str(self.config), "F").splitlines(), [
            'F:1:11: data_dir: "data" must be an absolute path',
            'F:2:1: brokr: unknown key; did you mean "broker"?'])
        result = self.run_cli("check", "--config", "/nonexistent")
        self.assertEqual(result.returncode, 2)

    def test_users_come_and_go(self):
        password = self.root / "password"
        password.write_text("a secret of anna\n")
        result = self.run_cli("user", "add", "anna", "--role", "operator", "--password-file",
                              str(password))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("kill -HUP", result.stdout)
        users = self.root / "users"
        self.assertEqual(users.stat().st_mode & 0o777, 0o600)
        self.assertRegex(users.read_text(), r"(?m)^anna:operator:\$7\$")
        result = self.run_cli("user", "list", "--json")
        self.assertEqual(json.loads(result.stdout), {"name": "anna", "role": "operator"})
        self.assertEqual(self.run_cli("user", "remove", "anna").returncode, 0)
        self.assertEqual(self.run_cli("user", "remove", "anna").returncode, 2)
        self.assertEqual(self.run_cli("user", "list").stdout, "")

    def test_user_add_without_terminal_or_file(self):
        result = self.run_cli("user", "add", "anna", "--role", "viewer")
        self.assertEqual(result.returncode, 2)
        self.assertIn("--password-file", result.stderr)


if __name__ == "__main__":
    unittest.main()
