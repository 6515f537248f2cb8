#!/bin/bash
# clang-tidy 14 over the sources of a configured build, on all processors. Slow (a minute for a
# dozen files and processor), so it is no ctest test: run it before a release, and over what you
# have changed. The package is clang-tidy.
#
#   tests/clang_tidy.sh [-p BUILD_DIR] [PATTERN...]   default: build/ci, every source of ours
#   tests/clang_tidy.sh bridge/core bridge/fleet/plan.cc
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"
build=build/ci
if [[ ${1-} == -p ]]; then
  build=$2
  shift 2
fi
if [[ ! -f $build/compile_commands.json ]]; then
  echo "clang_tidy: no $build/compile_commands.json: cmake --preset ci" >&2
  exit 2
fi

files() {
  grep -o '"file": "[^"]*"' "$build/compile_commands.json" | cut -d'"' -f4 |
    grep -E "^$root/(bridge|broker|bench)/" | sed "s|^$root/||" | sort -u
}

if (($# > 0)); then
  pattern=$(IFS='|'; echo "^($*)")
  mapfile -t chosen < <(files | grep -E "$pattern")
else
  mapfile -t chosen < <(files)
fi
echo "clang_tidy: ${#chosen[@]} files" >&2
printf '%s\0' "${chosen[@]}" | xargs -0 -r -n 4 -P "$(nproc)" \
  clang-tidy -p "$build" --quiet --extra-arg=-Wno-unknown-warning-option
