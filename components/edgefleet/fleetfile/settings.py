"""What may be set for a fleet, a profile, a group, a site and a node: the partial forms of the specs.

Each is a mapping of which any part may be given; a value is looked up node, site, group, profile,
defaults. Maps merge per key, lists replace.
"""

from typing import Annotated, Any, Literal, Required

from pydantic import BeforeValidator, Field, WithJsonSchema, with_config
from typing_extensions import TypedDict

from edgefleet.fleetfile.hardware_parts import HardwarePart, InstalledDisk, ProxyPart, TimePart
from edgefleet.fleetfile.safety_parts import BreakGlassPart, Days, FirewallPart
from edgefleet.model.addresses import HostAddress, InterfaceGlob, InterfaceName, Mac, PlainAddress
from edgefleet.model.credentials import PublicKey
from edgefleet.model.geography import City, Country, Latitude, Longitude, Timezone
from edgefleet.model.medium import Format, Installer
from edgefleet.model.names import (
    Domain,
    Host,
    LabelKey,
    LabelValue,
    Name,
    RegistryHost,
    SecretName,
    Sysctl,
    SysctlValue,
    Taint,
    UserName,
    Web,
)
from edgefleet.model.quantities import Rate, Size
from edgefleet.model.releases import BaseSource, ConfigKey, Digest, KernelArguments, Version, config_value
from edgefleet.model.site import LinkClass
from edgefleet.model.spec import CONFIG

STRICT = CONFIG | {"populate_by_name": False}
"""The file speaks camelCase only: a Python name in it is an unknown key."""

ConfigValue = Annotated[
    Any,
    BeforeValidator(config_value),
    WithJsonSchema(
        {
            "type": ["string", "integer", "boolean", "array"],
            "items": {"type": ["string", "integer", "boolean"]},
        }
    ),
]
Component = Literal["coredns", "servicelb", "traefik", "local-storage", "metrics-server", "runtimes"]


@with_config(STRICT)
class LocationPart(TypedDict, total=False):
    """Where a site stands; for people and maps, it enters no image."""

    city: City
    """City, as people there write it."""
    country: Country
    """ISO 3166-1 alpha-2 code, DE."""
    latitude: Latitude
    """Degrees north, -90 to 90."""
    longitude: Longitude
    """Degrees east, -180 to 180."""


@with_config(STRICT)
class LinkPart(TypedDict, total=False):
    """A site's connection to the rest of the world."""

    class_: LinkClass
    """steady, intermittent (drops for minutes to hours) or dark (away for days to weeks)."""
    down: Rate
    """Rate towards the site in bits/s, 20Mbit."""
    up: Rate
    """Rate from the site in bits/s, 5Mbit."""
    max_offline: Days
    """Longest offline period, 60d; certificates must outlast it."""


@with_config(STRICT)
class UserPart(TypedDict, total=False):
    """Somebody who may log in, by SSH key only."""

    ssh_keys: Required[Annotated[tuple[PublicKey, ...], Field(min_length=1)]]
    """Public keys in OpenSSH's one-line form; at least one."""
    is_admin: bool
    """May become root with sudo (true unless said otherwise)."""


@with_config(STRICT)
class K3sPart(TypedDict, total=False):
    """Which k3s a site runs and how."""

    version: Version
    """Release name, v1.36.4+k3s1."""
    release_url: Web
    """Where <version>/<asset> is found; k3s's own release page unless a mirror is given."""
    disable: tuple[Component, ...]
    """Packaged components left out."""
    config: dict[ConfigKey, ConfigValue]
    """Further keys of k3s's config.yaml, as its documentation names them."""


@with_config(STRICT)
class MirrorPart(TypedDict, total=False):
    """Where images of one registry are pulled from."""

    endpoints: Required[Annotated[tuple[Web, ...], Field(min_length=1)]]
    """Addresses tried in order, https://registry.example:5000."""
    rewrite: dict[str, str]
    """Regular expression over the image's name -> replacement."""


@with_config(STRICT)
class BondPart(TypedDict, total=False):
    """Several ports used as one interface."""

    interfaces: Required[Annotated[tuple[InterfaceName, ...], Field(min_length=1)]]
    """Kernel names of the ports, [enp1s0, enp2s0]."""
    mode: Literal["active-backup", "balance-rr", "802.3ad", "balance-alb", "balance-tlb"]
    """How the ports share the work; active-backup unless said otherwise."""


@with_config(STRICT)
class WifiPart(TypedDict, total=False):
    """A wireless network to join."""

    ssid: Required[Annotated[str, Field(min_length=1, max_length=32)]]
    """Name of the network, 1 to 32 bytes."""
    passphrase_secret: Required[SecretName]
    """Name of an entry of fleet:passphrases in the stack's configuration; never the passphrase."""
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    """Country whose rules Wi-Fi keeps to, DE."""


@with_config(STRICT)
class SharedNetwork(TypedDict, total=False):
    """What several nodes may have in common of their network."""

    gateway: PlainAddress
    """Default gateway, inside the subnet of the node's address."""
    gateway6: PlainAddress
    """Default gateway for IPv6, where gateway is the one for IPv4."""
    dns: tuple[PlainAddress, ...]
    """Addresses of name servers; with DHCP they are added to what DHCP gives."""
    search: tuple[Domain, ...]
    """DNS search domains."""
    interface: InterfaceGlob
    """Kernel name or glob that finds the interface where no mac is given; e* unless said otherwise."""
    vlan: Annotated[int, Field(ge=1, le=4094)]
    """VLAN id; the addresses are then on the VLAN."""
    bond: BondPart
    """Bond of several ports in place of one interface."""
    wifi: WifiPart
    """Wireless network in place of a wired interface."""


