"""The printed sheet of a site: which medium goes into which node, and the steps.

It is for the technician at the site and for the person who writes the media. Anyone on site can read it, so
it contains no secret: only names, addresses, digests of images, and where to ask for access to a node. Only
where a person asks for the words of nodes behind a router does it hold those.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from urllib.parse import urlsplit

import segno

from edgefleet.images import FORMATS
from edgefleet.io.templates import render_html
from edgefleet.model.kernel_command_line import config_txt, words
from edgefleet.model.medium import Format
from edgefleet.model.names import page_of
from edgefleet.model.network import NetworkLink
from edgefleet.model.programs import KUBEEDGE, PROGRAMS
from edgefleet.model.safety import SSH_PORT
from edgefleet.model.site import Location, Node, SiteSpec, StorageKind
from edgefleet.report.human import digest, size
from edgefleet.report.layout import printable
from edgefleet.runtimes import runtime_of

DISKS: Mapping[StorageKind, str] = {
    "sd": "SD card",
    "emmc": "eMMC",
    "nvme": "NVMe disk",
    "ssd": "SSD",
    "hdd": "hard disk",
}
"""dict[kind of the boot medium -> its common name]."""
QUIET = 4
"""Modules of white around it (ISO/IEC 18004, 9.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QrCode:
    """A code as a drawing."""

    text: str
    """Its content."""
    size: int
    """Modules a side, the white around it included."""
    path: str
    """Of the dark modules, as SVG writes paths (``M4 4h7v1h-7z``), in modules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetImage:
    """A node's image, as far as a sheet names it."""

    file: str
    """Its name, ``n1.iso``."""
    kind: str
    """What the digest is of: ``seed`` or ``parts``."""
    digest: str
    """``sha256:<hex>``, as preview and `edgefleet sites` show it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetNode:
    """One node."""

    name: str
    spec: Node
    profile: str
    """Its hardware class; empty where that is not known."""
    image: SheetImage
    word: str
    """Its word for `image serve --routed`; empty unless it is to be printed."""

    @property
    def board(self) -> str:
        """``arm64, Raspberry Pi``."""
        return self.spec.arch + (", Raspberry Pi" if self.spec.hardware.raspberry_pi is not None else "")

    @property
    def storage(self) -> str:
        """Common name of the boot medium."""
        return DISKS[self.spec.storage]

    @property
    def network(self) -> tuple[str, ...]:
        """How it reaches its network, in a few words each."""
        network = self.spec.network
        if FORMATS[self.spec.image.format].keeps_network:
            return ("stays as it is",)
        further = (
            f"{name}: " + ", ".join(filter(None, (link.mac or link.interface, *_reached(link))))
            for name, link in network.links.items()
        )
        return (*_reached(network), *further)


def _reached(link: NetworkLink) -> tuple[str, ...]:
    names = " or ".join(f"“{network.ssid}”" for network in link.wireless_networks.values())
    medium = f"Wi-Fi {names}" if names else f"mobile network {link.modem.apn}" if link.modem else ""
    if link.bond is not None and not medium:
        medium = "cables in " + " and ".join(link.bond.ports)
    gateway = f"gateway {link.gateway}" if link.gateway else ""
    vlan = "" if link.vlan is None else f"VLAN {link.vlan}"
    leased = "address by DHCP" if link.asks_dhcp else "no address"
    return tuple(filter(None, (link.address or leased, gateway, medium, vlan)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
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
    setups: tuple[Setup, ...]
    user: str
    """The user who may log in by SSH; empty without one."""
    ssh: str
    """The command that connects: ``ssh -p 2222``."""
    source: str
    """Host that nodes download k3s from at their first boot; empty if their media carry it."""
    has_console: bool
    """Whether there is a password for the console."""
    from_afar: tuple[str, ...]
    """Break-glass access over the network."""

    @property
    def nodes(self) -> tuple[SheetNode, ...]:
        """All of its nodes."""
        return tuple(node for setup in self.setups for node in setup.nodes)


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetContext:
    """The content of a sheet that is not in the site's spec."""

    stack: str
    page: str | None = None
    """Address of a site's page with names in braces (`edgefleet.model.page`)."""
    group: str | None = None
    profiles: Mapping[str, str | None]
    """dict[node -> hardware class]."""
    words: Mapping[str, str] = field(default_factory=dict)
    """dict[node -> word that `image serve --routed` gives its seed for]."""


def sheet(spec: SiteSpec, images: Mapping[str, SheetImage], context: SheetContext) -> Sheet:
    """The sheet of the site `spec`; `images` is dict[node -> its image]."""
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
        setups=_setups(spec, images, context),
        user=next((user.name for user in spec.users if user.is_admin), ""),
        ssh=" ".join(["ssh", *(["-p", str(spec.ssh.port)] if spec.ssh.port != SSH_PORT else [])]),
        source="" if spec.airgap else _source(spec),
        has_console=spec.break_glass.console,
        from_afar=tuple(filter(None, ways)),
    )


