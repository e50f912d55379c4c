"""A cluster that objects are registered in only once its API server would take all of them."""

from asyncio import to_thread
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pulumi

from edgefleet.errors import InvalidInput, Problem
from edgefleet.fleet.open_inputs import is_open
from edgefleet.fleet.open_workload import Object
from edgefleet.fleet.plainly import plainly
from edgefleet.model.kubernetes import Ref
from edgefleet.model.paths import Part
from edgefleet.workloads.origins import origin

Locate = Callable[[str, tuple[Part, ...]], tuple[str, str]]
"""(workload, path of a field) -> (where it is declared, path there)."""


def tried(
    kubeconfig: pulumi.Input[Any],
    objects: Mapping[str, Sequence[Object]],
    fields: Mapping[str, Mapping[str, Any]],
    locate: Locate,
) -> pulumi.Output[Any]:
    """`kubeconfig`, which fails where its cluster refuses any of `objects`: then none is registered.

    Args:
        kubeconfig: content of a kubeconfig.
        objects: dict[workload -> its objects]; those with outputs are not tried.
        fields: dict[workload -> its plain form].
        locate: where a field is declared.
    """
    plain = [(name, dict(each)) for name, own in objects.items() for each in own if not is_open(each)]

    async def checked(text: Any) -> Any:
        with plainly():
            if isinstance(text, str):
                problems = await to_thread(lambda: tuple(_problems(text, plain, fields, locate)))
                if problems:
                    raise InvalidInput(problems)
        return text

    return pulumi.Output.from_input(kubeconfig).apply(checked)


def _problems(
    kubeconfig: str,
    objects: Sequence[tuple[str, dict[str, Any]]],
    fields: Mapping[str, Mapping[str, Any]],
    locate: Locate,
) -> Iterator[Problem]:
    from edgefleet.provider.kubernetes.trial import refusals  # noqa: PLC0415 - few programs have a cluster

    for name, item, problem in refusals(kubeconfig, objects):
        where, path = locate(name, origin(fields.get(name, {}), item, problem.path))
        ref = replace(Ref.of(item), namespace="")
        text = ": ".join(filter(None, (str(ref), problem.path, problem.problem)))
        hint = "correct it; the API server of the cluster refuses the object"
        yield Problem(where=where, path=path, code="refused-object", problem=text, hint=hint)
