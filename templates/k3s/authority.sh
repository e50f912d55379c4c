#!/bin/sh
# Written by edgefleet. Before each start of k3s: installs the site's certificate authorities for the first one. Agents
# know the server by them. Those of a k3s that has started already stay.
set -eu
umask 077
prefix=${EDGEFLEET_PREFIX:-} # for tests: another root directory
from=$prefix/etc/edgefleet/k3s-authorities
to=$prefix/var/lib/rancher/k3s/server/tls

part() { # name, pattern of the kind of PEM, ending
  sed -n "/^-----BEGIN $2-----\$/,/^-----END $2-----\$/p" "$from/$1.pem" >"$to/$1.$3.new"
  sync "$to/$1.$3.new"
  mv "$to/$1.$3.new" "$to/$1.$3"
}

[ ! -e "$to/server-ca.crt" ] || exit 0
(umask 022 && mkdir -p "${to%/server/tls}") # whose modes are k3s's own
mkdir -p "$to/etcd"
part service "[A-Z ]* KEY" key
for name in client-ca request-header-ca etcd/peer-ca etcd/server-ca server-ca; do # that which is looked for comes last
  part "$name" "[A-Z ]* KEY" key
  part "$name" CERTIFICATE crt
done
