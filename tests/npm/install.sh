#!/bin/bash
# Installs what tests run under node into build/npm, from the versions of package-lock.json; a second
# time does nothing. Needs npm's registry: without it, the tests that want this fail and say so.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
into=$(cd "$here/../.." && pwd -P)/build/npm

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
printf 'npm: %s\n' "the packages of tests/npm could not be installed: is registry.npmjs.org reachable?" >&2
exit 1
