"""printer-sim: simulated printers, and what reached them."""
import atexit
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading

from harness import farm, wait

PRINTER_SIM = os.environ.get("PRINTER_SIM", str(farm.BIN_DIR / "printer-sim"))
PUBLIC = "anycubic/anycubicCloud/v1/printer/public"


class Printer:
    def __init__(self, line):
        self.id, self.model_id, self.model, self.firmware = line.split()

    def topic(self, kind):
        """Of its reports of type `kind`."""
        return f"{PUBLIC}/{self.model_id}/{self.id}/{kind}/report"

    def __repr__(self):
        return f"{self.model}:{self.id[:6]}"


class Simulator:
    """`words` are printer-sim's own options; --host, --port, --control and the journals are added."""

    def __init__(self, port, *words, directory=None):
        self.directory = pathlib.Path(directory or tempfile.mkdtemp(prefix="sim-", dir="/tmp"))
        if directory is None:  # its journals are read after its end
            atexit.register(shutil.rmtree, self.directory, ignore_errors=True)
        self.words = [str(word) for word in words]
        self.port = port
        self.received_file = self.directory / "received"
        self.ledger_file = self.directory / "ledger"
        self.log = self.directory / "log"
        self.lock = threading.Lock()
        self.process = None
        ids = subprocess.run([PRINTER_SIM, *self.words, "--print-ids"], capture_output=True,
                             text=True, check=True, timeout=30)
        self.printers = [Printer(line) for line in ids.stdout.splitlines()]

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [PRINTER_SIM, "--host", "127.0.0.1", "--port", str(self.port), "--control",
                 "--log-received", str(self.received_file), "--ledger", str(self.ledger_file),
                 "--stats-interval", "0", *self.words],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, bufsize=1)
        return self

    def stop(self, timeout_s=15.0):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process is not None:
            self.process.stdin.close()
            self.process.stdout.close()
        return self.process.returncode if self.process else None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    # -- Its hands --
    def tell(self, line):
        """One line of --control; its answer without the "ok"."""
        with self.lock:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline().strip()
        assert answer.startswith("ok"), f"printer-sim, {line}: {answer or 'it has ended'}"
        return answer[2:].strip()

    def states(self):
        """{id: (online, phase, firmware)}, as the simulator itself knows it."""
        found = {}
        for word in self.tell("state all").split():
            printer_id, online, phase, firmware = word.split(":")
            found[printer_id] = (online == "online", phase, firmware)
        return found

    def wait_online(self, timeout_s=30.0):
        wait.until(lambda: all(online for online, _, _ in self.states().values()),
                   "all simulated printers are online", timeout_s)

    # -- What it saw --
    def received(self):
        """Every request that reached a printer, in order: the journal's objects."""
        if not self.received_file.exists():
            return []
        lines = self.received_file.read_text(errors="replace").split("\n")
        return [json.loads(line) for line in lines[:-1] if line]

    def ledger(self):
        """[(msgid, topic)] of every report the broker acknowledged."""
        if not self.ledger_file.exists():
            return []
        lines = self.ledger_file.read_text().split("\n")
        return [tuple(line.split(" ", 1)) for line in lines[:-1] if line]

    def of_model(self, model):
        return [printer for printer in self.printers if printer.model == model]
