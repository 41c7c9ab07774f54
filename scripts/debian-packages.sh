#!/usr/bin/env bash
# Installs those Debian packages of packages-<list>.txt that are missing. Costs nothing where none is.
#   debian-packages.sh [--strict] LIST...
# Where they cannot be installed it says what is missing and ends well, for the service starts without them all the same;
# with --strict it ends with 1.
set -euo pipefail
cd "$(dirname "$0")"

strict=0
if [ "${1:-}" = --strict ]; then
  strict=1
  shift
fi

# Neither by its command nor by its package there.
missing=()
for list in "$@"; do
  while read -r package command _; do
    case "$package" in '' | '#'*) continue ;; esac
    if [ -n "$command" ] && command -v "$command" >/dev/null; then continue; fi
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=absent
    [ "$status" = installed ] || missing+=("$package")
  done <"packages-$list.txt"
done
[ ${#missing[@]} -gt 0 ] || exit 0

give_up() {
  echo >&2
  echo "$1" >&2
  echo "Still missing: ${missing[*]}" >&2
  echo "On Debian or Ubuntu: sudo apt-get install ${missing[*]}" >&2
  echo >&2
  exit "$strict"
}

command -v apt-get >/dev/null || give_up 'There is no apt-get here, so Debian packages are not installed for you.'
as_root=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || give_up 'Installing Debian packages takes root, and there is no sudo here.'
  as_root=(sudo)
  [ -t 0 ] || as_root+=(-n) # nobody is there to type a password
fi

# Packages may not start their daemons (redis-server has one): the project starts its own. Both invoke-rc.d and
# deb-systemd-invoke ask this policy file; a policy of the machine's own stays, and decides.
policy=/usr/sbin/policy-rc.d
mark='written for one installation by debian-packages.sh; left over, it can be removed'
if [ ! -e "$policy" ] || grep -qs "$mark" "$policy"; then
  printf '#!/bin/sh\n# %s\nexit 101\n' "$mark" | "${as_root[@]}" install -m 755 /dev/stdin "$policy" ||
    give_up 'Installing Debian packages takes root, which sudo did not grant.'
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
fi

apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 "$@" </dev/null
}
install() { apt install -y --no-install-recommends "$@"; }

log=$(mktemp)
echo "Installing Debian packages: ${missing[*]}"
shopt -s nullglob
lists=(/var/lib/apt/lists/*_Packages*)
if [ ${#lists[@]} -eq 0 ]; then apt update; fi >"$log" 2>&1 || true
if ! install "${missing[@]}" >>"$log" 2>&1; then
  # Lists can be older than the archive; and one package that cannot be had must not keep the others away.
  apt update >>"$log" 2>&1 || true
  wanted=("${missing[@]}")
  missing=()
  for package in "${wanted[@]}"; do
    install "$package" >>"$log" 2>&1 || missing+=("$package")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    tail -n 20 "$log" >&2
    give_up "apt-get failed; the end of what it said is above, the whole is in $log."
  fi
  missing=("${wanted[@]}")
fi
rm -f "$log"

# Nor may they start at the next boot.
if [ -d /run/systemd/system ]; then
  for package in "${missing[@]}"; do
    if systemctl cat "$package.service" >/dev/null 2>&1; then "${as_root[@]}" systemctl --quiet disable "$package"; fi
  done
fi
