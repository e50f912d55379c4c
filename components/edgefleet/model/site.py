"""`SiteSpec`: all inputs of the images of one site, resolved, plain and without secrets.

It is the input of a site's resource. Two equal specs of one recipe and one key give the same bytes; each
field declares its effect on a deployed site.
"""

from collections.abc import Iterator
from dataclasses import field
from typing import Annotated, Literal

from pydantic import Field

from edgefleet.model.addresses import PlainAddress
from edgefleet.model.base_system import Kernel, Keyboard, Locale
from edgefleet.model.channel import LinkUpdates, SiteChannel
from edgefleet.model.cluster_tokens import AgentToken, ApiAddress, ServerToken
from edgefleet.model.credentials import PublicKey
from edgefleet.model.edge import KubeEdge
from edgefleet.model.effects import Effect
from edgefleet.model.geography import City, Country, Latitude, Longitude, Timezone
from edgefleet.model.hardware import Hardware, Proxy, Time
from edgefleet.model.k3s_config import Config
from edgefleet.model.krustlet import Krustlet
from edgefleet.model.medium import Medium, PayloadFile
from edgefleet.model.names import (
    Accelerator,
    AnnotationKey,
    AnnotationValue,
    Host,
    HostName,
    LabelKey,
    LabelValue,
    Name,
    RegistryHost,
    Sysctl,
    SysctlValue,
    Taint,
    UserName,
    Web,
)
from edgefleet.model.network import Network
from edgefleet.model.paths import format_path
from edgefleet.model.plain_data import Plain
from edgefleet.model.programs import KUBEEDGE, Handler
from edgefleet.model.quantities import Days, KeyGeneration, Rate, Size
from edgefleet.model.registries import Certificates, Registry
from edgefleet.model.releases import RELEASES, Component, Digest, Version
from edgefleet.model.safety import BreakGlass, Firewall, Identity, Ssh
from edgefleet.model.spec import At, Inherited, Keyed, Level, spec
from edgefleet.model.system import (
    Command,
    FilePath,
    GroupName,
    Manifest,
    ManifestName,
    PasswordHash,
    PlacedFile,
    ShellPath,
)
from edgefleet.model.updates import Extension, OsUpdates, Packages

RECIPES = (1,)
"""Recipes that a fleet file may name, ascending; `edgefleet.boot.RECIPES` has the steps of each."""
Arch = Literal["amd64", "arm64", "armhf"]
StorageKind = Literal["nvme", "ssd", "hdd", "emmc", "sd"]
WEARING = frozenset({"sd", "emmc"})
"""Media that wear out by writes, and write slowly."""
LinkClass = Literal["steady", "intermittent", "dark"]
RuntimeName = Literal["k3s-server", "k3s-ha", "k3s-agent", "containerd", "kubeedge", "krustlet"]
SERVER: RuntimeName = "k3s-server"
HA: RuntimeName = "k3s-ha"
_SET = At()
"""Set by edgefleet, or once for the whole file."""
_PROFILE = At(Level.PROFILE)


@spec
class Location:
    """Where a site stands; for people and maps, it enters no image."""

    city: Annotated[City | None, Effect.NONE] = None
    """City, as people there write it."""
    country: Annotated[Country | None, Effect.NONE] = None
    """ISO 3166-1 alpha-2 code, DE."""
    latitude: Annotated[Latitude | None, Effect.NONE] = None
    """Degrees north, -90 to 90."""
    longitude: Annotated[Longitude | None, Effect.NONE] = None
    """Degrees east, -180 to 180."""


@spec
class Link:
    """A site's connection to the rest of the world."""

    class_: Annotated[LinkClass, Effect.LIVE] = "steady"
    """steady, intermittent (drops for minutes to hours) or dark (away for days to weeks). With a channel it
    sets how often nodes look for releases; nothing on a node changes without one."""
    down: Annotated[Rate | None, Effect.NONE] = None
    """Rate towards the site in bits/s, 20Mbit."""
    up: Annotated[Rate | None, Effect.NONE] = None
    """Rate from the site in bits/s, 5Mbit."""
    max_offline: Annotated[Days | None, Effect.NONE] = None
    """Longest offline period in days, 60d; certificates must outlast it."""
    updates: Annotated[LinkUpdates | None, Effect.LIVE] = None
    """When nodes of a fleet with a channel fetch and apply releases, and how fast."""


