"""The printed sheet of a site: which medium goes into which node, and the steps.

It is for the technician at the site and for the person who writes the media. Anyone on site can read it, so
it contains no secret: only names, addresses, digests of images, and where to ask for access to a node.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from edgefleet.images import FORMATS
from edgefleet.io.templates import render_html
from edgefleet.model.kernel_command_line import config_txt, words
from edgefleet.model.medium import Format
from edgefleet.model.page import page_of
from edgefleet.model.site import Location, Node, SiteSpec, StorageKind
from edgefleet.report.human import digest, size
from edgefleet.report.qr_code import QrCode, qr_code
from edgefleet.runtimes import runtime_of

DISKS: Mapping[StorageKind, str] = {
    "sd": "SD card",
    "emmc": "eMMC",
    "nvme": "NVMe disk",
    "ssd": "SSD",
    "hdd": "hard disk",
}
"""dict[kind of the boot medium -> its common name]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetImage:
    """A node's image, as far as a sheet names it."""

    file: str
    """Its name, ``n1.iso``."""
    digest: str
    """``sha256:<hex>``, as preview and `edgefleet sites` show it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetNode:
    """One node."""

    name: str
    """The node's."""
    hostname: str
    role: str
    profile: str
    """Its hardware class; empty where that is not known."""
    board: str
    """``arm64, Raspberry Pi``."""
    memory: int
    """Bytes."""
    disk: int
    """Bytes of the boot medium."""
    storage: str
    """Common name of the boot medium."""
    mac: str
    """Hardware address of its link; empty if not given."""
    network: tuple[str, ...]
    """How it reaches its network, in a few words each."""
    address: str
    """Fixed address; empty where it asks DHCP."""
    has_cable: bool
    """Whether its link is a cable."""
    file: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Nodes that are set up in the same way."""

    format: Format
    medium: str
    """The medium of their image: ``USB stick``."""
    storage: StorageKind | None
    """Their boot medium, if the image is written to it."""
    nodes: tuple[SheetNode, ...] = ()
    has_payload_medium: bool
    """Whether their payload is on a second medium."""
    is_raspberry_pi: bool
    is_restarting: bool
    """Whether they restart once at the end of their first boot."""
    serial_console: str
    """``ttyS0, 115200 baud``; empty without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One site's page."""

    site: str
    fleet: str
    region: str
    stack: str
    group: str
    place: tuple[str, ...]
    """Its location: ``Berlin, DE``, then degrees; empty if not given."""
    code: QrCode
    works: tuple[Work, ...]
    user: str
    """The user who may log in by SSH; empty without one."""
    source: str
    """Host that nodes download k3s from at their first boot; empty if their media carry it."""
    has_console: bool
    """Whether there is a password for the console."""
    from_afar: tuple[str, ...]
    """Break-glass access over the network."""

    @property
    def nodes(self) -> tuple[SheetNode, ...]:
        """All of its nodes."""
        return tuple(node for work in self.works for node in work.nodes)


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetContext:
    """The content of a sheet that is not in the site's spec."""

    stack: str
    page: str | None = None
    """Address of a site's page with names in braces (`edgefleet.model.page`)."""
    group: str | None = None
    profiles: Mapping[str, str | None]
    """dict[node -> hardware class]."""


def sheet(spec: SiteSpec, images: Mapping[str, SheetImage], context: SheetContext) -> Sheet:
    """The sheet of the site `spec`.

    Args:
        spec: the site.
        images: dict[node -> its image].
        context: the content that is not in the spec.
    """
    peer, ssm = spec.break_glass.wireguard, spec.break_glass.ssm
    ways = ["WireGuard" if peer else "", "AWS Systems Manager" if ssm else ""]
    return Sheet(
        site=spec.name,
        fleet=spec.fleet,
        region=spec.region,
        stack=context.stack,
        group=context.group or "",
        place=() if spec.location is None else _place(spec.location),
        code=qr_code(_code_text(spec, context.page)),
        works=_works(spec, images, context),
        user=next((user.name for user in spec.users if user.is_admin), ""),
        source="" if spec.airgap else urlsplit(spec.k3s.release_url).netloc,
        has_console=spec.break_glass.console,
        from_afar=tuple(filter(None, ways)),
    )


