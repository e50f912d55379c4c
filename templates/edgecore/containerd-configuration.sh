#!/bin/sh
# Written by edgefleet. Before each start of containerd: gives it the configuration of its version, as an update of the
# base system may bring another one. It may hold logins.
set -eu
prefix=${EDGEFLEET_PREFIX:-} # for tests: another root directory
number=$(containerd --version | cut -d ' ' -f 3)
case ${number#v} in 1.*) version=2 ;; *) version=3 ;; esac
install -D -m 0600 "$prefix/etc/edgefleet/kubeedge/containerd-$version.toml" "$prefix/etc/containerd/config.toml"
