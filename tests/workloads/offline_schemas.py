"""Kubernetes objects compared with what is published about them, without a cluster.

Two readers: the JSON Schemas of each minor version that edgefleet knows (kubernetes-validate; strict: an
unknown field is an error), and the typed models of the newest (lightkube-models), which lose such a field.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from lightkube import codecs
from referencing import Registry, Resource

Object = Mapping[str, Any]


def problems_of(thing: Object, minor: int) -> list[str]:
    """``spec.replicas: ...`` for each value that Kubernetes 1.`minor` does not know or accept."""
    validator = _validator(thing["kind"], thing["apiVersion"], minor)
    if validator is None:
        return [f"Kubernetes 1.{minor} has no {thing['kind']} of {thing['apiVersion']}"]
    return sorted(f"{_path(error.absolute_path)}: {error.message}" for error in validator.iter_errors(thing))


def untyped(thing: Object) -> list[str]:
    """The first value that the model of the object's kind does not accept, or each that it loses."""
    try:
        model = codecs.from_dict(dict(thing))
    except (msgspec.ValidationError, AttributeError, KeyError) as error:
        return [str(error)]
    return sorted(f"{path}: not in the model" for path in paths(thing) - paths(msgspec.to_builtins(model)))


def paths(value: Any, path: str = "") -> set[str]:
    """``spec.containers.0.name`` for each leaf, empty collections included."""
    pairs = (
        value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    )
    below = {found for key, item in pairs for found in paths(item, f"{path}.{key}" if path else str(key))}
    return below or {path}


@cache
def _validator(kind: str, version: str, minor: int) -> Validator | None:
    group = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", version)
    schemas = files("kubernetes_validate") / "kubernetes-json-schema" / f"v1.{minor}.0-local-strict"
    schema = schemas / f"{kind.lower()}-{group}.json"
    if not schema.is_file():
        return None
    return Draft202012Validator(json.loads(schema.read_text()), registry=_definitions(minor))


@cache
def _definitions(minor: int) -> Registry[Any]:
    schemas = files("kubernetes_validate") / "kubernetes-json-schema" / f"v1.{minor}.0-local-strict"
    text = (schemas / "_definitions.json").read_text()
    definitions = Resource.from_contents(json.loads(text))
    registry: Registry[Any] = Registry().with_resource("_definitions.json", definitions).crawl()
    return registry


def _path(keys: Any) -> str:
    return ".".join(map(str, keys)) or "the object"
