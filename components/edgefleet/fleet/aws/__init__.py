"""AWS resources as classes of a Pulumi program; written by `make schema`, not by hand."""

from edgefleet.fleet.aws.bucket import Bucket, BucketArgs
from edgefleet.fleet.aws.dns_record import DnsRecord, DnsRecordArgs
from edgefleet.fleet.aws.elastic_ip import ElasticIp, ElasticIpArgs
from edgefleet.fleet.aws.hosted_zone import HostedZone, HostedZoneArgs
from edgefleet.fleet.aws.internet_gateway import InternetGateway, InternetGatewayArgs
from edgefleet.fleet.aws.listener import Listener, ListenerArgs
from edgefleet.fleet.aws.nat_gateway import NatGateway, NatGatewayArgs
from edgefleet.fleet.aws.network_load_balancer import NetworkLoadBalancer, NetworkLoadBalancerArgs
from edgefleet.fleet.aws.parameter import Parameter, ParameterArgs
from edgefleet.fleet.aws.route_table import RouteTable, RouteTableArgs
from edgefleet.fleet.aws.security_group import SecurityGroup, SecurityGroupArgs
from edgefleet.fleet.aws.subnet import Subnet, SubnetArgs
from edgefleet.fleet.aws.target_group import TargetGroup, TargetGroupArgs
from edgefleet.fleet.aws.vpc import Vpc, VpcArgs

__all__ = [
    "Bucket",
    "BucketArgs",
    "DnsRecord",
    "DnsRecordArgs",
    "ElasticIp",
    "ElasticIpArgs",
    "HostedZone",
    "HostedZoneArgs",
    "InternetGateway",
    "InternetGatewayArgs",
    "Listener",
    "ListenerArgs",
    "NatGateway",
    "NatGatewayArgs",
    "NetworkLoadBalancer",
    "NetworkLoadBalancerArgs",
    "Parameter",
    "ParameterArgs",
    "RouteTable",
    "RouteTableArgs",
    "SecurityGroup",
    "SecurityGroupArgs",
    "Subnet",
    "SubnetArgs",
    "TargetGroup",
    "TargetGroupArgs",
    "Vpc",
    "VpcArgs",
]
