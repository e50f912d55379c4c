"""Settings of a profile that cannot hold for a node alone, as they are those of its whole site."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from typing import Any

from edgefleet.fleetfile.provenance import OF_NODES
from edgefleet.model.paths import Part
from edgefleet.model.site import SiteSpec
from edgefleet.model.spec import outside_name

_DEFAULTS = {
    field.name: {} if field.default is MISSING else field.default
    for field in fields(SiteSpec)
    if field.name not in OF_NODES - {"k3s"}
}
"""dict[field that holds for a whole site -> its default]; a record has no keys."""
_OF_A_NODE = ("k3s", "config")


def dropped(profile: Mapping[str, Any], site: Mapping[str, Any]) -> Iterator[tuple[Part, ...]]:
    """Paths in `profile`, of a node, of settings that its site has not: they would be dropped.

    Args:
        profile: the validated part of the node's profile, which is not its site's.
        site: the merged settings of the site.
    """
    for name, default in _DEFAULTS.items():
        if name in profile:
            yield from _differing(profile[name], site.get(name, default), (name,))


def _differing(value: Any, of_site: Any, path: tuple[str, ...]) -> Iterator[tuple[Part, ...]]:
    if path == _OF_A_NODE:
        return
    if isinstance(value, Mapping):
        below = of_site if isinstance(of_site, Mapping) else {}
        for name, inner in value.items():
            yield from _differing(inner, below.get(name), (*path, name))
    elif value != of_site:
        yield tuple(map(outside_name, path))
