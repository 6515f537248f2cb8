#!/bin/bash
# Runs one fuzz target over the seeds that seeds.py makes of the tree, with a fixed seed.
#
#   tests/fuzz/run.sh TARGET OPTION...    libFuzzer's options: -runs=1000, -max_total_time=60
#
# A folder among the options is a corpus: the run begins with its inputs and adds those that reach
# something new. Without one, the same run is the same inputs. What breaks something is put into
# build/fuzz/found.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
target=$1
shift
work=$root/build/fuzz
program=$work/bin/fuzz_$target
seeds=$(mktemp -d)
trap 'rm -rf "$seeds"' EXIT

if [[ ! -x $program ]]; then
  echo "no $program: cmake --preset fuzz && cmake --build --preset fuzz" >&2
  exit 1
fi
/usr/bin/python3 -B "$root/tests/fuzz/seeds.py" "$seeds"
mkdir -p "$work/found" "$seeds/$target"
# Scripts and requests drive a whole core each: long ones only cost time.
case $target in
  Core | Request | Stops) max_len=2048 ;;
  Settings | Models | Codes) max_len=8192 ;;
  *) max_len=512 ;;
esac
"$program" -seed=1 -max_len=$max_len -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
  -dict="$seeds/words.dict" -artifact_prefix="$work/found/$target-" "$@" "$seeds/$target"