@spec
class User:
    """A user who may log in: over the network by SSH key only. root is locked."""

    name: Annotated[UserName, Effect.LIVE]
    """Unix user name."""
    ssh_keys: Annotated[tuple[PublicKey, ...], Field(min_length=1), Effect.LIVE]
    """Public keys in OpenSSH's one-line form; at least one."""
    is_admin: Annotated[bool, Effect.LIVE] = True
    """May become root with sudo, without a password."""
    password: Annotated[PasswordHash | None, Effect.LIVE] = None
    """{secret: NAME} of the hash of a password, as openssl passwd -6 prints it: for the login at the console.
    SSH takes no passwords."""
    groups: Annotated[tuple[GroupName, ...], Effect.LIVE] = ()
    """Further Unix groups, [dialout, video]; missing ones are created."""
    shell: Annotated[ShellPath, Effect.LIVE] = "/bin/bash"
    """Login shell; bash where the node does not have it."""


@spec
class K3s:
    """Which k3s a site runs and how."""

    version: Annotated[Version, Effect.LIVE] = ""
    """Release name, v1.36.4+k3s1; empty at a site without k3s."""
    release_url: Annotated[Web, Effect.LIVE] = RELEASES
    """Where <version>/<asset> is found; a mirror may stand here."""
    sha256: Annotated[dict[Arch, Digest], Effect.LIVE, _SET] = field(default_factory=dict)
    """dict[architecture -> hex SHA-256 of the binary], from the artifacts lock; empty without a lock."""
    disable: Annotated[tuple[Component, ...], Effect.RESTART] = ()
    """Packaged components left out."""
    config: Annotated[Config, Effect.RESTART] = field(default_factory=dict)
    """Further keys of k3s's config.yaml, as its documentation names them: for servers those of servers, for
    agents those of agents."""
    manifests: Annotated[dict[ManifestName, Manifest], Effect.LIVE] = field(default_factory=dict)
    """Name -> Kubernetes objects that k3s applies at its start, HelmChart and HelmChartConfig too: text or
    file:<path in the project>. k3s removes the objects of one that is left out later at its next start."""
    token: Annotated[ServerToken | None, Effect.REFLASH] = None
    """{secret: NAME} of the token of a cluster that exists, as its server/token has it; by default one is
    derived for the site. With it k3s keeps the cluster's certificate authorities, or makes its own."""
    agent_token: Annotated[AgentToken | None, Effect.RESTART] = None
    """{secret: NAME} of the token by which agents join; by default one is derived for the site. In its full
    form, K10..., agents verify the cluster at their first join."""
    server: Annotated[ApiAddress | None, Effect.REFLASH] = None
    """https://k3s.example:6443, the API of a cluster that all nodes of the site join as agents; by default a
    site has its own. Set cluster-cidr and service-cidr in config where its subnets are not k3s's defaults,
    and firewall.allow for its nodes outside of the site's LAN."""
    first: Annotated[Name | None, Effect.LIVE] = None
    """The node with k3s-ha that creates the site's cluster, where no other server of the site answers; by
    default the first one of the file, and the first by name in specs of programs."""
    virtual_address: Annotated[PlainAddress | None, Effect.RESTART] = None
    """10.0.0.100, a free address in the LAN of nodes with k3s-ha, at which one of them always serves the API:
    agents join it. kube-vip moves it."""
    allow_unknown: Annotated[bool, Effect.NONE] = False
    """Whether releases and keys that this edgefleet does not know are accepted."""


@spec
class NodeSettings:
    """What the nodes of a site share, unless a node or its profile has a value of its own."""

    timezone: Annotated[Timezone, Effect.LIVE] = "Etc/UTC"
    """Name in the tz database, Europe/Berlin."""
    ntp: Annotated[tuple[Host, ...], Effect.LIVE] = ()
    """Time servers, names or addresses; the base system's own where none is given."""
    users: Annotated[tuple[User, ...], Effect.LIVE, Keyed("name")] = ()
    """Who may log in: user name -> keys."""
    sysctls: Annotated[dict[Sysctl, SysctlValue], Effect.LIVE] = field(default_factory=dict)
    """Kernel settings besides the ones that k3s needs."""
    registries: Annotated[dict[RegistryHost, Registry], Effect.RESTART] = field(default_factory=dict)
    """Registry host -> where its images are pulled from and how nodes log in there; "*" stands for every
    registry without an entry, and has no login."""
    trusted_certificates: Annotated[tuple[Certificates, ...], Effect.RESTART] = ()
    """Authorities that nodes trust besides those of their system, [file:certificates/company-ca.pem], in PEM:
    for downloads, registries and proxies, before the first of them. Containers have their own."""
    firewall: Annotated[Firewall, Effect.LIVE] = Firewall()
    """Traffic that nodes admit."""
    ssh: Annotated[Ssh, Effect.LIVE] = Ssh()
    """SSH at the nodes."""
    proxy: Annotated[Proxy | None, Effect.RESTART] = None
    """The proxy through which nodes reach the internet."""


