"""What every part of a hub is wired with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from edgefleet.cloud.base.constraints import balancer_name
from edgefleet.io.aws import partition_of
from edgefleet.model.hub import ControlPlane


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """One hub while its parts are registered."""

    parent: pulumi.Resource
    hub: ControlPlane
    fleet: str
    region: str
    """Name of the region; the stack's."""
    recipe: int
    tags: Mapping[str, str]
    secret: pulumi.Output[str]
    """The fleet's secret, secret; certificates of sites that are revoked are made again from it."""
    master: pulumi.Output[str]
    """The hub's master, secret."""
    chain: str
    """PEM of an intermediate authority and those above it, the root offline; empty where it is derived."""
    chain_key: pulumi.Output[str]
    """PEM of that authority's key, secret; empty where it is derived."""

    @property
    def aws_region(self) -> str:
        """AWS region that it is in."""
        return self.hub.cloud.region or ""

    @property
    def partition(self) -> str:
        """First part of ARNs there."""
        return partition_of(self.aws_region)

    @property
    def prefix(self) -> str:
        """Beginning of the names of what has to be unique in an account."""
        return f"{self.fleet}-{self.region}-hub"

    @property
    def short(self) -> str:
        """`prefix` as far as a load balancer may be called so."""
        return balancer_name(self.prefix)

    def options(
        self, *, depends_on: Sequence[pulumi.Resource] = (), holds_data: bool = False
    ) -> pulumi.ResourceOptions:
        """Options of a part; one that holds data is kept from being removed where the hub is protected."""
        protect = True if holds_data and self.hub.protect else None
        return pulumi.ResourceOptions(parent=self.parent, depends_on=list(depends_on), protect=protect)

    def named(self, name: str) -> dict[str, str]:
        """Tags of a part that shows a name in AWS's console."""
        return {**self.tags, "Name": f"{self.prefix}-{name}"}

    def zone(self, name: str) -> str:
        """The whole name of a zone that is named by its letter."""
        return f"{self.aws_region}{name}" if len(name) == 1 else name
