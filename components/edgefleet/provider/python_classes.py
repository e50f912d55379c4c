"""A typed Python class for each kind of AWS resource, written from the package's schema.

``python -m edgefleet.provider.python_classes DIRECTORY`` writes one module a kind; `make schema` runs it, and
a test holds what is checked in to what would be written.
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from textwrap import wrap
from typing import Any

from edgefleet.provider.registry import RESOURCES
from edgefleet.provider.resource import Resource
from edgefleet.provider.schema import schema_json

PREFIX = "edgefleet:aws:"
SIMPLE = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
WIDTH = 100
"""Columns of a docstring."""
Property = Mapping[str, Any]


def modules(resources: Iterable[Resource] = RESOURCES) -> dict[str, str]:
    """dict[file name -> text] of the package of classes."""
    schema = json.loads(schema_json(resources))
    kinds = {
        token.removeprefix(PREFIX): each
        for token, each in schema["resources"].items()
        if token.startswith(PREFIX)
    }
    made = {f"{file_name(kind)}.py": _module(kind, each, schema["types"]) for kind, each in kinds.items()}
    return {"__init__.py": _init(kinds), **made}


def file_name(kind: str) -> str:
    """``nat_gateway`` for ``NatGateway``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind).lower()


def _init(kinds: Iterable[str]) -> str:
    names = sorted(kinds)
    imports = [f"from edgefleet.fleet.aws.{file_name(kind)} import {kind}, {kind}Args" for kind in names]
    listed = sorted(name for kind in names for name in (kind, f"{kind}Args"))
    said = [
        '"""AWS resources as classes of a Pulumi program; written by `make schema`, not by hand."""',
        "",
        *sorted(imports),
        "",
        "__all__ = [",
        *(f'    "{name}",' for name in listed),
        "]",
    ]
    return "\n".join(said) + "\n"


def _module(kind: str, resource: Mapping[str, Any], types: Mapping[str, Any]) -> str:
    inputs, outputs = resource["inputProperties"], resource["properties"]
    required = set(resource["requiredInputs"])
    parts = list(_parts(inputs.values(), types))
    body = [
        *(
            line
            for name in parts
            for line in _record(name, types[_token(name)], types[_token(name)]["required"])
        ),
        *_record(
            f"{kind}Args", {"description": f"Inputs of {_article(kind)}.", "properties": inputs}, required
        ),
        *_class(kind, resource["description"], outputs),
    ]
    text = "\n".join(body)
    imports = ["Mapping"] * ("Mapping[" in text) + ["Sequence"] * ("Sequence[" in text)
    typed = ["Any"] * bool(re.search(r"\bAny\b", text)) + ["NotRequired"] * ("NotRequired[" in text)
    head = [
        f'"""`{kind}` (`{PREFIX}{kind}`), written by `make schema`, not by hand."""',
        "",
        *([f"from collections.abc import {', '.join(imports)}"] if imports else []),
        f"from typing import {', '.join(sorted([*typed, 'TypedDict']))}",
        "",
        "import pulumi",
        "",
        "",
    ]
    return "\n".join([*head, text]).rstrip() + "\n"


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'AEIOU' else 'a'} {kind}"


def _token(name: str) -> str:
    return f"edgefleet:index:{name}"


def _parts(properties: Iterable[Property], types: Mapping[str, Any]) -> Iterator[str]:
    """Names of the classes inside, those that others are made of first, each once."""
    seen: list[str] = []
    for each in properties:
        for name in _names_in(each):
            for inner in (*_parts(types[_token(name)]["properties"].values(), types), name):
                if inner not in seen:
                    seen.append(inner)
    yield from seen


def _names_in(definition: Property) -> list[str]:
    if str(definition.get("$ref", "")).startswith("#/types/"):
        return [definition["$ref"].rpartition(":")[2]]
    inner = [definition.get("items"), definition.get("additionalProperties"), *definition.get("oneOf", ())]
    return [name for each in inner if isinstance(each, Mapping) for name in _names_in(each)]


def _record(name: str, described: Mapping[str, Any], required: Iterable[str]) -> list[str]:
    """A TypedDict."""
    said = [f"class {name}(TypedDict):", *_docstring(described["description"] or f"{name}."), ""]
    for key, definition in described["properties"].items():
        shape = f"pulumi.Input[{_type(definition)}]"
        said.append(f"    {key}: {shape if key in set(required) else f'NotRequired[{shape} | None]'}")
        said += _docstring(definition.get("description", ""))
    return [*said, "", ""]


def _class(kind: str, description: str, outputs: Mapping[str, Any]) -> list[str]:
    said = [f"class {kind}(pulumi.CustomResource):", *_docstring(description), ""]
    for key, definition in outputs.items():
        said.append(f"    {key}: pulumi.Output[{_type(definition, is_output=True)}]")
        said += _docstring(definition.get("description", ""))
    parameters = f"self, name: str, args: {kind}Args, opts: pulumi.ResourceOptions | None = None"
    nothing = ", ".join(f'"{key}": None' for key in outputs)
    return [
        *said,
        "",
        f"    def __init__({parameters}) -> None:",
        f'        super().__init__("{PREFIX}{kind}", name, {{{nothing}, **args}}, opts)',
    ]


def _docstring(text: str) -> list[str]:
    words = " ".join(text.split())
    if not words:
        return []
    lines = wrap(words, WIDTH, break_long_words=False)
    if len(lines) == 1:
        return [f'    """{lines[0]}"""']
    first, *rest = _sentences(words)
    body = wrap(" ".join(rest), WIDTH, break_long_words=False)
    head = wrap(first, WIDTH, break_long_words=False)
    shown = [f'    """{head[0]}', *(f"    {line}" for line in head[1:])]
    return [*shown, *(["", *(f"    {line}" for line in body)] if body else []), '    """']


def _sentences(words: str) -> list[str]:
    first, dot, rest = words.partition(". ")
    return [first + dot.strip(), rest] if rest else [words]


def _type(definition: Property, *, is_output: bool = False) -> str:
    kind = definition.get("type")
    if str(definition.get("$ref", "")).startswith("#/types/"):
        return "dict[str, Any]" if is_output else definition["$ref"].rpartition(":")[2]
    if kind == "array":
        inner = _type(definition["items"], is_output=is_output)
        return f"list[{inner}]" if is_output else f"Sequence[pulumi.Input[{inner}]]"
    if kind == "object":
        inner = _type(definition["additionalProperties"], is_output=is_output)
        return f"dict[str, {inner}]" if is_output else f"Mapping[str, pulumi.Input[{inner}]]"
    return SIMPLE.get(str(kind), "Any")


def main(directory: Path) -> None:
    """Write every module; one of a kind that is no more is removed."""
    made = modules()
    for path in directory.glob("*.py"):
        if path.name not in made:
            path.unlink()
    for name, text in made.items():
        (directory / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
