"""The reference of the fleet file, as Markdown, written from its JSON Schema and its examples.

``python -m bench.fleet_file_reference FILE``; `make schema` runs it, and a test verifies the file. The
examples are the fleet files in docs/examples: each key has the first value that one of them gives it, and a
key without one is an error. A test loads them, so that every example is accepted.
"""

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from textwrap import fill
from typing import Any, get_type_hints

import yaml

from edgefleet.fleetfile.partial import PROFILE, forms
from edgefleet.fleetfile.provenance import OF_NODES
from edgefleet.fleetfile.schema import fleet_schema
from edgefleet.model.effects import Effect
from edgefleet.model.site import Node
from edgefleet.model.spec import outside_name
from edgefleet.model.type_introspection import shape_of

EXAMPLES = Path(__file__).resolve().parents[1] / "docs" / "examples"
HEAD = """# Fleet file

Every key of a fleet file, with one example. Written by `make schema`; do not edit. The examples are from
the files in [examples/](examples/), which a test loads.

`at` names the levels where a key may stand, if not at all of them: a node's value comes before its site's,
then the group's, the profile's and the defaults'. `effect` is what a change does to a node in the field: a
reflash needs a visit. Editors complete from the same schema: `edgefleet schema` prints it.

A node may have another profile than its site. It takes

{of_node}
{of_both}
{of_site}
"""
REACH = {
    "of_node": "- from its own profile, never from the site's: {};",
    "of_both": "- from its own profile, and what that lacks from the site's: {}, `k3s.config`;",
    "of_site": "- from the site's profile alone, as it holds for the whole site: {}, and the rest of `k3s`. "
    "At the profile of the node another value is an error.",
}
"""dict[whose profile -> the line about its keys]."""
ROOT = "Fleet file"
SITE = "Site"
ABOUT_SITES = "A site's settings; those of its nodes, and of profiles, groups and defaults, are among them."
LONGEST = 90
"""Characters of an example; what is longer is cut at the depth that fits."""
Row = dict[str, Any]


def text() -> str:
    """The whole reference.

    Raises:
        LookupError: keys without an example in docs/examples.
    """
    schema = fleet_schema()
    examples = _examples(schema)
    sections: dict[str, dict[str, Row]] = defaultdict(dict)
    about = {SITE: ABOUT_SITES}
    levels: dict[str, list[str]] = defaultdict(list)
    for name, definition in [(ROOT, schema), *schema["definitions"].items()]:
        section, level = _section(name)
        levels[section].append(level)
        about.setdefault(section, definition.get("description", ""))
        for key, field in definition.get("properties", {}).items():
            row = sections[section].setdefault(key, {"field": field, "at": [], "required": False})
            row["at"].append(level)
            row["required"] |= key in definition.get("required", ())
    missing = [f"{section}.{key}" for section, rows in sections.items() for key in rows]
    missing = [key for key in missing if key not in examples]
    if missing:
        raise LookupError(f"keys without an example in docs/examples: {', '.join(missing)}")
    order = sorted(sections, key=lambda section: (section != ROOT, section != SITE, section))
    lines = [HEAD.format(**_reach())]
    for section in order:
        lines += [f"## {section}", "", about[section], "", *_table(section, sections, levels, examples), ""]
    return "\n".join(lines).rstrip() + "\n"


def _reach() -> dict[str, str]:
    """dict[whose profile -> the line about the keys that reach a node of another profile than its site's]."""
    own = {field.name for field in fields(Node)} - {"settings", "k3s"}
    profile = {*PROFILE.__annotations__}
    keys = {"of_node": own & profile, "of_both": OF_NODES & profile - {"k3s"}}
    keys["of_site"] = profile - own - OF_NODES
    words = {name: ", ".join(f"`{outside_name(key)}`" for key in sorted(keys[name])) for name in keys}
    return {name: fill(line.format(words[name]), 110, subsequent_indent="  ") for name, line in REACH.items()}


def _section(definition: str) -> tuple[str, str]:
    """(section, level) of a definition: ``NetworkAtNode`` is `Network` at a node."""
    base, _, level = definition.partition("At")
    if base == "ListedSite":  # a site with a name
        return SITE, "list"
    return SITE if base == "SiteSpec" else base, level.lower()


