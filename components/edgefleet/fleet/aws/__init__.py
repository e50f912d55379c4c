"""AWS resources as classes of a Pulumi program; written by `make schema`, not by hand."""

from edgefleet.fleet.aws.bucket import Bucket, BucketArgs
from edgefleet.fleet.aws.bucket_object import BucketObject, BucketObjectArgs
from edgefleet.fleet.aws.budget import Budget, BudgetArgs
from edgefleet.fleet.aws.crl import Crl, CrlArgs
from edgefleet.fleet.aws.dns_record import DnsRecord, DnsRecordArgs
from edgefleet.fleet.aws.eks_cluster import EksCluster, EksClusterArgs
from edgefleet.fleet.aws.elastic_ip import ElasticIp, ElasticIpArgs
from edgefleet.fleet.aws.hosted_zone import HostedZone, HostedZoneArgs
from edgefleet.fleet.aws.instance_profile import InstanceProfile, InstanceProfileArgs
from edgefleet.fleet.aws.internet_gateway import InternetGateway, InternetGatewayArgs
from edgefleet.fleet.aws.listener import Listener, ListenerArgs
from edgefleet.fleet.aws.log_group import LogGroup, LogGroupArgs
from edgefleet.fleet.aws.nat_gateway import NatGateway, NatGatewayArgs
from edgefleet.fleet.aws.network_load_balancer import NetworkLoadBalancer, NetworkLoadBalancerArgs
from edgefleet.fleet.aws.node_group import NodeGroup, NodeGroupArgs
from edgefleet.fleet.aws.parameter import Parameter, ParameterArgs
from edgefleet.fleet.aws.role import Role, RoleArgs
from edgefleet.fleet.aws.roles_anywhere_profile import RolesAnywhereProfile, RolesAnywhereProfileArgs
from edgefleet.fleet.aws.route_table import RouteTable, RouteTableArgs
from edgefleet.fleet.aws.security_group import SecurityGroup, SecurityGroupArgs
from edgefleet.fleet.aws.server_set import ServerSet, ServerSetArgs
from edgefleet.fleet.aws.subnet import Subnet, SubnetArgs
from edgefleet.fleet.aws.target_group import TargetGroup, TargetGroupArgs
from edgefleet.fleet.aws.trust_anchor import TrustAnchor, TrustAnchorArgs
from edgefleet.fleet.aws.vpc import Vpc, VpcArgs

__all__ = [
    "Bucket",
    "BucketArgs",
    "BucketObject",
    "BucketObjectArgs",
    "Budget",
    "BudgetArgs",
    "Crl",
    "CrlArgs",
    "DnsRecord",
    "DnsRecordArgs",
    "EksCluster",
    "EksClusterArgs",
    "ElasticIp",
    "ElasticIpArgs",
    "HostedZone",
    "HostedZoneArgs",
    "InstanceProfile",
    "InstanceProfileArgs",
    "InternetGateway",
    "InternetGatewayArgs",
    "Listener",
    "ListenerArgs",
    "LogGroup",
    "LogGroupArgs",
    "NatGateway",
    "NatGatewayArgs",
    "NetworkLoadBalancer",
    "NetworkLoadBalancerArgs",
    "NodeGroup",
    "NodeGroupArgs",
    "Parameter",
    "ParameterArgs",
    "Role",
    "RoleArgs",
    "RolesAnywhereProfile",
    "RolesAnywhereProfileArgs",
    "RouteTable",
    "RouteTableArgs",
    "SecurityGroup",
    "SecurityGroupArgs",
    "ServerSet",
    "ServerSetArgs",
    "Subnet",
    "SubnetArgs",
    "TargetGroup",
    "TargetGroupArgs",
    "TrustAnchor",
    "TrustAnchorArgs",
    "Vpc",
    "VpcArgs",
]
