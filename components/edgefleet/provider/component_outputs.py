"""The outputs of a component: its attributes annotated ``Output[T]`` or with another component.

The schema declares them, the component registers them and Construct answers with them. A program in another
language reads a component below an output by its URN: it gets what was registered, and no more. A host that
reads a nested value as a whole loses a secret inside it, so a secret is an output of its own.
"""

from inspect import get_annotations
from typing import Any, get_origin

from pulumi import Output
from pulumi.resource import ComponentResource

from edgefleet.model.spec import outside_name


def outputs_of(component: type[ComponentResource]) -> dict[str, Any]:
    """dict[attribute -> annotation] of a component's outputs."""
    own = get_annotations(component)  # some of the SDK's base classes cannot be resolved
    return {name: hint for name, hint in own.items() if is_output(hint) or _is_component(hint)}


def values_of(component: ComponentResource) -> dict[str, Any]:
    """dict[outside name of an output -> its value] of a component that is built."""
    return {outside_name(name): getattr(component, name) for name in outputs_of(type(component))}


def is_output(annotation: Any) -> bool:
    """Whether an annotation is ``Output[T]``."""
    origin: Any = get_origin(annotation)
    return origin is Output


def _is_component(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, ComponentResource)
