"""JSON Schema of fleet files, generated from the specs: editors complete and check a file by it.

``python -m edgefleet.fleetfile.schema FILE`` writes it, in draft-07, which all editors read; the newer
keywords of pydantic's dialect are translated.
"""

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any, Literal

from edgefleet.fleetfile.partial import DOCUMENT, forms
from edgefleet.model.quantities import SIZE, written_size
from edgefleet.model.spec import described

DRAFT = "http://json-schema.org/draft-07/schema#"


def fleet_schema() -> dict[str, Any]:
    """The schema as plain data; it accepts all that `load_fleet` accepts, and more."""
    schema = _draft_07(written(DOCUMENT))
    schema.pop("title", None)
    return {"$schema": DRAFT, "title": "edgefleet fleet file", **schema}


def written(of: Any, mode: Literal["validation", "serialization"] = "validation") -> dict[str, Any]:
    """The JSON Schema of `of`, see `described`; partial forms in it have what their specs declare."""
    schema = described(of, mode)
    for form in forms():
        definition = schema if form is of else schema.get("$defs", {}).get(form.__name__, {})
        for key, value in definition.get("properties", {}).items():
            value.update(_declared(form, key))
    return schema


def text() -> str:
    """The text of the schema's file."""
    return json.dumps(fleet_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _declared(form: Any, key: str) -> dict[str, Any]:
    """The description and the default of a field, as its spec declares them."""
    field = next(found[key] for spec in form.__specs__ if key in (found := _properties(spec)))
    declared: dict[str, Any] = {"description": " ".join(field["description"].split())}
    default = field.get("default")
    if default not in (None, "", [], {}) and not isinstance(default, dict):
        is_size = isinstance(default, int) and field.get("type") == SIZE["type"]
        declared["default"] = written_size(default) if is_size else default
    return declared


@cache
def _properties(spec: Any) -> dict[str, Any]:
    properties: dict[str, Any] = described(spec)["properties"]
    return properties


def _draft_07(schema: Any) -> Any:
    """`schema` in draft-07: ``$defs`` are ``definitions``, titles that repeat a key are left out."""
    if isinstance(schema, list):
        return [_draft_07(item) for item in schema]
    if not isinstance(schema, dict):
        return schema.replace("#/$defs/", "#/definitions/") if isinstance(schema, str) else schema
    result = {("definitions" if key == "$defs" else key): _draft_07(value) for key, value in schema.items()}
    if isinstance(result.get("title"), str):
        del result["title"]
    if "$ref" in result and len(result) > 1:  # in draft-07 a $ref hides everything beside it
        result["allOf"] = [{"$ref": result.pop("$ref")}]
    return result


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text(), encoding="utf-8")
