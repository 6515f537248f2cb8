"""Failpoints are in the program that tests break, and not a trace of them in a build without."""
import os
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
PRINTFLEET = os.environ.get("PRINTFLEET", ROOT / "build/dev/bin/printfleet")
USE = re.compile(r'FAILPOINT(?:_FAILS)?\("([a-z_.]+)"\)')
CONTROL = b"PRINTFLEET_FAILPOINT_DIR"


def names():
    found = [name for path in (ROOT / "bridge").rglob("*.cc") for name in USE.findall(path.read_text())]
    assert len(found) > 8
    assert len(set(found)) == len(found), "a name stands twice"
    return [name.encode() for name in found]


def test_the_program_under_test_has_them():
    program = pathlib.Path(PRINTFLEET).read_bytes()
    missing = [name for name in [*names(), CONTROL] if name not in program]
    assert not missing, f"built without PRINTFLEET_FAILPOINTS? {missing}"


def test_a_build_without_has_none():
    objects = [pathlib.Path(path) for path in os.environ["PRINTFLEET_WITHOUT_FAILPOINTS"].split(":")]
    assert len(objects) > 3
    for path in objects:
        code = path.read_bytes()
        left = [name for name in [*names(), CONTROL, b"Failpoint"] if name in code]
        assert not left, (path, left)
