"""What a node's hardware asks of its first boot, and how the box reaches the world: proxy and clock."""

from typing import Annotated, Literal

from edgefleet.model.effects import Effect
from edgefleet.model.spec import spec

FileSystem = Literal["ext4", "xfs"]
Encryption = Literal["none", "tpm2"]
CLOCK_FLOOR = "2026-11-01"
"""The day before which no clock of a box is believed, unless the fleet file names a later one."""


@spec
class RaspberryPi:
    """A Raspberry Pi, whose firmware reads ``config.txt`` and ``cmdline.txt`` from the boot partition."""

    bluetooth: Annotated[bool, Effect.LIVE] = True
    """Whether its Bluetooth is on."""
    audio: Annotated[bool, Effect.LIVE] = True
    """Whether its audio is on."""
    config: Annotated[tuple[str, ...], Effect.LIVE] = ()
    """Further lines of ``config.txt``."""


@spec
class DataDisk:
    """A disk of its own for what changes: made when it is blank, never wiped."""

    device: Annotated[str, Effect.REFLASH]
    """Path that stays, below ``/dev/disk``."""
    filesystem: Annotated[FileSystem, Effect.REFLASH] = "ext4"
    """``ext4`` or ``xfs``."""
    path: Annotated[str, Effect.REFLASH] = "/var/lib/rancher"
    """Where it is mounted."""
    encryption: Annotated[Encryption, Effect.REFLASH] = "none"
    """``tpm2``: opened by the box's own TPM alone, or by the key that the site's owner can derive."""


@spec
class Hardware:
    """What is asked of a node's hardware."""

    raspberry_pi: Annotated[RaspberryPi | None, Effect.LIVE] = None
    """That it is a Raspberry Pi, and what of it is on."""
    serial_console: Annotated[str | None, Effect.LIVE] = None
    """Serial port with a login, ``ttyS0`` or ``ttyAMA0,115200``."""
    watchdog: Annotated[str | None, Effect.LIVE] = None
    """Time after which a box that hangs is restarted, ``30s``, or ``off``; by the board where unsaid."""
    grow_root: Annotated[bool, Effect.REFLASH] = True
    """Whether the root file system takes all of its disk."""
    spare_writes: Annotated[bool | None, Effect.LIVE] = None
    """Whether little is written to the boot medium; on sd and emmc where unsaid."""
    data_disk: Annotated[DataDisk | None, Effect.REFLASH] = None
    """A disk of its own for what changes."""


@spec
class Proxy:
    """How a site's boxes reach the world where they may not directly."""

    http: Annotated[str | None, Effect.RESTART] = None
    """For http, ``http://proxy.example:3128``."""
    https: Annotated[str | None, Effect.RESTART] = None
    """For https."""
    no_proxy: Annotated[tuple[str, ...], Effect.RESTART] = ()
    """What is reached directly besides the site itself."""
    credentials_secret: Annotated[str | None, Effect.RESTART] = None
    """Name of the secret in the stack's configuration that holds ``<user>:<password>``."""


@spec
class Time:
    """A site's clocks."""

    floor: Annotated[str, Effect.LIVE] = CLOCK_FLOOR
    """Day before which no clock is believed, ``2026-11-01``."""
    serve: Annotated[bool, Effect.LIVE] = False
    """Whether the site's server gives the time to its agents (by chrony, in its base system)."""
