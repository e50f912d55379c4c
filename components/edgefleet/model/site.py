"""`SiteSpec`: all that enters the images of one site, resolved, plain and without secrets.

This is what a site's resource holds as its inputs. Two equal specs of one recipe and one key give the
same bytes; each field declares its effect on a deployed site.
"""

from dataclasses import field
from typing import Annotated, Literal

from edgefleet.model.effects import Effect
from edgefleet.model.hardware import Hardware, Proxy, Time
from edgefleet.model.medium import Medium, PayloadFile
from edgefleet.model.network import Network
from edgefleet.model.safety import BreakGlass, Firewall, Identity
from edgefleet.model.spec import spec

Arch = Literal["amd64", "arm64", "armhf"]
StorageKind = Literal["nvme", "ssd", "hdd", "emmc", "sd"]
WEARING = frozenset({"sd", "emmc"})
"""Media that wear out by being written to, and are slow at it."""
LinkClass = Literal["steady", "intermittent", "dark"]
Role = Literal["server", "agent"]


@spec
class Location:
    """Where a site stands; for people and maps, it enters no image."""

    city: Annotated[str | None, Effect.NONE] = None
    """City, as people there write it."""
    country: Annotated[str | None, Effect.NONE] = None
    """ISO 3166-1 alpha-2 code."""
    latitude: Annotated[float | None, Effect.NONE] = None
    """Degrees north, -90 to 90."""
    longitude: Annotated[float | None, Effect.NONE] = None
    """Degrees east, -180 to 180."""


@spec
class Link:
    """The site's connection to the rest of the world."""

    class_: Annotated[LinkClass, Effect.NONE] = "steady"
    """``steady``, ``intermittent`` (drops for minutes to hours) or ``dark`` (away for days to weeks)."""
    down: Annotated[int | None, Effect.NONE] = None
    """Rate towards the site, bits/s."""
    up: Annotated[int | None, Effect.NONE] = None
    """Rate from the site, bits/s."""
    max_offline: Annotated[int | None, Effect.NONE] = None
    """Longest offline period, in days; certificates outlast it."""


@spec
class User:
    """Somebody who may log in, by SSH key only."""

    name: Annotated[str, Effect.LIVE]
    """Unix user name."""
    ssh_keys: Annotated[tuple[str, ...], Effect.LIVE]
    """Public keys in OpenSSH's one-line form; at least one."""
    is_admin: Annotated[bool, Effect.LIVE] = True
    """May become root with sudo, without a password (there are no passwords)."""


@spec
class K3s:
    """Which k3s a site runs and where it comes from."""

    version: Annotated[str, Effect.LIVE]
    """Release name, ``v1.36.4+k3s1``."""
    release_url: Annotated[str, Effect.LIVE] = "https://github.com/k3s-io/k3s/releases/download"
    """Where ``<version>/<asset>`` is found; a mirror may stand here."""
    sha256: Annotated[dict[str, str], Effect.LIVE] = field(default_factory=dict)
    """dict[architecture -> hex SHA-256 of the binary], from the artifacts lock; empty without a lock."""
    disable: Annotated[tuple[str, ...], Effect.RESTART] = ()
    """Packaged components left out: ``traefik``, ``servicelb``, ``metrics-server``, ``local-storage``."""
    config: Annotated[dict[str, str | int | bool | list[str]], Effect.RESTART] = field(default_factory=dict)
    """Further keys of k3s's config.yaml, as its documentation names them."""


@spec
class RegistryMirror:
    """Where images of one registry are pulled from."""

    endpoints: Annotated[tuple[str, ...], Effect.RESTART]
    """Addresses tried in order, ``https://registry.example:5000``."""
    rewrite: Annotated[dict[str, str], Effect.RESTART] = field(default_factory=dict)
    """dict[regular expression -> replacement] over the image's name."""


