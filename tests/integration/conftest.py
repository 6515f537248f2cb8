"""Makes `harness` importable for the tests here, wherever pytest is started."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.dont_write_bytecode = True
