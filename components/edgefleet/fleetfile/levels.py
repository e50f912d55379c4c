"""Settings of a profile that cannot hold for a node alone, as they are those of its whole site."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from edgefleet.fleetfile.provenance import OF_NODES
from edgefleet.model.paths import Part
from edgefleet.model.site import SiteSpec
from edgefleet.model.spec import outside_name

_OF_SITE = {field.name for field in fields(SiteSpec)} - OF_NODES | {"k3s"}
_OF_A_NODE = ("k3s", "config")


def dropped(profile: Mapping[str, Any], site: SiteSpec) -> Iterator[tuple[Part, ...]]:
    """Paths in `profile`, of a node, of settings that its site has not: they would be dropped.

    Args:
        profile: the validated part of the node's profile, which is not its site's.
        site: the site.
    """
    for name in profile:
        if name in _OF_SITE:
            yield from _differing(profile[name], getattr(site, name), (name,))


def _differing(value: Any, of_site: Any, path: tuple[str, ...]) -> Iterator[tuple[Part, ...]]:
    if path == _OF_A_NODE:
        return
    if isinstance(value, Mapping):
        for name, inner in value.items():
            below = of_site.get(name) if isinstance(of_site, Mapping) else getattr(of_site, name, None)
            yield from _differing(inner, below, (*path, name))
    elif value != of_site:
        yield tuple(map(outside_name, path))
