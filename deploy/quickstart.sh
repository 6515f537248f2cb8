#!/bin/bash
# A whole print farm on one machine: printfleet with its own Mosquitto and PostgreSQL, and simulated
# printers. Nothing of it stays behind after Ctrl-C.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
programs=$root/build/release/bin
started_timeout_s=120   # initdb on a slow disk
stored_timeout_s=180
stop_timeout_s=60

printers=30
data_dir=
mqtt_port=1883
http_port=8080
check=false

made_data_dir=false
daemon_pid=
printers_pid=
stopping=false

usage() {
  cat <<'END'
Usage: deploy/quickstart.sh [flags]

Installs the Debian packages that are missing (without letting them start services), builds
printfleet, and starts it with everything embedded and simulated Kobra 2 printers of all three
models. Ctrl-C stops all of it.

  --printers N      simulated printers, the models in turn (default 30: 10 of each)
  --data-dir DIR    keep the database and the broker's state there (default: a temporary directory,
                    removed at the end)
  --mqtt-port P     default 1883; where it is taken, a free one is used
  --http-port P     default 8080; likewise
  --check           wait until every printer is stored, run one command against all of them, read
                    the metrics, print "quickstart: ok" with the figures, stop
  --help
END
}

say() { printf 'quickstart: %s\n' "$*"; }

fail() {
  printf 'quickstart: failed: %s\n' "$*" >&2
  local log
  for log in printfleet printers; do
    if [[ -n $data_dir && -s $data_dir/quickstart/$log.log ]]; then
      printf '%s\n' "-- the last lines of $log.log:" >&2
      tail -n 15 "$data_dir/quickstart/$log.log" >&2
    fi
  done
  exit 1
}

usage_error() {
  printf 'quickstart: %s (--help)\n' "$*" >&2
  exit 2
}

# number NAME TEXT MAX
number() {
  if ! [[ $2 =~ ^[1-9][0-9]{0,6}$ ]] || (($2 > $3)); then
    usage_error "$1: expected 1 to $3, not '$2'"
  fi
}

parse_arguments() {
  while (($# > 0)); do
    local flag=$1 value
    case $flag in
      --check) check=true; shift; continue ;;
      --help | -h) usage; exit 0 ;;
      --*=*) value=${flag#*=}; flag=${flag%%=*}; shift ;;
      --*) (($# > 1)) || usage_error "unknown flag, or a value is missing: $flag"
        value=$2; shift 2 ;;
      *) usage_error "unknown argument: $flag" ;;
    esac
    case $flag in
      --printers) number "$flag" "$value" 20000; printers=$value ;;
      --mqtt-port) number "$flag" "$value" 65535; mqtt_port=$value ;;
      --http-port) number "$flag" "$value" 65535; http_port=$value ;;
      --data-dir) [[ -n $value ]] || usage_error "--data-dir: expected a directory"
        data_dir=$value ;;
      *) usage_error "unknown flag: $flag" ;;
    esac
  done
}

build() {
  if [[ ! -w $root ]] && [[ -x $programs/printfleet && -x $programs/printer-sim ]]; then
    say "$root is not writable: using what is built"
    return
  fi
  local options=(-DPRINTFLEET_TESTS=OFF) log=$root/build/quickstart.log
  if command -v ccache >/dev/null; then
    options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  fi
  # A tree that was moved or copied: its cache is another tree's.
  grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$root/build/release/CMakeCache.txt" \
    2>/dev/null || options+=(--fresh)
  mkdir -p "$root/build" || fail "cannot write below $root"
  say "building (the first time takes some minutes; log: $log)"
  (
    cd "$root"
    export PATH="/usr/bin:/bin:$PATH"
    cmake --preset release "${options[@]}" &&
      cmake --build --preset release -j "$(nproc)" --target printfleet printer-sim
  ) >"$log" 2>&1 || {
    tail -n 30 "$log" >&2
    data_dir=
    fail "the build; all of its output is in $log"
  }
}

# Does anybody listen on this TCP port, on whatever address?
is_taken() {
  local hex
  hex=$(printf '%04X' "$1")
  # The second file is missing where there is no IPv6.
  awk -v port=":$hex" '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 }
                       END { exit !found }' < <(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null)
}

# The wanted port, or the next that is free (and not $2).
free_port() {
  local port=$1
  while is_taken "$port" || [[ $port == "${2-}" ]]; do
    port=$((port == 65535 ? 1024 : port + 1))
  done
  printf '%s\n' "$port"
}

choose_ports() {
  local wanted
  wanted=$mqtt_port
  mqtt_port=$(free_port "$wanted")
  [[ $mqtt_port == "$wanted" ]] || say "port $wanted is taken: MQTT is on $mqtt_port"
  wanted=$http_port
  http_port=$(free_port "$wanted" "$mqtt_port")
  [[ $http_port == "$wanted" ]] || say "port $wanted is taken: HTTP is on $http_port"
}