@spec
class Node:
    """One box of a site."""

    hostname: Annotated[str, Effect.REFLASH]
    """RFC 1123 label, unique in the fleet; also the Kubernetes node name."""
    role: Annotated[Role, Effect.REFLASH] = "server"
    """``server`` runs the site's own Kubernetes API; ``agent`` joins the site's server over the LAN."""
    arch: Annotated[Arch, Effect.REFLASH]
    """Processor architecture."""
    cpus: Annotated[int, Effect.REFLASH]
    """Cores."""
    memory: Annotated[int, Effect.REFLASH]
    """Bytes."""
    disk: Annotated[int, Effect.REFLASH]
    """Bytes on the boot medium."""
    storage: Annotated[StorageKind, Effect.REFLASH] = "ssd"
    """Kind of the boot medium."""
    accelerators: Annotated[tuple[str, ...], Effect.REFLASH] = ()
    """Names of accelerators, for example ``coral-tpu``."""
    labels: Annotated[dict[str, str], Effect.LIVE] = field(default_factory=dict)
    """Kubernetes node labels beside the ones edgefleet sets."""
    taints: Annotated[tuple[str, ...], Effect.LIVE] = ()
    """Kubernetes taints, ``key=value:NoSchedule``."""
    network: Annotated[Network, Effect.REFLASH]
    """How the node reaches its network."""
    image: Annotated[Medium, Effect.REFLASH] = Medium()
    """What its image is written as."""
    hardware: Annotated[Hardware, Effect.REFLASH] = Hardware()
    """What is asked of its hardware."""
    payload: Annotated[tuple[PayloadFile, ...], Effect.REFLASH] = ()
    """What its image carries besides, sorted by path; empty unless `airgap`."""


@spec
class SiteSpec:
    """All that enters the images of one site."""

    fleet: Annotated[str, Effect.REFLASH]
    """Name of the fleet, RFC 1123 label."""
    region: Annotated[str, Effect.REFLASH]
    """Name of the region, RFC 1123 label."""
    name: Annotated[str, Effect.REFLASH]
    """Name of the site, RFC 1123 label, unique in the region."""
    recipe: Annotated[int, Effect.REFLASH]
    """How files are rendered; see `edgefleet.boot.RECIPES`."""
    key_generation: Annotated[int, Effect.REFLASH] = 1
    """Generation of the site's derived secrets, from 1; raising it makes new ones."""
    timezone: Annotated[str, Effect.LIVE] = "Etc/UTC"
    """Name in the tz database."""
    location: Annotated[Location | None, Effect.NONE] = None
    """Where the site stands."""
    link: Annotated[Link, Effect.NONE] = Link()
    """Its connection."""
    ntp: Annotated[tuple[str, ...], Effect.LIVE] = ()
    """Time servers, names or addresses; the base system's own where empty."""
    users: Annotated[tuple[User, ...], Effect.LIVE] = ()
    """Who may log in."""
    sysctls: Annotated[dict[str, str], Effect.LIVE] = field(default_factory=dict)
    """Kernel settings beside the ones k3s needs."""
    registries: Annotated[dict[str, RegistryMirror], Effect.RESTART] = field(default_factory=dict)
    """dict[registry host -> mirror]; ``*`` stands for every registry."""
    k3s: Annotated[K3s, Effect.LIVE]
    """Which k3s the site runs."""
    airgap: Annotated[bool, Effect.REFLASH] = False
    """Whether the images carry all that the boxes need, so that nothing is downloaded."""
    hardening: Annotated[bool, Effect.RESTART] = True
    """Whether k3s and the kernel are set as the CIS benchmark asks (k3s docs, security/hardening-guide)."""
    firewall: Annotated[Firewall, Effect.LIVE] = Firewall()
    """What its nodes may be reached by."""
    break_glass: Annotated[BreakGlass, Effect.LIVE] = BreakGlass()
    """Ways in when nothing else works."""
    proxy: Annotated[Proxy | None, Effect.RESTART] = None
    """How its boxes reach the world where they may not directly."""
    time: Annotated[Time, Effect.LIVE] = Time()
    """Its clocks."""
    identity: Annotated[Identity | None, Effect.LIVE] = None
    """By what the cloud knows it; from the fleet's secret, never from the fleet file."""
    nodes: Annotated[dict[str, Node], Effect.REFLASH]
    """dict[node name -> node]; exactly one has the role ``server``."""
