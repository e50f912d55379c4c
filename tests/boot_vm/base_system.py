"""The Debian that boot tests start: made by mmdebstrap of Debian's own packages, once, and kept in a cache.

It is what a cloud image is, smaller: kernel, systemd, cloud-init, netplan, sshd. Besides it has an onlooker
(`inside/onlooker.py`), and looks after k3s more often than a node does (`IMPATIENCE`), so that a test need
not wait for a quarter of an hour.
"""

import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from tests.boot_vm import base_disk
from tests.kept import kept

LABEL = "root"
CONSOLES = "console=tty0 console=ttyS0,115200"
KERNEL_LINE = f"root=LABEL={LABEL} rw {CONSOLES} panic=-1 mitigations=off quiet systemd.show_status=yes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Debian:
    """A release of Debian, and what it has."""

    suite: str
    size: str
    """Of its file system."""
    packages: tuple[str, ...]
    cache: str
    """The folder below the user's cache that keeps it."""


_SYSTEM = (
    *("linux-image-cloud-amd64", "systemd-sysv", "systemd-resolved", "systemd-timesyncd", "udev", "dbus"),
    *("cloud-init", "netplan.io", "openssh-server", "sudo", "iproute2", "nftables", "wireguard-tools"),
)
BOOKWORM = Debian(
    suite="bookworm",
    size="1200M",
    packages=(
        *_SYSTEM,
        *("cloud-guest-utils", "fdisk", "busybox", "python3", "python3-yaml", "zstd"),
        *("cryptsetup-bin", "openssl", "libtss2-esys-3.0.2-0", "libtss2-rc0", "libtss2-tcti-device0"),
    ),
    cache="edgefleet-boot-tests",
)
TRIXIE = Debian(
    suite="trixie",
    size="2000M",
    packages=(
        *_SYSTEM,
        *("cloud-guest-utils", "fdisk", "busybox-static", "python3", "python3-yaml", "zstd", "openssl"),
        *("containerd", "runc", "crun", "libwasmedge0", "containernetworking-plugins", "ca-certificates"),
    ),
    cache="edgefleet-boot-tests-trixie",
)
"""With containerd, and a crun that runs modules of WebAssembly, which Debian 12 does not have."""
DEBIANS = (BOOKWORM, TRIXIE)
INSIDE = Path(__file__).parent / "inside"
LEFT_OUT = ("doc", "man", "info")
IMPATIENCE = {
    "etc/systemd/system/edgefleet-health.timer.d/boot-test.conf": (
        "[Timer]\nOnBootSec=\nOnActiveSec=\nOnUnitInactiveSec=\nOnBootSec=5s\nOnActiveSec=5s\nOnUnitInactiveSec=5s\n"
    ),
    "etc/systemd/system/edgefleet-health.service.d/boot-test.conf": (
        "[Unit]\nAfter=onlooker.service\n[Service]\nEnvironmentFile=/run/onlooker.env\n"
    ),
}
FILES = {
    **IMPATIENCE,
    "etc/cloud/cloud.cfg.d/90-boot-test.cfg": "locale: C.UTF-8\n",  # as Debian's cloud images have
    "etc/modules-load.d/boot-test.conf": "softdog\n",  # a watchdog, as nodes have one
    "etc/initramfs-tools/conf.d/boot-test": "MODULES=list\nCOMPRESS=zstd\n",
    "etc/initramfs-tools/modules": "virtio_pci\nvirtio_blk\nvirtio_scsi\nsr_mod\nisofs\next4\n",
    "etc/systemd/system/onlooker.service": (
        "[Unit]\nDescription=Onlooker of a boot test\n[Service]\nType=exec\n"
        "ExecStartPre=/usr/local/lib/onlooker prepare\nExecStart=/usr/local/lib/onlooker\n"
        "StandardOutput=journal+console\nStandardError=journal+console\n"
        "[Install]\nWantedBy=multi-user.target\n"
    ),
    "usr/local/lib/onlooker": (INSIDE / "onlooker.py").read_text(),
    "usr/local/lib/k3s_server_stand_in.py": (INSIDE / "k3s_server_stand_in.py").read_text(),
    "boot/grub/grub.cfg": (
        "serial --unit=0\nterminal_input serial\nterminal_output serial\necho 'boot loader of a boot test'\n"
        f"search --no-floppy --set=root --label {LABEL}\n"
        f"linux /vmlinuz {KERNEL_LINE}\ninitrd /initrd.img\nboot\n"
    ),
}
FINISH = f"""
set -eu
root=$1
chmod 0755 "$root/usr/local/lib/onlooker"
chroot "$root" systemctl enable -q onlooker.service systemd-networkd.service systemd-resolved.service
chroot "$root" systemctl mask -q apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer fstrim.timer
touch "$root/etc/.updated" "$root/var/.updated" # else the first boot makes caches that are here
cp "$root"/boot/vmlinuz-* kernel
cp "$root"/boot/initrd.img-* initrd
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root/etc/hostname" "$root/etc/resolv.conf"
rm -f "$root/etc/apt/apt.conf.d/99mmdebstrap"
: >"$root/etc/machine-id"
for mount in proc sys dev; do umount --recursive "$root/$mount" 2>/dev/null || true; done
mke2fs -q -t ext4 -L {LABEL} -d "$root" root.img <size>
"""
OUT_OF_REACH = (
    "Temporary failure",
    "Could not connect",
    "Unable to connect",
    "Could not resolve",
    "Failed to fetch",
    "apt-get update",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseSystem:
    """A Debian that was never started."""

    root: Path
    """Its ext4 file system."""
    kernel: Path
    initrd: Path
    disk: Path
    """A whole disk with the same root, which starts by itself; see `base_disk`."""


def base_system(debian: Debian = BOOKWORM) -> BaseSystem:
    """The one in the cache, made where it is not there."""
    folder = kept(debian.cache, key(debian), partial(make, debian))
    return BaseSystem(
        root=folder / "root.img", kernel=folder / "kernel", initrd=folder / "initrd", disk=folder / "base.raw"
    )


def key(debian: Debian) -> str:
    """Another one for each change of what it is made of."""
    disk = Path(base_disk.__file__).read_text()
    finish = FINISH.replace("<size>", debian.size)
    parts = (
        *(debian.suite, debian.size, debian.packages, LEFT_OUT),
        *(sorted(FILES.items()), finish, disk),
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def make(debian: Debian, scratch: Path, folder: Path) -> None:
    """Make it in `scratch`, and give it its name when it is whole.

    What is broken off leaves no process and no mount, as mmdebstrap is the first of a namespace of its own.
    """
    files = scratch / "files"
    for path, text in FILES.items():
        (files / path).parent.mkdir(parents=True, exist_ok=True)
        (files / path).write_text(text)
    (scratch / "finish").write_text(FINISH.replace("<size>", debian.size))
    alone = (
        ("unshare", "--mount", "--pid", "--mount-proc", "--fork", "--kill-child") if os.getuid() == 0 else ()
    )
    command = [
        *alone,
        *("mmdebstrap", "--quiet", "--variant=minbase", "--format=null"),
        f"--include={','.join(debian.packages)}",
        *(f"--dpkgopt=path-exclude=/usr/share/{each}/*" for each in LEFT_OUT),
        '--essential-hook=cp -r files/. "$1"',
        '--customize-hook=unshare --mount sh finish "$1"',
        *proxies(),
        debian.suite,
        "/dev/null",
        *sources(debian),
    ]
    done = subprocess.run(
        command,
        cwd=scratch,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
        env={**os.environ, "TMPDIR": str(scratch)},
    )
    if done.returncode != 0:
        said = done.stderr[-3000:]
        if any(words in said for words in OUT_OF_REACH):
            pytest.skip(f"Debian's packages are out of reach: {said.splitlines()[-1]}")
        pytest.fail(f"mmdebstrap failed:\n{said}")
    shutil.rmtree(files)
    base_disk.make_disk(scratch / "root.img", scratch / "base.raw", label=LABEL)
    scratch.rename(folder)


def sources(debian: Debian) -> list[str]:
    """This machine's own sources of Debian, for the suite; without any, mmdebstrap takes Debian's."""
    said = said_by_apt(
        "apt-get", "indextargets", "--format=$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"
    )
    lines = sorted({tuple(line.split()) for line in said})
    suites = {f"{each.suite}{part}": part for each in DEBIANS for part in ("", "-updates", "-security")}
    return [
        f"deb {place} {debian.suite}{suites[suite]} {part}"
        for place, suite, part in lines
        if suite in suites and part == "main"
    ]


def proxies() -> list[str]:
    """By which this machine's apt goes."""
    lines = said_by_apt("apt-config", "dump")
    return [f"--aptopt={line}" for line in lines if re.match(r"Acquire::https?::(.*::)?Proxy ", line)]


def said_by_apt(*command: str) -> list[str]:
    """Lines that one of apt's programs prints."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
