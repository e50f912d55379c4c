"""Contradictions of one workload, wherever it runs. Pure.

Limits of names: Kubernetes docs, overview/working-with-objects/names and workloads/controllers/cron-jobs. The
Pods of a StatefulSet have a label with its name and eleven characters more (kubernetes issue 64023).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import ValidationError

from edgefleet.errors import Problem
from edgefleet.model.paths import Part
from edgefleet.model.pydantic_errors import translated
from edgefleet.model.quantities import parse_cpu, parse_size
from edgefleet.model.spec import outside_name
from edgefleet.model.syntax import nearest, shown
from edgefleet.model.type_introspection import at, fields_of
from edgefleet.workloads import KINDS
from edgefleet.workloads.base import modules
from edgefleet.workloads.base.kind import Object, Place
from edgefleet.workloads.base.patching import misses
from edgefleet.workloads.base.spec import Composed, Resources, Workload
from edgefleet.workloads.composing import KIND, SHARED, Entry, kind_of, spec_of, unpatched

CHANNEL = "edgefleet-channel"
"""Namespace of what runs in the hub's cluster for the channel."""
RESERVED = frozenset({SHARED, CHANNEL, "default", "system-upgrade"})
"""Namespaces of Kubernetes and of what edgefleet installs, besides those with `_PREFIXES`."""
_PREFIXES = ("kube-", "cattle-")
_LIMITS: Mapping[str, int] = {"CronJob": 52, "StatefulSet": 52, "Job": 63, "Namespace": 63, "Service": 63}
_LIMIT = 253


def of_entry(name: str, entry: Entry, place: Place) -> Iterator[Problem]:
    """What is wrong with an entry of a site, which another program may have written; paths are below it."""
    kind = entry.get(KIND)
    if kind not in KINDS:
        problem = f"{shown(kind)} is no kind of workload"
        yield Problem.of_value(KIND, "unknown-kind", problem, nearest(str(kind), KINDS))
        return
    try:
        spec = spec_of(entry)
    except ValidationError as error:
        for each in translated(error, entry, keys=lambda path: _keys(KINDS[kind].spec, path)):
            yield each.problem
    else:
        yield from placed_problems(name, spec, place)


def placed_problems(name: str, spec: Workload, place: Place) -> Iterator[Problem]:
    """`problems` of a workload at its place, which has no placement any more."""
    return (each for each in problems(name, spec, [place]) if not each.path.startswith("where."))


def _keys(spec: Any, path: tuple[Part, ...]) -> Collection[str]:
    shape = at(spec, path)
    return fields_of(shape.bare) if shape else ()


def problems(name: str, spec: Workload, places: Sequence[Place]) -> Iterator[Problem]:
    """The contradictions of a workload that may be composed for each of `places`; paths are below it."""
    if is_reserved(name):
        hint = "choose another name, which is that of its namespace, too"
        yield Problem.of_value("", "reserved-name", f"the namespace {name} is not for workloads", hint)
    yield from KINDS[kind_of(spec)].check(spec)
    yield from _low_limits(spec)
    yield from modules.check(spec)
    composed = [unpatched(spec, place) for place in places]
    yield from dict.fromkeys(of for objects in composed for of in modules.check_pods(spec, objects))
    if spec.where.cloud and not any(unpatched(spec, place) for place in places if place.side == "hub"):
        problem = f"a workload of the kind {kind_of(spec)} runs at sites alone"
        yield Problem.of_value("where.cloud", "sites-alone", problem, "remove cloud")
    yield from _long_names(name, [each for objects in composed for each in objects])
    yield from _patches(spec, [objects for objects in composed if objects])


def is_reserved(namespace: str) -> bool:
    """Whether a namespace is one of Kubernetes, or of what edgefleet installs."""
    return namespace in RESERVED or namespace.startswith(_PREFIXES)


def _low_limits(spec: Any, path: str = "") -> Iterator[Problem]:
    """Limits below what is reserved, which Kubernetes refuses; also in the parts of a workload."""
    for field in fields(spec):
        value, where = getattr(spec, field.name), f"{path}{outside_name(field.name)}"
        if isinstance(value, Resources):
            for key, parse, reserved, limit in (
                ("cpuLimit", parse_cpu, value.cpu, value.cpu_limit),
                ("memoryLimit", parse_size, value.memory, value.memory_limit),
            ):
                if limit is not None and parse(limit) < parse(reserved):
                    problem = f"{limit} is less than the {reserved} that each Pod reserves"
                    yield Problem.of_value(
                        f"{where}.{key}", "low-limit", problem, f"write {reserved} or more"
                    )
        elif is_dataclass(value):
            yield from _low_limits(value, f"{where}.")


def _long_names(name: str, objects: Sequence[Object]) -> Iterator[Problem]:
    """Whether a name that follows from the workload's is too long; the longest is enough."""
    excess = {
        each["kind"]: len(each["metadata"]["name"]) - _LIMITS.get(each["kind"], _LIMIT) for each in objects
    }
    worst = max(excess, key=lambda kind: excess[kind], default="")
    if worst and excess[worst] > 0:
        problem = f"a {worst} of it would have a name of {_LIMITS[worst] + excess[worst]} characters"
        hint = (
            f"{_LIMITS[worst]} are allowed: give the workload a name of {len(name) - excess[worst]} at most"
        )
        yield Problem.of_value("", "long-name", problem, hint)


def _patches(spec: Workload, composed: Sequence[Sequence[Object]]) -> Iterator[Problem]:
    """Patches that fit no place, or do not fit one that they match."""
    if not isinstance(spec, Composed):
        return
    missed = [{problem.path: problem for problem in misses(objects, spec.patches)} for objects in composed]
    for path in sorted({path for each in missed for path in each}):
        found = [each[path] for each in missed if path in each]
        unfit = [problem for problem in found if problem.code == "patch-without-value"]
        if unfit or len(found) == len(missed):
            yield (unfit or found)[0]