def _table(
    section: str, sections: Mapping[str, Mapping[str, Row]], levels: Mapping[str, list[str]], examples: Row
) -> Iterator[str]:
    effects = _effects()
    yield "| key | type | default | at | effect | | example |"
    yield "|---|---|---|---|---|---|---|"
    for key, row in sorted(sections[section].items()):
        field = row["field"]
        default = f"`{_written(field['default'])}`" if "default" in field else ""
        at = "" if row["at"] == levels[section] else ", ".join(filter(None, row["at"])) or "not at node"
        cells = [
            f"`{key}`",
            _type(field),
            "required" if row["required"] else default,
            at,
            effects.get(f"{section}.{key}", ""),
            field.get("description", ""),
            f"`{key}: {_written(examples[f'{section}.{key}'])}`",
        ]
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _type(field: Mapping[str, Any]) -> str:
    if reference := _reference(field):
        section = _section(reference)[0]
        return f"[{section}](#{section.lower()})"
    if alternatives := field.get("anyOf") or field.get("oneOf"):
        return " or ".join(dict.fromkeys(map(_type, alternatives)))
    if choices := field.get("enum", [field["const"]] if "const" in field else []):
        return " or ".join(f"`{_written(choice)}`" for choice in choices)
    kind = "`{secret: NAME}`" if "secret" in field.get("properties", {}) else field.get("type", "any")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array":
        return f"list of {_type(field['items'])}"
    return "".join(["map of ", *map(_type, _values(field)[:1])]) if kind == "object" else str(kind)


def _reference(field: Mapping[str, Any]) -> str:
    (only,) = field.get("allOf", [field])
    return str(only.get("$ref", "")).rpartition("/")[2]


def _values(field: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The schemas of the values of a map."""
    additional = field.get("additionalProperties")
    return [
        *field.get("patternProperties", {}).values(),
        *([additional] if isinstance(additional, dict) else []),
    ]


def _effects() -> dict[str, str]:
    """dict[section.key -> effect of a change], of the fields that are seen by nodes."""
    effects: dict[str, str] = {}
    for form in forms():
        for of in form.__specs__:
            for name, hint in get_type_hints(of, include_extras=True).items():
                effect = next((note for note in shape_of(hint).notes if isinstance(note, Effect)), None)
                if effect is not None:
                    effects[f"{_section(form.__name__)[0]}.{outside_name(name)}"] = str(effect)
    return effects


def _examples(schema: Mapping[str, Any]) -> dict[str, Any]:
    """dict[section.key -> the value of the first example that has one]."""
    found: dict[str, Any] = {}
    for path in sorted(EXAMPLES.glob("*.fleet.yaml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        for key, value in _keys(schema["definitions"], ROOT, schema, document):
            found.setdefault(key, value)
    return found


def _keys(
    definitions: Mapping[str, Any], section: str, field: Mapping[str, Any], value: object
) -> Iterator[tuple[str, Any]]:
    """(section.key, its value) of `value` and of all in it, of which `field` is the schema."""
    inner: list[tuple[Mapping[str, Any], object]] = [(choice, value) for choice in field.get("anyOf", ())]
    if reference := _reference(field):
        section = _section(reference)[0]
        inner = [(definitions[reference], value)]
    elif "discriminator" in field and isinstance(value, dict):
        mapping = field["discriminator"]["mapping"]
        inner = [({"$ref": mapping[value[field["discriminator"]["propertyName"]]]}, value)]
    elif isinstance(value, list):
        inner += [(field.get("items", {}), item) for item in value]
    elif isinstance(value, dict):
        properties = field.get("properties", {})
        known = [(key, item) for key, item in value.items() if key in properties]
        yield from ((f"{section}.{key}", item) for key, item in known)
        inner += [(properties[key], item) for key, item in known]
        inner += [(of, item) for of in _values(field) for item in value.values()]
    for of, item in inner:
        yield from _keys(definitions, section, of, item)


def _written(value: object) -> str:
    """`value` in one line of YAML, cut at the depth where it fits."""
    lines = (_flow(_cut(value, depth)) for depth in range(6, 0, -1))
    return next((line for line in lines if len(line) <= LONGEST), "…")


def _flow(value: object) -> str:
    line = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10**6, allow_unicode=True)
    line = re.sub(r"\n(\.\.\.\n)?$", "", line)
    if "\n" in line:  # a text of several lines, which would break the row of the table
        line = json.dumps(value, ensure_ascii=False)
    return line.replace("'…'", "…")


def _cut(value: object, depth: int) -> object:
    if isinstance(value, dict):
        return {key: _cut(inner, depth - 1) for key, inner in value.items()} if depth else "…"
    if isinstance(value, list):
        return [_cut(inner, depth - 1) for inner in value] if depth else "…"
    return value


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text(), encoding="utf-8")
