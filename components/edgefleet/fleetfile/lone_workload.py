"""A workload that a program describes, without a fleet: by the keys of a workload in a fleet file."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from edgefleet.errors import InvalidInput, Problem
from edgefleet.fleetfile.partial import WORKLOADS, build
from edgefleet.fleetfile.placement import at_hub
from edgefleet.fleetfile.validation import keys_below
from edgefleet.model.names import Name
from edgefleet.model.pydantic_errors import translated
from edgefleet.model.spec import adapter
from edgefleet.model.syntax import READER, nearest, shown
from edgefleet.workloads import KINDS, checking
from edgefleet.workloads.base.kind import Object, Place
from edgefleet.workloads.base.spec import Workload
from edgefleet.workloads.composing import objects_of_entry

OF_A_FLEET = ("where", "residency")
"""Keys that have no meaning without one."""


def lone_objects(
    name: str,
    plain: Mapping[str, Any],
    values: Mapping[str, str],
    texts: Callable[[str], str],
    render: Callable[[str, Workload], Workload],
) -> tuple[Object, ...]:
    """The objects of a workload in a cluster of its own; a Secret has references to secrets.

    Args:
        name: that of the workload and its namespace.
        plain: its fields, with `kind`.
        values: dict[placeholder -> its value there].
        texts: gives the text of a file of the project.
        render: adds the objects that others wrote to a chart or manifests of this name.

    Raises:
        InvalidInput: with all problems; paths are below the workload.
    """
    spec = render(name, _spec(name, plain, texts))
    place = Place(name=name, side="hub")
    problems = [*checking.placed_problems(name, spec, place)]
    if getattr(spec, "critical", False):
        hint = "remove it, and set priorityClassName of the cluster's own class by patches"
        problems.append(
            Problem.of_value("critical", "no-priority", "the cluster may lack a priority class", hint)
        )
    entry, lacking = at_hub(name, spec, values) if not problems else ({}, [])
    for of in lacking:
        problem = f"{{{of}}} has no value outside of a site"
        problems.append(Problem.of_value("", "no-site-value", problem, "write the value, or give an output"))
    objects = () if problems else objects_of_entry(entry, place)
    if not objects and not problems:
        problem = f"a workload of kind {plain['kind']} has no objects in a cluster"
        problems.append(Problem.of_value("kind", "no-objects", problem, "declare it in a fleet file"))
    if problems:
        raise InvalidInput(problems)
    return objects


def _spec(name: str, plain: Mapping[str, Any], texts: Callable[[str], str]) -> Workload:
    """The workload, which runs at the hub.

    Raises:
        InvalidInput: with all problems.
    """
    problems = [*_problems(name, plain)]
    fields = {key: value for key, value in plain.items() if key not in OF_A_FLEET}
    form = WORKLOADS.get(str(plain.get("kind")))
    if form is None:
        problem = f"{shown(plain['kind'])} is no kind of workload" if "kind" in plain else "is missing"
        raise InvalidInput([*problems, Problem.of_value("kind", "unknown-kind", problem, nearest("", KINDS))])
    try:
        part = adapter(form).validate_python(fields, context={READER: texts})
    except ValidationError as error:
        errors = translated(error, plain, keys=lambda path: keys_below(form, path))
        raise InvalidInput([*problems, *(each.problem for each in errors)]) from error
    if problems:
        raise InvalidInput(problems)
    spec: Workload = build(KINDS[part["kind"]].spec, part)
    return spec


def _problems(name: str, plain: Mapping[str, Any]) -> Iterator[Problem]:
    for key in OF_A_FLEET:
        if key in plain:
            yield Problem.of_value(
                key, "of-a-fleet", f"{key} chooses among the sites of a fleet file", "remove it"
            )
    try:
        adapter(Name).validate_python(name)
    except ValidationError as error:
        for each in translated(error, name, keys=lambda _: ()):
            yield replace(each.problem, path="name")
