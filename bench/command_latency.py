#!/usr/bin/python3
"""How long a command takes from its publish until its printer has the message, beside what a bare
MQTT message needs from publish to subscriber through the same broker, in the same run.

    cmake --preset release && cmake --build --preset release
    bench/command_latency.py [--requests 500]

One simulated printer, an idle system, one request at a time; the command is status.query, stored
before it is sent, then print.stop, which is sent ahead of its rows. Both ends are this process.
"""
import argparse
import json
import pathlib
import socket
import sys
import threading
import time
import uuid

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/integration"))

from harness import farm, mqtt, sim, wait  # noqa: E402

WAIT_S = 20
WARM_UP = 20


class Watch:
    """A subscriber that notes when the awaited message came."""

    def __init__(self, client, topic):
        self.wanted = lambda payload: False
        self.came = threading.Event()
        self.at = 0.0
        client.client.on_message = self._on_message
        client.subscribe(topic)

    def _on_message(self, _client, _user, message):
        at = time.perf_counter()
        if not self.came.is_set() and self.wanted(message.payload):
            self.at = at
            self.came.set()

    def time(self, publish, wanted):
        """Milliseconds from `publish()` until a payload is `wanted`."""
        self.came.clear()
        self.wanted = wanted
        begin = time.perf_counter()
        publish()
        assert self.came.wait(WAIT_S), "the message did not come"
        self.wanted = lambda payload: False
        return (self.at - begin) * 1000


def quantile(samples, share):
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def show(what, samples):
    print(f"{what:<34} n={len(samples)}  p50 {quantile(samples, 0.5):6.2f} ms  "
          f"p99 {quantile(samples, 0.99):6.2f} ms  max {max(samples):6.2f} ms")


def time_commands(command, action, count, person, printer, watch):
    samples = []
    for _ in range(count):
        request_id = str(uuid.uuid4())
        request = json.dumps({"id": request_id, "command": command,
                              "target": {"printers": [printer.id]}, "options": {"timeout_s": 2}})
        samples.append(watch.time(
            lambda payload=request: person.client.publish(person.command_topic, payload, 1),
            lambda payload: json.loads(payload)["action"] == action))
        if action == "stop":  # of an idle printer, which says nothing: its end is its deadline
            wait.until(lambda: person.responses(request_id), "its first answer", WAIT_S)
        else:  # one at a time: the next finds nothing on its way
            person.final(request_id)
        person.messages.clear()
    return samples


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--requests", type=int, default=500)
    parser.add_argument("--build", default="release", help="the preset whose programs are measured")
    options = parser.parse_args()
    count = options.requests
    programs = ROOT / "build" / options.build / "bin"
    farm.PRINTFLEET, sim.PRINTER_SIM = str(programs / "printfleet"), str(programs / "printer-sim")
    with farm.Daemon() as daemon, \
            sim.Simulator(daemon.mqtt_port, "--printers", 1, "--seed", 7) as simulator, \
            mqtt.Person(daemon.mqtt_port) as person, mqtt.Client(daemon.mqtt_port) as seen:
        for each in (person, seen):
            # paho leaves Nagle's algorithm on: a request right behind the PUBACK of a response would
            # wait in this process's kernel for the broker's delayed ACK, 20 ms on the average.
            each.client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        simulator.wait_online()
        wait.until(lambda: person.call("status.query", {"all": True}).get("succeeded") == 1 and
                   person.ask("printer.list")["printers"][0]["firmware"], "the printer", 60)
        printer = simulator.printers[0]
        server = f"anycubic/anycubicCloud/v1/server/printer/{printer.model_id}/{printer.id}"
        watch = Watch(seen, f"{server}/#")

        def ping():
            payload = json.dumps({"action": uuid.uuid4().hex}).encode()
            # As a printer's topic, so that the same access list is asked.
            return watch.time(lambda: person.client.publish(f"{server}/bare", payload, 1),
                              lambda got: got == payload)

        for _ in range(WARM_UP):
            ping()
        bare = [ping() for _ in range(count // 2)]
        query = time_commands("status.query", "query", count, person, printer, watch)
        stop = time_commands("print.stop", "stop", count, person, printer, watch)
        bare += [ping() for _ in range(count - count // 2)]
        show("bare publish to subscriber", bare)
        show("status.query, stored, then sent", query)
        show("print.stop, sent ahead", stop)


if __name__ == "__main__":
    main()
