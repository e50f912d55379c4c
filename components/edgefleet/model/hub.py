"""`Hub`: a region's hub, as the fleet file declares it under ``controlPlane``."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from edgefleet.model.addresses import Cidr
from edgefleet.model.channel import HubChannel
from edgefleet.model.cloud import Cloud
from edgefleet.model.edge import HubKubeEdge
from edgefleet.model.names import HOST_RE, Bucket, Domain
from edgefleet.model.quantities import KeyGeneration, Size
from edgefleet.model.releases import Component, ProjectPath, release
from edgefleet.model.schedules import Cron
from edgefleet.model.spec import spec
from edgefleet.model.syntax import Grammar

GIB = 1024**3
Kind = Literal["k3s", "eks", "existing", "none"]
_RESOURCE_ID = Grammar(
    r"[a-z]+-[0-9a-f]{8,17}",
    "bad-id",
    "an id of EC2",
    "write it like vpc-0a1b2c3d4e5f67890; AWS's console and `aws ec2 describe-...` show it",
)
ResourceId = Annotated[str, _RESOURCE_ID]
ZONE_LETTERS = "abcdefgh"
"""The letters that the names of availability zones may end in; AWS's own reach to f, in us-east-1."""
_ZONE = Grammar(
    rf"([a-z]{{2}}(-[a-z]+)+-\d)?[{ZONE_LETTERS}]",
    "bad-zone",
    "an availability zone",
    "write its letter, a, or its whole name, eu-central-1a",
)
Zone = Annotated[str, _ZONE]
_INSTANCE_TYPE = Grammar(
    r"[a-z0-9-]+\.[a-z0-9-]+",
    "bad-instance-type",
    "an instance type",
    "write it like t3.medium; k3s wants at least 2 cores and 2 GB for a server",
)
InstanceType = Annotated[str, _INSTANCE_TYPE]
_DAY = Grammar(
    r"20\d\d-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])",
    "bad-day",
    "a day",
    "write it like 2040-01-01; the 28th is the last day of a month that is taken",
)
Day = Annotated[str, _DAY]
_EMAIL = Grammar(
    rf"[A-Za-z0-9._+-]+@{HOST_RE}", "bad-email", "an e-mail address", "write one like ops@example.org"
)
Email = Annotated[str, _EMAIL]
_HOSTED_ZONE = Grammar(
    r"Z[A-Z0-9]{3,31}", "bad-zone-id", "the id of a hosted zone", "write it like Z0123456789AB"
)
HostedZone = Annotated[str, _HOSTED_ZONE]
_MACHINE_IMAGE = Grammar(
    r"ami-[0-9a-f]{8,17}", "bad-image", "the id of a machine image", "write it like ami-0123456789abcdef0"
)
MachineImage = Annotated[str, _MACHINE_IMAGE]
LogDays = Annotated[
    Literal[1, 3, 5, 7, 14, 30, 60, 90, 180, 365],
    # A fleet file is text, and a literal is not converted from it.
    BeforeValidator(lambda days: int(days) if isinstance(days, str) and days.isdecimal() else days),
]
_SNAPSHOT_NAME = Grammar(
    r"[A-Za-z0-9][A-Za-z0-9._-]*",
    "bad-snapshot",
    "the name of a snapshot",
    "write the name that `k3s etcd-snapshot ls` shows, such as etcd-snapshot-ip-10-250-0-4-1767225600",
    200,
)
SnapshotName = Annotated[str, _SNAPSHOT_NAME]
_HUB_NAMESPACE = Grammar(
    r"(?!kube-|cattle-|system-upgrade$|default$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
    "bad-namespace",
    "a namespace for workloads of the hub",
    "use a-z, 0-9 and -; kube-*, cattle-*, system-upgrade and default are not for them",
    63,
)
HubNamespace = Annotated[str, _HUB_NAMESPACE]
_KUBERNETES_VERSION = Grammar(
    r"1\.\d{2}", "bad-version", "a minor version of Kubernetes", "write it like 1.36", 4
)
KubernetesVersion = Annotated[str, _KUBERNETES_VERSION]
BALANCER_RE = "[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?"
BALANCER_HINT = "use 32 letters, digits and hyphens at most, none at the ends"
_BALANCER_NAME = Grammar(
    rf"(?!internal-){BALANCER_RE}",
    "name",
    "a name that AWS takes",
    f"{BALANCER_HINT}, not internal-... either",
)
BalancerName = Annotated[str, _BALANCER_NAME]
"""Name of a load balancer (Elastic Load Balancing API, CreateLoadBalancer)."""
_NODE_GROUP = Grammar(
    "[A-Za-z0-9][A-Za-z0-9_-]*",
    "name",
    "a name of a node group",
    "use 63 letters, digits, - and _ at most",
    63,
)
NodeGroupName = Annotated[str, _NODE_GROUP]
_HUB_VERSION = Grammar(
    f"({release.pattern})?", release.code, release.what, release.hint, 40, examples=release.examples
)
HubVersion = Annotated[str, _HUB_VERSION]


