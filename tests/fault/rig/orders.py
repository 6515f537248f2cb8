"""Commands as a person gives them while things break: the same request again until there is an
answer, from a thread of its own."""
import dataclasses
import json
import threading
import time
import uuid

import paho.mqtt.client as paho

from harness.mqtt import FLEET

AGAIN_S = 1.5
TIMEOUT_S = 6
FILE = {"file": {"storage": "local", "path": "/", "filename": "benchy.gcode"}}


@dataclasses.dataclass
class Order:
    command: str
    printer_id: str
    request_id: str
    body: str
    journal: int   # bytes of the printers' journal when it was given
    connects: int  # of the client, then
    final: dict = None
    sent: int = 0
    once: bool = False  # answered, and one copy at most was ever sent


class Orders:
    """A context manager; author `local`. `given` are all that were ever given."""

    def __init__(self, port, journal):
        self.port, self.journal = port, journal
        self.given = []
        self.unchecked = []  # by the oracle
        self.open = {}
        self.connects = 0
        self.lock = threading.Lock()
        self.end = threading.Event()
        self.client = paho.Client(client_id=f"orders-{uuid.uuid4().hex[:8]}", protocol=paho.MQTTv311)
        self.client.reconnect_delay_set(0.05, 0.3)
        self.client.on_connect = self._on_connect
        self.client.on_message = self._on_message
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.client.connect("127.0.0.1", self.port, 60)
        self.client.loop_start()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.end.set()
        self.thread.join(10)
        self.client.disconnect()
        self.client.loop_stop()

    def _on_connect(self, client, *_):
        self.connects += 1  # paho sends again what has no PUBACK
        client.subscribe(f"{FLEET}/response/local/#", 1)

    def _on_message(self, _client, _user, message):
        response = json.loads(message.payload)
        if response["event"] in ("done", "rejected"):
            with self.lock:
                order = self.open.pop(response["id"], None)
                if order:
                    order.final = response
                    order.once = order.sent == 1 and order.connects == self.connects

    def _run(self):
        while not self.end.wait(AGAIN_S):
            with self.lock:
                waiting = list(self.open.values())
            for order in waiting:
                self._publish(order)

    def _publish(self, order):
        order.sent += 1
        self.client.publish(f"{FLEET}/command", order.body, 1)

    def journal_bytes(self):
        return self.journal.stat().st_size if self.journal.exists() else 0

    def give(self, command, printer_id, args=None):
        request_id = str(uuid.uuid4())
        body = {"id": request_id, "command": command, "target": {"printers": [printer_id]},
                "options": {"timeout_s": TIMEOUT_S}}
        if args:
            body["args"] = args
        order = Order(command, printer_id, request_id, json.dumps(body), self.journal_bytes(),
                      self.connects)
        with self.lock:
            self.given.append(order)
            self.unchecked.append(order)
            self.open[request_id] = order
        self._publish(order)
        return order

    def start(self, printer):
        return self.give("print.start", printer.id, FILE)

    def stop(self, printer):
        return self.give("print.stop", printer.id)

    def wait_answered(self, timeout_s=40.0):
        deadline = time.monotonic() + timeout_s
        while self.open:
            if time.monotonic() > deadline:
                raise AssertionError(f"after {timeout_s} s no answer: {list(self.open.values())}")
            time.sleep(0.02)
