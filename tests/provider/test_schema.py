"""The one schema: complete, and true to what is checked."""

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, NotRequired, TypedDict

import pulumi
import pytest

from edgefleet.fleet.control_plane import ControlPlane
from edgefleet.model.cloud import Cloud
from edgefleet.model.spec import Secret, spec
from edgefleet.model.type_introspection import fields_of
from edgefleet.provider.constructing import Components
from edgefleet.provider.registry import RESOURCES
from edgefleet.provider.schema import schema_json


@spec
class Till:
    """A part of a shop."""

    drawers: int
    """How many it has."""


class ShopArgs(TypedDict):
    """Inputs of a component."""

    file: str
    """Where its
    plan is."""
    code: NotRequired[Annotated[pulumi.Input[str], Secret()]]
    size: NotRequired[pulumi.Input[int]]
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]]]
    names: NotRequired[list[str] | None]
    anything: NotRequired[object]


class Branch(pulumi.ComponentResource):
    """Another component."""

    def __init__(self, name: str, args: ShopArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edgefleet:index:Branch", name, {**args}, opts)


class Shop(pulumi.ComponentResource):
    """A component with a resource of its own package as an attribute, which the SDK's analysis refuses."""

    address: pulumi.Output[str]
    """Where it stands."""
    door_code: pulumi.Output[Annotated[dict[str, str], Secret()]]
    tills: pulumi.Output[list[Annotated[dict[str, Any], Till]]]
    sold_to: pulumi.Output[str | None]
    """The owner, where it has one."""
    branch: Branch
    """The shop that it belongs to."""
    child: pulumi.CustomResource | None

    def __init__(self, name: str, args: ShopArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edgefleet:index:Shop", name, {**args}, opts)


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(schema_json(RESOURCES, Components([Shop, Branch]).schema))
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
    assert {each.TOKEN: False for each in RESOURCES} | {
        "edgefleet:index:Shop": True,
        "edgefleet:index:Branch": True,
    } == kinds


def test_every_type_that_is_referred_to_is_there(schema: dict[str, Any]) -> None:
    """And none is there for nothing."""
    ours = {each.removeprefix("#/types/") for each in references(schema) if each.startswith("#/types/")}
    assert {"#/resources/edgefleet:index:Branch"} == {
        each for each in references(schema) if each.startswith("#/resources/")
    }
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
        "One of: k3s-server, k3s-ha, k3s-agent, containerd, kubeedge, krustlet."
        in schema["types"]["edgefleet:index:Node"]["properties"]["runtime"]["description"]
    )
    assert {"type": "integer"}.items() <= schema["types"]["edgefleet:index:Node"]["properties"][
        "memory"
    ].items()


def test_a_components_inputs_come_from_its_annotations(schema: dict[str, Any]) -> None:
    """``Input[T]`` is T; what has no known type is anything."""
    shop = schema["resources"]["edgefleet:index:Shop"]
    assert {
        "file": {"type": "string", "description": "Where its\nplan is."},
        "code": {"type": "string", "secret": True},
        "size": {"type": "integer"},
        "tags": {"type": "object", "additionalProperties": {"type": "string"}},
        "names": {"type": "array", "items": {"type": "string"}},
        "anything": {"$ref": "pulumi.json#/Any"},
    } == shop["inputProperties"]
    assert ["file"] == shop["requiredInputs"]


def test_a_components_outputs_come_from_its_attributes(schema: dict[str, Any]) -> None:
    """By their names on the wire, with the fields of what is in them; another component is a reference."""
    shop = schema["resources"]["edgefleet:index:Shop"]
    assert {
        "address": {"type": "string", "description": "Where it stands."},
        "doorCode": {"type": "object", "additionalProperties": {"type": "string"}, "secret": True},
        "tills": {"type": "array", "items": {"$ref": "#/types/edgefleet:index:Till"}},
        "soldTo": {"type": "string", "description": "The owner, where it has one."},
        "branch": {
            "$ref": "#/resources/edgefleet:index:Branch",
            "description": "The shop that it belongs to.",
        },
    } == shop["properties"]
    assert ["address", "branch", "doorCode", "tills"] == shop["required"]
    assert (
        "How many it has." == schema["types"]["edgefleet:index:Till"]["properties"]["drawers"]["description"]
    )


def test_a_default_of_the_declared_hub_is_text() -> None:
    """A generated SDK would send a default, and the hub's checks look at what a program set."""
    types: dict[str, Any] = {}
    Components([ControlPlane]).schema(types)
    network = types["edgefleet:index:HubNetwork"]["properties"]
    assert [] == [name for name, each in network.items() if "default" in each]
    assert network["cidr"]["description"].endswith('By default it is "10.250.0.0/16".')


def test_the_providers_configuration_is_in_it(schema: dict[str, Any]) -> None:
    """With the names that CheckConfig takes."""
    assert {*fields_of(Cloud), "holder"} == set(schema["provider"]["inputProperties"])
