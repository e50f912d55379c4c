"""Machines of QEMU without KVM, each of which ends by itself; what they showed, and left on the disk."""

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import PIPE
from typing import Any, Literal

from tests.boot_vm.base_system import KERNEL_LINE, BaseSystem
from tests.boot_vm.ext4 import Entry, ask, read_tree
from tests.boot_vm.running import tool

MEMORY = 1024
"""MiB."""
PATIENCE = int(os.environ.get("EDGEFLEET_BOOT_PATIENCE", "1"))
"""How many times as long as on two cores of its own a machine may take."""
UNWATCHED = ("softdog.soft_noboot=1",)
"""The watchdog of a machine that waits for others would take it for one that hangs."""
LONGEST = 600
"""Seconds that a machine may run, times its patience; on two cores of its own none takes a third of it."""
QEMU = ("qemu-system-x86_64", "-accel", "tcg,thread=multi", "-smp", "2", "-m", str(MEMORY))
BOUNDED = ("-no-reboot", "-display", "none", "-serial", "mon:stdio")
SEEN = (
    "/etc",
    "/usr/local",
    "/home",
    "/var/lib/edgefleet",
    "/var/lib/cloud",
    "/var/lib/rancher",
    "/var/lib/systemd",
)
OVMF = "/usr/share/OVMF/OVMF"
FACTS = "/var/lib/onlooker/facts.json"
ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[A-Za-z]|\(.|[=>c])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Booted:
    """One boot that is over."""

    console: str
    """All that the serial console showed."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What the onlooker saw; see `inside/onlooker.py`."""
    files: dict[str, Entry] = field(default_factory=dict)
    """dict[path -> entry] below `SEEN`, as the disk has it afterwards."""

    @property
    def journal(self) -> str:
        """The boot's journal."""
        return "\n".join(self.facts["journal"])


def drive(image: Path, *, reads: bool = True, serial: str = "", boots: bool = False) -> list[str]:
    """Options for a disk.

    Args:
        image: what is on it.
        reads: whether it is only read.
        serial: its serial number.
        boots: whether the firmware starts from it.
    """
    name = f"medium-{image.name}"
    back = f"file={image},if=none,id={name},format=raw" + (",readonly=on" if reads else "")
    front = f"virtio-blk-pci,drive={name}" + (f",serial={serial}" if serial else "")
    return ["-drive", back, "-device", front + (",bootindex=1" if boots else "")]


def uefi(scratch: Path) -> list[str]:
    """Options for UEFI in the place of BIOS, with variables of this machine's own."""
    variables = scratch / "variables.fd"
    shutil.copyfile(f"{OVMF}_VARS.fd", variables)
    flash = "if=pflash,format=raw"
    return ["-drive", f"{flash},readonly=on,file={OVMF}_CODE.fd", "-drive", f"{flash},file={variables}"]


Talk = Sequence[tuple[str, str]]
"""(what the console shows, what is then typed at it), in order; nothing is shown as soon as anything is."""


def cable(state: Literal["on", "off"]) -> str:
    """What is typed to put in the cable of the card ``lan``, or to take it out; QEMU reads it."""
    return f"\x01cset_link lan {state}\n\x01c"


def run(options: Sequence[str | Path], *, longest: int = LONGEST * PATIENCE, talk: Talk = ()) -> str:
    """Start a machine and wait until it has turned itself off; what its serial console showed."""
    with subprocess.Popen(
        [*QEMU, *BOUNDED, *map(str, options)], stdin=PIPE, stdout=PIPE, stderr=PIPE, bufsize=0
    ) as qemu:
        clock = threading.Timer(longest, qemu.kill)
        clock.start()
        try:
            shown = conversation(qemu, talk)
        finally:
            qemu.kill()
            clock.cancel()
        assert qemu.stderr is not None
        said = qemu.stderr.read().decode(errors="replace")
    assert 0 == qemu.returncode, f"the machine did not end well in {longest} s: {said}\n{shown}"
    return shown


def conversation(qemu: subprocess.Popen[bytes], talk: Talk) -> str:
    """All that the console shows until it is closed, with each answer given once."""
    assert qemu.stdout is not None
    assert qemu.stdin is not None
    raw, awaited, seen = bytearray(), list(talk), 0
    while more := qemu.stdout.read(65536):
        raw += more
        if awaited and (at := raw.find(awaited[0][0].encode(), seen)) >= 0:
            seen = at + len(awaited[0][0])
            qemu.stdin.write(awaited.pop(0)[1].encode())
    qemu.wait()
    return ESCAPES.sub("", raw.decode(errors="replace").replace("\r", ""))


def boot(
    options: Sequence[str | Path], image: str, scratch: Path, *, talk: Talk = (), patience: int = PATIENCE
) -> Booted:
    """Boot a machine whose root file system is in `image`, and read what it left there.

    Args:
        options: QEMU's.
        image: as `read_tree` takes it.
        scratch: an empty directory.
        talk: as `run` takes it.
        patience: how many times as long as on two cores of its own it may take.
    """
    console = run(options, talk=talk, longest=LONGEST * patience)
    (facts,) = ask(image, f"cat {FACTS}")
    assert facts.startswith("{"), f"the onlooker saw nothing; the console:\n{console}"
    return Booted(console=console, facts=json.loads(facts), files=read_tree(image, SEEN, scratch))


@dataclass(slots=True, kw_only=True)
class Machine:
    """A machine with a base system on its disk, which boots again and again."""

    base: BaseSystem
    folder: Path
    """Is made for it."""
    payload: Path
    """A medium; it is in at each boot."""
    options: Sequence[str]
    """QEMU's: of its network, and others."""
    patience: int = PATIENCE
    """How many times as long as on two cores of its own it may take."""
    count: int = 0
    """How many times it has booted."""

    def boot(self, seed: bytes, *words: str, options: Sequence[str | Path] = (), talk: Talk = ()) -> Booted:
        """Boot it once more.

        Args:
            seed: a medium with it is in.
            words: for the kernel's command line.
            options: QEMU's, for this boot alone.
            talk: as `run` takes it.
        """
        disk = self.folder / "disk.img"
        if self.count == 0:
            self.folder.mkdir()
            tool("cp", "--sparse=always", self.base.root, disk)
        self.count += 1
        medium, seen = (self.folder / f"{self.count}.iso", self.folder / f"seen-{self.count}")
        medium.write_bytes(seed)
        seen.mkdir()
        unwatched = UNWATCHED if self.patience > 1 else ()
        line = " ".join((KERNEL_LINE, f"patience={self.patience}", *unwatched, *words))
        kernel = ("-kernel", self.base.kernel, "-initrd", self.base.initrd, "-append", line)
        disks = (*drive(disk, reads=False), *drive(medium), *drive(self.payload))
        return boot(
            (*kernel, *disks, *self.options, *options), str(disk), seen, talk=talk, patience=self.patience
        )
