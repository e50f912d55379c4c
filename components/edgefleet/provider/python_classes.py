"""Python classes for the kinds of AWS resources, built when a program names them.

A kind is loaded with its first resource and not with its class, so that a program starts fast; this is why
imports stand inside functions. `bench.python_stub` writes the stub that editors and mypy read instead.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import is_dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypedDict, TypeVar

import pulumi

Found = TypeVar("Found", bound=pulumi.CustomResource)
PREFIX = "edgefleet:aws:"
HOME = "edgefleet.fleet.aws"


def class_named(name: str) -> Any:
    """The class of a kind (``Vpc``), of its inputs (``VpcArgs``) or of a part of these (``SecurityRule``).

    Raises:
        AttributeError: there is no such class.
    """
    kind = name.removesuffix("Args")
    if find_spec(_home(kind)) is None:
        return _part(name)
    return record(name, _kind(kind).Spec) if name.endswith("Args") else _resource_class(kind)


def class_names() -> list[str]:
    """The classes of all kinds and of their inputs, sorted; no class is built for that."""
    tokens = (resource.TOKEN for resource in import_module("edgefleet.provider.registry").RESOURCES)
    kinds = (token.removeprefix(PREFIX) for token in tokens if token.startswith(PREFIX))
    return sorted(f"{kind}{end}" for kind in kinds for end in ("", "Args"))


def is_placed(token: str) -> bool:
    """Whether a resource of the type `token` may name its AWS region."""
    from edgefleet.model.type_introspection import fields_of  # noqa: PLC0415 - see above

    return "region" in fields_of(_kind(token.removeprefix(PREFIX)).Spec)


def _home(kind: str) -> str:
    """The module of a kind: ``edgefleet.cloud.nat_gateway`` for ``NatGateway``."""
    return f"edgefleet.cloud.{re.sub(r'(?<!^)(?=[A-Z])', '_', kind).lower()}"


def _kind(name: str) -> Any:
    return getattr(import_module(_home(name)), name)


def _part(name: str) -> Any:
    """Part of a kind's inputs; loads all kinds, as any of them may define it."""
    for resource in import_module("edgefleet.provider.registry").RESOURCES:
        part = getattr(import_module(type(resource).__module__), name, None)
        if is_dataclass(part) and resource.TOKEN.startswith(PREFIX):
            return record(name, part)
    raise AttributeError(f"module {HOME!r} has no attribute {name!r}; docs/resources.md lists the kinds")


def record(name: str, of: Any) -> Any:
    """The class called `name` of the inputs that the spec `of` describes."""
    from edgefleet.model.type_introspection import fields_of  # noqa: PLC0415 - see above

    return TypedDict(name, dict.fromkeys(fields_of(of), Any), total=False)  # type: ignore[operator]  # made of data


@cache
def _nothing(kind: str) -> dict[str, None]:
    """Outputs of a resource before the engine answers."""
    from edgefleet.model.type_introspection import fields_of  # noqa: PLC0415 - see above

    return dict.fromkeys(fields_of(_kind(kind).Outputs))


def _resource_class(kind: str) -> type[pulumi.CustomResource]:
    def initialize(
        self: pulumi.CustomResource,
        resource_name: str,
        /,
        args: Mapping[str, Any] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None:
        from edgefleet.model.type_introspection import with_outside_names  # noqa: PLC0415 - see above

        props = {**_nothing(kind), **(args or {}), **with_outside_names(_kind(kind).Spec, inputs)}
        pulumi.CustomResource.__init__(self, f"{PREFIX}{kind}", resource_name, props, opts)

    def get(
        cls: type[pulumi.CustomResource],
        name: str,
        id: pulumi.Input[str],  # noqa: A002 - Pulumi's word
        opts: pulumi.ResourceOptions | None = None,
    ) -> pulumi.CustomResource:
        return existing(cls, f"{PREFIX}{kind}", name, id, outputs=_nothing(kind), opts=opts)

    initialize.__name__ = "__init__"
    members = {
        "__module__": HOME,
        "__doc__": _Documentation(kind),
        "__init__": initialize,
        "get": classmethod(get),
    }
    return type(kind, (pulumi.CustomResource,), members)


def existing(  # noqa: PLR0913 - what a resource is registered by
    cls: type[Found],
    token: str,
    name: str,
    id_: pulumi.Input[str],
    *,
    outputs: Mapping[str, None],
    opts: pulumi.ResourceOptions | None,
) -> Found:
    """Look up an existing resource by its id, which this stack reads and does not manage."""
    resource = cls.__new__(cls)
    merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id_))
    pulumi.CustomResource.__init__(resource, token, name, outputs, merged)
    return resource


class _Documentation:
    """The docstring of a class, written on first access: reading those of fields is slow."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def __get__(self, instance: object, owner: type | None = None) -> str:
        from edgefleet.provider.schema import resource_schema  # noqa: PLC0415 - see above

        schema = resource_schema(_kind(self._kind)(), {})
        inputs = _listed(schema["inputProperties"], schema["requiredInputs"])
        outputs = _listed(schema["properties"], ())
        return "\n".join([schema["description"], "\nInputs:", *inputs, "\nOutputs:", *outputs])


def _listed(properties: Mapping[str, Any], required: Iterable[str]) -> Iterator[str]:
    for name, definition in properties.items():
        mark = " (required)" if name in required else ""
        yield f"    {name}: {definition.get('type', 'object')}{mark}"
        yield f"        {' '.join(definition.get('description', '').split())}"
