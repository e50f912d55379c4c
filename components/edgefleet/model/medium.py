"""What a node's image is made as, of which base, and what it carries for a site without a link."""

from typing import Annotated, Literal

from edgefleet.model.effects import Effect
from edgefleet.model.spec import spec

Format = Literal["nocloud", "nocloud-dir", "raw", "iso", "ignition", "ipxe", "script"]
"""Name of an image format; `edgefleet.images.FORMATS` has them all."""
Installer = Literal["debian", "ubuntu"]


@spec
class Base:
    """A disk image or installer that somebody else made."""

    source: Annotated[str, Effect.NONE]
    """Where it is found: ``https://...``, or ``file:`` with a path relative to the project."""
    sha256: Annotated[str, Effect.REFLASH]
    """Hex SHA-256 of its bytes; what differs is never used."""


@spec
class Netboot:
    """What a box starts over the network before it has its seed."""

    kernel: Annotated[Base, Effect.REFLASH]
    """The kernel."""
    initrd: Annotated[tuple[Base, ...], Effect.REFLASH]
    """Initial file systems, in their order."""
    arguments: Annotated[str, Effect.REFLASH]
    """Words for the kernel; ``{seed}`` stands for the address of the seed, with a slash at its end."""


@spec
class Medium:
    """What a node's image is written as."""

    format: Annotated[Format, Effect.REFLASH] = "nocloud"
    """How the first boot is written down; see `edgefleet.images.FORMATS`."""
    base: Annotated[Base | None, Effect.REFLASH] = None
    """What ``raw`` and ``iso`` are made of."""
    size: Annotated[int | None, Effect.NONE] = None
    """Bytes of the medium that it is written to; of ``raw`` the node's disk, where nothing is said."""
    installer: Annotated[Installer | None, Effect.REFLASH] = None
    """Which automatic installation the base of an ``iso`` understands: Debian's preseed or Ubuntu's
    autoinstall."""
    install_on: Annotated[str | None, Effect.REFLASH] = None
    """Disk that an ``iso`` erases and installs onto, ``/dev/nvme0n1``; the only built-in one where unsaid."""
    netboot: Annotated[Netboot | None, Effect.REFLASH] = None
    """What ``ipxe`` starts."""

    @property
    def bases(self) -> tuple[Base, ...]:
        """What has to be fetched for it: its base, or what boxes start over the network."""
        started = () if self.netboot is None else (self.netboot.kernel, *self.netboot.initrd)
        return (*(() if self.base is None else (self.base,)), *started)


@spec
class PayloadFile:
    """One file that an image carries besides, so that the box needs no link to start."""

    path: Annotated[str, Effect.REFLASH]
    """Where it lies in the payload: ``bin/k3s``, ``images/k3s-airgap-images-amd64.tar.zst``."""
    digest: Annotated[str, Effect.REFLASH]
    """``sha256:<hex>`` of the file; for an archive of a container image, of the image's manifest for the
    node's platform."""
    size: Annotated[int, Effect.NONE]
    """Bytes."""
    version: Annotated[str, Effect.NONE] = ""
    """Release that it is of, for a program; empty for a container image, whose path says it."""


__all__ = ["Base", "Format", "Installer", "Medium", "Netboot", "PayloadFile"]
