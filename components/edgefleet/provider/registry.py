"""The custom resources of the provider: one line each."""

from edgefleet.cloud import bucket
from edgefleet.provider.resource import Resource
from edgefleet.sites.site_images import SiteImages

RESOURCES: tuple[Resource, ...] = (SiteImages(), bucket)