@spec
class HubDns:
    """The hub's declared address: known before anything exists, so that it can enter images."""

    name: Domain
    """DNS name of the hub, hub.eu.shops.example.org."""
    zone_id: HostedZone | None = None
    """Hosted zone of Route 53 for the record."""
    zone: Domain | None = None
    """Domain of a private hosted zone to create for it; with neither, edgefleet creates no record."""


@spec
class HubNetwork:
    """The hub's network: created, or an existing one by ids."""

    cidr: Cidr = "10.250.0.0/16"
    """Addresses of the network to create."""
    zones: Annotated[tuple[Zone, ...], Field(min_length=1, max_length=6)] = ("a", "b", "c")
    """Availability zones, letters or names; their order has no meaning."""
    nat: Literal["single", "per-zone", "none"] = "single"
    """How servers reach the internet: one NAT gateway, one in each zone, or public addresses of their own."""
    vpc_id: ResourceId | None = None
    """An existing network; edgefleet does not change it."""
    subnets: Annotated[tuple[ResourceId, ...], Field(min_length=1)] = ()
    """Its subnets for the servers, one a zone."""
    public_subnets: Annotated[tuple[ResourceId, ...], Field(min_length=1)] = ()
    """Its subnets for the load balancer. By default they are those of the servers."""


def zone_letter(zone: str) -> str:
    """What distinguishes a zone from the others of its region: ``a`` of ``a`` and of ``eu-central-1a``."""
    return zone[-1]


@spec
class HubVolume:
    """The encrypted disk of each server."""

    size: Size = 40 * GIB
    """Size as a Kubernetes quantity."""
    type: Literal["gp3", "io2"] = "gp3"
    """Kind of volume. etcd needs 50 IOPS below 5 ms."""
    iops: Annotated[int, Field(ge=100, le=256000)] | None = None
    """Operations a second. By default it is the kind's own base."""


@spec
class HubK3s:
    """Which k3s the hub's servers run."""

    version: HubVersion = ""
    """Release name. By default it is that of defaults.k3s; empty where the hub is of another kind."""
    disable: tuple[Component, ...] = ("traefik", "servicelb")
    """Packaged components left out."""


@spec
class HubSnapshots:
    """Snapshots of etcd in the bucket."""

    schedule: Cron = "0 */6 * * *"
    """Schedule as a cron expression."""
    retention: Annotated[int, Field(ge=1, le=1000)] = 28
    """How many are kept."""
    restore: SnapshotName | None = None
    """Name of a snapshot that a hub without servers begins with; remove it again once it is up."""


@spec
class Eks:
    """A managed control plane."""

    version: KubernetesVersion = "1.36"
    """Kubernetes minor version, 1.36."""
    min_nodes: Annotated[int, Field(ge=0, le=1000)] = 2
    """Minimum number of nodes."""
    max_nodes: Annotated[int, Field(ge=1, le=1000)] = 4
    """Maximum number of nodes."""
    node_group: NodeGroupName | None = None
    """Name of the node group. By default edgefleet chooses one, so that a new group is up before the old one
    goes when the type of its nodes changes; of one with a name the old one goes first."""


