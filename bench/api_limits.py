"""The constraints that AWS's models of its APIs have for the inputs of all kinds, as a Python module.

``python -m bench.api_limits FILE``; `make schema` runs it, and a test verifies the file.
"""

import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

from botocore import session

from edgefleet.cloud.base.api_limits import Limit
from edgefleet.cloud.base.constraints import Api
from edgefleet.model.type_introspection import fields_of, is_record
from edgefleet.provider.registry import RESOURCES

HEAD = '''"""Constraints of AWS's APIs on inputs, from botocore's service models. Written by `make schema`."""

from collections.abc import Mapping
from types import MappingProxyType

Limit = tuple[int | None, int | None, str]
LIMITS: Mapping[str, Limit] = MappingProxyType({
'''
TAIL = '''})
"""dict[service, operation and parameter -> (least, most, pattern of a text)]; a text's are of its length."""
'''


def notes_of(annotation: Any) -> Iterator[Api]:
    """The markers of `annotation` and of all that is below it."""
    if get_origin(annotation) is Annotated:
        annotation, *notes = get_args(annotation)
        yield from (note for note in notes if isinstance(note, Api))
        yield from notes_of(annotation)
    elif is_record(annotation):
        for hint in fields_of(annotation).values():
            yield from notes_of(hint)
    elif get_origin(annotation) in {Union, types.UnionType, tuple, list, dict}:
        for member in get_args(annotation):
            yield from notes_of(member)


def limits() -> dict[str, Limit]:
    """dict[path -> limit] of all markers in the specs of resources."""
    paths = {note.path for resource in RESOURCES for note in notes_of(resource.Spec)}
    return {path: limit(path) for path in sorted(paths)}


def limit(path: str) -> Limit:
    """What AWS's model has at `path`, ``iam.CreateRole.RoleName``."""
    service, operation, *names = path.split(".")
    shape: Any = session.get_session().get_service_model(service).operation_model(operation).input_shape
    for name in names:
        part = {"list": "member", "map": name}.get(shape.type_name, "")
        shape = getattr(shape, part) if part else shape.members[name]
    known = shape.metadata
    return known.get("min"), known.get("max"), known.get("pattern", "")


def text() -> str:
    """The whole module."""
    lines = [f"    {path!r}: {limit!r}," for path, limit in limits().items()]
    return HEAD + "\n".join(lines) + "\n" + TAIL


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text(), encoding="utf-8")
