#!/bin/sh
# Written by edgefleet. Restarts what listens for SSH at the port in $1. Sessions stay; a node where nothing listens
# there afterwards reports that.
set -eu
problem=${EDGEFLEET_PREFIX:-}/var/lib/edgefleet/problems/ssh # with a prefix for tests: another root directory

if command -v semanage >/dev/null 2>&1; then # SELinux
  semanage port -a -t ssh_port_t -p tcp "$1" 2>/dev/null || semanage port -m -t ssh_port_t -p tcp "$1" || true
fi
is_on=
for unit in ssh sshd; do
  if systemctl is-active --quiet "$unit.socket" || systemctl is-active --quiet "$unit.service"; then is_on=yes; fi
  if systemctl is-active --quiet "$unit.socket"; then
    systemctl stop "$unit.service" || true # which keeps a socket from restarting
    systemctl restart "$unit.socket"
  else
    systemctl try-restart "$unit.service" 2>/dev/null || true
  fi
done
rm -f "$problem"
[ -n "$is_on" ] || exit 0 # it is started later
for _ in 1 2 3 4 5; do
  if grep -qi ": [0-9A-F]*:$(printf %04X "$1") [0-9A-F]*:0000 0A " "${EDGEFLEET_PREFIX:-}"/proc/net/tcp*; then exit 0; fi
  sleep 1
done
mkdir -p "${problem%/*}"
echo "Nothing listens for SSH at port $1: the base system may forbid it, as SELinux does." >"$problem"
