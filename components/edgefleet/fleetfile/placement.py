"""Which workloads run at which sites, and on which of their nodes. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from edgefleet.errors import Problem
from edgefleet.fleetfile.provenance import Membership
from edgefleet.fleetfile.rendering import Renderer
from edgefleet.fleetfile.resolution import Written
from edgefleet.model.paths import Path, format_path, leaves
from edgefleet.model.selection import LabelRule, Selection
from edgefleet.model.site import SiteSpec
from edgefleet.model.syntax import few, likely, nearest
from edgefleet.workloads import KINDS
from edgefleet.workloads.base.spec import Where, Workload
from edgefleet.workloads.base.values import NODE_VALUES, SITE_VALUES, filled, placeholders, values_at
from edgefleet.workloads.composing import entry, hub_entry, hub_objects_of, kind_of, runs_at_hub

HUB = "the hub"
"""Stands for the hub in a list of sites."""


def is_at_sites(where: Where) -> bool:
    """Whether it runs at sites: everywhere by default, with ``cloud`` only where a condition is listed."""
    return not where.cloud or where != Where(cloud=True)


def nodes_of(where: Where, site: SiteSpec, member: Membership) -> tuple[str, ...]:
    """The nodes of `site` for which all conditions hold."""
    return selected(where, site, member) if is_at_sites(where) else ()


def selected(by: Selection, site: SiteSpec, member: Membership) -> tuple[str, ...]:
    """The nodes of `site` for which all conditions hold."""
    return tuple(name for name in site.nodes if not any(True for _ in _failing(by, site, member, name)))


def near_misses(where: Where, sites: Iterable[SiteSpec], members: Mapping[str, Membership]) -> Counter[str]:
    """Counter[condition -> sites that have a node for which only this one does not hold]."""
    misses: Counter[str] = Counter()
    for site in sites:
        failing = ([*_failing(where, site, members[site.name], node)] for node in site.nodes)
        misses.update({conditions[0] for conditions in failing if len(conditions) == 1})
    return misses


def _failing(by: Selection, site: SiteSpec, member: Membership, name: str) -> Iterator[str]:
    """The conditions that do not hold for a node, as they are written."""
    node = site.nodes[name]
    country = site.location.country if site.location is not None else None
    for key, names, value in (
        ("sites", by.sites, site.name),
        ("groups", by.groups, member.group),
        ("countries", by.countries, country),
        ("profiles", by.profiles, member.nodes.get(name)),
    ):
        if names is not None and value not in names:
            yield key
    if not set(by.capabilities or ()) <= set(node.capabilities):
        yield "capabilities"
    for label, rule in by.labels.items():
        if not _holds(rule, node.labels.get(label)):
            yield format_path(("labels", label))


def _holds(rule: str | LabelRule, value: str | None) -> bool:
    """Whether a label with `value`, `None` where it is missing, satisfies a value or a rule."""
    if isinstance(rule, str):
        return value == rule
    return (
        (rule.in_ is None or value in rule.in_)
        and (rule.not_in is None or value not in rule.not_in)
        and (rule.exists is None or rule.exists is (value is not None))
    )


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the conditions of a placement may name besides what the fleet file declares by name."""

    capabilities: frozenset[str]
    """Of all profiles."""
    labels: Mapping[str, frozenset[str]]
    """dict[label of nodes -> its values]."""


def vocabulary(sites: Iterable[SiteSpec], written: Written) -> Vocabulary:
    """That of a fleet file; profiles and groups may be those of sites to come."""
    shared = (*written.profiles.values(), *written.groups.values(), written.defaults)
    labels: dict[str, set[str]] = {}
    for of in (
        *(node.labels for site in sites for node in site.nodes.values()),
        *(part.get("labels", {}) for part in shared),
    ):
        for key, value in of.items():
            labels.setdefault(key, set()).add(value)
    return Vocabulary(
        frozenset(name for profile in written.profiles.values() for name in profile.get("capabilities", ())),
        {key: frozenset(values) for key, values in labels.items()},
    )


def unknown(by: Selection, known: Vocabulary) -> Iterator[Problem]:
    """Conditions in `by` for what no profile or node has, or for what one of its names was misspelt."""
    for index, name in enumerate(by.capabilities or ()):
        if name not in known.capabilities:
            hint = nearest(name, known.capabilities, otherwise="add it to capabilities of a profile")
            problem = f"no profile has the capability {name}"
            yield Problem.of_value(f"capabilities[{index}]", "unknown-capability", problem, hint)
    for key, rule in by.labels.items():
        yield from _unknown_label(key, rule, known.labels)


