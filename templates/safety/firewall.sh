#!/bin/sh
# Written by edgefleet. Loads the firewall. Where nft refuses the whole ruleset, it loads one that admits only SSH and
# containers, and where it refuses that too, one without SSH: never none.
set -eu
prefix=${EDGEFLEET_PREFIX:-}  # for tests: another root directory
problem=$prefix/var/lib/edgefleet/problems/firewall

report() { # sentence
  mkdir -p "${problem%/*}"
  echo "The firewall of this node $1" >"$problem"
  echo "firewall: $1" >&2
}

if nft -f "$prefix/etc/edgefleet/firewall.nft"; then
  rm -f "$problem"
elif nft -f "$prefix/etc/edgefleet/firewall-minimal.nft"; then
  report "could not be loaded: only SSH and containers are admitted; see journalctl -u edgefleet-firewall."
elif nft -f - <<'END'; then
table inet edgefleet
delete table inet edgefleet
table inet edgefleet {
  chain input {
    type filter hook input priority filter + 10; policy drop;
    iifname { "lo", "cni0", "flannel.1" } accept
    ct state established,related accept
    meta l4proto { 1, 58 } accept
    udp sport 67 udp dport 68 accept
  }
}
END
  report "could not be loaded: nobody is admitted, by SSH neither; see journalctl -u edgefleet-firewall."
else
  report "is not loaded: nft is missing or the kernel has no nf_tables. Add the package nftables to the base system."
  exit 1
fi