@with_config(STRICT)
class NodeNetwork(SharedNetwork, total=False):
    """How one node reaches its network. Without an address the node asks DHCP."""

    address: HostAddress
    """Static address with prefix length, IPv4 or IPv6: 10.20.7.10/24."""
    extra_addresses: tuple[HostAddress, ...]
    """Further addresses with prefix length, of either family."""
    mac: Mac
    """Hardware address that finds the interface: 02:00:5e:10:00:01."""


@with_config(STRICT)
class BasePart(TypedDict, total=False):
    """A disk image or installer that somebody else made."""

    source: Required[BaseSource]
    """Where it is found: https://..., or file:<path in the project>."""
    sha256: Required[Digest]
    """Hex SHA-256 of its bytes; what differs is never used."""


@with_config(STRICT)
class NetbootPart(TypedDict, total=False):
    """What a box starts over the network before it has its seed."""

    kernel: Required[BasePart]
    """The kernel."""
    initrd: Required[tuple[BasePart, ...]]
    """Initial file systems, in their order."""
    arguments: Required[KernelArguments]
    """Words for the kernel; {seed} stands for the address of the seed: ds=nocloud;s={seed}"""


@with_config(STRICT)
class MediumPart(TypedDict, total=False):
    """What an image is written as."""

    format: Format
    """nocloud (a seed ISO, unless said otherwise), nocloud-dir (files for a boot partition), raw (a disk
    image with all in it), iso (an installer that asks nothing), ignition, ipxe, or script (for a box that
    runs Linux already)."""
    base: BasePart
    """What raw and iso are made of."""
    size: Size
    """Size of the medium that it is written to, 8Gi; of raw the disk of the profile, unless said otherwise.
    A preview says whether all fits."""
    installer: Installer
    """Which automatic installation the base of an iso understands."""
    install_on: InstalledDisk
    """Disk that an iso erases and installs onto, /dev/nvme0n1 or one below /dev/disk/by-id. Unless said
    otherwise it is the only built-in disk; a box with several is left as it is, and says so."""
    netboot: NetbootPart
    """What ipxe starts."""


@with_config(STRICT)
class Common(TypedDict, total=False):
    """Settings that may stand at every level."""

    timezone: Timezone
    """Name in the tz database, Europe/Berlin; Etc/UTC unless said otherwise."""
    ntp: tuple[Host, ...]
    """Time servers, names or addresses; the base system's own where none is given."""
    users: dict[UserName, UserPart]
    """Who may log in: user name -> keys."""
    labels: dict[LabelKey, LabelValue]
    """Kubernetes labels of the nodes. k3s sets them when a node first registers."""
    taints: tuple[Taint, ...]
    """Kubernetes taints of the nodes, key=value:NoSchedule."""
    registries: dict[RegistryHost, MirrorPart]
    """Registry host -> where its images are pulled from; "*" stands for every registry."""
    sysctls: dict[Sysctl, SysctlValue]
    """Kernel settings beside the ones k3s needs."""
    k3s: K3sPart
    """Which k3s a site runs and how."""
    link: LinkPart
    """The connection to the rest of the world."""
    location: LocationPart
    """Where the site stands."""
    image: MediumPart
    """What the nodes' images are written as."""
    airgap: bool
    """Whether images carry all that boxes need, as the artifacts lock has it: nothing is downloaded."""
    hardware: HardwarePart
    """What is asked of the nodes' hardware."""
    proxy: ProxyPart
    """How boxes reach the world where they may not directly."""
    time: TimePart
    """A site's clocks."""
    hardening: bool
    """Whether k3s and the kernel are set as the CIS benchmark asks (true unless said otherwise)."""
    firewall: FirewallPart
    """What nodes may be reached by."""
    break_glass: BreakGlassPart
    """Ways into a box when nothing else works; all off unless said otherwise."""
    key_generation: Annotated[int, Field(ge=1)]
    """Generation of the site's derived secrets, from 1; raising it makes new ones."""


@with_config(STRICT)
class Settings(Common, total=False):
    """Settings of defaults and groups."""

    profile: Name
    """Hardware class of the nodes, one of `profiles`."""
    network: SharedNetwork
    """What the nodes have in common of their network."""


@with_config(STRICT)
class NodePart(TypedDict, total=False):
    """One box of a site."""

    profile: Name
    """Hardware class, one of `profiles`; the site's unless said otherwise."""
    hostname: Name
    """Host name and Kubernetes node name, unique in the fleet; <site>-<node> unless said otherwise."""
    role: Literal["server", "agent"]
    """The first node is the server unless one says that it is; the others are its agents."""
    labels: dict[LabelKey, LabelValue]
    """Kubernetes labels of this node."""
    taints: tuple[Taint, ...]
    """Kubernetes taints of this node."""
    network: NodeNetwork
    """How the node reaches its network."""
    image: MediumPart
    """What this node's image is written as."""
    hardware: HardwarePart
    """What is asked of this node's hardware."""


@with_config(STRICT)
class SitePart(Common, total=False):
    """One site. Without `nodes` it has one node, n1, and what stands here is that node's."""

    group: Name
    """One of `groups`."""
    profile: Name
    """Hardware class of the nodes, one of `profiles`."""
    hostname: Name
    """Host name of the only node; the site's name unless said otherwise."""
    network: NodeNetwork
    """How the only node reaches its network, or what the nodes have in common."""
    nodes: Annotated[dict[Name, NodePart], Field(min_length=1)]
    """The boxes of a site with several: name -> node."""
