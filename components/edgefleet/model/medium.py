"""A node's image: its format, base, and payload for a site without a link."""

from typing import Annotated, Literal

from pydantic import Field

from edgefleet.model.effects import Effect
from edgefleet.model.quantities import LARGEST, Size
from edgefleet.model.releases import BaseSource, Digest, KernelArguments
from edgefleet.model.spec import spec
from edgefleet.model.syntax import Grammar

Format = Literal["nocloud", "nocloud-dir", "raw", "iso", "ignition", "ipxe", "script"]
"""Name of an image format; `edgefleet.images.FORMATS` has them all."""
Renderer = Literal["networkd", "NetworkManager"]
"""As netplan names them (netplan reference, renderer)."""
Installer = Literal["debian", "ubuntu"]
_INSTALLED_DISK = Grammar(
    r"/dev/(disk/by-(id|path)/[A-Za-z0-9:._+@=-]+|[a-z]+[a-z0-9]*)",
    "bad-device",
    "a disk to install onto",
    "write it like /dev/nvme0n1, or one below /dev/disk/by-id or by-path",
    200,
)
InstalledDisk = Annotated[str, _INSTALLED_DISK]
_PAYLOAD_PATH = Grammar(
    r"[A-Za-z0-9][A-Za-z0-9._+@-]*(/[A-Za-z0-9][A-Za-z0-9._+@-]*)*",
    "bad-path",
    "a path in a payload",
    "",
    400,
)
PayloadPath = Annotated[str, _PAYLOAD_PATH]
PayloadDigest = Annotated[str, Grammar("sha256:[0-9a-f]{64}", "bad-digest", "a digest", "", 71)]
PayloadVersion = Annotated[str, Grammar(r"[A-Za-z0-9.+:-]*", "bad-version", "a release", "", 71)]


@spec
class Base:
    """A disk image or installer of a distribution."""

    source: Annotated[BaseSource, Effect.NONE]
    """Its address: https://..., or file:<path in the project>."""
    sha256: Annotated[Digest, Effect.REFLASH]
    """Hex SHA-256 of its bytes; a file that differs is never used."""


@spec
class Netboot:
    """The kernel and initial file systems that a node starts over the network before it has its seed."""

    kernel: Annotated[Base, Effect.REFLASH]
    """The kernel."""
    initrd: Annotated[tuple[Base, ...], Effect.REFLASH]
    """Initial file systems, in their order."""
    arguments: Annotated[KernelArguments, Effect.REFLASH]
    """Words for the kernel; {seed} stands for the address of the seed, with a slash at its end:
    ds=nocloud;s={seed}"""


@spec
class Medium:
    """The format of an image."""

    format: Annotated[Format, Effect.REFLASH] = "nocloud"
    """nocloud (a seed ISO), nocloud-dir (files for a boot partition), raw (a disk image with all in it), iso
    (an installer that asks nothing), ignition, ipxe, or script (for a node that runs Linux already)."""
    base: Annotated[Base | None, Effect.REFLASH] = None
    """The base of raw and iso."""
    size: Annotated[Size | None, Effect.NONE] = None
    """Size of the medium that it is written to, 8Gi. By default that of raw is the disk of the profile. A
    preview reports whether all fits."""
    installer: Annotated[Installer | None, Effect.REFLASH] = None
    """Which automatic installation the base of an iso understands: Debian's preseed or Ubuntu's
    autoinstall."""
    install_on: Annotated[InstalledDisk | None, Effect.REFLASH] = None
    """Disk that an iso erases and installs onto, /dev/nvme0n1 or one below /dev/disk/by-id. By default it is
    the only built-in disk; a node with several is left as it is and reports that."""
    netboot: Annotated[Netboot | None, Effect.REFLASH] = None
    """The kernel and initial file systems of ipxe."""

    renderer: Annotated[Renderer | None, Effect.REFLASH] = None
    """Which program of the base configures its network, networkd or NetworkManager. Modems need
    NetworkManager, and a password by 802.1X is written in one way for each of them."""

    @property
    def bases(self) -> tuple[Base, ...]:
        """The files to download for it: its base, or those that nodes start over the network."""
        started = () if self.netboot is None else (self.netboot.kernel, *self.netboot.initrd)
        return (*(() if self.base is None else (self.base,)), *started)


@spec
class PayloadFile:
    """One file that an image carries, so that the node needs no link to start."""

    path: Annotated[PayloadPath, Effect.REFLASH]
    """Path in the payload: ``bin/k3s``, ``images/k3s-airgap-images-amd64.tar.zst``."""
    digest: Annotated[PayloadDigest, Effect.REFLASH]
    """``sha256:<hex>`` of the file; a node uses no other."""
    size: Annotated[int, Field(ge=0, le=LARGEST), Effect.REFLASH]
    """Bytes."""
    version: Annotated[PayloadVersion, Effect.NONE] = ""
    """Release of a program; for a container image, ``sha256:<hex>`` of its platform's manifest."""
