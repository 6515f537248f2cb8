#!/bin/bash
# Debian packages: the one list that deploy/quickstart.sh and tests/run.sh share, and the way they
# are installed: no package may start a service.
#
#   deploy/packages.sh list run|test       prints the names
#   deploy/packages.sh missing run|test    prints those that are not installed
#   deploy/packages.sh install run|test    installs what is missing; needs root or sudo for that
set -euo pipefail

# To build the programs and to run them.
run_packages=(
  ca-certificates cmake curl g++ ninja-build pkg-config
  libcivetweb-dev libcli11-dev libcurl4-openssl-dev libgtest-dev libmosquitto-dev libpq-dev
  libpqxx-dev libsqlite3-dev libssl-dev libyaml-cpp-dev prometheus-cpp-dev rapidjson-dev
  mosquitto mosquitto-clients postgresql-15 postgresql-client-15
)
# Besides, to test them. prometheus brings promtool, systemd its checkers of units; npm installs what tests/npm names. (tests/clang_tidy.sh wants clang-tidy, too.)
test_packages=(
  clang-14 clang-format libbenchmark-dev libclang-rt-14-dev libgmock-dev nodejs npm procps
  prometheus python3 python3-jsonschema python3-paho-mqtt python3-psycopg2 python3-pytest
  python3-yaml shellcheck systemd
)
# What would start at the next boot, once it has come with an installation of ours.
services=(civetweb mosquitto postgresql prometheus)

policy=/usr/sbin/policy-rc.d
policy_mark='# Placed by printfleet while it installs packages, process'

say() { printf 'packages: %s\n' "$*" >&2; }

names() {
  case "${1-}" in
    run) printf '%s\n' "${run_packages[@]}" ;;
    test) printf '%s\n' "${run_packages[@]}" "${test_packages[@]}" ;;
    *) say "expected run or test"; exit 2 ;;
  esac
}

# Itself, or another package that provides it: the nodejs of other archives brings npm.
is_installed() {
  [[ $(dpkg-query -W -f='${Status}' "$1" 2>/dev/null) == 'install ok installed' ]] ||
    dpkg-query -W -f='${db:Status-Status},${Provides},\n' | tr -d ' ' |
    grep -E "^installed,(.*,)?$1[,(]" >/dev/null
}

missing() {
  local name list
  list=$(names "$1")
  for name in $list; do
    is_installed "$name" || printf '%s\n' "$name"
  done
}

# A policy-rc.d that says 101 keeps packages from starting services. One that is there already is
# somebody's decision and stays, unless it is ours and its process is gone.
place_policy() {
  local owner draft
  if [[ -f $policy ]]; then
    owner=$(sed -n "s|^$policy_mark ||p" "$policy")
    if [[ -n $owner && ! -d /proc/$owner ]]; then
      rm -f "$policy"
    fi
  fi
  draft=$(mktemp "$policy.XXXXXX")
  printf '#!/bin/sh\n%s %s\nexit 101\n' "$policy_mark" "$$" >"$draft"
  chmod 755 "$draft"
  ln "$draft" "$policy" 2>/dev/null || say "$policy is there already; it decides what starts"
  rm -f "$draft"
}

remove_policy() {
  if [[ -f $policy ]] && grep -qxF "$policy_mark $$" "$policy"; then
    rm -f "$policy"
  fi
}

# apt-get, again when a mirror or another apt is in the way.
apt() {
  local attempt
  for attempt in 1 2 3 4; do
    if DEBIAN_FRONTEND=noninteractive apt-get -y -q -o Acquire::Retries=3 \
        -o DPkg::Lock::Timeout=300 "$@" </dev/null >&2; then
      return 0
    fi
    say "apt-get $1 failed (attempt $attempt of 4)"
    sleep $((attempt * 5))
  done
  return 1
}

install_as_root() {
  local absent new_services=() name
  absent=$(missing "$1")
  for name in "${services[@]}"; do
    [[ -e /lib/systemd/system/$name.service ]] || new_services+=("$name")
  done
  trap remove_policy EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  place_policy
  apt update || say "the lists of packages may be old"
  # shellcheck disable=SC2086  # names have no blanks
  apt install --no-install-recommends $absent
  if command -v systemctl >/dev/null; then
    for name in "${new_services[@]}"; do
      systemctl disable "$name.service" >/dev/null 2>&1 || true
    done
  fi
}

install_missing() {
  local absent
  absent=$(missing "$1" | tr '\n' ' ')
  if [[ -z $absent ]]; then
    return 0
  fi
  if [[ ! -x /usr/bin/apt-get ]]; then
    say "this is no Debian; wanted: $absent"
    exit 1
  elif [[ $(id -u) -eq 0 ]]; then
    say "installing $absent"
    install_as_root "$1"
  elif command -v sudo >/dev/null && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }; then
    say "installing with sudo: $absent"
    sudo "$(readlink -f "${BASH_SOURCE[0]}")" install "$1"
  else
    say "missing: $absent"
    say "as root: apt-get install --no-install-recommends $absent"
    exit 1
  fi
}

case "${1-}" in
  list) names "${2-}" ;;
  missing) missing "${2-}" ;;
  install) install_missing "${2-}" ;;
  *) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0"; exit 2 ;;
esac
