"""The custom resources of the provider: one line each."""

from edgefleet.cloud.bucket import Bucket
from edgefleet.cloud.bucket_object import BucketObject
from edgefleet.cloud.budget import Budget
from edgefleet.cloud.crl import Crl
from edgefleet.cloud.dns_record import DnsRecord
from edgefleet.cloud.eks_cluster import EksCluster
from edgefleet.cloud.elastic_ip import ElasticIp
from edgefleet.cloud.hosted_zone import HostedZone
from edgefleet.cloud.instance_profile import InstanceProfile
from edgefleet.cloud.internet_gateway import InternetGateway
from edgefleet.cloud.listener import Listener
from edgefleet.cloud.log_group import LogGroup
from edgefleet.cloud.nat_gateway import NatGateway
from edgefleet.cloud.network_load_balancer import NetworkLoadBalancer
from edgefleet.cloud.node_group import NodeGroup
from edgefleet.cloud.parameter import Parameter
from edgefleet.cloud.role import Role
from edgefleet.cloud.roles_anywhere_profile import RolesAnywhereProfile
from edgefleet.cloud.route_table import RouteTable
from edgefleet.cloud.security_group import SecurityGroup
from edgefleet.cloud.server_set import ServerSet
from edgefleet.cloud.subnet import Subnet
from edgefleet.cloud.target_group import TargetGroup
from edgefleet.cloud.trust_anchor import TrustAnchor
from edgefleet.cloud.vpc import Vpc
from edgefleet.io.environment import Resource
from edgefleet.rollout.resource import Rollout
from edgefleet.site.resource import Site
from edgefleet.site.roster import Roster

RESOURCES: tuple[Resource, ...] = (
    Site(),
    Roster(),
    Rollout(),
    Bucket(),
    BucketObject(),
    Budget(),
    Crl(),
    DnsRecord(),
    EksCluster(),
    ElasticIp(),
    HostedZone(),
    InstanceProfile(),
    InternetGateway(),
    Listener(),
    LogGroup(),
    NatGateway(),
    NetworkLoadBalancer(),
    NodeGroup(),
    Parameter(),
    Role(),
    RolesAnywhereProfile(),
    RouteTable(),
    SecurityGroup(),
    ServerSet(),
    Subnet(),
    TargetGroup(),
    TrustAnchor(),
    Vpc(),
)
