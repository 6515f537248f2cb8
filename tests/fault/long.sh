#!/bin/bash
# Faults of chance at moments of chance, against one farm, for as long as wanted:
#
#   tests/fault/long.sh --rounds 100 [--seed 7] [--victims bridge,mosquitto,postgresql]
#
# The programs are $PRINTFLEET and $PRINTER_SIM, or those of build/ci. Ends with 1 at the first thing
# that is lost, doubled, open or wrong, and says the seed and the round.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
export PRINTFLEET=${PRINTFLEET:-$root/build/ci/bin/printfleet}
export PRINTER_SIM=${PRINTER_SIM:-$root/build/ci/bin/printer-sim}
export PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 "$root/tests/fault/long.py" "$@"
