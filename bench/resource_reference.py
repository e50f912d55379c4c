"""The reference of all kinds of custom resources, as Markdown, written from the package's schema.

``python -m bench.resource_reference FILE``; `make schema` runs it, and a test verifies the file.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from edgefleet.io.environment import Resource
from edgefleet.provider.registry import RESOURCES
from edgefleet.provider.schema import schema_json

HEAD = """# Resources

Every custom resource of the provider, its inputs and outputs. Written by `make schema`; do not edit.

`!` marks an input whose change replaces the resource, `secret` one that state keeps encrypted. Every AWS
resource has tags that identify its owner: `managed-by`, `edgefleet:fleet`, `edgefleet:stack`,
`edgefleet:resource`, `edgefleet:urn` and `edgefleet:generation`.

What exists under the name of a new resource is never taken over unasked: preview and up refuse it and name
who manages it. Import one by its id, in another region than the provider's by `<id>@<region>`. One that
another resource manages, of this or another stack, gets the tags of its new owner; the former one then
leaves it in place.

In a program: `from edgefleet.fleet.aws import Vpc`, then `Vpc("net", {"cidr": "10.9.0.0/16"})`; at a
prompt, `help(Vpc)` shows the table below. `Vpc.get("shared", "vpc-0a1b2c3d")` reads one that another stack
or a person made; this stack neither updates nor deletes it. So does `edgefleet.Site.get(name, id)` with the
images of a site.

The AWS resources are those that a hub is built of. For anything else, use
[pulumi-aws](https://www.pulumi.com/registry/packages/aws/) in the same program: its resources take the
outputs of these as inputs, and the reverse.
"""


def text(resources: Iterable[Resource] = RESOURCES) -> str:
    """The whole reference."""
    schema = json.loads(schema_json(resources))
    kinds = sorted(schema["resources"].items(), key=lambda each: (":aws:" not in each[0], each[0]))
    index = [f"- [`{token}`](#{_anchor(token)}): {_first(each['description'])}" for token, each in kinds]
    sections = [_section(token, each) for token, each in kinds]
    types = [_type_section(token, each) for token, each in sorted(schema["types"].items())]
    return "\n".join([HEAD, *index, "", *sections, "# Parts", "", *types]).rstrip() + "\n"


def _anchor(token: str) -> str:
    return token.replace(":", "").lower()


def _first(description: str) -> str:
    return description.split("\n", maxsplit=1)[0].rstrip(".")


def _section(token: str, resource: Mapping[str, Any]) -> str:
    required = set(resource["requiredInputs"])
    lines = [
        f"## {token}",
        "",
        _joined(resource["description"]),
        "",
        "| input | type | default | |",
        "|---|---|---|---|",
    ]
    lines += [_row(name, definition, required) for name, definition in resource["inputProperties"].items()]
    lines += ["", "| output | type | |", "|---|---|---|"]
    lines += [
        f"| `{name}` | {_type(definition)} | {_joined(definition.get('description', ''))} |"
        for name, definition in resource["properties"].items()
    ]
    return "\n".join([*lines, ""])


def _type_section(token: str, kind: Mapping[str, Any]) -> str:
    name, required = token.rpartition(":")[2], set(kind["required"])
    lines = [
        f"## {name}",
        "",
        _joined(kind["description"]),
        "",
        "| field | type | default | |",
        "|---|---|---|---|",
    ]
    return "\n".join([*lines, *(_row(key, field, required) for key, field in kind["properties"].items()), ""])


def _row(name: str, field: Mapping[str, Any], required: set[str]) -> str:
    default = (
        "required" if name in required else f"`{json.dumps(field['default'])}`" if "default" in field else ""
    )
    marks = "!" * bool(field.get("willReplaceOnChanges"))
    kind = _type(field) + " secret" * bool(field.get("secret"))
    return f"| `{name}`{marks} | {kind} | {default} | {_joined(field.get('description', ''))} |"


def _joined(description: str) -> str:
    return " ".join(description.split()).replace("|", "\\|")


def _type(field: Mapping[str, Any]) -> str:
    reference = str(field.get("$ref", ""))
    if reference.startswith("#/types/"):
        name = reference.rpartition(":")[2]
        return f"[{name}](#{name.lower()})"
    if field.get("type") == "array":
        return f"list of {_type(field['items'])}"
    if field.get("type") == "object":
        return f"map of {_type(field['additionalProperties'])}"
    if "oneOf" in field:
        return " or ".join(_type(choice) for choice in field["oneOf"])
    return str(field.get("type", "any"))


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text(), encoding="utf-8")