def _code_text(spec: SiteSpec, page: str | None) -> str:
    """The content of the QR code: the site's page, or its full name."""
    if page is None:
        return f"edgefleet:{spec.fleet}/{spec.region}/{spec.name}"
    return page_of(page, fleet=spec.fleet, region=spec.region, site=spec.name)


def _place(location: Location) -> tuple[str, ...]:
    town = ", ".join(filter(None, (location.city, location.country)))
    at = ""
    if location.latitude is not None and location.longitude is not None:
        north, east = location.latitude, location.longitude
        at = f"{abs(north)}° {'N' if north >= 0 else 'S'}, {abs(east)}° {'E' if east >= 0 else 'W'}"
    return tuple(filter(None, (town, at)))


def _works(spec: SiteSpec, images: Mapping[str, SheetImage], context: SheetContext) -> tuple[Work, ...]:
    """The site's nodes by their setup, its server first: the others join it."""
    alike: dict[Work, list[SheetNode]] = {}
    for name, node in sorted(spec.nodes.items(), key=lambda item: not runtime_of(item[1]).runs_api):
        alike.setdefault(_work(node), []).append(_node(node, name, images[name], context))
    return tuple(replace(work, nodes=tuple(nodes)) for work, nodes in alike.items())


def _work(node: Node) -> Work:
    """The setup of `node`, without its nodes."""
    kind = FORMATS[node.image.format]
    port, _, rate = (node.hardware.serial_console or "").partition(",")
    return Work(
        format=kind.name,
        medium=kind.medium or DISKS[node.storage],
        storage=node.storage if kind.medium is None else None,
        has_payload_medium=bool(node.payload) and not kind.is_composed,
        is_raspberry_pi=node.hardware.raspberry_pi is not None,
        is_restarting=bool(words(node) or config_txt(node)),
        serial_console=f"{port}, {rate or '115200'} baud" if port else "",
    )


def _node(node: Node, name: str, image: SheetImage, context: SheetContext) -> SheetNode:
    board = "Raspberry Pi" if node.hardware.raspberry_pi is not None else ""
    return SheetNode(
        name=name,
        hostname=node.hostname,
        role=node.role,
        profile=context.profiles.get(name) or "",
        board=", ".join(filter(None, (node.arch, board))),
        memory=node.memory,
        disk=node.disk,
        storage=DISKS[node.storage],
        mac=(node.network.mac or "").lower(),
        network=tuple(_network(node)),
        address=node.network.ip or "",
        has_cable=node.network.wifi is None,
        file=image.file,
        digest=image.digest,
    )


def _network(node: Node) -> list[str]:
    network = node.network
    if FORMATS[node.image.format].keeps_network:
        return ["stays as it is"]
    phrases = [network.address or "address by DHCP"]
    if network.gateway:
        phrases.append(f"gateway {network.gateway}")
    if network.wifi is not None:
        phrases.append(f"Wi-Fi “{network.wifi.ssid}”")
    elif network.bond is not None:
        phrases.append("cables in " + " and ".join(network.bond.interfaces))
    if network.vlan is not None:
        phrases.append(f"VLAN {network.vlan}")
    return phrases


def pages(title: str, sheets: Iterable[Sheet]) -> Iterator[str]:
    """One printable page of HTML with a section for each of `sheets`, without scripts and external files."""
    yield render_html("sheet/head.html.j2", title=title)
    for sheet in sheets:
        yield render_html("sheet/site.html.j2", sheet=sheet, digest=digest, size=size)
    yield "</body>\n</html>\n"
