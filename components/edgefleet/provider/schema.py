"""The one Pulumi schema: custom resources from their specs, components from the annotations of their args.

Names, types, defaults and descriptions come from the annotations and docstrings of the specs.
Format: Pulumi documentation, "Schema".
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

from typing_extensions import is_typeddict

from edgefleet.fleetfile.schema import written
from edgefleet.io.environment import Resource
from edgefleet.io.version import version
from edgefleet.model.spec import Initial, Secret, described
from edgefleet.model.type_introspection import marked
from edgefleet.provider.configuration import Config

PACKAGE = "edgefleet"
INITIAL = "Only its creation uses it: others may change it later, and no update sets it back."
"""What the description of an input adds that is marked as initial."""
_SIMPLE = {"string", "integer", "number", "boolean"}


def schema_json(
    resources: Iterable[Resource], components: Callable[[dict[str, Any]], dict[str, Any]] = lambda _: {}
) -> str:
    """The package's schema as JSON text.

    Args:
        resources: the custom resources.
        components: gives dict[type token -> component in Pulumi's schema], and adds the classes that they use
            to its argument.
    """
    types: dict[str, Any] = {}
    own = {resource.TOKEN: resource_schema(resource, types) for resource in resources}
    config = properties(Config, types)
    schema = {
        "name": PACKAGE,
        "displayName": "edgefleet",
        "publisher": "edgefleet",
        "homepage": "https://edgefleet.dev",
        "version": version(),
        "description": "An edge fleet as code: boot images of k3s sites and what they come from.",
        "keywords": ["edge", "k3s", "kubernetes", "category/infrastructure"],
        "license": "Apache-2.0",
        "language": {
            "python": {"respectSchemaVersion": True, "packageName": PACKAGE},
            "nodejs": {"respectSchemaVersion": True, "packageName": "@edgefleet/edgefleet"},
        },
        "config": {"variables": config},
        "provider": {"description": _text(Config), "inputProperties": config, "properties": config},
        "resources": dict(sorted({**own, **components(types)}.items())),
        "types": dict(sorted(types.items())),
    }
    return json.dumps(schema, indent=2)


def resource_schema(resource: Resource, types: dict[str, Any]) -> dict[str, Any]:
    """One resource in Pulumi's schema; the classes that its inputs use are added to `types`."""
    inputs = properties(resource.Spec, types)
    for name in resource.REPLACE_ON:
        inputs[name]["willReplaceOnChanges"] = True
    outputs = properties(resource.Outputs, types)
    return {
        "description": _text(resource.Spec),
        "inputProperties": inputs,
        "requiredInputs": required(resource.Spec),
        "properties": outputs,
        "required": sorted(outputs),
    }


def required(of: Any) -> list[str]:
    """The fields of `of` that must have a value."""
    return sorted(_described(of).get("required", []))


def properties(of: Any, types: dict[str, Any]) -> dict[str, Any]:
    """Pulumi properties of the fields of `of`; the classes that they use are added to `types`."""
    schema = _described(of)
    for name, definition in schema.get("$defs", {}).items():
        object_ = _object(definition)
        if types.setdefault(_token(name), object_) != object_:
            raise ValueError(f"two different classes of specs are called {name}: give one another name")
    made = {name: _property(definition) for name, definition in schema["properties"].items()}
    for name in marked(of, Secret):
        made[name]["secret"] = True
    for name in marked(of, Initial):
        made[name]["description"] += f" {INITIAL}"
    return made


def _described(of: Any) -> dict[str, Any]:
    """The JSON Schema of a spec, or of a TypedDict.

    A default of a form in a TypedDict is text: a generated SDK would send it, as if the program had set it.
    """
    if not is_typeddict(of):
        return described(of, "serialization")
    schema = written(of, "serialization")
    for form in schema.get("$defs", {}).values():
        for field in form["properties"].values():
            if "default" in field:
                field["description"] += f" By default it is {json.dumps(field.pop('default'))}."
    return schema


def _token(name: str) -> str:
    return f"{PACKAGE}:index:{name}"


def _object(definition: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": definition.get("description", ""),
        "properties": {name: _property(each) for name, each in definition.get("properties", {}).items()},
        "required": sorted(definition.get("required", [])),
    }


def _property(definition: dict[str, Any]) -> dict[str, Any]:
    result = _type(definition)
    choices = definition.get("enum")
    description = definition.get("description", "")
    if choices:
        description = f"{description} One of: {', '.join(map(str, choices))}.".strip()
    if description:
        result["description"] = description
    if "const" in definition:
        result["const"] = definition["const"]
    if isinstance(definition.get("default"), str | int | float | bool):
        result["default"] = definition["default"]
    return result


def _type(definition: dict[str, Any]) -> dict[str, Any]:
    """A JSON Schema type in Pulumi's schema language."""
    if "$ref" in definition:
        return {"$ref": f"#/types/{_token(definition['$ref'].rpartition('/')[2])}"}
    if "anyOf" in definition or "discriminator" in definition:
        return _choice(definition)
    kind = definition.get("type")
    if kind == "array":
        return {"type": "array", "items": _type(definition.get("items", {}))}
    if kind == "object":
        inside = next(iter(definition.get("patternProperties", {}).values()), None)
        inside = inside or definition.get("additionalProperties")
        return {"type": "object", "additionalProperties": _type(inside if isinstance(inside, dict) else {})}
    if isinstance(kind, str) and kind in _SIMPLE:
        return {"type": kind}
    return {"$ref": "pulumi.json#/Any"}


def _choice(definition: dict[str, Any]) -> dict[str, Any]:
    """One of several, which differ in the value of one property, or in their types."""
    if (by := definition.get("discriminator")) is not None:
        refs = {value: _type({"$ref": ref}) for value, ref in sorted(by["mapping"].items())}
        mapping = {value: type_["$ref"] for value, type_ in refs.items()}
        discriminator = {"propertyName": by["propertyName"], "mapping": mapping}
        return {"oneOf": [*refs.values()], "discriminator": discriminator}
    alternatives = [_type(each) for each in definition["anyOf"] if each.get("type") != "null"]
    return alternatives[0] if len(alternatives) == 1 else {"oneOf": alternatives}


def _text(of: Any) -> str:
    return (of.__doc__ or "").strip()
