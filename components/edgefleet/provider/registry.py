"""The custom resources of the provider: one line each."""

from edgefleet.cloud import bucket
from edgefleet.cloud.parameter import Parameter
from edgefleet.cloud.subnet import Subnet
from edgefleet.cloud.vpc import Vpc
from edgefleet.provider.resource import Resource
from edgefleet.sites.site_images import SiteImages

RESOURCES: tuple[Resource, ...] = (
    SiteImages(),
    bucket,
    Parameter(),
    Subnet(),
    Vpc(),
)
