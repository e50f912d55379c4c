#!/bin/sh
# Written by edgefleet. Removes cloud-init's copies of the seed once it has finished.
set -eu
prefix=${EDGEFLEET_PREFIX:-}  # for tests: another root directory

if ! tr -d ' \n' <"$prefix/run/cloud-init/result.json" 2>/dev/null | grep -q '"errors":\[\]'; then
  echo "wipe-seed: cloud-init has not finished or has errors, so its copies stay; see cloud-init status --long"
  exit 0
fi
for instance in "$prefix/var/lib/cloud/instances/"*/; do
  for copy in user-data.txt user-data.txt.i cloud-config.txt obj.pkl; do
    rm -f "$instance$copy"
  done
done
rm -rf "$prefix/run/edgefleet/seed" # of a seed that was accepted after the first boot
if [ -e "$prefix/var/lib/cloud/seed/nocloud/edgefleet" ]; then # an installer put it there
  rm -rf "$prefix/var/lib/cloud/seed/nocloud"
fi
