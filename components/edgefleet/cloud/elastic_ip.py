"""`edgefleet:aws:ElasticIp`: a public address that stays."""

from collections.abc import Mapping
from typing import Any, ClassVar

from edgefleet.cloud.base import Ec2Resource, Tagged
from edgefleet.io import ec2
from edgefleet.io.environment import Outside
from edgefleet.model.spec import spec


@spec
class ElasticIpSpec(Tagged):
    """A public IPv4 address that stays (EC2 API, AllocateAddress)."""


@spec
class ElasticIpOutputs:
    """What is known of an address."""

    public_ip: str
    """The address."""


class ElasticIp(Ec2Resource):
    """The kind."""

    TOKEN = "edgefleet:aws:ElasticIp"  # noqa: S105 - a type token
    Spec: ClassVar[type[Any]] = ElasticIpSpec
    Outputs: ClassVar[type[Any]] = ElasticIpOutputs
    THING = ec2.Thing("elastic-ip", "describe_addresses", "Addresses", "AllocationId", "allocation-id")

    def make(self, spec: ElasticIpSpec, outside: Outside, place: str) -> Mapping[str, Any]:
        """Take one of Amazon's."""
        tags = ec2.tagged(self.THING.kind, self.tags(spec, outside))
        return outside.aws.call("ec2", "allocate_address", place, Domain="vpc", TagSpecifications=tags)

    def inputs(self, found: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
        """Nothing but its tags."""
        del found, outside
        return {}

    def outputs(self, found: Mapping[str, Any], outside: Outside) -> ElasticIpOutputs:
        """The address."""
        del outside
        return ElasticIpOutputs(public_ip=found["PublicIp"])

    def remove(self, found: Mapping[str, Any], outside: Outside, place: str) -> None:
        """Give it back."""
        outside.aws.seek("ec2", "release_address", place, AllocationId=found["AllocationId"])

    def users(self, identity: str, outside: Outside) -> list[str]:
        """What it is associated with."""
        return ec2.interfaces(outside.aws, "association.allocation-id", identity)
