"""The test's end of bridge/base/failpoint.h: a directory in which a file arms a failpoint."""
import pathlib
import shutil
import tempfile
import uuid

from harness import wait


class Failpoints:
    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="failpoints-", dir="/tmp"))

    @property
    def environment(self):
        return {"PRINTFLEET_FAILPOINT_DIR": str(self.directory)}

    def arm(self, name, action, skip=0):
        """`action`: pause, kill or error, at the pass after the next `skip`."""
        self._reached(name).unlink(missing_ok=True)
        draft = self.directory / "draft"
        draft.write_text(f"{action} {skip} {uuid.uuid4().hex}\n")
        draft.rename(self.directory / name)

    def _reached(self, name):
        return self.directory / f"{name}.reached"

    def is_reached(self, name):
        return self._reached(name).exists()

    def wait_reached(self, name, timeout_s=15.0, explain=None):
        wait.until(lambda: self.is_reached(name), f"failpoint {name}", timeout_s, explain)

    def release(self, *names):
        """Disarms these, or all; who waits goes on."""
        for path in [self.directory / name for name in names] or self.directory.iterdir():
            path.unlink(missing_ok=True)

    def remove(self):
        shutil.rmtree(self.directory, ignore_errors=True)
