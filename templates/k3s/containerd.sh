#!/bin/sh
# Written by edgefleet. Before each start of k3s: copies the template of containerd's configuration to where k3s reads
# it, and removes a copy whose template is gone. A template of another origin stays.
set -eu
prefix=${EDGEFLEET_PREFIX:-} # for tests: another root directory
from=$prefix/etc/rancher/k3s/containerd
to=$prefix/var/lib/rancher/k3s/agent/etc/containerd

for name in config-v3.toml.tmpl config.toml.tmpl; do
  if [ -e "$from/$name" ]; then
    mkdir -p "$to"
    cp "$from/$name" "$to/.$name.new"
    mv "$to/.$name.new" "$to/$name"
  elif [ -e "$to/$name" ] && head -n 1 "$to/$name" | grep -q '^# Written by edgefleet'; then
    rm "$to/$name"
  fi
done