def _source(spec: SiteSpec) -> str:
    """The host that the program of the nodes' runtime comes from; empty where it comes with packages."""
    address = PROGRAMS[KUBEEDGE].url if spec.kubeedge.version else spec.k3s.release_url
    return urlsplit(address).netloc if spec.kubeedge.version or spec.k3s.version else ""


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


def _setups(spec: SiteSpec, images: Mapping[str, SheetImage], context: SheetContext) -> tuple[Setup, ...]:
    """The site's nodes by their setup, its server first: the others join it."""
    alike: dict[Setup, list[SheetNode]] = {}
    for name, node in sorted(spec.nodes.items(), key=lambda item: not runtime_of(item[1]).runs_api):
        alike.setdefault(_setup(node), []).append(
            SheetNode(
                name=name,
                spec=node,
                profile=context.profiles.get(name) or "",
                image=images[name],
                word=context.words.get(name, ""),
            )
        )
    return tuple(replace(setup, nodes=tuple(nodes)) for setup, nodes in alike.items())


def _setup(node: Node) -> Setup:
    """The setup of `node`, without its nodes."""
    kind = FORMATS[node.image.format]
    port, _, rate = (node.hardware.serial_console or "").partition(",")
    return Setup(
        format=kind.name,
        medium=kind.medium or DISKS[node.storage],
        storage=node.storage if kind.medium is None else None,
        has_payload_medium=bool(node.payload) and not kind.is_composed,
        is_raspberry_pi=node.hardware.raspberry_pi is not None,
        is_restarting=bool(words(node) or config_txt(node)),
        serial_console=f"{port}, {rate or '115200'} baud" if port else "",
    )


def pages(title: str, sheets: Iterable[Sheet]) -> Iterator[str]:
    """One printable page of HTML with a section for each of `sheets`, without scripts and external files."""
    yield printable(render_html("sheet/head.html.j2", title=title))
    for sheet in sheets:
        yield printable(render_html("sheet/site.html.j2", sheet=sheet, digest=digest, size=size))
    yield "</body>\n</html>\n"


def qr_code(text: str) -> QrCode:
    """The code for `text`: the smallest that can be read with 15 % of it dirty or torn."""
    matrix = segno.make_qr(text, error="m").matrix
    runs = (run for y, row in enumerate(matrix, start=QUIET) for run in _runs(row, y))
    return QrCode(text=text, size=len(matrix) + 2 * QUIET, path="".join(runs))


def _runs(row: bytearray, y: int) -> list[str]:
    """Rectangles for the dark modules of one row."""
    runs, x = [], QUIET
    for is_dark, modules in groupby(row):
        length = len(list(modules))
        if is_dark:
            runs.append(f"M{x} {y}h{length}v1h-{length}z")
        x += length
    return runs
