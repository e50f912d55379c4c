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
    from edgefleet.fleetfile.load import load_fleet

_HOMES = {
    "aws": "edgefleet.fleet.aws",
    "Bucket": "edgefleet.fleet.aws",
    "BucketArgs": "edgefleet.fleet.aws",
    "ControlPlane": "edgefleet.fleet.control_plane",
    "ControlPlaneArgs": "edgefleet.fleet.control_plane",
    "Fleet": "edgefleet.fleet.fleet",
    "FleetArgs": "edgefleet.fleet.fleet",
    "Provider": "edgefleet.fleet.provider",
    "ProviderArgs": "edgefleet.fleet.provider",
    "Site": "edgefleet.fleet.site",
    "SiteArgs": "edgefleet.fleet.site",
    "fleet_secret": "edgefleet.fleet.configuration",
    "load_fleet": "edgefleet.fleetfile.load",
    "site_key": "edgefleet.fleet.site",
    "wifi_passphrases": "edgefleet.fleet.configuration",
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
    "aws",
    "fleet_secret",
    "load_fleet",
    "site_key",
    "wifi_passphrases",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its home on first use (PEP 562)."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'edgefleet' has no attribute {name!r}; it has {', '.join(__all__)}")
    module = import_module(home)
    return module if home.endswith(f".{name}") else getattr(module, name)
