"""The daemon with its managed Mosquitto and PostgreSQL, in a data_dir of its own."""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import urllib.error
import urllib.request

from harness import sql, wait

ROOT = pathlib.Path(__file__).resolve().parents[3]
BIN_DIR = pathlib.Path(os.environ.get("PRINTFLEET_BIN_DIR", ROOT / "build/dev/bin")).resolve()
PRINTFLEET = os.environ.get("PRINTFLEET", str(BIN_DIR / "printfleet"))

# What makes a test short; every value is an ordinary setting.
SHORT = {
    "broker": {"mode": "managed", "listeners": [{"address": "127.0.0.1", "port": 0}]},
    "database": {"mode": "managed", "shared_buffers_mib": 32},
    "http": {"listeners": [{"address": "127.0.0.1", "port": 0}]},
}


def merge(base, over):
    """`over` on top of `base`; objects are merged, all else is replaced."""
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    return {key: merge(base[key], over[key]) if key in base and key in over
            else over.get(key, base.get(key)) for key in {**base, **over}}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def children_of(pid):
    """Process ids below `pid`, itself not among them."""
    found, todo = [], [pid]
    while todo:
        parent = todo.pop()
        try:
            tasks = os.listdir(f"/proc/{parent}/task")
        except OSError:
            continue
        for task in tasks:
            try:
                text = pathlib.Path(f"/proc/{parent}/task/{task}/children").read_text()
            except OSError:
                continue
            below = [int(word) for word in text.split()]
            found += below
            todo += below
    return found


class Daemon:
    """`printfleet serve`. A context manager: started and ready inside, nothing left behind after.

    `settings` goes on top of SHORT (keys of the configuration). The directory stays over restarts
    and is removed at the end; it is made `under` this one. `environment` is put on top of ours.
    """

    def __init__(self, settings=None, directory=None, environment=None, under="/tmp"):
        self.environment = environment or {}
        self.own_directory = directory is None
        self.directory = pathlib.Path(directory or tempfile.mkdtemp(prefix="pf-", dir=under))
        # The broker and the database may run as users of their own.
        self.directory.chmod(0o755)
        self.data_dir = self.directory / "data"
        self.config = self.directory / "printfleet.yaml"
        self.log = self.directory / "log"
        self.settings = merge(SHORT, {"data_dir": str(self.data_dir), **(settings or {})})
        self.process = None
        self.write_config()

    def write_config(self):
        self.config.write_text(json.dumps(self.settings, indent=1) + "\n")  # JSON is YAML

    # -- Life --
    def start(self, ready=True, timeout_s=60.0):
        assert self.process is None or self.process.poll() is not None, "it runs already"
        (self.data_dir / "addresses").unlink(missing_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [PRINTFLEET, "serve", "--config", str(self.config)], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env={**os.environ, **self.environment})
        if ready:
            self.wait_ready(timeout_s)
        return self

    def wait_ready(self, timeout_s=60.0):
        def ready():
            assert self.process.poll() is None, \
                f"the daemon ended with {self.process.returncode}\n{self.tail()}"
            return (self.data_dir / "addresses").exists() and self.http_status("/readyz") == 200

        wait.until(ready, "the daemon is ready", timeout_s, self.tail)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self):
        return self.process.pid

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """SIGKILL of the daemon alone, as by the kernel; its children are left as they are."""
        self.process.kill()
        self.process.wait()

    def stop(self, timeout_s=30.0):
        """SIGTERM and the exit code; its children must be gone with it."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            below = children_of(self.process.pid)
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self._kill_all(below)
                raise AssertionError(f"the daemon does not stop\n{self.tail()}") from None
            left = [pid for pid in below if _runs(pid)]
            self._kill_all(left)
            assert not left, f"left behind: {left}\n{self.tail()}"
        return self.process.returncode

    def cleanup(self):
        """As stop(), for the end of a test in any state; also ends children of a killed daemon."""
        try:
            self.stop()
        finally:
            self._kill_all(self.servers().values())
            if self.own_directory and not os.environ.get("PRINTFLEET_KEEP"):
                shutil.rmtree(self.directory, ignore_errors=True)

    def _kill_all(self, pids):
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            wait.until(lambda gone=pid: not _runs(gone), f"process {pid} is gone", 10)

    def servers(self):
        """{"broker": pid, "database": pid}: whatever Mosquitto and postmaster run for this data_dir."""
        found = {}
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                words = pathlib.Path(f"/proc/{entry}/cmdline").read_bytes().split(b"\0")
                parent = int(pathlib.Path(f"/proc/{entry}/stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError, ValueError):
                continue
            ours = any(str(self.data_dir).encode() in word for word in words)
            name = os.path.basename(words[0])
            if ours and name == b"mosquitto":
                found["broker"] = int(entry)
            elif ours and name == b"postgres" and _name(parent) != "postgres":
                found["database"] = int(entry)
        return found

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.cleanup()
            raise

    def __exit__(self, kind, *_):
        if kind is not None:
            print(f"--- log of the daemon ({self.log})\n{self.tail()}")
        self.cleanup()

    # -- What it says --
    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def tail(self, lines=60):
        return "\n".join(self.log_text().splitlines()[-lines:])

    def addresses(self):
        """{"mqtt": "host:port[,…]", "http": …, "database": conninfo}"""
        text = (self.data_dir / "addresses").read_text()
        return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)

    @property
    def mqtt_ports(self):
        return [int(each.rsplit(":", 1)[1]) for each in self.addresses()["mqtt"].split(",")]

    @property
    def mqtt_port(self):
        return self.mqtt_ports[0]

    @property
    def http_port(self):
        return int(self.addresses()["http"].split(",")[0].rsplit(":", 1)[1])

    def http(self, path, timeout_s=10.0):
        """(status, body)"""
        url = f"http://127.0.0.1:{self.http_port}{path}"
        try:
            with urllib.request.urlopen(url, timeout=timeout_s) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def http_status(self, path):
        try:
            return self.http(path)[0]
        except OSError:
            return None

    def database(self):
        """A new connection to its PostgreSQL (harness.sql.Database)."""
        return sql.Database(self.addresses()["database"])

    def run(self, *words, timeout_s=60.0, stdin=subprocess.DEVNULL, **more):
        """A printfleet subcommand with this configuration."""
        return subprocess.run([PRINTFLEET, *words, "--config", str(self.config)], stdin=stdin,
                              capture_output=True, text=True, timeout=timeout_s, check=False, **more)


def _name(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _runs(pid):
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (OSError, IndexError):
        return False
    return state != "Z"
