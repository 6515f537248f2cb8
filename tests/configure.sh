#!/bin/bash
# Configures one preset in build/PRESET: tests/configure.sh PRESET OPTION...
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"
preset=$1
shift
options=(-DPython3_EXECUTABLE=/usr/bin/python3 "$@")
if command -v ccache >/dev/null; then
  options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DPRINTFLEET_PCH=OFF)
fi
# A tree that was moved or copied: its cache is another tree's.
if ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "build/$preset/CMakeCache.txt" 2>/dev/null; then
  options+=(--fresh)
fi
mkdir -p build
cmake --preset "$preset" "${options[@]}" >"build/$preset.log" || {
  cat "build/$preset.log"
  exit 1
}
