"""The keys of ``config.yaml`` that a fleet file sets for a site and for each of its nodes.

A key that servers alone know holds for the site; any other may differ from node to node.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from edgefleet.errors import Problem
from edgefleet.model.k3s_config import OWNED, RESERVED
from edgefleet.model.k3s_flags import (
    CHOICES,
    KINDS,
    KNOWN,
    OF_AGENTS,
    OF_SITE,
    ONE_NODE,
    first_release,
    unknown_release,
)
from edgefleet.model.paths import Part, format_path
from edgefleet.model.site import HA, SERVER, Node, SiteSpec
from edgefleet.model.syntax import nearest, shown

INSIST = "k3s.allowUnknown: true"
Place = tuple[Part, ...]


def of_node(site: SiteSpec, node: Node) -> dict[str, Any]:
    """The site's keys that the role of `node` has, and its own, in the order of their names."""
    others = OF_AGENTS if node.runtime in (SERVER, HA) else OF_SITE
    whole = {**site.k3s.config, **node.k3s.config}
    return {key: whole[key] for key in sorted(whole) if key.rstrip("+") not in others}


def written(site: SiteSpec) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    """(path of the keys in a site's spec, the keys) of the site and of each node with its own."""
    yield ("k3s", "config"), site.k3s.config
    for name, node in site.nodes.items():
        if node.k3s.config:
            yield ("nodes", name, "k3s", "config"), node.k3s.config


def listed(value: Any) -> tuple[str, ...]:
    """The items of a value of config.yaml, which is a list or a text with commas."""
    items = value if isinstance(value, list | tuple) else str(value).split(",")
    return tuple(str(item).strip() for item in items)


def check(site: SiteSpec) -> Iterator[Problem]:
    """Keys that k3s does not know, that edgefleet writes, or that stand at the wrong level."""
    for path, config in written(site):
        for key, value in config.items():
            flaw = _reserved(key) or _unknown(key, site) or _misplaced(key, path) or _chosen(key, value, site)
            if flaw is not None:
                yield Problem.of_value(format_path((*path, key)), *flaw)
    yield from _shared(site)
    problem = unknown_release(site.k3s.version)
    if problem is not None and not site.k3s.allow_unknown:
        yield Problem.of_value(
            "k3s.version", "unknown-k3s", problem, f"{KNOWN}; {INSIST} accepts it as it is"
        )


Flaw = tuple[str, str, str]
"""Code, problem, hint."""


def _reserved(key: str) -> Flaw | None:
    name = key.rstrip("+")
    return ("reserved-k3s-config", RESERVED.format(key), OWNED[name]) if name in OWNED else None


def _unknown(key: str, site: SiteSpec) -> Flaw | None:
    name, version = key.rstrip("+"), site.k3s.version
    if site.k3s.allow_unknown or unknown_release(version) is not None:
        return None
    if name not in KINDS:
        hint = nearest(name, KINDS, otherwise="`k3s server --help` lists the settings.")
        return "bad-k3s-config", f"k3s has no setting {shown(key)}", f"{hint} {INSIST} accepts it as it is"
    first = first_release(name, version)
    if first is None:
        return None
    hint = f"raise k3s.version, or remove {name}; {INSIST} accepts it as it is"
    return "bad-k3s-config", f"{version} has no setting {name}, {first} is the first with it", hint


def _chosen(key: str, value: Any, site: SiteSpec) -> Flaw | None:
    if str(value) in CHOICES.get(key, {str(value)}) or site.k3s.allow_unknown:
        return None
    hint = f"write one of {', '.join(sorted(CHOICES[key]))}; {INSIST} accepts it as it is"
    return "bad-k3s-config", f"{shown(value)} cannot stand at {key}", hint


def _misplaced(key: str, path: Place) -> Flaw | None:
    if key.rstrip("+") not in OF_SITE or path[0] != "nodes":
        return None
    problem = f"{key} holds for a whole site, not for one of its nodes"
    return "site-only", problem, "move it to the k3s.config of the site, of its group or of defaults"


def of_one_node(site: SiteSpec, node: Node) -> Iterator[tuple[str, str]]:
    """(key, value) of each value of `node` that no other node can have."""
    for key, value in of_node(site, node).items():
        for item in listed(value) if key.rstrip("+") in ONE_NODE else ():
            yield key, item


def _shared(site: SiteSpec) -> Iterator[Problem]:
    """Values of one node that another node of the site has as well."""
    owners: dict[tuple[str, str], str] = {}
    for name, node in site.nodes.items():
        for key, item in of_one_node(site, node):
            flag = key.rstrip("+")
            owner = owners.setdefault((flag, item), name)
            if owner != name:
                path = format_path(("nodes", name, "k3s", "config", key))
                problem = f"{name} and {owner} cannot both have {flag} {shown(item)}"
                hint = f"set it in each node: nodes.{name}.k3s.config.{flag}"
                yield Problem.of_value(path, "one-node-only", problem, hint)
