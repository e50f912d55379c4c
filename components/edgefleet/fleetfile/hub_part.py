"""The key ``controlPlane`` of a fleet file as it is written."""

from typing import Annotated, Literal, Required

from pydantic import Field, with_config
from typing_extensions import TypedDict

from edgefleet.fleetfile.settings import STRICT
from edgefleet.model.addresses import Cidr
from edgefleet.model.names import Bucket, Domain
from edgefleet.model.quantities import Size
from edgefleet.model.releases import AwsRegion, Endpoint, RoleArn, Version
from edgefleet.model.syntax import matching

ResourceId = Annotated[
    str,
    *matching(
        r"[a-z]+-[0-9a-f]{8,17}",
        code="bad-id",
        what="an id of EC2",
        hint="write it like vpc-0a1b2c3d4e5f67890; AWS's console and `aws ec2 describe-...` show it",
    ),
]
Zone = Annotated[
    str,
    *matching(
        r"[a-z]|[a-z]{2}(-[a-z]+)+-\d[a-z]",
        code="bad-zone",
        what="an availability zone",
        hint="write its letter, a, or its whole name, eu-central-1a",
    ),
]
InstanceType = Annotated[
    str,
    *matching(
        r"[a-z0-9-]+\.[a-z0-9-]+",
        code="bad-instance-type",
        what="an instance type",
        hint="write it like t3.medium; k3s wants at least 2 cores and 2 GB for a server",
    ),
]
Day = Annotated[
    str,
    *matching(
        r"20\d\d-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])",
        code="bad-day",
        what="a day",
        hint="write it like 2040-01-01; the 28th is the last day of a month that is taken",
    ),
]
Email = Annotated[
    str,
    *matching(
        r"[^@\s]+@[^@\s]+\.[^@\s]+",
        code="bad-email",
        what="an e-mail address",
        hint="write one like ops@example.org",
    ),
]
HostedZone = Annotated[
    str,
    *matching(
        r"Z[A-Z0-9]{3,31}",
        code="bad-zone-id",
        what="the id of a hosted zone",
        hint="write it like Z0123456789AB",
    ),
]


@with_config(STRICT)
class CloudPart(TypedDict, total=False):
    """The cloud account of the region."""

    region: Required[AwsRegion]
    """AWS region, eu-central-1."""
    endpoint: Endpoint
    """`emulated` for the emulated cloud on this machine, or an address; AWS itself where there is none."""
    profile: Annotated[str, Field(min_length=1)]
    """Profile in the AWS configuration of whoever runs this."""
    role_arn: RoleArn
    """Role to assume first."""


@with_config(STRICT)
class HubDnsPart(TypedDict, total=False):
    """The hub's declared address: known before anything exists, so that it can enter images."""

    name: Required[Domain]
    """DNS name of the hub, hub.eu.shops.example.org."""
    zone_id: HostedZone
    """Hosted zone of Route 53 that gets the record."""
    zone: Domain
    """Domain of a private hosted zone to make for it; with neither, somebody else points the name."""


@with_config(STRICT)
class HubNetworkPart(TypedDict, total=False):
    """The hub's network: made, or somebody's own by ids."""

    cidr: Cidr
    """Addresses of the network to make; 10.250.0.0/16 unless said otherwise."""
    zones: Annotated[tuple[Zone, ...], Field(min_length=1, max_length=6)]
    """Availability zones, letters or names; a, b and c unless said otherwise."""
    nat: Literal["single", "per-zone", "none"]
    """How servers reach the outside: one NAT gateway (unless said otherwise), one in each zone, or public
    addresses of their own."""
    vpc_id: ResourceId
    """A network that exists; nothing of it is made or changed."""
    subnets: Annotated[tuple[ResourceId, ...], Field(min_length=1)]
    """Its subnets for the servers, one a zone."""
    public_subnets: Annotated[tuple[ResourceId, ...], Field(min_length=1)]
    """Its subnets for the load balancer; those of the servers unless said otherwise."""


@with_config(STRICT)
class HubVolumePart(TypedDict, total=False):
    """The encrypted disk of each server."""

    size: Size
    """Size as a Kubernetes quantity; 40Gi unless said otherwise."""
    type: Literal["gp3", "io2"]
    """Kind of volume; gp3 unless said otherwise. etcd wants 50 IOPS below 5 ms."""
    iops: Annotated[int, Field(ge=100, le=256000)]
    """Operations a second; the kind's own base unless said otherwise."""


