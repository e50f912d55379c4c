"""Components over the wire: Construct runs a component's class, and its annotations give its schema.

The caller passes the classes in, as they live above this package. The SDK's own analysis of components
refuses one with a custom resource of its own package as an attribute, so only its plumbing is used, which
lets the class register resources with the caller's engine.
"""

import asyncio
from collections.abc import Iterable, Mapping
from contextvars import Context
from typing import Any

from pulumi import ResourceOptions
from pulumi.errors import InputPropertiesError, InputPropertyError, RunError
from pulumi.provider.provider import ConstructResult, Provider
from pulumi.provider.server import ProviderServicer
from pulumi.resource import ComponentResource

from edgefleet.errors import EdgefleetError, InvalidInput, OutsideFailure, Problem
from edgefleet.io.version import version
from edgefleet.model.syntax import nearest
from edgefleet.provider.component_outputs import values_of
from edgefleet.provider.component_schema import component_schema
from edgefleet.provider.schema import PACKAGE


class Components:
    """The component resources that a server offers. Each class takes (name, args, opts), args a TypedDict."""

    def __init__(self, classes: Iterable[type[ComponentResource]]) -> None:
        self._classes = {f"{PACKAGE}:index:{each.__name__}": each for each in classes}

    def schema(self, types: dict[str, Any]) -> dict[str, Any]:
        """dict[type token -> component in Pulumi's schema]; adds the classes that they use to `types`."""
        tokens = {component: token for token, component in self._classes.items()}
        return {token: component_schema(component, tokens, types) for component, token in tokens.items()}

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
        component = self._class(name, dict(inputs), options)
        return ConstructResult(component.urn, values_of(component))


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