# Shaped like config/workshop.yaml.
write_config() {
  if [[ -z $data_dir ]]; then
    data_dir=$(mktemp -d "${TMPDIR:-/tmp}/printfleet.XXXXXX")
    made_data_dir=true
  fi
  mkdir -p "$data_dir/quickstart" || fail "cannot make $data_dir"
  data_dir=$(cd "$data_dir" && pwd -P)
  config=$data_dir/quickstart/printfleet.yaml
  cat >"$config" <<END
# Written by deploy/quickstart.sh at each start; changes here are lost.
data_dir: '${data_dir//\'/\'\'}'
broker:   { mode: managed, listeners: [ { address: 127.0.0.1, port: $mqtt_port } ] }
database: { mode: managed }
http:     { listeners: [ { address: 127.0.0.1, port: $http_port } ] }
fleet:    { printers_max: $((printers > 10000 ? printers : 10000)) }
END
}

is_running() { [[ -n $1 ]] && kill -0 "$1" 2>/dev/null; }

# start LOG COMMAND...: in the background, out of reach of the terminal's Ctrl-C, and told to stop
# should this shell be killed. The process is $!.
start() {
  local log=$1
  shift
  : >"$log"  # an earlier run's must not be read
  set -m
  setpriv --pdeathsig TERM -- "$@" >"$log" 2>&1 </dev/null &
  set +m
}

# stop PID NAME: asks, waits, and only then kills.
stop() {
  local pid=$1 name=$2 deadline=$((SECONDS + stop_timeout_s)) forced=false
  if ! is_running "$pid"; then
    return 0
  fi
  kill -TERM "$pid" 2>/dev/null || true
  while is_running "$pid"; do
    if ((SECONDS > deadline)); then
      printf 'quickstart: %s did not stop in %s s: killed\n' "$name" "$stop_timeout_s" >&2
      kill -KILL "$pid" 2>/dev/null || true
      forced=true
      break
    fi
    sleep 0.1
  done
  wait "$pid" 2>/dev/null || true
  [[ $forced == false ]]
}

