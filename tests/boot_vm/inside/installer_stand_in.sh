#!/bin/sh
# A stand-in for an installer: it is the whole of an initial file system's /init, and says of itself that it is one.
# It installs no system: one is on the disk already. What an installer would be told it reads from where an installer
# is told that it is, and runs what an installer is told to run, with an installer's tools (busybox).
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
mkdir -p /proc /sys /dev /tmp /cdrom /target
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
say() { echo "installer stand-in: $*" >/dev/console; }

fail() {
  say "failed: $1"
  poweroff -f
}

for module in virtio_pci virtio_blk virtio_scsi sr_mod isofs ext4; do modprobe "$module"; done
tried=0
until mount -t iso9660 -o ro /dev/sr0 /cdrom 2>/dev/null || mount -t iso9660 -o ro /dev/vdb /cdrom 2>/dev/null; do
  tried=$((tried + 1))
  [ "$tried" -lt 60 ] || fail "no medium is found"
  sleep 1
done
say "installs nothing; told by the kernel's command line: $(cat /proc/cmdline)"
firmware=BIOS
[ ! -d /sys/firmware/efi ] || firmware=UEFI
say "started by $firmware, from $(grep ' /cdrom ' /proc/mounts | cut -d ' ' -f 1)"

answers=$(sed -n 's/.*preseed\/file=\([^ ]*\).*/\1/p' /proc/cmdline)
[ -n "$answers" ] || answers=$(sed -n 's/.*ds=nocloud;s=\([^ "]*\).*/\1user-data/p' /proc/cmdline)
[ -r "$answers" ] || fail "there are no answers at $answers"
say "has read $(wc -l <"$answers") lines of answers in $answers"
(cd /cdrom/edgefleet/payload && sha256sum -c SHA256SUMS) >/tmp/sums 2>&1 || fail "the payload is not what it was: $(cat /tmp/sums)"
say "has the payload: $(tr '\n' ' ' </tmp/sums)"

disk=$(sh /cdrom/edgefleet/installer/choose-disk) || fail "no disk is chosen"
say "would install onto $disk"
mount -t ext4 "${disk}3" /target || fail "there is no system on $disk"
finish=$(sed -n 's/^d-i preseed\/late_command string //p; s/^ *- \(sh .*finish\)$/\1/p' "$answers")
say "runs at its end: $finish"
$finish >/tmp/finished 2>&1 || fail "$(cat /tmp/finished)"
say "$(cat /tmp/finished)"
umount /target
sync
poweroff -f
