"""How fast a full queue is drained: by the bridge, who commits every report before it acknowledges it;
by a subscriber that does nothing; by Node-RED. The queues of all three are filled with the same
messages while all three are stopped (SIGSTOP), then one after the other is let go: so whoever publishes
takes nothing from whoever is measured, and each finds the broker as the others do."""
import mmap
import struct
import subprocess
import time

from measure import node_red
from measure.copy_rows import PlainCopy
from measure.process import Usage
from measure.site import PATIENCE_S, Site, continue_process, stop_process

POLL_S = 0.01
FILL_CONNECTIONS = 4
WARM_UP = 20_000
RECEIVE_MAX = 16000  # inbound.receive_max, as it is by default
BATCH = 8000  # inbound.batch_messages_max likewise


class NullSubscriber:
    def __init__(self, site):
        self.count_file = site.directory / "null.count"
        self.process = subprocess.Popen(
            [str(site.folder / "null_subscriber"), str(site.port), "bench-null", str(RECEIVE_MAX),
             str(self.count_file)], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n", "null_subscriber is not ready"
        with open(self.count_file, "rb") as file:
            self.memory = mmap.mmap(file.fileno(), 8, prot=mmap.PROT_READ)

    @property
    def pid(self):
        return self.process.pid

    def count(self):
        return struct.unpack("q", self.memory[:8])[0]

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Subject:
    """Who drains: its process, and how many messages it is done with."""

    def __init__(self, name, pid, count, site):
        self.name, self.pid, self.count, self.site = name, pid, count, site
        self.missed = site.published - count()  # published before its session was there

    def stop(self):
        self.wait_empty()
        stop_process(self.pid)

    def wait_empty(self):
        total = self.site.published - self.missed
        begin = time.monotonic()
        while self.count() < total:
            assert time.monotonic() - begin < PATIENCE_S, \
                f"{self.name}: {self.count()} of {total}\n{self.site.bridge.tail(10)}"
            time.sleep(POLL_S)
        return time.monotonic() - begin

    def drain(self):
        """Seconds, and the (user, system) CPU seconds that everybody spent meanwhile."""
        usage = Usage(subject=self.pid, broker=self.site.broker_pid, database=self.site.database_pid)
        continue_process(self.pid)
        took = self.wait_empty()
        return took, usage.spent()


def record(figures, subject, messages):
    took, spent = subject.drain()
    figures.add(f"{subject.name}/rate", messages / took, "1/s")
    for who, (user, system) in spent.items():
        if who != "database" or subject.name != "null":
            figures.add(f"{subject.name}/cpu/{who}", (user + system) / messages * 1e6, "us")
            figures.add(f"{subject.name}/cpu/{who}/kernel", system / messages * 1e6, "us")


def fill(site, subjects, messages):
    for subject in subjects:
        subject.stop()
    site.publish(count=messages, connections=FILL_CONNECTIONS)


def node_red_round(figures, site, flow, subjects, messages):
    flow.start()
    subject = Subject("node-red", flow.pid, flow.count, site)
    fill(site, [*subjects, subject], messages)
    record(figures, subject, messages)
    flow.stop()
    for other in subjects:
        other.drain()


def copy_rounds(figures, site, rounds, rows):
    copy = PlainCopy(site, rows, BATCH)
    copy.run()
    for _ in range(rounds):
        rate, cpu = copy.run()
        figures.add("copy/rate", rate, "1/s")
        figures.add("copy/cpu/database", cpu * 1e6, "us")
    copy.close()


def measure(figures, rounds=5, messages=100_000, node_red_messages=10_000, settings=None):
    """No Node-RED with `node_red_messages` 0."""
    with Site(settings) as site:
        null = NullSubscriber(site)
        flow = node_red.NodeRed(site) if node_red_messages else None
        subjects = [Subject("null", null.pid, null.count, site),
                    Subject("bridge", site.bridge.pid, site.committed, site)]
        try:
            fill(site, subjects, WARM_UP)
            for subject in subjects:
                subject.drain()
            for number in range(rounds):
                fill(site, subjects, messages)
                for subject in subjects if number % 2 == 0 else subjects[::-1]:
                    record(figures, subject, messages)
                if flow:
                    node_red_round(figures, site, flow, subjects, node_red_messages)
            rows = site.sql.one("SELECT count(*) FROM fleet.report_log")
            assert rows == site.committed() == site.published, (rows, site.published)
            figures.note("reports in the table", rows)
            copy_rounds(figures, site, rounds, messages)
        finally:
            null.stop()
            if flow:
                flow.kill()
    figures.ratio("reports committed / null subscriber's messages", "bridge/rate", "null/rate",
                  at_least=0.9)
    figures.ratio("bridge CPU per report / null's per message", "bridge/cpu/subject",
                  "null/cpu/subject", at_most=1.3)
    if node_red_messages:
        figures.ratio("reports committed / Node-RED's", "bridge/rate", "node-red/rate", at_least=12)
