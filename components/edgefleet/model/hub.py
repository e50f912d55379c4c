"""`ControlPlane`: a region's hub as it is wanted, resolved."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["k3s", "eks", "existing", "none"]
GIB = 1024**3
SITES_UNTIL = "2040-01-01"
CLUSTER_CIDRS = {"k3s's pods": "10.42.0.0/16", "k3s's services": "10.43.0.0/16"}
"""dict[whose -> addresses] inside a k3s cluster (k3s docs, cli/server: cluster-cidr, service-cidr)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """The cloud account of a region."""

    region: str | None = None
    """AWS region; `None` where the fleet file declares no cloud."""
    endpoint: str | None = None
    """``emulated``, an address, or `None` for AWS itself."""
    profile: str | None = None
    """Profile in the AWS configuration."""
    role_arn: str | None = None
    """Role to assume first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubDns:
    """The hub's declared address."""

    name: str
    zone_id: str | None = None
    """Hosted zone that gets the record."""
    zone: str | None = None
    """Domain of a private hosted zone to make."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubNetwork:
    """The hub's network: made, or somebody's own where `vpc_id` is given."""

    cidr: str = "10.250.0.0/16"
    zones: tuple[str, ...] = ("a", "b", "c")
    """Letters, or whole names."""
    nat: Literal["single", "per-zone", "none"] = "single"
    vpc_id: str | None = None
    subnets: tuple[str, ...] = ()
    public_subnets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HubVolume:
    """The encrypted disk of each server."""

    size: int = 40 * GIB
    """Bytes."""
    type: Literal["gp3", "io2"] = "gp3"
    iops: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSnapshots:
    """Snapshots of etcd in the bucket."""

    schedule: str = "0 */6 * * *"
    retention: int = 28
    restore: str | None = None
    """Name of a snapshot that a hub without servers begins with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Eks:
    """A managed control plane."""

    version: str = "1.36"
    min_nodes: int = 2
    max_nodes: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLimit:
    """What the hub may cost."""

    monthly: int
    """US dollars."""
    notify: tuple[str, ...]
    """E-mail addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPlane:
    """The region's hub."""

    kind: Kind = "none"
    cloud: Cloud = Cloud()
    bucket: str | None = None
    """Name of the bucket that the stack makes; `None` where it makes none."""
    dns: HubDns | None = None
    servers: int = 3
    instance_type: str = "t3.medium"
    image: str | None = None
    """Machine image of the servers."""
    volume: HubVolume = HubVolume()
    network: HubNetwork = HubNetwork()
    access: tuple[str, ...] = ("0.0.0.0/0",)
    """Who may reach the Kubernetes API."""
    k3s_version: str = ""
    """Release that the servers run; empty where there are none."""
    k3s_disable: tuple[str, ...] = ("traefik", "servicelb")
    snapshots: HubSnapshots = HubSnapshots()
    eks: Eks = Eks()
    kubeconfig: str | None = None
    """Path of the kubeconfig of an existing cluster, in the project."""
    key_generations: tuple[int, ...] = (1,)
    """Generations of certificates and tokens in use."""
    chain: str | None = None
    """Path of the chain of an intermediate authority whose root is offline; derived where it is None."""
    site_identity: bool = False
    """Whether certificates of sites open what is theirs in the cloud."""
    sites_until: str = SITES_UNTIL
    """Day until which certificates of sites are valid."""
    log_days: int = 30
    cost_limit: CostLimit | None = None
    protect: bool = False
    """Whether what holds data is kept from being removed."""

    @property
    def dns_name(self) -> str | None:
        """The hub's declared address."""
        return None if self.dns is None else self.dns.name
