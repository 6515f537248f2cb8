#!/bin/bash
# Installs printfleet as a service of systemd, or a newer version over it. See usage().
set -euo pipefail
umask 022

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
ready_timeout_s=300  # the first start makes a database

prefix=/usr/local
build_dir=$root/build/release
embedded=false
packages=true
build=true
start=true
uninstall=false
purge=false
destdir=${DESTDIR-}

config_dir=$destdir/etc/printfleet
data_dir=$destdir/var/lib/printfleet
config=$config_dir/printfleet.yaml
user=printfleet
separate_units=(printfleet-database printfleet-broker printfleet)  # in the order of their start
units=("${separate_units[@]}" printfleet-embedded)

usage() {
  cat <<'END'
Usage: deploy/install.sh [flags]

Installs the Debian packages that are missing, builds, installs programs and units, makes the user
printfleet and a first configuration, and starts three services: printfleet, printfleet-broker,
printfleet-database. Run it again to upgrade: printfleet is restarted, the other two are not, and no
printer loses its connection. What is there of configuration and data stays as it is.

  --prefix DIR     default /usr/local
  --embedded       the first time: one service for everything, printfleet-embedded
  --no-packages    do not install packages
  --no-build       install what is built already
  --build-dir DIR  default build/release
  --no-start       enable and start nothing
  --uninstall      stop, and remove all but configuration, data and user
  --purge          with --uninstall: those too. There is no way back
  --help

With DESTDIR=DIR in the environment it only puts files below DIR, for packages and images.
END
}

say() { printf 'install: %s\n' "$*"; }

fail() {
  printf 'install: failed: %s\n' "$*" >&2
  exit 1
}

usage_error() {
  printf 'install: %s (--help)\n' "$*" >&2
  exit 2
}

