"""A real Mosquitto and a daemon that answers requests by a script: for tests of the command line."""
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import time
import unittest

import paho.mqtt.client as mqtt

PROGRAM = os.environ.get("PRINTFLEET", "printfleet")
NAMES = {"p1": "a-01", "p2": "a-02"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def state(number):
    return {"v": 1, "printer_id": f"p{number}", "name": f"a-{number:02}", "model": "K2Pro",
            "state": "printing", "online": True, "nozzle_temp_c": 209.6, "nozzle_target_c": 210.0,
            "bed_temp_c": 60.0, "bed_target_c": 60.0, "firmware": "3.1.0",
            "job": {"progress_ratio": 0.45, "filename": "clip.gcode"},
            "received_at": "2026-01-01T00:00:00.000Z"}


class Daemon:
    """Answers requests as interface.md says, by a script."""

    def __init__(self, port):
        self.requests = []
        self.client = mqtt.Client(client_id="daemon", protocol=mqtt.MQTTv5)
        self.client.on_message = self.on_message
        self.client.on_subscribe = lambda *_: setattr(self, "ready", True)
        self.ready = False
        self.client.connect("127.0.0.1", port)
        self.client.subscribe("fleet/v1/command/#", qos=1)
        self.client.loop_start()
        while not self.ready:
            time.sleep(0.01)
        self.bridge("online")

    def bridge(self, word):
        self.client.publish("fleet/v1/bridge", json.dumps({"state": word}), 1, True)

    def stop(self):
        self.client.disconnect()
        self.client.loop_stop()

    def on_message(self, client, _, message):
        request = json.loads(message.payload)
        author = (message.topic.split("/") + ["local"])[3]
        self.requests.append((author, request))
        for response in self.answer(request):
            response |= {"id": request["id"], "at": "2026-01-01T00:00:00.000Z"}
            client.publish(f"fleet/v1/response/{author}/{request['id']}", json.dumps(response), 1)

    def answer(self, request):
        command, args = request["command"], request["args"]
        if command == "printer.list":
            if args.get("after") is None:
                return [{"event": "done", "result": {"printers": [state(1)], "after": "p1"}}]
            return [{"event": "done", "result": {"printers": [state(2)], "after": None}}]
        if command == "job.list":
            job = {"job_id": 17, "printer_id": "p1", "filename": "clip.gcode", "state": "ended",
                   "outcome": "finished", "progress_ratio": 1.0, "elapsed_s": 4000,
                   "started_at": "2026-01-01T00:00:00.000Z", "verdict": None}
            return [{"event": "done", "result": {"jobs": [job], "after": None}}]
        if command == "command.get":
            return [{"event": "done", "result": {"state": "done", "asked": args["request_id"]}}]
        if command == "print.update":
            return [{"event": "rejected", "reason": "out_of_range", "path": "args.bed_target_c",
                     "message": "args.bed_target_c: 130 is above 90, the limit of K2Pro"}]
        if command == "print.map_local_task":
            return [{"event": "accepted", "matched": 1, "target_hash": "h", "skipped": []}]
        printers = request["target"].get("printers", list(NAMES))
        accepted = {"event": "accepted", "matched": len(printers), "target_hash": "hash",
                    "skipped": [{"printer_id": "p3", "name": "a-03", "reason": "offline"}]}
        if request["options"].get("dry_run"):
            told = {"type": "print", "action": "pause", "data": {"taskid": "17"}}
            return [accepted, {
                "event": "done", "matched": len(printers) + 1, "target_hash": "hash", "skipped": 1,
                "would_send": len(printers), "executions": [
                    *({"printer_id": p, "name": NAMES[p], "state": "would_send", "sends": told}
                      for p in printers),
                    {"printer_id": "p3", "name": "a-03", "state": "skipped",
                     "reason": "offline"}]}]
        failed = 1 if "p2" in printers else 0
        rows = [{"printer_id": p, "name": NAMES[p], "state": "failed" if p == "p2" else "succeeded",
                 "code": 10110 if p == "p2" else 200, "message": "", "result": {}}
                for p in printers]
        done = {"event": "done", "succeeded": len(printers) - failed, "failed": failed,
                "timed_out": 0, "skipped": 1, "duration_ms": 812}
        return [accepted, {"event": "progress", "queued": 1, "sent": 1},
                {"event": "execution", "executions": rows}, done]


class Desk(unittest.TestCase):
    daemon_class = Daemon

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.port = free_port()
        config = pathlib.Path(self.directory.name) / "mosquitto.conf"
        config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        self.broker = subprocess.Popen(["/usr/sbin/mosquitto", "-c", str(config)],
                                       stderr=subprocess.DEVNULL)
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    break
            time.sleep(0.02)
        self.daemon = self.daemon_class(self.port)

    def tearDown(self):
        self.daemon.stop()
        self.broker.terminate()
        self.broker.wait()
        self.directory.cleanup()

    def connection(self):
        return ["--broker", f"mqtt://127.0.0.1:{self.port}"]

    def run_cli(self, *words):
        return subprocess.run([PROGRAM, *words, *self.connection()], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60, check=False)
