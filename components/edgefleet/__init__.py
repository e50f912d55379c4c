"""edgefleet: an edge fleet as code, with a preview that tells the truth.

``import edgefleet`` in a Pulumi program gives the components below. They are loaded when first
named, so that ``edgefleet validate`` and other tools that need no Pulumi start fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgefleet.fleet import aws
    from edgefleet.fleet.aws import Bucket, BucketArgs
    from edgefleet.fleet.configuration import fleet_secret, wifi_passphrases
    from edgefleet.fleet.control_plane import ControlPlane, ControlPlaneArgs
    from edgefleet.fleet.fleet import Fleet, FleetArgs
    from edgefleet.fleet.provider import Provider, ProviderArgs
    from edgefleet.fleet.site import Site, SiteArgs, site_key
    from edgefleet.fleet.workload import Workload, WorkloadArgs
    from edgefleet.fleetfile.load import load_fleet

_HOMES = {
    "aws": "edgefleet.fleet",
    **dict.fromkeys(("Bucket", "BucketArgs"), "edgefleet.fleet.aws"),
    **dict.fromkeys(("ControlPlane", "ControlPlaneArgs"), "edgefleet.fleet.control_plane"),
    **dict.fromkeys(("Fleet", "FleetArgs"), "edgefleet.fleet.fleet"),
    **dict.fromkeys(("Provider", "ProviderArgs"), "edgefleet.fleet.provider"),
    **dict.fromkeys(("Site", "SiteArgs", "site_key"), "edgefleet.fleet.site"),
    **dict.fromkeys(("Workload", "WorkloadArgs"), "edgefleet.fleet.workload"),
    **dict.fromkeys(("fleet_secret", "wifi_passphrases"), "edgefleet.fleet.configuration"),
    "load_fleet": "edgefleet.fleetfile.load",
}

__all__ = [
    "Bucket",
    "BucketArgs",
    "ControlPlane",
    "ControlPlaneArgs",
    "Fleet",
    "FleetArgs",
    "Provider",
    "ProviderArgs",
    "Site",
    "SiteArgs",
    "Workload",
    "WorkloadArgs",
    "aws",
    "fleet_secret",
    "load_fleet",
    "site_key",
    "wifi_passphrases",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its home on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'edgefleet' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(_HOMES[name]), name)
