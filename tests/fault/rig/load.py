"""Numbered reports of printers over QoS 1, and for each what the broker acknowledged and when.

Each printer is a client of its own, with a window of unacknowledged messages. It connects again by
itself and sends again, in order and byte for byte, what no PUBACK came for; what was acknowledged it
never sends again. So whatever is in the tables twice, or out of order, is the program's doing."""
import dataclasses
import json
import random
import selectors
import socket
import struct
import threading
import time

from harness.sim import PUBLIC

MODEL = "20021"
WINDOW = 8
CONNECT, CONNACK, PUBLISH, PUBACK = 0x10, 0x20, 0x30, 0x40
TURN_S = 0.01


def packet(kind, body):
    length, size = b"", len(body)
    while True:
        size, digit = divmod(size, 128)
        length += bytes([digit | (0x80 if size else 0)])
        if not size:
            return bytes([kind]) + length + body


def text(value):
    return struct.pack(">H", len(value)) + value


@dataclasses.dataclass
class Ack:
    at: float          # time.monotonic(), taken after it was read
    opened_at: float   # when the connection that brought it was begun


class Printer:
    """Numbers its reports from 1. `anonymous` ones carry no msgid and no time: copies of them cannot be
    told from news, so they are only load. `patience_s`: how long it waits for a PUBACK before it leaves
    a connection for a new one, as firmware does."""

    def __init__(self, run, index, chance, patience_s, anonymous=False):
        self.run, self.index, self.chance = run, index, chance
        self.patience_s, self.anonymous = patience_s, anonymous
        self.id = f"fa{index:02d}{run}".ljust(32, "0")
        self.topic = f"{PUBLIC}/{MODEL}/{self.id}/tempature/report"
        self.sent = 0
        self.waiting = {}  # number -> payload, in order
        self.acks = {}     # number -> Ack
        self.socket = None
        self.online = False
        self.opened_at = 0.0
        self.answered_at = 0.0
        self.retry_at = 0.0
        self.incoming, self.outgoing = b"", b""
        self.connects = 0

    # -- What it says --
    def temperature(self, number):
        return 20 + number % 200

    def payload(self, number):
        known = {"msgid": f"{self.run}-{self.index}-{number}",
                 "timestamp": int(time.time() * 1000)} if not self.anonymous else {}
        return json.dumps({
            "type": "tempature", "action": "auto", **known, "state": "done", "code": 200, "msg": "",
            "data": {"curr_hotbed_temp": 20, "curr_nozzle_temp": self.temperature(number),
                     "target_hotbed_temp": 0, "target_nozzle_temp": 0}}).encode()

    def say(self):
        if len(self.waiting) >= WINDOW:
            return
        self.sent += 1
        self.waiting[self.sent] = self.payload(self.sent)
        if self.online:
            self._queue(self.sent, duplicate=False)

    def _queue(self, number, duplicate):
        # The packet identifier is the number's, so that a copy has it too.
        identifier = struct.pack(">H", number % 65535 + 1)
        self.outgoing += packet(PUBLISH | 2 | (8 if duplicate else 0),
                                text(self.topic.encode()) + identifier + self.waiting[number])

    # -- Its connection --
    def open(self, port, now):
        self.close(now)
        self.opened_at = self.answered_at = now
        self.connects += 1
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.connect_ex(("127.0.0.1", port))
        self.outgoing = packet(CONNECT, text(b"MQTT") + bytes([4, 2]) + struct.pack(">H", 60) +
                               text(self.id.encode()))

    def close(self, now):
        if self.socket is not None:
            self.socket.close()
        self.socket, self.online = None, False
        self.incoming = self.outgoing = b""
        self.retry_at = now + self.chance.uniform(0.05, 0.3)

    def turn(self, port, now):
        if self.socket is None:
            if now >= self.retry_at:
                self.open(port, now)
            return
        awaited = self.waiting or not self.online
        if awaited and now - self.answered_at > self.patience_s:
            self.close(now)
            return
        try:
            self._write()
            self._read(now)
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            self.close(now)
        if not awaited:
            self.answered_at = now

    def _write(self):
        while self.outgoing:
            try:
                written = self.socket.send(self.outgoing)
            except BlockingIOError:
                return
            self.outgoing = self.outgoing[written:]

    def _read(self, now):
        while True:
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionResetError
            self.incoming += data
            self.answered_at = now
            self._take(time.monotonic())

    def _take(self, now):
        while len(self.incoming) >= 2 and len(self.incoming) >= 2 + self.incoming[1]:
            kind, body = self.incoming[0], self.incoming[2:2 + self.incoming[1]]
            self.incoming = self.incoming[2 + self.incoming[1]:]
            if kind == CONNACK:
                self.online = body[1] == 0
                for number in self.waiting:
                    self._queue(number, duplicate=True)
            elif kind == PUBACK:
                identifier = struct.unpack(">H", body)[0]
                for number in list(self.waiting):
                    if number % 65535 + 1 == identifier:
                        del self.waiting[number]
                        self.acks[number] = Ack(now, self.opened_at)


class Load:
    """A thread that runs all its printers. A context manager."""

    def __init__(self, port, seed, printers=12, rate=120):
        self.port, self.rate = port, rate
        chance = random.Random(seed)
        self.run = f"{chance.getrandbits(32):08x}"
        self.printers = [Printer(self.run, index, random.Random(chance.random()),
                                 chance.choice((2.0, 60.0)), anonymous=index == 0)
                         for index in range(printers)]
        self.lock = threading.Lock()
        self.talking = threading.Event()
        self.end = threading.Event()
        self.error = None
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        owed, last = 0.0, time.monotonic()
        while not self.end.is_set():
            now = time.monotonic()
            if self.talking.is_set():
                owed = min(owed + (now - last) * self.rate, self.rate)
            last = now
            with self.lock:
                while owed >= 1:
                    owed -= 1
                    self.printers[int(self.sent_total()) % len(self.printers)].say()
                    self._said += 1
                for printer in self.printers:
                    printer.turn(self.port, now)
                sockets = [printer.socket for printer in self.printers if printer.socket]
            with selectors.DefaultSelector() as selector:
                for each in sockets:
                    selector.register(each, selectors.EVENT_READ)
                selector.select(TURN_S)

    _said = 0

    def sent_total(self):
        return self._said

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.end.set()
        self.thread.join(10)
        for printer in self.printers:
            printer.close(0)

    # -- The test's hands --
    def talk(self):
        self.talking.set()

    def quiet(self):
        """Nothing new is said; what waits for its PUBACK still gets it."""
        self.talking.clear()

    def waiting(self):
        with self.lock:
            return sum(len(printer.waiting) for printer in self.printers)

    def numbered(self):
        return [printer for printer in self.printers if not printer.anonymous]

    def acknowledged(self, having=lambda ack: True):
        """{printer's index: numbers acknowledged}, of those `having(ack)`."""
        with self.lock:
            return {printer.index: {number for number, ack in printer.acks.items() if having(ack)}
                    for printer in self.numbered()}

    def count(self):
        with self.lock:
            return sum(len(printer.acks) for printer in self.printers)