@with_config(STRICT)
class HubK3sPart(TypedDict, total=False):
    """Which k3s the hub's servers run."""

    version: Version
    """Release name; that of defaults.k3s unless said otherwise."""
    disable: tuple[str, ...]
    """Packaged components left out; traefik and servicelb unless said otherwise."""


@with_config(STRICT)
class HubSnapshotsPart(TypedDict, total=False):
    """Snapshots of etcd in the bucket."""

    schedule: Annotated[str, Field(pattern=r"^\S+( \S+){4}$")]
    """When, as cron has it; every six hours unless said otherwise."""
    retention: Annotated[int, Field(ge=1, le=1000)]
    """How many are kept; 28 unless said otherwise."""
    restore: Annotated[str, Field(min_length=1, max_length=200)]
    """Name of a snapshot that a hub without servers begins with; remove it again once it is up."""


@with_config(STRICT)
class EksPart(TypedDict, total=False):
    """A managed control plane."""

    version: Annotated[str, Field(pattern=r"^1\.\d{2}$")]
    """Kubernetes minor version, 1.36."""
    min_nodes: Annotated[int, Field(ge=0, le=1000)]
    """Least nodes; 2 unless said otherwise."""
    max_nodes: Annotated[int, Field(ge=1, le=1000)]
    """Most nodes; 4 unless said otherwise."""


@with_config(STRICT)
class CostLimitPart(TypedDict, total=False):
    """What the hub may cost."""

    monthly: Required[Annotated[int, Field(ge=1, le=10_000_000)]]
    """US dollars a month; a budget of AWS tells when 80 % are used and when the forecast is above."""
    notify: Required[Annotated[tuple[Email, ...], Field(min_length=1, max_length=10)]]
    """Who is told, by e-mail."""


@with_config(STRICT)
class HubIdentityPart(TypedDict, total=False):
    """The hub's certificates and tokens."""

    key_generations: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1, max_length=2)]
    """Generations in use: [1], [1, 2] while rotating, then [2]."""
    chain: Annotated[str, Field(min_length=1)]
    """Path in the project of a PEM file with an intermediate authority and those above it, the root last,
    whose root is kept offline; its key is the stack's secret fleet:hubKey."""
    sites: bool
    """Certificates of sites open the bucket's prefix of that site (IAM Roles Anywhere); true unless said
    otherwise where there is a hub."""
    valid_until: Day
    """Until when certificates of sites are valid, 2040-01-01 unless said otherwise; a later day is taken over
    at the next image."""


@with_config(STRICT)
class ControlPlanePart(TypedDict, total=False):
    """The region's hub."""

    kind: Literal["k3s", "eks", "existing", "none"]
    """`k3s`: servers of our own; `eks`: managed; `existing`: any Kubernetes, by kubeconfig; `none`: sites
    stand alone, releases come from a bucket."""
    cloud: CloudPart
    """The cloud account of the region."""
    bucket: Bucket
    """Name of the bucket to make for images, releases and snapshots; none is made without it."""
    dns: HubDnsPart
    """The hub's declared address."""
    servers: int
    """How many servers: 1, 3 or 5."""
    instance_type: InstanceType
    """Instance type of servers or nodes; t3.medium unless said otherwise."""
    image: Annotated[
        str,
        *matching(
            r"ami-[0-9a-f]{8,17}", code="bad-image", what="the id of a machine image", hint="write ami-..."
        ),
    ]
    """Machine image of the servers: a Debian or Ubuntu with cloud-init and the SSM agent."""
    volume: HubVolumePart
    """The encrypted disk of each server."""
    network: HubNetworkPart
    """The hub's network."""
    access: tuple[Cidr, ...]
    """Who may reach the hub's Kubernetes API on port 6443; everybody unless said otherwise (it asks each for
    a certificate or token)."""
    k3s: HubK3sPart
    """Which k3s the servers run."""
    snapshots: HubSnapshotsPart
    """Snapshots of etcd in the bucket."""
    eks: EksPart
    """A managed control plane."""
    kubeconfig: Annotated[str, Field(min_length=1)]
    """Of `existing`: path of its kubeconfig in the project, or empty for the one in the configuration."""
    identity: HubIdentityPart
    """The hub's certificates and tokens."""
    log_days: Literal[1, 3, 5, 7, 14, 30, 60, 90, 180, 365]
    """Days that the hub's logs are kept; 30 unless said otherwise."""
    cost_limit: CostLimitPart
    """What the hub may cost."""
    protect: bool
    """Keep what holds data from being removed by accident; true for k3s and eks unless said otherwise."""
