"""The keys of a fleet file at each path, and suggestions for unknown ones."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from edgefleet.errors import Problem
from edgefleet.fleetfile.partial import DOCUMENT, NODE, PROFILE, SETTINGS, SITE, limited
from edgefleet.fleetfile.provenance import Path, Provenance
from edgefleet.model.levels import Level
from edgefleet.model.network import Network
from edgefleet.model.paths import Part, format_path
from edgefleet.model.pydantic_errors import translated
from edgefleet.model.syntax import nearest
from edgefleet.model.type_introspection import at, fields_of

_HOMES: tuple[tuple[Any, str], ...] = (
    (SITE, "a site"),
    (NODE, "a node"),
    (PROFILE, "a profile"),
    (SETTINGS, "defaults or a group"),
    (DOCUMENT, "the top level"),
)
_WORDS = {
    "ip": "network.address",
    "ntpServers": "ntp",
    "nameservers": "network.dns",
    "ram": "memory",
    "cores": "cpus",
    "cpu": "cpus",
    "ssh_keys": "sshKeys",
    "authorized_keys": "sshKeys",
    "lat": "latitude",
    "lon": "longitude",
    "lng": "longitude",
    "tz": "timezone",
    "ssid": "network.wifi.ssid",
}
"""dict[key of other tools -> key here]."""

_OF_ONE_NODE = frozenset(limited(Network, Level.SITE, Level.NODE).values())


def keys_below(root: Any, path: Sequence[Part]) -> list[str]:
    """Keys at `path` below `root`; empty if any name is allowed, or none."""
    shape = at(root, path)
    return [] if shape is None else list(fields_of(shape.bare))


def document_keys(path: Sequence[Part]) -> list[str]:
    """Keys at `path` of a fleet file."""
    if not path or path[0] != "sites" or path == ("sites",):
        return keys_below(DOCUMENT, path)
    return keys_below(dict[str, SITE], path[1:])


def suggestion(path: Sequence[Part]) -> str:
    """The hint for the unknown key at the end of `path` of a fleet file."""
    parent, key = tuple(path[:-1]), str(path[-1])
    keys = document_keys(parent)
    word = _WORDS.get(key)
    if word in keys or (word and word.split(".")[0] in keys):
        return f"did you mean {word}?"
    deeper = [f"{name}.{key}" for name in keys if key in document_keys((*parent, name))]
    if deeper:
        return f"did you mean {' or '.join(deeper)}?"
    if key in _OF_ONE_NODE and {"gateway", "network"} & set(keys):
        return f"it belongs to one node: set network.{key} under sites"
    homes = [home for kind, home in _HOMES if key in fields_of(kind)]
    close = nearest(key, keys)
    if homes and not close.startswith("did you mean"):
        return f"{key} belongs to {' or '.join(homes)}"
    return close


def problems_of(
    error: ValidationError, plain: Any, prefix: Path, provenance: Provenance
) -> Iterator[Problem]:
    """A problem for each of pydantic's errors of `plain`, the part of a fleet file at `prefix`."""
    translations = translated(
        error,
        plain,
        keys=lambda path: document_keys((*prefix, *path)),
        suggest=lambda path: suggestion((*prefix, *path)),
    )
    for translation in translations:
        path = (*prefix, *translation.path)
        where = provenance.near(path, of_key=translation.of_key)
        yield replace(translation.problem, path=format_path(path), where=where)
