#!/bin/bash
# Installs what the tests need (Debian 12), builds, runs every test. Ends with ctest's summary.
#
#   tests/run.sh                   everything
#   tests/run.sh -L unit ...       arguments go to ctest
#
# Two more builds have sanitizers. That by clang, for addresses and undefined behaviour, holds the
# fuzz targets and the unit tests of the layers that decide; the other, for data races, the unit
# tests of those that share something between threads. Their programs run as ctest tests of the main
# run (labels sanitizer, fuzz), so that one summary says it all.
set -euo pipefail

address_layers=(base settings protocol printer capture fleet core spool library simulator fuzz)
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
parallel_tests=$((jobs < 4 ? jobs : 4))

# Sanitizers of gcc 12 want their shadow where newer kernels may put the program: no randomization,
# where that may be asked for.
fixed_addresses=()
if setarch "$(uname -m)" -R true 2>/dev/null; then
  fixed_addresses=(setarch "$(uname -m)" -R)
fi

configure() {
  local preset=$1
  shift
  local options=(-DPython3_EXECUTABLE=/usr/bin/python3 "$@")
  if command -v ccache >/dev/null; then
    options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DPRINTFLEET_PCH=OFF)
  fi
  # A tree that was moved or copied: its cache is another tree's.
  if ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "build/$preset/CMakeCache.txt" 2>/dev/null; then
    options+=(--fresh)
  fi
  cmake --preset "$preset" "${options[@]}" >"build/$preset.log" || {
    cat "build/$preset.log"
    return 1
  }
}

# build_sanitized PRESET LAYER...: the layers' unit tests, which are added to `sanitized`; of the
# preset fuzz its targets, too.
build_sanitized() {
  local preset=$1 layer targets=()
  shift
  if [[ $preset == fuzz ]]; then
    targets+=(fuzz)
  fi
  for layer in "$@"; do
    targets+=("unit_$layer")
    sanitized+="${sanitized:+;}$root/build/$preset/bin/unit_$layer"
  done
  say "$preset: ${targets[*]}"
  configure "$preset"
  "${fixed_addresses[@]}" cmake --build "build/$preset" -j "$jobs" --target "${targets[@]}"
}

mkdir -p build
sanitized=
build_sanitized fuzz "${address_layers[@]}"
fuzzed=$(sed -n 's/^void \([A-Z][a-z]*\)(std::string_view bytes).*/\1/p' tests/fuzz/targets.h | paste -sd ';')
build_sanitized tsan "${thread_layers[@]}"

say "ci: everything, warnings are errors"
configure ci "-DPRINTFLEET_SANITIZED=$sanitized" "-DPRINTFLEET_FUZZED=$fuzzed"
cmake --build --preset ci -j "$jobs"

say "tests"
exec "${fixed_addresses[@]}" ctest --preset ci -j "$parallel_tests" "$@"
