#!/bin/bash
# Installs the baseline Node-RED into build/bench/node_red, from the versions of package-lock.json; a second
# time does nothing. Needs npm's registry. Nothing of it is part of printfleet.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
into=$(cd "$here/../.." && pwd -P)/build/bench/node_red

if cmp -s "$here/package-lock.json" "$into/installed.json"; then
  exit 0
fi
mkdir -p "$into"
rm -f "$into/installed.json"
cp "$here/package.json" "$here/package-lock.json" "$into/"
for attempt in 1 2 3; do
  # No package's own scripts: one of them reports home.
  if npm --prefix "$into" ci --ignore-scripts --no-audit --no-fund --loglevel error >&2; then
    cp "$here/package-lock.json" "$into/installed.json"
    exit 0
  fi
  printf 'npm: attempt %s of 3 failed\n' "$attempt" >&2
  sleep $((attempt * 3))
done
printf 'npm: %s\n' "the packages of bench/node_red could not be installed: is registry.npmjs.org reachable?" >&2
exit 1