def _unknown_label(
    key: str, rule: str | LabelRule, labels: Mapping[str, frozenset[str]]
) -> Iterator[Problem]:
    """A condition without an effect may be for later, unless a name is close to one that exists."""
    path = ("labels", key)
    is_required = isinstance(rule, str) or rule.in_ is not None or rule.exists is True
    if key not in labels:
        if is_required or likely(key, labels):
            hint = nearest(key, labels, otherwise="set it in labels of sites, groups or profiles")
            yield Problem.of_value(format_path(path), "unknown-label", f"no node has the label {key}", hint)
        return
    values = dict(_values(rule))
    is_empty = is_required and bool(values) and not labels[key] & set(values.values())
    for below, value in values.items():
        if value not in labels[key] and (is_empty or likely(value, labels[key])):
            problem = f"no node has the label {key} with the value {value}"
            place, hint = format_path((*path, *below)), nearest(value, labels[key])
            yield Problem.of_value(place, "unknown-label", problem, hint)


def _values(rule: str | LabelRule) -> Iterator[tuple[Path, str]]:
    """(path below a rule, value of a label there)."""
    if isinstance(rule, str):
        yield (), rule
        return
    for key, values in (("in", rule.in_), ("notIn", rule.not_in)):
        yield from (((key, index), value) for index, value in enumerate(values or ()))


class Placing:
    """Makes the entries of sites; sites at which a workload is the same share its entry."""

    def __init__(self, workloads: Mapping[str, Workload], renderer: Renderer) -> None:
        self.workloads = workloads
        self._renderer = renderer
        self.lacking: dict[tuple[str, str], list[str]] = {}
        """dict[(workload, placeholder in it) -> sites that have no value for it]."""
        self._entries: dict[tuple[str, tuple[str, ...]], tuple[dict[str, Any], frozenset[str]]] = {}

    def entries(self, site: SiteSpec, member: Membership) -> dict[str, dict[str, Any]]:
        """dict[workload -> its entry] of a site, with the site's values in its texts."""
        return {
            name: self._renderer.entry(name, self._entry(name, site, nodes), site.k3s.version, site.name)
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
        values = values_at(site, names)
        for of in names & SITE_VALUES.keys() - values.keys():
            self.lacking.setdefault((name, of), []).append(site.name)
        host = site.nodes[nodes[0]].hostname
        values |= dict.fromkeys(NODE_VALUES, host) if len(nodes) == 1 else NODE_VALUES
        done: dict[str, Any] = filled(plain, values)
        return done

    def hub_entries(self, values: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        """dict[workload -> its entry at the hub] of those that have objects there.

        Args:
            values: dict[placeholder -> its value at the hub].
        """
        entries = {}
        for name, spec in self.workloads.items():
            if runs_at_hub(spec):
                entries[name], lacking = at_hub(name, spec, values)
                for of in lacking:
                    self.lacking.setdefault((name, of), []).append(HUB)
        return entries

    def without_values(self) -> Iterator[Problem]:
        """A problem for each placeholder that some sites have no value for."""
        for (name, of), sites in self.lacking.items():
            entry_of = entry(self.workloads[name])
            path = next(at for at, value in leaves(entry_of) if of in placeholders(value))
            problem = f"{{{of}}} has no value at {few(sites)}"
            elsewhere = "place the workload elsewhere with where"
            hint = elsewhere if sites == [HUB] else f"set {of.removeprefix('site.')} there, or {elsewhere}"
            yield Problem.of_value(format_path(("workloads", name, *path)), "no-site-value", problem, hint)


def at_hub(name: str, spec: Workload, values: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """The entry of a workload at the hub, and the placeholders in its objects that have no value there.

    A placeholder of a part that runs at sites alone changes no object of the hub; what is rendered has all.
    """
    plain = filled(hub_entry(spec), {**NODE_VALUES, **values})
    lacking = sorted({*placeholders(plain)} - NODE_VALUES.keys())
    if KINDS[kind_of(spec)].render is not None:
        return plain, lacking
    return plain, [of for of in lacking if len({str(_with(of, text, name, plain)) for text in "xy"}) > 1]


def _with(placeholder: str, text: str, name: str, plain: Mapping[str, Any]) -> Any:
    return hub_objects_of({name: filled(plain, {placeholder: text})})
