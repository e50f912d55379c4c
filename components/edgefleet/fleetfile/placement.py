"""Which workloads run at which sites, and on which of their nodes. Pure."""

from collections.abc import Mapping
from typing import Any

from edgefleet.fleetfile.provenance import Membership
from edgefleet.model.site import Node, SiteSpec
from edgefleet.workloads.base.spec import Where, Workload
from edgefleet.workloads.base.values import NODE_VALUES, SITE_VALUES, filled, placeholders
from edgefleet.workloads.composing import entry


def is_at_sites(where: Where) -> bool:
    """Whether it runs at sites: everywhere by default, with ``cloud`` only where a condition is listed."""
    return not where.cloud or where != Where(cloud=True)


def nodes_of(where: Where, site: SiteSpec, member: Membership) -> tuple[str, ...]:
    """The nodes of `site` for which all conditions hold."""
    if not is_at_sites(where) or not _is_of_site(where, site, member):
        return ()
    return tuple(
        name for name, node in site.nodes.items() if _is_of_node(where, node, member.nodes.get(name))
    )


def _is_of_site(where: Where, site: SiteSpec, member: Membership) -> bool:
    country = site.location.country if site.location is not None else None
    conditions = ((where.sites, site.name), (where.groups, member.group), (where.countries, country))
    return all(names is None or value in names for names, value in conditions)


def _is_of_node(where: Where, node: Node, profile: str | None) -> bool:
    if where.profiles is not None and profile not in where.profiles:
        return False
    if not set(where.capabilities or ()) <= set(node.capabilities):
        return False
    return all(_holds(rule, node.labels.get(key)) for key, rule in where.labels.items())


def _holds(rule: Any, value: str | None) -> bool:
    """Whether a label with `value`, `None` where it is missing, satisfies a value or a rule."""
    if isinstance(rule, str):
        return value == rule
    within, without, exists = (rule.get(key) for key in ("in_", "not_in", "exists"))
    return (
        (within is None or value in within)
        and (without is None or value not in without)
        and (exists is None or exists is (value is not None))
    )


class Placing:
    """Makes the entries of sites; sites at which a workload is the same share its entry."""

    def __init__(self, workloads: Mapping[str, Workload]) -> None:
        self.workloads = workloads
        self._entries: dict[tuple[str, tuple[str, ...]], tuple[dict[str, Any], frozenset[str]]] = {}

    def entries(self, site: SiteSpec, member: Membership) -> dict[str, dict[str, Any]]:
        """dict[workload -> its entry] of a site, with the site's values in its texts."""
        return {
            name: self._entry(name, site, nodes)
            for name, spec in self.workloads.items()
            if (nodes := nodes_of(spec.where, site, member))
        }

    def _entry(self, name: str, site: SiteSpec, nodes: tuple[str, ...]) -> dict[str, Any]:
        only = () if len(nodes) == len(site.nodes) else nodes
        if (name, only) not in self._entries:
            plain = entry(self.workloads[name], only)
            self._entries[name, only] = (plain, frozenset(placeholders(plain)))
        plain, names = self._entries[name, only]
        if not names:
            return plain
        host = site.nodes[nodes[0]].hostname
        values = {**NODE_VALUES, **(dict.fromkeys(NODE_VALUES, host) if len(nodes) == 1 else {})}
        values |= {
            of: str(value)
            for of in names & SITE_VALUES.keys()
            if (value := SITE_VALUES[of](site)) is not None
        }
        done: dict[str, Any] = filled(plain, values)
        return done
