"""The system that is measured: a broker and a database with lives of their own, the bridge between
them, and what loads and watches it."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]

from harness import farm, fault, sim, wait  # noqa: E402
from harness.farm import merge  # noqa: E402

PAYLOAD_BYTES = 500
FIXTURE = ROOT / "tests/fixtures/payloads/systemik_Kobra3-Firmware__report-print-start-printing__1.json"
PATIENCE_S = 120
# As they are by default, but for what a measurement of minutes wants: the broker does not stop for a
# save while it is timed, whoever reports is enrolled, and a bridge that was stopped while its queue was
# filled does not take itself for deaf.
SETTINGS = {
    "broker": {"lifetime": "own", "autosave_interval_s": 3600},
    "database": {"lifetime": "own", "shared_buffers_mib": 128},
    "fleet": {"enrolment": "auto", "printers_max": 20000},
    "inbound": {"deaf_after_ms": 60000},
}


def programs(build):
    """Which build is measured. Before any Site."""
    folder = ROOT / "build" / build / "bin"
    farm.PRINTFLEET, sim.PRINTER_SIM = str(folder / "printfleet"), str(folder / "printer-sim")
    Site.folder = folder


def template():
    """A real print report, its blanks out, its file name so long that all is PAYLOAD_BYTES, with the
    fields that load_generator fills."""
    payload = json.loads(FIXTURE.read_text(encoding="utf-8"))["payload"]
    payload["msgid"] = "#" * 36
    text = json.dumps(payload, separators=(",", ":"))
    text = text.replace(f'"timestamp":{payload["timestamp"]}', '"timestamp":' + "~" * 13)
    text = text.replace(f'"progress":{payload["data"]["progress"]}', '"progress":^^')
    longer = PAYLOAD_BYTES - len(text.encode())
    assert longer > 0, longer
    name = payload["data"]["filename"]
    return text.replace(name, name.replace(".gcode", "_" * longer + ".gcode"))


class Site:
    folder = None

    def __init__(self, settings=None):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir="/tmp"))
        self.bridge = farm.Daemon(merge(SETTINGS, settings or {}), directory=self.directory)
        self.template = self.directory / "template"
        self.template.write_text(template(), encoding="utf-8")
        self.own = {}
        self.sql = None
        self.loads = 0
        self.published = 0

    def __enter__(self):
        try:
            for what in ("broker", "database"):
                self.start_server(what)
            self.bridge.start(timeout_s=PATIENCE_S)
            self.sql = self.bridge.database()
        except BaseException:
            print(self.bridge.tail(), file=sys.stderr)
            self.close()
            raise
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            print(self.bridge.tail(), file=sys.stderr)
        self.close()

    def close(self):
        if self.sql is not None:
            self.sql.close()
        try:
            self.bridge.stop()
        finally:
            for process in self.own.values():
                process.send_signal(signal.SIGTERM)
            for process in self.own.values():
                process.wait(60)
            shutil.rmtree(self.directory, ignore_errors=True)

    def start_server(self, what):
        with open(self.bridge.log, "ab") as log:
            self.own[what] = subprocess.Popen(  # ended in close()
                [farm.PRINTFLEET, what, "--config", str(self.bridge.config)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def stop_server(self, what):
        self.own[what].send_signal(signal.SIGTERM)
        self.own[what].wait(60)

    @property
    def broker_pid(self):
        return fault.broker_pid(self.own["broker"].pid)

    @property
    def database_pid(self):
        return fault.postmaster_pid(self.own["database"].pid)

    def setting(self, group, key, default):
        return self.bridge.settings.get(group, {}).get(key, default)

    @property
    def port(self):
        return self.bridge.mqtt_port

    def committed(self):
        """How many reports the store has, from the ledger that each batch moves."""
        return self.sql.one("SELECT next_report_seq FROM fleet.ledger") - 1

    def load(self, **options):
        """Starts load_generator once its clients are connected; `finish` ends it."""
        self.loads += 1
        words = [str(self.folder / "load_generator"), "--port", str(self.port), "--template",
                 str(self.template), "--id-prefix", f"load{self.loads}-"]
        for name, value in options.items():
            words += ["--" + name.replace("_", "-"), str(value)]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "ready\n", "load_generator is not ready"
        return process

    def finish(self, process):
        """What load_generator says at its end."""
        text = process.stdout.read()
        process.wait(600)
        assert process.returncode == 0, process.returncode
        said = json.loads(text)
        assert said["published"] == said["acknowledged"], said
        self.published += said["published"]
        return said

    def publish(self, **options):
        return self.finish(self.load(**options))

    def wait_committed(self, total, patience_s=PATIENCE_S):
        wait.until(lambda: self.committed() >= total, f"{total} reports are stored", patience_s,
                   lambda: f"{self.committed()}\n{self.bridge.tail(10)}")

    def simulator(self, *words):
        return sim.Simulator(self.port, *words)


def stop_process(pid):
    os.kill(pid, signal.SIGSTOP)


def continue_process(pid):
    os.kill(pid, signal.SIGCONT)
