"""JSON Schema of fleet files, generated from the model: editors complete and check a file by it.

``python -m edgefleet.fleetfile.schema FILE`` writes it. Draft-07, which all editors read, so the newer
keywords of pydantic's dialect are put into its words.
"""

import ast
import inspect
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from edgefleet.fleetfile import document, hardware_parts, hub_part, safety_parts, settings, workloads
from edgefleet.model.spec import described, outside_name

MODULES = (settings, hardware_parts, safety_parts, hub_part, workloads, document)
"""Where the TypedDicts of a fleet file stand."""
DRAFT = "http://json-schema.org/draft-07/schema#"


def fleet_schema() -> dict[str, Any]:
    """The schema as plain data; where it says less than `load_fleet` checks, it never says otherwise."""
    schema = _draft_07(described(document.FleetDocument))
    words_of = {name: fields for module in MODULES for name, fields in _docstrings(module).items()}
    definitions = schema["definitions"]
    for name, definition in [("FleetDocument", schema), *definitions.items()]:
        for key, value in definition.get("properties", {}).items():
            words = _described(name, key, words_of)
            value.setdefault("description", words)
            value["description"] = " ".join(value["description"].split())
    return {
        "$schema": DRAFT,
        "title": "edgefleet fleet file",
        **{k: v for k, v in schema.items() if k != "title"},
    }


def text() -> str:
    """The schema as it is written to a file."""
    return json.dumps(fleet_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _described(name: str, key: str, words_of: dict[str, dict[str, str]]) -> str:
    """The docstring of a field, in its class or one that it inherits from."""
    kind = next(getattr(module, name) for module in MODULES if hasattr(module, name))
    bases = [name, *(base.__name__ for base in _bases(kind))]
    return next(words_of[base][key] for base in bases if key in words_of.get(base, {}))


def _bases(kind: Any) -> list[Any]:
    """The TypedDicts that `kind` is made from; they are no Python base classes."""
    direct = [base for base in getattr(kind, "__orig_bases__", ()) if hasattr(base, "__annotations__")]
    return [*direct, *(more for base in direct for more in _bases(base))]


def _docstrings(module: ModuleType) -> dict[str, dict[str, str]]:
    """dict[class -> dict[outside name of a field -> the docstring under it]]."""
    found: dict[str, dict[str, str]] = {}
    for kind in ast.parse(inspect.getsource(module)).body:
        if isinstance(kind, ast.ClassDef):
            fields = found.setdefault(kind.name, {})
            for field, after in zip(kind.body, kind.body[1:], strict=False):
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    value = after.value if isinstance(after, ast.Expr) else None
                    if isinstance(value, ast.Constant):
                        fields[outside_name(field.target.id)] = str(value.value)
    return found


def _draft_07(schema: Any) -> Any:
    """`schema` in draft-07's words: ``$defs`` are ``definitions``, titles that repeat a key are left out."""
    if isinstance(schema, list):
        return [_draft_07(item) for item in schema]
    if not isinstance(schema, dict):
        return schema.replace("#/$defs/", "#/definitions/") if isinstance(schema, str) else schema
    made = {("definitions" if key == "$defs" else key): _draft_07(value) for key, value in schema.items()}
    if isinstance(made.get("title"), str):
        del made["title"]
    if "$ref" in made and len(made) > 1:  # in draft-07 a $ref hides everything beside it
        made["allOf"] = [{"$ref": made.pop("$ref")}]
    return made


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text(), encoding="utf-8")
