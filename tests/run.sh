#!/bin/bash
# Installs what the tests need (Debian 12), builds, runs every test. Ends with ctest's summary.
#
#   tests/run.sh                   everything
#   tests/run.sh -L unit ...       arguments go to ctest
#
# Two more builds have sanitizers. That by clang, for addresses and undefined behaviour, holds the
# fuzz targets and the unit tests of the layers that decide; the other, for data races, the unit
# tests of those that share something between threads. They are built and run by tests of the main
# run (labels sanitizer, fuzz), beside those that mostly wait, so that one summary says it all.
set -euo pipefail

address_layers=(base settings protocol printer capture fleet core mqtt spool library simulator fuzz)
thread_layers=(base spool library http)

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"

say() { printf '\n== %s\n' "$*"; }

deploy/packages.sh install test
# Without it the tests that want node's packages fail; the others need not wait for that.
tests/npm/install.sh || say "node's packages are missing"

# Debian's own programs, whatever stands before them in PATH.
export PATH="/usr/bin:/bin:/usr/sbin:/sbin:$PATH"
export LC_ALL=C.UTF-8
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV
# No test may reach a server that this shell's settings name.
unset PGHOST PGPORT PGUSER PGDATABASE PGPASSWORD PGSERVICE PRINTFLEET_CONFIG

jobs=$(nproc)
parallel_tests=$((jobs * 2 < 8 ? jobs * 2 : 8))

# Sanitizers of gcc 12 want their shadow where newer kernels may put the program: no randomization,
# where that may be asked for.
fixed_addresses=()
if setarch "$(uname -m)" -R true 2>/dev/null; then
  fixed_addresses=(setarch "$(uname -m)" -R)
fi

list() { (IFS=';' && printf '%s' "$*"); }

fuzzed=$(sed -n 's/^void \([A-Z][a-z]*\)(std::string_view bytes).*/\1/p' tests/fuzz/targets.h | paste -sd ';')
say "ci: everything, warnings are errors"
tests/configure.sh ci "-DPRINTFLEET_FUZZED=$fuzzed" \
  "-DPRINTFLEET_ADDRESS_LAYERS=$(list "${address_layers[@]}")" \
  "-DPRINTFLEET_THREAD_LAYERS=$(list "${thread_layers[@]}")"
cmake --build --preset ci -j "$jobs"

say "tests"
exec "${fixed_addresses[@]}" ctest --preset ci -j "$parallel_tests" "$@"
