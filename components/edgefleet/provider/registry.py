"""The custom resources of the provider: one line each."""

from edgefleet.cloud import bucket
from edgefleet.cloud.elastic_ip import ElasticIp
from edgefleet.cloud.internet_gateway import InternetGateway
from edgefleet.cloud.nat_gateway import NatGateway
from edgefleet.cloud.parameter import Parameter
from edgefleet.cloud.route_table import RouteTable
from edgefleet.cloud.security_group import SecurityGroup
from edgefleet.cloud.subnet import Subnet
from edgefleet.cloud.vpc import Vpc
from edgefleet.provider.resource import Resource
from edgefleet.sites.site_images import SiteImages

RESOURCES: tuple[Resource, ...] = (
    SiteImages(),
    bucket,
    ElasticIp(),
    InternetGateway(),
    NatGateway(),
    Parameter(),
    RouteTable(),
    SecurityGroup(),
    Subnet(),
    Vpc(),
)
