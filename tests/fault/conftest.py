"""Makes the harness of tests/integration and the rig of this folder importable."""
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "integration"))
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True


def pytest_configure(config):
    # The farm of a failed cell is broken: the cells after it would only wait for their deadlines.
    config.option.maxfail = 1


def pytest_runtest_makereport(item, call):
    if call.excinfo is not None and call.when == "call":
        from rig.farm import seed
        print(f"\nagain with: PRINTFLEET_FAULT_SEED={seed()} … {item.nodeid}")
