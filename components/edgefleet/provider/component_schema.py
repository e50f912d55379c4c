"""A component in Pulumi's schema: inputs from the TypedDict of its arguments, outputs from its attributes.

Docstrings are descriptions.
"""

import ast
from collections.abc import Awaitable, Mapping, Sequence
from inspect import cleandoc, get_annotations, getsource
from itertools import pairwise
from textwrap import dedent
from types import NoneType, UnionType
from typing import Annotated, Any, ForwardRef, NotRequired, Union, get_args, get_origin, get_type_hints

from pulumi import Output
from pulumi.resource import ComponentResource
from typing_extensions import TypedDict

from edgefleet.model.spec import outside_name, parsing_source
from edgefleet.model.type_introspection import fields_of, is_record, shape_of
from edgefleet.provider.component_outputs import is_output, outputs_of
from edgefleet.provider.schema import properties, required

Tokens = Mapping[type[ComponentResource], str]
"""dict[component -> type token] of the components of the package."""


def component_schema(
    component: type[ComponentResource], tokens: Tokens, types: dict[str, Any]
) -> dict[str, Any]:
    """`component` in Pulumi's schema; the classes that it uses are added to `types`."""
    args = args_of(component)
    inputs = _plain_fields(get_annotations(args))
    outputs = {outside_name(name): hint for name, hint in outputs_of(component).items()}
    values = _plain_fields({name: hint for name, hint in outputs.items() if hint not in tokens})
    components = {
        name: {"$ref": f"#/resources/{tokens[hint]}"} for name, hint in outputs.items() if hint in tokens
    }
    return {
        "isComponent": True,
        "description": cleandoc(component.__doc__ or ""),
        "inputProperties": _described(properties(inputs, types), args),
        "requiredInputs": required(inputs),
        "properties": _described(properties(values, types) | components, component),
        "required": sorted([*required(values), *components]),
    }


def args_of(component: type[ComponentResource]) -> Any:
    """The TypedDict that a component's ``args`` is annotated with."""
    return shape_of(get_type_hints(component.__init__)["args"]).bare


def _plain_fields(annotations: Mapping[str, Any]) -> Any:
    """A TypedDict of `annotations` without what is Pulumi's, so that pydantic can describe it."""
    fields = {
        name: NotRequired[_plain(hint)] if _is_optional(hint) else _plain(hint)
        for name, hint in annotations.items()
    }
    typed_dict: Any = TypedDict
    return typed_dict("Fields", fields)


def _is_optional(annotation: Any) -> bool:
    if is_output(annotation):
        return NoneType in get_args(get_args(annotation)[0])
    return get_origin(annotation) is NotRequired


def _plain(annotation: Any) -> Any:
    """`annotation` without what is Pulumi's: ``Input[T]`` and ``Output[T]`` are T.

    A class with named fields in its metadata, or several to choose from, stands for it: the fields of a
    mapping.
    """
    bare, notes = shape_of(annotation)
    bare = next(filter(_has_fields, notes), bare)
    origin, arguments = get_origin(bare), get_args(bare)
    if origin in {Union, UnionType}:
        # Input[T] is T, an awaitable T or, by a name that only the SDK can resolve, an Output of T.
        members = [each for each in arguments if not _is_pulumis(each)]
        bare = _plain(members[0]) if len(members) == 1 else Any
    elif origin is Output:
        bare = _plain(arguments[0])
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        bare = dict.__class_getitem__((str, _plain(arguments[1])))
    elif isinstance(origin, type) and issubclass(origin, Sequence):
        bare = list.__class_getitem__(_plain(arguments[0]))
    marks = [note for note in notes if not _has_fields(note)]
    return Annotated[(bare, *marks)] if marks else bare


def _has_fields(note: Any) -> bool:
    """Whether a note is a class with named fields, or ``Annotated`` of several."""
    return is_record(note) or bool(fields_of(shape_of(note).bare))


def _is_pulumis(member: Any) -> bool:
    return isinstance(member, ForwardRef) or member is NoneType or get_origin(member) is Awaitable


def _described(properties: dict[str, Any], owner: type) -> dict[str, Any]:
    """`properties` with the docstrings of the fields of `owner`."""
    with parsing_source():
        (body,) = ast.parse(dedent(getsource(owner))).body
    texts = {
        outside_name(field.target.id): cleandoc(text.value.value)
        for field, text in pairwise(body.body if isinstance(body, ast.ClassDef) else [])
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }
    return {
        name: property_ | ({"description": texts[name]} if name in texts else {})
        for name, property_ in properties.items()
    }