parse_arguments() {
  while (($# > 0)); do
    local flag=$1
    shift
    case $flag in
      --prefix | --build-dir)
        (($# > 0)) || usage_error "a value is missing: $flag"
        [[ $1 == /* ]] || usage_error "$flag: expected an absolute path, not '$1'"
        if [[ $flag == --prefix ]]; then prefix=${1%/}; else build_dir=$1; fi
        shift ;;
      --embedded) embedded=true ;;
      --no-packages) packages=false ;;
      --no-build) build=false ;;
      --no-start) start=false ;;
      --uninstall) uninstall=true ;;
      --purge) purge=true ;;
      --help | -h) usage; exit 0 ;;
      *) usage_error "unknown argument: $flag" ;;
    esac
  done
  if [[ $purge == true && $uninstall == false ]]; then
    usage_error "--purge goes with --uninstall"
  fi
  if ! is_staged && [[ $prefix != /usr && $prefix != /usr/local ]]; then
    usage_error "--prefix: systemd reads units below /usr and /usr/local only, not $prefix"
  fi
  manifest=$destdir$prefix/share/printfleet/install_manifest.txt
}

# Only files are put in place: no user, no packages, nobody to tell.
is_staged() { [[ -n $destdir ]]; }

has_systemd() { ! is_staged && [[ -d /run/systemd/system ]]; }

is_enabled() { systemctl --quiet is-enabled "$1.service" 2>/dev/null; }

build_release() {
  local options=(-DPRINTFLEET_TESTS=OFF)
  if command -v ccache >/dev/null; then
    options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  fi
  say "building (the first time takes some minutes; log: $build_dir.log)"
  mkdir -p "$(dirname "$build_dir")"
  (
    cd "$root"
    export PATH="/usr/bin:/bin:$PATH"
    cmake --preset release -B "$build_dir" "${options[@]}" &&
      cmake --build "$build_dir" -j "$(nproc)" --target printfleet printer-sim
  ) >"$build_dir.log" 2>&1 || {
    tail -n 30 "$build_dir.log" >&2
    fail "the build; all of its output is in $build_dir.log"
  }
}

# Files of the version before that this one has no more are removed.
install_files() {
  local before='' path
  [[ -x $build_dir/bin/printfleet ]] || fail "nothing is built in $build_dir"
  if [[ -f $manifest ]]; then
    before=$(<"$manifest")
  fi
  DESTDIR=$destdir cmake --install "$build_dir" --prefix "$prefix" --strip >/dev/null
  sort "$build_dir/install_manifest.txt" >"$manifest"
  while read -r path; do
    [[ -z $path ]] || rm -f "$destdir$path"
  done < <(comm -23 <(sort <<<"$before") "$manifest")
}

make_user() {
  if getent passwd "$user" >/dev/null; then
    return 0
  elif command -v systemd-sysusers >/dev/null; then
    systemd-sysusers "$prefix/lib/sysusers.d/printfleet.conf"
  else
    useradd --system --user-group --home-dir /var/lib/printfleet --no-create-home \
      --shell /usr/sbin/nologin "$user"
  fi
}

make_directories() {
  local as_root=() as_user=()
  if ! is_staged; then
    as_root=(-o root -g "$user")
    as_user=(-o "$user" -g "$user")
  fi
  install -d "${as_root[@]}" -m 750 "$config_dir"
  install -d "${as_user[@]}" -m 750 "$data_dir"
}

# The first configuration. Root's files become readable for the service, but for the authority's key.
write_config() {
  local lifetime=own
  if [[ -e $config ]]; then
    say "$config stays as it is"
    return 0
  fi
  if [[ $embedded == true ]]; then
    lifetime=with_daemon
  fi
  if ! is_staged && "$prefix/bin/printfleet" --help | grep -qE '^ +init '; then
    "$prefix/bin/printfleet" init --config "$config" --data-dir /var/lib/printfleet
    sed -i "s/^  mode: managed$/&\n  lifetime: $lifetime/" "$config"
    chgrp -f "$user" "$config" "$config_dir/tls/server.key" || true
    chmod -f g+r "$config" "$config_dir/tls/server.key" || true
    chown -R "$user:$user" "$data_dir"
    return 0
  fi
  write_small_config "$lifetime"
}

# This machine only, until somebody says more. Staged files cannot know their machine.
write_small_config() {
  cat >"$config.new" <<END
# Written by deploy/install.sh, once. Every key there is, with its default:
# $prefix/share/printfleet/examples/reference.yaml; whole farms: farm.yaml and external.yaml there.
# After a change: printfleet check, then systemctl restart printfleet.

data_dir: /var/lib/printfleet

# lifetime own: systemd units of their own, so that a restarted daemon costs no printer its
# connection.
broker:
  mode: managed
  lifetime: $1
  # A loopback address: for printers and people of this machine, without login.
  listeners: [ { address: 127.0.0.1, port: 1883 } ]
database:
  mode: managed
  lifetime: $1
http:
  listeners: [ { address: 127.0.0.1, port: 8080 } ]
END
  chmod 640 "$config.new"
  if ! is_staged; then
    chgrp "$user" "$config.new"
  fi
  mv "$config.new" "$config"
  say "wrote $config"
}

check_config() {
  setpriv --reuid "$user" --regid "$user" --clear-groups \
    "$prefix/bin/printfleet" check --config "$config" ||
    fail "$config: correct it and run this again; nothing was restarted"
}

# restart UNIT: waits until it is ready.
restart() {
  timeout "$ready_timeout_s" systemctl restart "$1.service" || {
    systemctl --no-pager --lines=15 status "$1.service" >&2 || true
    fail "$1 is not ready"
  }
}

# The first time the chosen units are enabled; later those that are: whoever disabled one meant it.
start_services() {
  local first=$1 unit
  systemctl daemon-reload
  if [[ $first == true && $embedded == true ]]; then
    systemctl --quiet enable printfleet-embedded.service
  elif [[ $first == true ]]; then
    systemctl --quiet enable "${separate_units[@]/%/.service}"
  fi
  for unit in printfleet-database printfleet-broker; do
    if is_enabled "$unit"; then
      systemctl start --no-block "$unit.service"  # where it runs, it goes on running
    fi
  done
  for unit in printfleet printfleet-embedded; do
    if is_enabled "$unit"; then
      restart "$unit"
      say "$unit is ready"
    fi
  done
}

install_all() {
  local first=true
  if [[ -e $config ]]; then
    first=false
  fi
  if [[ $packages == true ]] && ! is_staged; then
    "$root/deploy/packages.sh" install run
  fi
  if [[ $build == true ]]; then
    build_release
  fi
  install_files
  if ! is_staged; then
    make_user
  fi
  make_directories
  write_config
  if is_staged; then
    return 0
  fi
  check_config
  if [[ $start == true ]] && has_systemd; then
    start_services "$first"
  else
    say "nothing is started; systemd would run $prefix/bin/printfleet serve --config $config"
  fi
}

uninstall_all() {
  local path unit
  if has_systemd; then
    for unit in printfleet printfleet-embedded printfleet-broker printfleet-database; do
      if systemctl --quiet cat "$unit.service" >/dev/null 2>&1; then
        systemctl --quiet disable --now "$unit.service"
      fi
    done
  fi
  [[ -f $manifest ]] || say "$manifest is not there: no programs to remove"
  if [[ -f $manifest ]]; then
    while read -r path; do
      rm -f "$destdir$path"
    done <"$manifest"
    rm -f "$manifest"
    find "$destdir$prefix/share/printfleet" "$destdir$prefix/share/doc/printfleet" \
      -depth -type d -empty -delete
  fi
  if has_systemd; then
    systemctl daemon-reload
    systemctl reset-failed "${units[@]/%/.service}" 2>/dev/null || true
  fi
  if [[ $purge == false ]]; then
    say "kept: $config_dir, $data_dir, the user $user (--purge removes them)"
    return 0
  fi
  rm -rf "$config_dir" "$data_dir"
  if ! is_staged && getent passwd "$user" >/dev/null; then
    userdel "$user"
  fi
  say "removed: $config_dir, $data_dir, the user $user"
}

parse_arguments "$@"
if ! is_staged && [[ $(id -u) -ne 0 ]]; then
  fail "run it as root (with DESTDIR it only puts files there, and needs no root)"
fi
if [[ $uninstall == true ]]; then
  uninstall_all
else
  install_all
fi
