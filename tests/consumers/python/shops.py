"""The shops of a region: their fleet, and a parameter where other programs find its digests."""

import json

import pulumi

import edgefleet
from edgefleet.fleet.aws import Parameter


class Shops(pulumi.ComponentResource):
    """A fleet whose digests stand in a parameter."""

    fleet: edgefleet.Fleet
    """The fleet of the region."""
    index: Parameter
    """The digests of all its images, as JSON."""

    def __init__(
        self, region: str, secret: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("shops:index:Shops", region, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        file = f"stacks/{region}.fleet.yaml"
        self.fleet = edgefleet.Fleet(region, {"file": file, "secret": secret}, child)
        text = self.fleet.digests.apply(lambda digests: json.dumps(digests, sort_keys=True))
        self.index = Parameter("digests", {"name": f"shops.{region}.digests", "value": text}, child)
        self.register_outputs({})