@spec
class CostLimit:
    """The hub's monthly budget."""

    monthly: Annotated[int, Field(ge=1, le=10_000_000)]
    """US dollars a month; a budget of AWS reports when 80 % are used and when the forecast is above."""
    notify: Annotated[tuple[Email, ...], Field(min_length=1, max_length=10)]
    """Who is notified, by e-mail."""


@spec
class HubIdentity:
    """The hub's certificates and tokens."""

    key_generations: Annotated[tuple[KeyGeneration, ...], Field(min_length=1, max_length=2)] = (1,)
    """Generations in use: [1], [1, 2] while rotating, then [2]."""
    chain: ProjectPath | None = None
    """Path in the project of a PEM file with an intermediate authority and those above it, the root last,
    whose root is kept offline; its key is the stack's secret fleet:hubKey. By default it is derived."""
    sites: bool | None = None
    """Certificates of sites open the bucket's prefix of that site (IAM Roles Anywhere). By default it is true
    for k3s and eks."""
    valid_until: Day = "2040-01-01"
    """Day until which certificates of sites are valid; a later day is taken over at the next image."""


@spec
class Hub:
    """The region's hub."""

    kind: Kind = "none"
    """`k3s`: servers that edgefleet runs; `eks`: managed; `existing`: any Kubernetes, by kubeconfig; `none`:
    sites stand alone, releases come from a bucket."""
    cloud: Cloud = Cloud()
    """The cloud account of the region."""
    bucket: Bucket | None = None
    """Name of the bucket to create for images, releases and snapshots; none is created without it."""
    dns: HubDns | None = None
    """The hub's declared address."""
    servers: Annotated[int, Field(ge=1, le=99)] = 3
    """How many servers: 1, 3 or 5."""
    instance_type: InstanceType = "t3.medium"
    """Instance type of servers or nodes."""
    balancer: BalancerName | None = None
    """Name of the load balancer. By default it is made of fleet and region, and cut to 32 characters with a
    digest at the end."""
    image: MachineImage | None = None
    """Machine image of the servers: a Debian or Ubuntu with cloud-init and the SSM agent."""
    volume: HubVolume = HubVolume()
    """The encrypted disk of each server."""
    network: HubNetwork = HubNetwork()
    """The hub's network."""
    access: tuple[Cidr, ...] = ("0.0.0.0/0",)
    """Who may reach the hub's Kubernetes API on port 6443, which asks for a certificate or token."""
    k3s: HubK3s = HubK3s()
    """Which k3s the servers run."""
    namespaces: tuple[HubNamespace, ...] = ("apps",)
    """Namespaces of a k3s hub that its deployer edits; they are created and admit no privileged pods."""
    render_objects: ProjectPath | None = None
    """Path of a directory of the project that the objects of workloads are written to as YAML, in the place
    of the hub's cluster; secrets are in clear there."""
    snapshots: HubSnapshots = HubSnapshots()
    """Snapshots of etcd in the bucket."""
    eks: Eks = Eks()
    """A managed control plane."""
    kubeedge: HubKubeEdge | None = None
    """CloudCore in the hub's cluster, for sites whose nodes have the runtime kubeedge."""
    channel: HubChannel | None = None
    """What runs in the hub's cluster for the channel."""
    kubeconfig: ProjectPath | None = None
    """Of `existing`: path of its kubeconfig in the project."""
    identity: HubIdentity = HubIdentity()
    """The hub's certificates and tokens."""
    log_days: LogDays = 30
    """Days that the hub's logs are kept."""
    cost_limit: CostLimit | None = None
    """The hub's monthly budget."""
    protect: bool | None = None
    """Protect resources with data against removal by accident. By default it is true for k3s and eks."""

    @property
    def dns_name(self) -> str | None:
        """The hub's declared address."""
        return None if self.dns is None else self.dns.name
