"""`edgefleet:aws:ElasticIp`: a public address that stays."""

from edgefleet.cloud.base import Ec2Resource, Ec2Tagged, Table
from edgefleet.io.ec2 import Ec2Kind
from edgefleet.model.spec import spec


@spec
class ElasticIpSpec(Ec2Tagged):
    """A public IPv4 address that stays (EC2 API, AllocateAddress)."""


@spec
class ElasticIpOutputs:
    """What is known of an address."""

    public_ip: str
    """The address."""


class ElasticIp(Ec2Resource, spec=ElasticIpSpec, outputs=ElasticIpOutputs):
    """The kind."""

    KIND = Ec2Kind("elastic-ip", "describe_addresses", "Addresses", "AllocationId", "allocation-id")
    INTERFACES = "association.allocation-id"
    TABLE = Table(
        create="allocate_address",
        delete="release_address",
        key="AllocationId",
        besides=lambda _: {"Domain": "vpc"},
        outputs={"public_ip": "PublicIp"},
    )
