"""`UNKNOWN`: a value that a preview does not know yet, and specs that have some.

What is wrong with the known part of a resource is reported although another part is the output of a resource
that does not exist yet: in the first preview of a stack that is most of them.
"""

from collections.abc import Iterable
from enum import Enum
from functools import cache
from typing import Any, Final, TypeVar

from pydantic import ValidatorFunctionWrapHandler
from pydantic_core import CoreConfig, SchemaValidator

from edgefleet.model.spec import adapter

T = TypeVar("T")


class Unknown(Enum):
    """The type of `UNKNOWN`."""

    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown.UNKNOWN
"""It is no text, equals only itself and fits no field of a spec but in `from_known`."""


def is_known(*values: object) -> bool:
    """Whether none of `values` is `UNKNOWN`."""
    return UNKNOWN not in values


def known_items(items: Iterable[T]) -> list[tuple[int, T]]:
    """(position, item) of those that are known; none if the whole is not."""
    return [(at, item) for at, item in enumerate(items) if is_known(item)] if is_known(items) else []


def from_known(of: type[T], plain: dict[str, Any]) -> T:
    """The spec of type `of` that `plain` describes, with `UNKNOWN` where `plain` has it.

    Raises:
        pydantic.ValidationError: the known part of `plain` is not valid.
    """
    kind: Any = of
    made: T = _validator(kind).validate_python(plain)
    return made


@cache
def _validator(of: Any) -> SchemaValidator:
    quiet = CoreConfig(hide_input_in_errors=True)
    return SchemaValidator(_tolerant(adapter(of).core_schema), quiet)


def _tolerant(schema: Any) -> Any:
    """Pydantic's `schema` with each field, item and value of it as a place for `UNKNOWN`."""
    if isinstance(schema, list):
        return [_tolerant(member) for member in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: _tolerant(member) for name, member in schema.items()}
    if inner.get("type") == "dataclass-field":
        return inner | {"schema": _place(inner["schema"])}
    if isinstance(items := inner.get("items_schema"), list):
        return inner | {"items_schema": [_place(item) for item in items]}
    return inner | {name: _place(inner[name]) for name in ("items_schema", "values_schema") if name in inner}


def _place(schema: dict[str, Any]) -> dict[str, Any]:
    if schema.get("type") == "default":  # the outermost: it makes a field optional
        return schema | {"schema": _place(schema["schema"])}
    function = {"type": "no-info", "function": _passed}
    return {"type": "function-wrap", "function": function, "schema": schema}


def _passed(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    return value if value is UNKNOWN else check(value)
