"""The fields that workloads of several kinds share, as a fleet file has them."""

from dataclasses import field
from typing import Annotated, Literal

from pydantic import Field

from edgefleet.model.addresses import Cidr
from edgefleet.model.geography import Country
from edgefleet.model.names import KEY_RE, Name, SecretName
from edgefleet.model.quantities import Cpu, Quantity
from edgefleet.model.selection import Selection
from edgefleet.model.spec import spec
from edgefleet.model.syntax import Grammar
from edgefleet.workloads.base.patching import Patch
from edgefleet.workloads.base.values import ContainerText, Text

Port = Annotated[int, Field(ge=1, le=65535)]
VARIABLE = Grammar(
    r"[A-Za-z_][A-Za-z0-9_]*",
    "bad-variable",
    "a name of a variable",
    "write it like API_KEY: letters, digits and _",
    200,
)
Variable = Annotated[str, VARIABLE]
_TAINT_KEY = Grammar(
    KEY_RE,
    "bad-taint",
    "a key of a taint",
    "write the key alone, such as example.com/dedicated",
    317,
)
_ABSOLUTE = Grammar(
    r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._@+-]+)+",
    "bad-path",
    "an absolute path",
    "write it like /var/lib/till",
    250,
)
Path = Annotated[str, _ABSOLUTE]
_HTTP_PATH = Grammar(
    r"(/([A-Za-z0-9._~+,=:@-]|%[0-9A-Fa-f]{2})*)+",
    "bad-path",
    "a path of an address",
    "write it like /healthz",
    250,
)
HttpPath = Annotated[str, _HTTP_PATH]


@spec
class Where(Selection):
    """Which nodes, those for which all listed conditions hold, and whether it runs at the hub."""

    cloud: bool = False
    """Whether it runs in the hub's cluster; at sites too only where another condition is listed."""


@spec
class Workload:
    """What every workload has."""

    where: Where = Where()
    """Where it runs. By default it is every node of every site."""
    residency: tuple[Country, ...] = ()
    """Countries that it and its data never leave: [DE, AT]. A site elsewhere, or without a country, is an
    error."""


@spec
class Composed(Workload):
    """What a workload with objects in a cluster has."""

    needs: tuple[Name, ...] = ()
    """Workloads at the same sites that it talks to; the address of one is its name, with its name as
    domain: carts.carts."""
    patches: tuple[Patch, ...] = ()
    """Changes of its objects that no field makes; each must match an object and change it."""


@spec
class Resources:
    """What one Pod takes, as Kubernetes quantities."""

    cpu: Cpu = "50m"
    """Processor time that is reserved, 100m or 0.5."""
    memory: Quantity = "64Mi"
    """Memory that is reserved, and by default its limit: 128Mi."""
    cpu_limit: Cpu | None = None
    """Most processor time; without one it may use what is free."""
    memory_limit: Quantity | None = None
    """Most memory; a Pod that takes more is restarted."""


@spec
class Storage:
    """A folder of a container that outlives its Pods, on the node's own disk."""

    path: Path
    """Absolute path of the folder in the container, /var/lib/report."""
    size: Quantity
    """Its size, 2Gi."""


@spec
class Expose:
    """How a workload is reached from outside of its cluster."""

    host: Text | None = None
    """Host name under which the site's ingress controller (Traefik) serves it, till.local."""
    port: Port | None = None
    """Port of the site's nodes at which k3s's service load balancer serves it."""


@spec
class Egress:
    """Addresses that the Pods may reach besides the workloads that they need."""

    to: Cidr = "0.0.0.0/0"
    """Range of addresses; by default all."""
    port: Port
    """TCP port."""


@spec
class Probe:
    """How Kubernetes finds out that a container serves; without a path a connection is enough."""

    path: HttpPath | None = None
    """Path of an HTTP request, /healthz."""
    period: Annotated[int, Field(ge=1, le=3600)] = 10
    """Seconds between two probes."""
    failures: Annotated[int, Field(ge=1, le=100)] = 6
    """Failed probes in a row after which the container is restarted."""


@spec
class Pods(Composed):
    """What a workload with Pods of its own has."""

    resources: Resources = Resources()
    """What each Pod takes."""
    environment: dict[Variable, ContainerText] = field(default_factory=dict)
    """Variable -> value, in which {site.name} and other values of the site may stand."""
    secrets: dict[Variable, SecretName] = field(default_factory=dict)
    """Variable -> name of a secret of the stack."""
    critical: bool = False
    """Whether its Pods are started before others, and others make room for them. A node takes a release back,
    too, in which they do not become ready."""
    tolerates: tuple[Annotated[str, _TAINT_KEY], ...] = ()
    """Keys of taints of nodes on which it may run nevertheless."""
    egress: tuple[Egress, ...] = ()
    """What its Pods may reach besides the workloads that it needs and DNS."""
    user: Annotated[int, Field(ge=1, le=2**31 - 1)] = 10001
    """Numeric user, and group of its files, as which its containers run; never root."""
    writable: tuple[Path, ...] = ("/tmp",)  # noqa: S108 - of a container
    """Folders that its containers may write to, empty at each start; the rest of the image is read only."""


Replicas = Annotated[int, Field(ge=1, le=50)]
Side = Literal["site", "hub"]
"""Whose cluster: that of one site, or the hub's."""
