"""The stubs that type AWS resources and the provider for editors and mypy, written from the package's schema.

``python -m bench.python_stub DIRECTORY``; `make schema` runs it, and a test compares the checked-in
files with its output.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from textwrap import wrap
from typing import Any

from edgefleet.io.environment import Resource
from edgefleet.provider.python_classes import PREFIX
from edgefleet.provider.registry import RESOURCES
from edgefleet.provider.schema import schema_json

SIMPLE = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
WIDTH = 100
"""Columns of a docstring."""
Property = Mapping[str, Any]


def text(resources: Iterable[Resource] = RESOURCES) -> str:
    """The stub: every kind's inputs and outputs, with their descriptions."""
    schema = json.loads(schema_json(resources))
    kinds = {
        token.removeprefix(PREFIX): resource
        for token, resource in sorted(schema["resources"].items())
        if token.startswith(PREFIX)
    }
    inputs = [each for resource in kinds.values() for each in resource["inputProperties"].values()]
    classes = [line for kind, resource in kinds.items() for line in _kind_stub(kind, resource)]
    return _module("AWS resources as classes of a Pulumi program", inputs, schema["types"], classes)


def provider_text() -> str:
    """The stub of the provider's class and its arguments."""
    schema = json.loads(schema_json(()))
    provider, inputs = schema["provider"], schema["provider"]["inputProperties"]
    described = {"description": provider["description"], "properties": inputs}
    parameters = (
        "self, name: str, args: ProviderArgs | None = None, opts: pulumi.ResourceOptions | None = None"
    )
    classes = [
        *_typed_dict("ProviderArgs", described, ()),
        "class Provider(pulumi.ProviderResource):",
        '    """An explicit edgefleet provider."""',
        "    settings: Mapping[str, Any]",
        f"    def __init__({parameters}) -> None: ...",
    ]
    return _module("The provider as a class of a Pulumi program", inputs.values(), schema["types"], classes)


def _module(title: str, inputs: Iterable[Property], types: Mapping[str, Any], classes: Iterable[str]) -> str:
    parts = [(name, types[_token(name)]) for name in _parts(inputs, types)]
    body = [*(line for name, part in parts for line in _typed_dict(name, part, part["required"])), *classes]
    any_ = "Any, " if any("Any" in line for line in body) else ""
    lines = [
        f'"""{title}; written by `make schema`, not by hand."""',
        "",
        "from collections.abc import Mapping, Sequence",
        f"from typing import {any_}NotRequired, TypedDict",
        "",
        "import pulumi",
        "",
        *body,
    ]
    return "\n".join(lines).rstrip() + "\n"


def _kind_stub(kind: str, resource: Mapping[str, Any]) -> list[str]:
    article = "an" if kind[0] in "AEIOU" else "a"
    described = {"description": f"Inputs of {article} {kind}.", "properties": resource["inputProperties"]}
    args = f"args: {kind}Args | None = None, opts: pulumi.ResourceOptions | None = None, **inputs: Any"
    parameters = f"self, resource_name: str, /, {args}"
    lines = [f"class {kind}(pulumi.CustomResource):", *_docstring(resource["description"])]
    for name, definition in resource["properties"].items():
        lines.append(f"    {name}: pulumi.Output[{_type(definition, is_output=True)}]")
        lines += _docstring(definition.get("description", ""))
    lines += [
        f"    def __init__({parameters}) -> None: ...",
        "    @staticmethod",
        "    def get(",
        "        name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None",
        f"    ) -> {kind}:",
        '        """Look up an existing one by its id, without managing it."""',
    ]
    return [*_typed_dict(f"{kind}Args", described, resource["requiredInputs"]), *lines, ""]


def _token(name: str) -> str:
    return f"edgefleet:index:{name}"


def _parts(properties: Iterable[Property], types: Mapping[str, Any]) -> list[str]:
    """Names of the classes inside, each once."""
    names: list[str] = []
    for each in properties:
        for name in _names_in(each):
            for inner in (*_parts(types[_token(name)]["properties"].values(), types), name):
                if inner not in names:
                    names.append(inner)
    return names


def _names_in(definition: Property) -> list[str]:
    if str(definition.get("$ref", "")).startswith("#/types/"):
        return [definition["$ref"].rpartition(":")[2]]
    inner = [definition.get("items"), definition.get("additionalProperties"), *definition.get("oneOf", ())]
    return [name for each in inner if isinstance(each, Mapping) for name in _names_in(each)]


def _typed_dict(name: str, described: Mapping[str, Any], required: Iterable[str]) -> list[str]:
    lines = [f"class {name}(TypedDict):", *_docstring(described["description"] or f"{name}.")]
    for key, definition in described["properties"].items():
        shape = f"pulumi.Input[{_type(definition)}]"
        lines.append(f"    {key}: {shape if key in set(required) else f'NotRequired[{shape} | None]'}")
        lines += _docstring(definition.get("description", ""))
    return [*lines, ""]


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


if __name__ == "__main__":
    Path(sys.argv[1], "aws.pyi").write_text(text(), encoding="utf-8")
    Path(sys.argv[1], "provider.pyi").write_text(provider_text(), encoding="utf-8")