@spec
class NodeK3s:
    """How k3s runs on one node."""

    config: Annotated[Config, Effect.RESTART] = field(default_factory=dict)
    """Keys of k3s's config.yaml on this node, besides those of its site: node-external-ip, kubelet-arg."""


@spec
class Node:
    """One node of a site."""

    hostname: Annotated[HostName, Effect.REFLASH, At(Level.SITE, Level.NODE), Inherited()]
    """Host name and Kubernetes node name, unique in the fleet: till-1, or till-1.shop.example. By default it
    is <site>-<node>, or the site's name where the site has one node; at a site it is the host name of the
    only node."""
    runtime: Annotated[RuntimeName, Effect.REFLASH] = "k3s-server"
    """What runs its workloads: k3s-server with the site's own Kubernetes API, k3s-ha at three or five nodes
    that serve it together, k3s-agent that joins a server of the site over the LAN, containerd without an
    orchestrator at a site of one node, kubeedge that joins CloudCore on the hub, krustlet, which is archived,
    for modules of a server's site. By default the first node is the server unless another one is, and the
    others are its agents; where k3s.server is set, all are agents."""
    arch: Annotated[Arch, Effect.REFLASH, _PROFILE]
    """Processor architecture."""
    cpus: Annotated[int, Field(ge=1, le=1024), Effect.REFLASH, _PROFILE]
    """Cores."""
    memory: Annotated[Size, Effect.REFLASH, _PROFILE]
    """Memory as a Kubernetes quantity, 8Gi. k3s needs 2 GB for a server and 512 MB for an
    agent, containerd alone 256 MB, kubeedge 512 MB."""
    disk: Annotated[Size, Effect.REFLASH, _PROFILE]
    """Size of the boot medium as a Kubernetes quantity, 128Gi."""
    storage: Annotated[StorageKind, Effect.REFLASH, _PROFILE] = "ssd"
    """Kind of the boot medium."""
    accelerators: Annotated[tuple[Accelerator, ...], Effect.REFLASH, _PROFILE] = ()
    """Names of accelerators, for example coral-tpu."""
    capabilities: Annotated[tuple[Name, ...], Effect.NONE, _PROFILE] = ()
    """What workloads may ask of a node with where.capabilities: [gpu, camera]. It enters no image."""
    wasm: Annotated[tuple[Handler, ...], Effect.RESTART, _PROFILE] = ()
    """Runtimes for WebAssembly that the base system has, [wasmtime, crun-wasm], besides the shims that images
    of air-gapped nodes carry. Workloads with runtime run on nodes that have it."""
    labels: Annotated[dict[LabelKey, LabelValue], Effect.LIVE] = field(default_factory=dict)
    """Kubernetes labels of the nodes besides the ones that edgefleet sets. k3s sets them when a node first
    registers."""
    taints: Annotated[tuple[Taint, ...], Effect.LIVE] = ()
    """Kubernetes taints of the nodes, key=value:NoSchedule."""
    annotations: Annotated[dict[AnnotationKey, AnnotationValue], Effect.LIVE] = field(default_factory=dict)
    """Kubernetes annotations of the nodes. Each node sets its own after each start of k3s, and removes those
    that it has set before and that are no longer here."""
    krustlet: Annotated[Krustlet | None, Effect.RESTART, _PROFILE] = None
    """Where nodes with the runtime krustlet get it."""
    network: Annotated[Network, Effect.REFLASH, Inherited()]
    """How a node reaches its network, or the settings that several nodes share."""
    image: Annotated[Medium, Effect.REFLASH] = Medium()
    """The format of the nodes' images."""
    hardware: Annotated[Hardware, Effect.REFLASH] = Hardware()
    """Settings of the nodes' hardware."""
    kernel: Annotated[Kernel, Effect.RESTART] = Kernel()
    """The nodes' kernel."""
    locale: Annotated[Locale | None, Effect.LIVE] = None
    """Language of the base system, de_DE.UTF-8; its own where none is given."""
    keyboard: Annotated[Keyboard | None, Effect.LIVE] = None
    """The keyboard at the console; the base system's own where none is given."""
    packages: Annotated[Packages, Effect.LIVE] = Packages()
    """Debian packages of the nodes."""
    extensions: Annotated[dict[Name, Extension], Effect.LIVE] = field(default_factory=dict)
    """System extensions of nodes with Flatcar or Fedora CoreOS: name of the extension -> its image."""
    os_updates: Annotated[OsUpdates | None, Effect.LIVE] = None
    """How the base system updates itself; as it is delivered where nothing is given."""
    k3s: Annotated[NodeK3s, Effect.RESTART, At(Level.NODE)] = NodeK3s()
    """How k3s runs on this node."""
    settings: Annotated[NodeSettings | None, Effect.RESTART, _SET] = None
    """What it has of its own; null where all is as at its site."""
    files: Annotated[dict[FilePath, PlacedFile], Effect.LIVE] = field(default_factory=dict)
    """Path -> a file of yours, written before services start."""
    commands: Annotated[tuple[Command, ...], Effect.RESTART] = ()
    """Lines for the shell that root runs at the first boot, before k3s starts, and again with each changed
    seed: each must be safe to run again. One that fails or takes ten minutes does not stop the boot."""
    payload: Annotated[tuple[PayloadFile, ...], Effect.REFLASH, _SET] = ()
    """Payload of its image, sorted by path; empty unless airgap."""


