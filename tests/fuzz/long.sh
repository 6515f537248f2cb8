#!/bin/bash
# Fuzzes every target for long, one after the other, and says how many inputs each took.
#
#   tests/fuzz/long.sh [60m|1000000]    minutes, or inputs, for each target; default 10m
#
# What is found ends its target and is in build/fuzz/found: minimize it (-minimize_crash=1), add it
# to tests/fixtures/fuzz/<target>/ with the fix.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
cd "$root"
amount=${1-10m}
case $amount in
  *m) limit=-max_total_time=$((${amount%m} * 60)) ;;
  *) limit=-runs=$amount ;;
esac

cmake --preset fuzz >/dev/null
cmake --build --preset fuzz
failed=0
for program in build/fuzz/bin/fuzz_*; do
  target=${program##*/fuzz_}
  log=build/fuzz/$target.log
  result=clean
  mkdir -p "build/fuzz/corpus/$target"
  tests/fuzz/run.sh "$target" "$limit" "build/fuzz/corpus/$target" >"$log" 2>&1 || { result="FOUND SOMETHING, see $log"; failed=1; }
  inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  printf '%-10s %10s inputs: %s\n' "$target" "${inputs:-?}" "$result"
done
exit $failed
