#!/bin/bash
# Builds what is run with sanitizers: tests/build_sanitized.sh PRESET TARGET...
#
# A ctest test of its own (label sanitizer), with the lowest priority: it takes what the tests beside
# it leave of the machine, and they mostly wait.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
preset=$1
shift
"$root/tests/configure.sh" "$preset"
exec nice -n 19 cmake --build "$root/build/$preset" -j "$(nproc)" --target "$@"
