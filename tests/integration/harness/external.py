"""Somebody else's broker and database, and a daemon that uses them."""
import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile

from harness import wait
from harness.farm import Daemon, free_port


@contextlib.contextmanager
def mosquitto():
    """Somebody else's broker; yields its port."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="broker-", dir="/tmp"))
    port = free_port()
    (directory / "conf").write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n"
        "max_inflight_messages 200\n")
    directory.chmod(0o755)
    with open(directory / "log", "ab") as log:
        process = subprocess.Popen(["/usr/sbin/mosquitto", "-c", str(directory / "conf")],
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(15)
        shutil.rmtree(directory, ignore_errors=True)


class Cluster:
    """Somebody else's PostgreSQL on a TCP port of loopback, with one empty database."""

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="cluster-", dir="/tmp"))
        self.port = free_port()
        self.binaries = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self.process = None
        self.password_file = self.directory / "password"
        self.password_file.write_text("for-this-test\n")
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            shutil.chown(self.directory, "postgres")
            shutil.chown(self.password_file, "postgres")

    def _options(self):
        return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}

    def __enter__(self):
        data = self.directory / "data"
        subprocess.run([self.binaries / "initdb", "-D", data, "-U", "printfleet", "-A", "scram-sha-256",
                        "--pwfile", self.password_file, "-N", "-E", "UTF8", "--locale=C"],
                       check=True, capture_output=True, cwd="/", **self._options())
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(
                [self.binaries / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(self.port),
                 "-k", self.directory, "-c", "fsync=off", "-c", "shared_buffers=32MB"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", **self._options())
        environment = {**os.environ, "PGPASSWORD": "for-this-test"}
        wait.until(lambda: subprocess.run(
            [self.binaries / "psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "printfleet",
             "-d", "postgres", "-c", "CREATE DATABASE farm"], capture_output=True, cwd="/",
            env=environment).returncode == 0, "the cluster takes a database", 30)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(30)
        shutil.rmtree(self.directory, ignore_errors=True)

    def url(self, role="printfleet"):
        return f"postgresql://{role}@127.0.0.1:{self.port}/farm"

    def settings(self):
        return {"mode": "external", "url": self.url(), "password_file": str(self.password_file),
                "request_timeout_ms": 2000, "connect_timeout_ms": 2000}

    def conninfo(self, role="printfleet"):
        return f"host=127.0.0.1 port={self.port} user={role} password=for-this-test dbname=farm"


def external_daemon(mosquitto_port, cluster, under="/tmp", **more):
    settings = {"inbound": {"heartbeat_interval_ms": 300}, "fleet": {"enrolment": "auto"}, **more}
    daemon = Daemon(settings, under=under)
    # Nothing of the managed ones' keys may stay.
    daemon.settings["broker"] = {"mode": "external", "url": f"mqtt://127.0.0.1:{mosquitto_port}",
                                 "trust_command_topic": True}
    daemon.settings["database"] = cluster.settings()
    daemon.write_config()
    return daemon
