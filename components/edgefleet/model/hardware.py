"""A node's hardware as its first boot needs it, with proxy and clock."""

import re
from dataclasses import replace
from datetime import date
from ipaddress import ip_network
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from edgefleet.model.addresses import IP_RE
from edgefleet.model.effects import Effect
from edgefleet.model.names import HOST_RE, ProxyAddress, host
from edgefleet.model.spec import Unset, spec
from edgefleet.model.syntax import LOGIN, Grammar, shown, wrong

FileSystem = Literal["ext4", "xfs"]
Encryption = Literal["none", "tpm2"]
Pcr = Annotated[int, Field(ge=0, le=15)]
SECURE_BOOT = (7,)
CLOCK_FLOOR = "2026-11-01"
"""Earliest day that a node's clock may show, unless the fleet file names a later one."""
LONGEST_WATCHDOG = 3600


def watchdog(value: Any) -> str:
    """`value` as systemd writes it: ``30s``, or ``off`` (which YAML reads as false).

    Raises:
        PydanticCustomError: it is no time from 5 s to 1 h.
    """
    if value is False or value == "off":
        return "off"
    found = re.fullmatch(r"(\d{1,4})(s|min)", str(value))
    seconds = int(found[1]) * (60 if found[2] == "min" else 1) if found else 0
    if not 5 <= seconds <= LONGEST_WATCHDOG:  # noqa: PLR2004 - as in the docstring
        raise wrong(
            "bad-watchdog", f"{shown(value)} is not a time from 5s to 60min", "write it like 30s, or off"
        )
    return f"{seconds}s"


def floor(value: Any) -> str:
    """`value`, a day that is not before the recipe's own.

    Raises:
        PydanticCustomError: it is none.
    """
    try:
        day = date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise wrong("bad-date", f"{shown(value)} is not a day", f"write it like {CLOCK_FLOOR}") from None
    if day < CLOCK_FLOOR:
        raise wrong("bad-date", f"{day} is before {CLOCK_FLOOR}", f"write {CLOCK_FLOOR} or a later day")
    return day


def _direct(text: str) -> str:
    try:
        if "/" in text:
            ip_network(text, strict=False)
        else:
            host(text if text.count(":") > 1 else text.partition(":")[0])
    except ValueError:
        hint = "write it like 10.0.0.0/8, registry.example or 10.0.0.1"
        raise wrong("bad-no-proxy", f"{shown(text)} is not a subnet or a host", hint) from None
    return text


_CONSOLE = Grammar(
    r"tty[A-Za-z]{1,6}\d{1,2}(,\d{3,7})?",
    "bad-console",
    "a serial port",
    "write it like ttyS0, or ttyAMA0,115200 with a rate",
    24,
)
Console = Annotated[str, _CONSOLE]
_DEVICE = Grammar(
    r"/dev/disk/by-(id|path|partlabel|partuuid)/[A-Za-z0-9:._+@=-]+",
    "bad-device",
    "a path that a disk keeps",
    "write one such as /dev/disk/by-id/nvme-1, or below by-path, by-partlabel or by-partuuid: sdb may move",
    200,
)
Device = Annotated[str, _DEVICE]
_CONFIG_LINE = Grammar(
    r"[a-z0-9_]+(:[0-9])?=[A-Za-z0-9_.,:=+/-]+",
    "bad-config-line",
    "a line of config.txt",
    "write it like dtparam=i2c_arm=on; filters such as [pi4] are not taken",
    98,
    refers="may",
)
ConfigLine = Annotated[str, _CONFIG_LINE]
_NO_PROXY = Grammar(
    rf"\*|\*?\.?{HOST_RE}(:\d{{1,5}})?|{IP_RE}(/\d{{1,3}})?",
    "bad-no-proxy",
    "a host, a domain or a subnet",
    "write it like .example.com, registry.example or 10.0.0.0/8",
    then=_direct,
    refers="may",
)
NoProxy = Annotated[str, _NO_PROXY]
Login = Annotated[str, replace(LOGIN, what="a proxy login")]
_MOUNT_POINT = Grammar(
    r"(/var/lib/(?!(edgefleet|cloud|systemd|dpkg|apt)(/|$))|/(srv|mnt|opt|data)/)"
    r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*|/data",
    "bad-mount-point",
    "a place for a data disk",
    "write a directory below /var/lib, /srv, /mnt, /opt or /data: /var/lib/rancher is k3s's",
)
MountPoint = Annotated[str, _MOUNT_POINT]
Watchdog = Annotated[
    str,
    BeforeValidator(watchdog),
    Grammar("[0-9]+s|off", "bad-watchdog", "a time", "write it like 30s, or off", 9),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "pattern": "^([0-9]+(s|min)|off)$"}, {"const": False}]}, "validation"
    ),
]
Day = Annotated[
    str,
    BeforeValidator(floor),
    Grammar(r"\d{4}-\d{2}-\d{2}", "bad-date", "a day", f"write it like {CLOCK_FLOOR}", 10),
]


