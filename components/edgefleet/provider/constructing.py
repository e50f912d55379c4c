"""Components over the wire: Construct runs a component's class, and its annotations give its schema.

The caller passes the classes in, as they live above this package. The SDK's own analysis of components
refuses one with a custom resource of its own package as an attribute, so only its plumbing is used, which
lets the class register resources with the caller's engine.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from contextvars import Context
from inspect import get_annotations
from typing import Any, ForwardRef, Union, get_args, get_origin, get_type_hints

from pulumi import Output, ResourceOptions
from pulumi.errors import InputPropertiesError, InputPropertyError, RunError
from pulumi.provider.provider import ConstructResult, Provider
from pulumi.provider.server import ProviderServicer
from pulumi.resource import ComponentResource

from edgefleet.errors import EdgefleetError, InvalidInput, OutsideFailure, Problem
from edgefleet.io.version import version
from edgefleet.model.syntax import nearest
from edgefleet.model.type_introspection import shape_of

PACKAGE = "edgefleet"
_SIMPLE = {str: "string", int: "integer", float: "number", bool: "boolean"}


class Components:
    """The component resources that a server offers. Each class takes (name, args, opts), args a TypedDict."""

    def __init__(self, classes: Iterable[type[ComponentResource]]) -> None:
        self._classes = {f"{PACKAGE}:index:{each.__name__}": each for each in classes}

    def schema(self) -> dict[str, Any]:
        """dict[type token -> the component as Pulumi's schema has it]."""
        return {token: _described(each) for token, each in self._classes.items()}

    def construct(self, request: Any, engine_address: str) -> Any:
        """Build the component that `request` names in a separate context; calls may overlap.

        Raises:
            InvalidInput: no such component, or its inputs are wrong.
            OutsideFailure: it could not be built.
        """
        component = self._classes.get(request.type)
        if component is None:
            problem, hint = f"edgefleet has no component {request.type}", nearest(request.type, self._classes)
            raise InvalidInput.at("", "unknown-component", problem, hint)
        server = ProviderServicer(_Host(component), [], engine_address=engine_address)
        # The SDK keeps its connections in context variables, so each call needs an empty context.
        return Context().run(_run, server, request)


class _Host(Provider):
    """One component, in the form that the SDK expects."""

    def __init__(self, component: type[ComponentResource]) -> None:
        super().__init__(version())
        self._class: Any = component

    def construct(
        self, name: str, resource_type: str, inputs: Mapping[str, Any], options: ResourceOptions | None = None
    ) -> ConstructResult:
        """Build it."""
        del resource_type
        args = _args(self._class)
        fields = get_annotations(args)
        problems = [
            Problem(code="missing", path=name, problem="is missing", hint="give it a value")
            for name in sorted(_required(args) - inputs.keys())
        ] + [
            Problem(code="unknown-key", path=name, problem="is not known here", hint=nearest(name, fields))
            for name in sorted(inputs.keys() - fields.keys())
        ]
        if problems:
            raise InvalidInput(problems)
        component = self._class(name, dict(inputs), options)
        state = {output: getattr(component, output) for output in _outputs(self._class)}
        return ConstructResult(component.urn, state)


def _run(server: ProviderServicer, request: Any) -> Any:
    try:
        # The public method answers errors with tracebacks.
        return asyncio.run(server._construct(request, None))  # noqa: SLF001
    except (InputPropertiesError, InputPropertyError, RunError) as error:
        raise _plain(error) from error


def _plain(error: InputPropertiesError | InputPropertyError | RunError) -> EdgefleetError:
    """Translate an error of the SDK."""
    if isinstance(error, InputPropertyError):
        return InvalidInput(_wrong(error.property_path, error.reason))
    if isinstance(error, InputPropertiesError):
        return InvalidInput(_wrong(each["property_path"], each["reason"]) for each in error.errors or [])
    problems: tuple[Problem, ...] = getattr(error, "problems", ())
    return InvalidInput(problems) if problems else OutsideFailure(_wrong("", str(error)))


def _wrong(path: str, problem: str) -> Problem:
    return Problem(code="component", path=path, problem=problem, hint="correct the component's inputs")


def _args(component: type[ComponentResource]) -> Any:
    """The TypedDict that a component's ``args`` is annotated with."""
    return shape_of(get_type_hints(component.__init__)["args"]).bare


def _required(args: Any) -> set[str]:
    return set(args.__required_keys__)


def _outputs(component: type[ComponentResource]) -> dict[str, Any]:
    """dict[name of an attribute annotated ``Output[T]`` -> T]."""
    own = get_annotations(component)  # some of the SDK's base classes cannot be resolved
    return {name: get_args(hint)[0] for name, hint in own.items() if _is_output(hint)}


def _is_output(annotation: Any) -> bool:
    origin: Any = get_origin(annotation)
    return origin is Output


def _described(component: type[ComponentResource]) -> dict[str, Any]:
    args, outputs = _args(component), _outputs(component)
    return {
        "isComponent": True,
        "description": (component.__doc__ or "").strip(),
        "inputProperties": {name: _type(annotation) for name, annotation in get_annotations(args).items()},
        "requiredInputs": sorted(_required(args)),
        "properties": {name: _type(annotation) for name, annotation in outputs.items()},
        "required": sorted(outputs),
    }


def _type(annotation: Any) -> dict[str, Any]:
    """A Python annotation as Pulumi's schema has it; ``Input[T]`` is T."""
    bare = shape_of(annotation).bare
    origin, arguments = get_origin(bare), get_args(bare)
    if origin is Union:
        # Input[T] is T, an awaitable T or, by a name that only the SDK can resolve, an Output of T.
        held = [
            each
            for each in arguments
            if not isinstance(each, ForwardRef) and get_origin(each) is not Awaitable
        ]
        return _type(held[0]) if len(held) == 1 else {"$ref": "pulumi.json#/Any"}
    if bare in _SIMPLE:
        return {"type": _SIMPLE[bare]}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _type(arguments[1])}
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return {"type": "array", "items": _type(arguments[0])}
    return {"$ref": "pulumi.json#/Any"}
