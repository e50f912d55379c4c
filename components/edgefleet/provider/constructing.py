"""Components over the wire: Construct runs a component's class, with the SDK's own plumbing.

The classes are handed in by whoever serves, as they live above this package. The SDK finds out their
inputs from the annotations of their ``args``; its custom-resource half is not used.
"""

import asyncio
import json
from collections.abc import Iterable
from contextvars import Context
from functools import cached_property
from typing import Any

from pulumi.errors import InputPropertiesError, InputPropertyError, RunError
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.server import ComponentInitError, ProviderServicer
from pulumi.resource import ComponentResource

from edgefleet.errors import EdgefleetError, InvalidInput, OutsideFailure, Problem
from edgefleet.provider.version import version

PACKAGE = "edgefleet"


class Components:
    """The component resources that a server offers."""

    def __init__(self, classes: Iterable[type[ComponentResource]]) -> None:
        self._classes = list(classes)

    @cached_property
    def _provider(self) -> ComponentProvider:
        return ComponentProvider(self._classes, PACKAGE, version=version())

    def schema(self) -> dict[str, Any]:
        """Resources and types of the components, as Pulumi's schema has them; empty without components."""
        if not self._classes:
            return {}
        found: dict[str, Any] = json.loads(self._provider.schema or "{}")
        return found

    def construct(self, request: Any, engine_address: str) -> Any:
        """Build the component that `request` names, in a context of its own; calls may overlap.

        Raises:
            InvalidInput: no such component, or its inputs are wrong.
            OutsideFailure: it could not be built.
        """
        names = {f"{PACKAGE}:index:{each.__name__}" for each in self._classes}
        if request.type not in names:
            problem, hint = f"edgefleet has no component {request.type}", "it has " + ", ".join(sorted(names))
            raise InvalidInput(Problem(code="unknown-component", problem=problem, hint=hint))
        server = ProviderServicer(self._provider, [], engine_address=engine_address)
        # The SDK keeps who it talks to in context variables, so each call needs an empty context.
        return Context().run(_run, server, request)


def _run(server: ProviderServicer, request: Any) -> Any:
    try:
        return asyncio.run(server._construct(request, None))  # noqa: SLF001 - the public method answers errors with tracebacks
    except ComponentInitError as error:
        raise _plain(error.inner) from error
    except (InputPropertiesError, InputPropertyError, RunError) as error:
        raise _plain(error) from error


def _plain(error: Exception) -> Exception:
    """`error` as one of ours; a bug stays what it is."""
    if isinstance(error, EdgefleetError):
        return error
    if isinstance(error, InputPropertyError):
        return InvalidInput(_wrong(error.property_path, error.reason))
    if isinstance(error, InputPropertiesError):
        return InvalidInput(_wrong(each["property_path"], each["reason"]) for each in error.errors or [])
    if isinstance(error, RunError):
        problems = getattr(error, "problems", ())
        return InvalidInput(problems) if problems else OutsideFailure(_wrong("", str(error)))
    return error


def _wrong(path: str, problem: str) -> Problem:
    return Problem(code="component", path=path, problem=problem, hint="correct the component's inputs")
