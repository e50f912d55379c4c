"""The one schema: complete, and true to what is checked."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NotRequired, TypedDict

import pulumi
import pytest

from edgefleet.provider.constructing import Components
from edgefleet.provider.registry import RESOURCES
from edgefleet.provider.schema import schema_json


class ShopArgs(TypedDict):
    """Inputs of a component."""

    file: str
    size: NotRequired[pulumi.Input[int]]
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]]]
    names: NotRequired[list[str] | None]
    anything: NotRequired[object]


class Shop(pulumi.ComponentResource):
    """A component with a resource of its own package as an attribute, which the SDK's analysis refuses."""

    address: pulumi.Output[str]
    child: pulumi.CustomResource | None

    def __init__(self, name: str, args: ShopArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edgefleet:index:Shop", name, {**args}, opts)


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(schema_json(RESOURCES, Components([Shop]).schema()))
    return made


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for member in value.values():
            yield from references(member)
    elif isinstance(value, list):
        for member in value:
            yield from references(member)


def test_it_has_custom_resources_and_components(schema: dict[str, Any]) -> None:
    """Merged into one."""
    kinds = {token: each.get("isComponent", False) for token, each in schema["resources"].items()}
    assert {each.TOKEN: False for each in RESOURCES} | {"edgefleet:index:Shop": True} == kinds


def test_every_type_that_is_referred_to_is_there(schema: dict[str, Any]) -> None:
    """And none is there for nothing."""
    ours = {each.removeprefix("#/types/") for each in references(schema) if each.startswith("#/types/")}
    assert ours == set(schema["types"])


def test_every_input_of_a_resource_says_what_it_is(schema: dict[str, Any]) -> None:
    """The field's docstring is its documentation."""
    silent = [
        f"{token}.{name}"
        for token, each in schema["resources"].items()
        if not each.get("isComponent")
        for name, property_ in each["inputProperties"].items()
        if not property_.get("description")
    ]
    assert [] == silent


def test_secrets_and_replacements_are_marked(schema: dict[str, Any]) -> None:
    """So that generated SDKs and previews know."""
    inputs = schema["resources"]["edgefleet:index:Site"]["inputProperties"]
    assert {"key", "passphrases"} == {name for name, each in inputs.items() if each.get("secret")}
    assert {"name", "store"} == {name for name, each in inputs.items() if each.get("willReplaceOnChanges")}


def test_what_is_required_and_what_a_field_may_be_comes_from_the_spec(schema: dict[str, Any]) -> None:
    """Defaults and choices too."""
    bucket = schema["resources"]["edgefleet:aws:Bucket"]
    assert ["name"] == bucket["requiredInputs"]
    defaults = {
        name: each["default"] for name, each in bucket["inputProperties"].items() if "default" in each
    }
    assert {"versioning": True, "forceDestroy": False, "encryption": "AES256"} == defaults
    assert ["arn", "encryption", "publicAccessBlocked", "region"] == bucket["required"]
    assert (
        "One of: server, agent."
        in schema["types"]["edgefleet:index:Node"]["properties"]["role"]["description"]
    )
    assert {"type": "integer"}.items() <= schema["types"]["edgefleet:index:Node"]["properties"][
        "memory"
    ].items()


def test_a_components_inputs_come_from_its_annotations(schema: dict[str, Any]) -> None:
    """``Input[T]`` is T; what has no known type is anything."""
    shop = schema["resources"]["edgefleet:index:Shop"]
    assert {
        "file": {"type": "string"},
        "size": {"type": "integer"},
        "tags": {"type": "object", "additionalProperties": {"type": "string"}},
        "names": {"type": "array", "items": {"type": "string"}},
        "anything": {"$ref": "pulumi.json#/Any"},
    } == shop["inputProperties"]
    assert (["file"], {"address": {"type": "string"}}) == (shop["requiredInputs"], shop["properties"])


def test_the_providers_configuration_is_in_it(schema: dict[str, Any]) -> None:
    """With the names that CheckConfig takes."""
    assert {"region", "endpoint", "profile", "roleArn", "holder"} == set(
        schema["provider"]["inputProperties"]
    )