@spec
class SiteSpec(NodeSettings):
    """All inputs of the images of one site."""

    fleet: Annotated[Name, Effect.REFLASH, _SET]
    """Name of the fleet, RFC 1123 label."""
    region: Annotated[Name, Effect.REFLASH, _SET]
    """Name of the region, RFC 1123 label."""
    name: Annotated[Name, Effect.REFLASH, _SET]
    """Name of the site, RFC 1123 label, unique in the region."""
    recipe: Annotated[int, Field(ge=1, le=1000), Effect.REFLASH, _SET]
    """How files are rendered; see `edgefleet.boot.RECIPES`."""
    key_generation: Annotated[KeyGeneration, Effect.REFLASH] = 1
    """Generation of the site's derived secrets, from 1; raising it makes new ones."""
    location: Annotated[Location | None, Effect.NONE] = None
    """Where the site stands."""
    link: Annotated[Link, Effect.NONE] = Link()
    """The connection to the rest of the world."""
    k3s: Annotated[K3s, Effect.LIVE] = K3s()
    """Which k3s a site runs and how. At a site without k3s nothing of it is set."""
    kubeedge: Annotated[KubeEdge, Effect.LIVE] = KubeEdge()
    """KubeEdge on nodes with the runtime kubeedge. At any other site nothing of it is set."""
    airgap: Annotated[bool, Effect.REFLASH] = False
    """Whether images carry all that nodes need, as the artifacts lock has it: nothing is downloaded."""
    hardening: Annotated[bool, Effect.RESTART] = True
    """Whether k3s and the kernel are set as the CIS benchmark asks (k3s docs, security/hardening-guide)."""
    break_glass: Annotated[BreakGlass, Effect.LIVE] = BreakGlass()
    """Ways into a node when nothing else works; all are off by default."""
    time: Annotated[Time, Effect.LIVE] = Time()
    """A site's clocks."""
    workloads: Annotated[dict[Name, Plain], Effect.LIVE, _SET] = field(default_factory=dict)
    """Workload -> what runs at the site: its kind and fields as the fleet file has them, and nodes, the names
    of those that run it where not all do."""
    identity: Annotated[Identity | None, Effect.LIVE, _SET] = None
    """Its certificate for the cloud; from the fleet's secret, never from the fleet file."""
    channel: Annotated[SiteChannel | None, Effect.LIVE, _SET] = None
    """How it fetches signed releases, as the fleet file has it for all sites; null without a channel."""
    nodes: Annotated[dict[Name, Node], Field(min_length=1), Effect.REFLASH, At(Level.SITE), Inherited()]
    """The nodes of a site with several: name -> node. One runs k3s-server, or three or five run k3s-ha; none
    does where k3s.server is set."""

    def settings_of(self, node: str) -> NodeSettings:
        """The settings of one of its nodes."""
        return self.nodes[node].settings or self

    @property
    def joins_hub(self) -> bool:
        """Whether its nodes are those of the hub's cluster, which has the objects of its workloads."""
        return all(node.runtime == KUBEEDGE for node in self.nodes.values())

    @property
    def parts(self) -> Iterator[tuple[str, NodeSettings]]:
        """(path before a setting, the settings) of the site and of each node with its own."""
        yield "", self
        for name, node in self.nodes.items():
            if node.settings is not None:
                yield f"{format_path(('nodes', name))}.", node.settings