# Whoever still names our data directory in its command line or works in it.
leftovers() {
  local directory pid
  for directory in /proc/[0-9]*; do
    pid=${directory#/proc/}
    [[ $pid == "$$" || $pid == "$BASHPID" ]] && continue
    if [[ $(readlink "$directory/cwd" 2>/dev/null) == "$data_dir"/* ]] ||
      { tr '\0' ' ' <"$directory/cmdline"; } 2>/dev/null | grep -qF "$data_dir/"; then
      printf '%s ' "$pid"
    fi
  done
}

# Simulated printers first, so that the daemon stores that they went.
stop_all() {
  local code=0
  if [[ $stopping == true ]]; then
    return 0
  fi
  stopping=true
  trap '' INT TERM HUP
  stop "$printers_pid" printer-sim || code=1
  stop "$daemon_pid" printfleet || code=1
  if [[ $made_data_dir == true ]]; then
    rm -rf "$data_dir"
  fi
  return $code
}

on_exit() {
  local code=$?
  stop_all || code=1
  exit "$code"
}

on_signal() {
  printf '\n'
  say "stopping"
  # Without --check this is how it ends.
  if [[ $check == false && -n $printers_pid ]]; then
    exit 0
  fi
  exit 130
}

# The value of `NAME=` in data_dir/addresses.
address() { sed -n "s/^$1=//p" "$data_dir/addresses"; }

start_daemon() {
  local log=$data_dir/quickstart/printfleet.log deadline=$((SECONDS + started_timeout_s))
  rm -f "$data_dir/addresses"
  say "starting printfleet with its broker and its database in $data_dir"
  start "$log" "$programs/printfleet" serve --config "$config"
  daemon_pid=$!
  until grep -q '^info daemon: ready ' "$log" && [[ -s $data_dir/addresses ]]; do
    is_running "$daemon_pid" || fail "printfleet ended"
    ((SECONDS < deadline)) || fail "printfleet was not ready in $started_timeout_s s"
    sleep 0.1
  done
  mqtt=$(address mqtt)
  http=$(address http)
  database=$(address database)
}

# Three of them begin to print by themselves, ten times as fast as real ones.
start_printers() {
  start "$data_dir/quickstart/printers.log" "$programs/printer-sim" \
    --host "${mqtt%:*}" --port "${mqtt##*:}" --printers "$printers" --models K2Pro,K2Plus,K2Max \
    --panel-jobs $((printers < 3 ? printers : 3)) --panel-pause 60 --print-minutes 60 --speedup 10
  printers_pid=$!
}

print_addresses() {
  local program with
  program=$(printf '%q' "${programs#"$PWD/"}/printfleet")
  with=$(printf '%q' "$config")
  cat <<END

printfleet runs with $printers simulated printers.

  MQTT      mqtt://$mqtt, printers and people, no login, this machine only
  HTTP      http://$http/metrics, also /metrics/printers, /healthz, /readyz
  database  $database
  logs      $data_dir/quickstart/

Try:
  $program printers --config $with
  $program send status.query --all --config $with
  psql "$database" -c 'select state, count(*) from fleet.printer_status group by 1'

Ctrl-C stops all of it.
END
}

wait_for_end() {
  while is_running "$daemon_pid" && is_running "$printers_pid"; do
    sleep 1
  done
  is_running "$daemon_pid" || fail "printfleet ended"
  fail "printer-sim ended"
}

# ---- --check

# One value out of the managed database; empty while it cannot be asked.
ask() { psql -X -A -t -q -v ON_ERROR_STOP=1 -c "$1" "$database" 2>/dev/null || true; }

# The sum of a metric's series, in the text on standard input.
sum_of() { awk -v name="$1" '$1 ~ "^" name "([{]|$)" { sum += $NF } END { print sum + 0 }'; }

wait_until_stored() {
  local ids stored='' online='' deadline=$((SECONDS + stored_timeout_s))
  ids=$("$programs/printer-sim" --printers "$printers" --models K2Pro,K2Plus,K2Max --print-ids |
    awk '{ printf "%s%s", separator, $1; separator = "," }')
  until [[ $stored == "$printers" && $online == "$printers" ]]; do
    is_running "$daemon_pid" || fail "printfleet ended"
    is_running "$printers_pid" || fail "printer-sim ended"
    ((SECONDS < deadline)) || fail "after $stored_timeout_s s ${stored:-no} of $printers printers" \
      "were stored and enrolled, ${online:-none} of them online"
    sleep 0.3
    stored=$(ask "select count(*) from fleet.printers
                  where enrolment = 'enrolled' and printer_id = any('{$ids}')")
    online=$(ask "select count(*) from fleet.printer_status
                  where online and printer_id = any('{$ids}')")
  done
}

# One command to its result on every printer.
run_command() {
  local answer=$data_dir/quickstart/command.json code=0
  "$programs/printfleet" send status.query --all --yes --json --config "$config" \
    >"$answer" 2>"$answer.errors" </dev/null || code=$?
  results=$(grep '"event":"done"' "$answer" | grep -o '"succeeded":[0-9]*' | cut -d: -f2 || true)
  if ((code != 0 || ${results:-0} < printers)); then
    tail -n 5 "$answer" "$answer.errors" >&2
    fail "status.query: exit code $code, succeeded on ${results:-0} of $printers printers"
  fi
}

# The metrics are a snapshot taken now and then: they may be a moment behind.
read_metrics() {
  local text seen=0 counted=0 deadline=$((SECONDS + 30))
  until ((seen >= printers && counted >= 1)); do
    ((SECONDS < deadline)) || fail "http://$http/metrics: printfleet_printers is $seen of" \
      "$printers, printfleet_commands_total $counted"
    text=$(curl -sS --fail --max-time 5 "http://$http/metrics" 2>&1) || {
      sleep 0.3
      continue
    }
    seen=$(sum_of printfleet_printers <<<"$text")
    counted=$(sum_of printfleet_commands_total <<<"$text")
    sleep 0.2
  done
  dead_metric=$(sum_of printfleet_dead_letters_total <<<"$text")
  curl -sS --fail --max-time 5 -o /dev/null "http://$http/readyz" || fail "/readyz says no"
}

run_check() {
  local begin=$1 reports dead
  wait_until_stored
  run_command
  read_metrics
  reports=$(ask 'select count(*) from fleet.report_log')
  dead=$(ask 'select count(*) from fleet.dead_letters')
  if [[ $dead != 0 || $dead_metric != 0 ]]; then
    ask 'select reason, topic, count(*) from fleet.dead_letters group by 1, 2 limit 10' >&2
    fail "${dead:-?} dead letters in the database, $dead_metric in the metrics"
  fi
  ((${reports:-0} >= printers)) || fail "${reports:-0} reports stored, of $printers printers"
  local seconds=$((SECONDS - begin)) left=
  stop_all || exit 1
  # A directory of the caller's may stand in the command lines of others.
  if [[ $made_data_dir == true ]]; then
    left=$(leftovers)
  fi
  [[ -z $left ]] || fail "processes are left behind: $left"
  say "ok printers=$printers reports_stored=$reports dead_letters=$dead" \
    "command_results=$results seconds=$seconds"
}

main() {
  parse_arguments "$@"
  "$root/deploy/packages.sh" install run
  build
  trap on_exit EXIT
  trap on_signal INT TERM HUP
  local begin=$SECONDS
  choose_ports
  write_config
  start_daemon
  start_printers
  if [[ $check == true ]]; then
    run_check "$begin"
  else
    print_addresses
    wait_for_end
  fi
}

main "$@"
