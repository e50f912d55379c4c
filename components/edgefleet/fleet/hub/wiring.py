"""The context that every part of a hub is registered with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pulumi

from edgefleet.cloud.base.constraints import LONGEST_BALANCER, LONGEST_ROLE, shortened
from edgefleet.fleet.open_inputs import derived
from edgefleet.io.aws import partition_of
from edgefleet.model.hub import Hub
from edgefleet.provider.python_classes import is_placed


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """One hub while its parts are registered."""

    parent: pulumi.Resource
    name: str
    """Name of the parent in the program."""
    provider: pulumi.ProviderResource | None
    """Provider of the parts; None for the default one."""
    placed_in: pulumi.Input[str] | None
    """AWS region that each part names, where that of the provider is not known to be the hub's."""
    endpoint: pulumi.Input[str] | None
    """Address of the cloud; None for AWS."""
    hub: Hub
    fleet: pulumi.Input[str]
    region: pulumi.Input[str]
    """Name of the region; the stack's."""
    recipe: int
    now: datetime
    """When the program runs."""
    pins: pulumi.Input[Mapping[str, str]]
    """dict[k3s's binary or an image -> its digest in the artifacts lock]."""
    tags: pulumi.Input[Mapping[str, str]]
    secret: pulumi.Output[str]
    """The fleet's secret, secret; certificates of revoked sites are derived from it."""
    master: pulumi.Output[str]
    """The hub's master, secret."""
    chain: str
    """PEM of an intermediate authority and its issuers, with the root offline; empty if derived."""
    chain_key: pulumi.Output[str]
    """PEM of that authority's key, secret; empty if derived."""
    objects: pulumi.Input[Sequence[Mapping[str, Any]]] = ()
    """Kubernetes objects that its servers apply."""

    @property
    def aws_region(self) -> Any:
        """Its AWS region."""
        return self.hub.cloud.region or ""

    @property
    def partition(self) -> Any:
        """Partition of its ARNs."""
        return derived(partition_of, self.aws_region)

    def of_place(self, derive: Callable[[str, str], Any]) -> Any:
        """What `derive` makes of the names of the fleet and the region."""
        return derived(derive, self.fleet, self.region)

    @property
    def prefix(self) -> Any:
        """Name of the hub, unique in an account; IAM's are the shortest of all names that it is used for."""
        return self.role_name("hub")

    @property
    def short(self) -> Any:
        """Name of its load balancer unless the fleet file names it."""

        def name(fleet: str, region: str) -> str:
            whole = f"{fleet}-{region}-hub"
            return shortened(f"fleet-{whole}" if whole.startswith("internal-") else whole, LONGEST_BALANCER)

        return self.of_place(name)

    def role_name(self, part: str) -> Any:
        """Name of the role of a `part`, ``nodes``."""
        return self.of_place(lambda fleet, region: shortened(f"{fleet}-{region}-{part}", LONGEST_ROLE))

    def options(
        self, *, depends_on: Sequence[pulumi.Resource] = (), holds_data: bool = False
    ) -> pulumi.ResourceOptions:
        """Options of a part; one that holds data is protected with the hub."""
        protect = True if holds_data and self.hub.protect else None
        return pulumi.ResourceOptions(
            parent=self.parent,
            provider=self.provider,
            depends_on=list(depends_on),
            protect=protect,
            transformations=None if self.placed_in is None else [self._place],
        )

    def _place(self, args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
        """Name the region of a part that is in one."""
        inputs = args.props or {}
        placed = {"region": self.placed_in} if is_placed(args.type_) else {}
        return pulumi.ResourceTransformationResult({**inputs, **placed}, args.opts)

    def child(self, part: str) -> str:
        """Name of a part in the program: it carries the parent's, so that a program may have two hubs."""
        return f"{self.name}/{part}"

    def named(self, name: str) -> Any:
        """Tags of a part, with a name for AWS's console."""
        return derived(lambda tags, prefix: {**tags, "Name": f"{prefix}-{name}"}, self.tags, self.prefix)

    def zone(self, name: str) -> Any:
        """The full name of a zone, given its letter."""
        return derived(lambda region: f"{region}{name}", self.aws_region) if len(name) == 1 else name
