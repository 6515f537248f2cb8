#!/bin/bash
# Builds release, measures, prints a table and writes build/bench/figures.json. bench/README.md says what
# the figures mean.
#
#   bench/run.sh                     everything: about 20 minutes
#   bench/run.sh --quick             the same with less of everything
#   bench/run.sh [--quick] NAME...   only these: pure throughput inbound fleet restart spool
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"
preset=${PRINTFLEET_BENCH_PRESET:-release}

# Also where the preset was built for use alone, as the quickstart does.
cmake --preset "$preset" -DPRINTFLEET_TESTS=ON >/dev/null
cmake --build "build/$preset" --target printfleet printer-sim load_generator null_subscriber \
  decode_bench pure_bench >&2
bench/node_red/install.sh
exec /usr/bin/python3 bench/run.py --build "$preset" "$@"