@spec
class RaspberryPi:
    """A Raspberry Pi, whose firmware reads config.txt; an empty map states that the node is one."""

    bluetooth: Annotated[bool, Effect.LIVE] = True
    """Whether its Bluetooth is on."""
    audio: Annotated[bool, Effect.LIVE] = True
    """Whether its audio is on."""
    config: Annotated[tuple[ConfigLine, ...], Effect.LIVE] = ()
    """Further lines of config.txt, [dtparam=i2c_arm=on]."""


@spec
class DataDisk:
    """A separate disk for data. It is formatted when it is blank, and never wiped when it holds data."""

    device: Annotated[Device, Effect.REFLASH]
    """Path that the disk or partition keeps, /dev/disk/by-id/nvme-..."""
    filesystem: Annotated[FileSystem, Effect.REFLASH] = "ext4"
    """ext4 or xfs."""
    path: Annotated[MountPoint, Effect.REFLASH] = "/var/lib/rancher"
    """Where it is mounted; /var/lib/rancher holds k3s's data."""
    encryption: Annotated[Encryption, Effect.REFLASH] = "none"
    """none, or tpm2: opened by the node's own TPM alone, and by the key that the site's owner can derive.
    Where the base cannot, the disk is left as it is and k3s does not start. It protects a disk that is taken
    out: a node that is stolen whole starts its system, which is not encrypted, and opens its own disk."""
    pcrs: Annotated[tuple[Pcr, ...], Field(min_length=1), Effect.REFLASH] = SECURE_BOOT
    """Registers of the TPM that the key is bound to, by default 7, the state of Secure Boot. With 4, 8 and 9
    (boot loader, commands, kernel) a changed system does not open it, and an updated one needs its owner."""


@spec
class Hardware:
    """Settings of the nodes' hardware."""

    raspberry_pi: Annotated[RaspberryPi | None, Effect.LIVE] = None
    """That the nodes are Raspberry Pis, {}, and what of them is on."""
    serial_console: Annotated[Console | None, Effect.LIVE] = None
    """Serial port with a login and the kernel's messages, ttyS0 or ttyAMA0,115200."""
    watchdog: Annotated[Watchdog | None, Effect.LIVE, Unset("default (30s; Raspberry Pi: 15s)")] = None
    """Time after which a node that hangs is restarted, 30s, or off. By default it is 15s on a Raspberry Pi
    and 30s elsewhere. A node without a watchdog ignores it."""
    grow_root: Annotated[bool, Effect.REFLASH] = True
    """Whether the root file system takes all of its disk."""
    spare_writes: Annotated[bool | None, Effect.LIVE, Unset("default (true on sd and emmc)")] = None
    """Whether little is written to the boot medium. By default it is true on sd and emmc."""
    data_disk: Annotated[DataDisk | None, Effect.REFLASH] = None
    """A disk of its own for what changes."""


@spec
class Proxy:
    """How a site's nodes reach the world where they may not directly."""

    http: Annotated[ProxyAddress | None, Effect.RESTART] = None
    """Proxy for http, http://proxy.example:3128, without a user."""
    https: Annotated[ProxyAddress | None, Effect.RESTART] = None
    """Proxy for https, http://proxy.example:3128, without a user."""
    no_proxy: Annotated[tuple[NoProxy, ...], Effect.RESTART] = ()
    """Hosts, domains and subnets that are reached directly, besides the site itself and its containers."""
    credentials: Annotated[Login | None, Effect.RESTART] = None
    """A secret of the stack, {secret: proxy}: <user>:<password>."""


@spec
class Time:
    """A site's clocks."""

    floor: Annotated[Day, Effect.LIVE] = CLOCK_FLOOR
    """Earliest day that a clock may show, 2027-03-01: nodes without a battery start in 1970."""
    serve: Annotated[bool, Effect.LIVE] = False
    """Whether the site's server gives the time to its agents; its base system must have chrony."""
