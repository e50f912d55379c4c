"""AWS resources as classes of a Pulumi program; written by `make schema`, not by hand."""

from edgefleet.fleet.aws.bucket import Bucket, BucketArgs
from edgefleet.fleet.aws.parameter import Parameter, ParameterArgs
from edgefleet.fleet.aws.subnet import Subnet, SubnetArgs
from edgefleet.fleet.aws.vpc import Vpc, VpcArgs

__all__ = [
    "Bucket",
    "BucketArgs",
    "Parameter",
    "ParameterArgs",
    "Subnet",
    "SubnetArgs",
    "Vpc",
    "VpcArgs",
]
