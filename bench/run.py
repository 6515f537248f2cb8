#!/usr/bin/python3
"""All figures, or the ones that are named: bench/run.sh says how, bench/README.md what they mean."""
import argparse
import pathlib
import signal
import sys
import time

sys.dont_write_bytecode = True
sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent / each) for each in (".", "../tests/integration")]

from measure import fleet_size, inbound, pure, restart, site, spool_drain, throughput  # noqa: E402
from measure.figures import Figures  # noqa: E402

# What --quick does less of.
QUICK = {
    "pure": {"repetitions": 3},
    "throughput": {"rounds": 3, "messages": 50_000, "node_red_messages": 5_000},
    "inbound": {"rounds": 3, "seconds": 5},
    "fleet": {"rounds": 2, "seconds": 8, "settle_s": 10},
    "restart": {"rounds": 3, "reports": 200_000},
    "spool": {"messages": 100_000},
}
MEASUREMENTS = {"pure": pure.measure, "throughput": throughput.measure, "inbound": inbound.measure,
                "fleet": fleet_size.measure, "restart": restart.measure,
                "spool": spool_drain.measure}


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is stopped
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("what", nargs="*", help=f"of {', '.join(MEASUREMENTS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, shorter ones")
    parser.add_argument("--build", default="release", help="the preset whose programs are measured")
    parser.add_argument("--json", default=str(site.ROOT / "build/bench/figures.json"))
    parser.add_argument("--set", action="append", default=[], metavar="NAME=NUMBER",
                        help="an argument of the measurement, such as rounds=9")
    options = parser.parse_args()
    site.programs(options.build)
    figures = Figures()
    failed = False
    for name in options.what or MEASUREMENTS:
        arguments = dict(QUICK.get(name, {})) if options.quick else {}
        arguments.update((key, int(value)) for key, value in (each.split("=") for each in options.set))
        begin = time.monotonic()
        print(f"bench: {name} …", file=sys.stderr, flush=True)
        try:
            MEASUREMENTS[name](figures, **arguments)
        except Exception as error:  # what was measured before is not lost with it
            failed = True
            print(f"bench: {name}: {error}", file=sys.stderr)
        print(f"bench: {name}: {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)
        figures.write(options.json, site.ROOT, vars(options))
    print(figures.table())
    return 1 if failed or not all(each["good"] for each in figures.comparisons) else 0


if __name__ == "__main__":
    sys.exit(main())
