"""A systemd unit without systemd: its ExecStart as it stands, with as much of its confinement as can
be had by hand, and the service manager's end of the notification socket."""
import json
import os
import pathlib
import pwd
import resource
import signal
import socket
import struct
import subprocess
import threading
import time

from harness import confined, wait

STATE_DIR = "/var/lib/printfleet"
# Stands in for the user printfleet, who need not exist where tests run: whoever PostgreSQL accepts.
USER = pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())

# In a mount namespace of its own, as root: the installed tree where it belongs, and the rest of what
# the unit says about the file system.
MOUNTS = """set -eu
tree=$1 state=$2
shift 2
mount --make-rprivate /
mount --bind "$state" /mnt
mount --bind "$tree/usr/local" /usr/local
mount -t overlay -o "lowerdir=$tree/etc:/etc" overlay /etc
mount -t tmpfs -o mode=755 tmpfs /var/lib
mkdir /var/lib/printfleet
mount --bind /mnt /var/lib/printfleet
umount /mnt
for hidden in /home /root /run/user; do
  [ ! -d $hidden ] || mount -t tmpfs -o mode=000 tmpfs $hidden
done
mount -t tmpfs -o mode=755 tmpfs /dev
mknod -m 666 /dev/null c 1 3
mknod -m 666 /dev/zero c 1 5
mknod -m 666 /dev/random c 1 8
mknod -m 666 /dev/urandom c 1 9
mkdir -m 1777 /dev/shm
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /var/tmp
mount -t proc -o subset=pid,hidepid=invisible proc /proc
mount -o remount,bind,ro /usr/local
mount -o remount,bind,ro /
exec "$@"
"""


class Unit:
    def __init__(self, path):
        self.name = pathlib.Path(path).name
        self.values = {}
        for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
            if "=" in line and not line.startswith(("#", ";", "[")):
                key, value = line.split("=", 1)
                self.values.setdefault(key, []).append(value)

    def all(self, key):
        return self.values.get(key, [])

    def get(self, key):
        return self.values[key][-1]

    def seconds(self, key):
        return float(self.get(key))


def can_mount():
    """May we make mount namespaces? Else only what seccomp and a plain user can do is tried."""
    return os.geteuid() == 0 and subprocess.run(
        ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True,
        check=False).returncode == 0


class Manager:
    """The other end of NOTIFY_SOCKET: [(monotonic time, sender's pid, message)]."""

    def __init__(self, path):
        path.unlink(missing_ok=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.socket.bind(str(path))
        path.chmod(0o666)
        self.heard = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            data, extra, _, _ = self.socket.recvmsg(4096, socket.CMSG_SPACE(12))
            if not data:
                return
            pid = struct.unpack("iii", extra[0][2][:12])[0] if extra else 0
            self.heard.append((time.monotonic(), pid, data.decode()))

    def times(self, line, since=0.0):
        return [at for at, _, text in list(self.heard) if line in text.splitlines() and at > since]

    def statuses(self):
        return [line.removeprefix("STATUS=") for _, _, text in list(self.heard)
                for line in text.splitlines() if line.startswith("STATUS=")]


class Service:
    """A unit of an installed tree (DESTDIR), started by hand. `watchdog_s` instead of the unit's own."""

    def __init__(self, tree, name, watchdog_s=2.1):
        self.tree, self.watchdog_s = tree, watchdog_s
        self.unit = Unit(tree / "usr/local/lib/systemd/system" / name)
        self.state = tree / "var/lib/printfleet"
        self.log = tree / f"{name}.log"
        self.manager = None
        self.process = None

    def command(self):
        return self.unit.get("ExecStart").split()

    def start(self):
        mounts = can_mount()
        self.manager = Manager(self.state / f"{self.unit.name}.notify")
        inside = STATE_DIR if mounts else str(self.state)
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8",
                       "NOTIFY_SOCKET": f"{inside}/{self.unit.name}.notify",
                       "WATCHDOG_USEC": str(int(self.watchdog_s * 1e6))}
        command = self.command() if mounts else [
            str(self.tree) + word if word.startswith("/") else word for word in self.command()]
        words = []
        if mounts:
            words += ["unshare", "-m"] + (["-n"] if "yes" in self.unit.all("PrivateNetwork") else [])
            words += ["--", "sh", "-c", MOUNTS, "sh", str(self.tree), str(self.state)]
        if os.geteuid() == 0:
            files = min(int(self.unit.get("LimitNOFILE")), resource.getrlimit(resource.RLIMIT_NOFILE)[1])
            words += ["prlimit", f"--nofile={files}", "--", "setpriv",
                      f"--reuid={USER.pw_uid}", f"--regid={USER.pw_gid}", "--clear-groups",
                      "--bounding-set=-all", "--inh-caps=-all"]
        else:
            words += ["setpriv"]
        code = pathlib.Path(confined.__file__).read_text(encoding="utf-8")
        words += ["--no-new-privs", "--", "/usr/bin/python3", "-I", "-c", code,
                  json.dumps(confined.limits(self.unit)), *command]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=environment, cwd="/", umask=int(self.unit.get("UMask"), 8))
        return self

    def tail(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-30:])

    def is_ready(self):
        assert self.process.poll() is None, f"{self.unit.name} ended\n{self.tail()}"
        return bool(self.manager.times("READY=1"))

    def wait_ready(self, timeout_s=60.0):
        wait.until(self.is_ready, f"{self.unit.name} says READY=1", timeout_s, self.tail)
        return self

    def stop(self):
        """As systemctl stop with KillMode=mixed: the exit code."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f"{self.unit.name} does not stop\n{self.tail()}") from None
        return self.process.returncode if self.process else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
