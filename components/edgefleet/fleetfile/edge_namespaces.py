"""Namespaces in the hub's cluster, one for each workload and site whose nodes are in that cluster. Pure."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from edgefleet.errors import Problem
from edgefleet.model.paths import format_path
from edgefleet.model.programs import KUBEEDGE
from edgefleet.workloads.checking import is_reserved
from edgefleet.workloads.composing import EDGE

LONGEST = 63
"""Characters of a namespace (Kubernetes docs, overview/working-with-objects/names)."""
Named = tuple[str, Mapping[str, Any]]
"""(namespace, entry at the hub)."""


def check_namespaces(entries: Collection[Named], workloads: Collection[str]) -> Iterator[Problem]:
    """Namespaces that are too long, or that something else has; `workloads` are all of the fleet file."""
    owners: dict[str, tuple[str, str]] = {}
    for namespace, entry in entries:
        name, site = entry[EDGE]["name"], entry[EDGE]["edge"]
        path = format_path(("workloads", name))
        other = owners.setdefault(namespace, (name, site))
        if len(namespace) > LONGEST:
            problem = f"its namespace at the hub, {namespace}, has {len(namespace)} characters"
            hint = f"{LONGEST} are allowed: shorten the name of the workload or of {site}"
            yield Problem.of_value(path, "long-namespace", problem, hint)
        elif other != (name, site):
            problem = f"its namespace at the hub, {namespace}, is already that of {other[0]} at {other[1]}"
            yield Problem.of_value(path, "same-namespace", problem, "give the workload another name")
        elif namespace in workloads or namespace == KUBEEDGE or is_reserved(namespace):
            whose = f"the workload {namespace}'s" if namespace in workloads else "not for workloads"
            problem = f"its namespace at the hub, {namespace}, is {whose}"
            yield Problem.of_value(path, "same-namespace", problem, "give the workload another name")
