"""What generated SDKs and the registry show of the package: a description of everything."""

import json
from collections.abc import Iterator
from typing import Any

from edgefleet.fleet.control_plane import ControlPlane
from edgefleet.fleet.fleet import Fleet
from edgefleet.provider.constructing import Components
from edgefleet.provider.registry import RESOURCES
from edgefleet.provider.schema import schema_json


def described(schema: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """(place, what has a description) for all of `schema`."""
    provider = {"": {**schema["provider"], "description": "-"}}
    for kind, owners in {**schema, "provider": provider}.items():
        if kind not in {"resources", "types", "provider"}:
            continue
        for token, owner in owners.items():
            yield f"{kind} {token}", owner
            for fields in ("inputProperties", "properties"):
                for name, field in owner.get(fields, {}).items():
                    yield f"{kind} {token}.{fields}.{name}", field
    yield from (("config " + name, each) for name, each in schema["config"]["variables"].items())


def test_everything_in_the_schema_has_a_description() -> None:
    """Each class, component and property; it is the docstring in the code."""
    schema = json.loads(schema_json(RESOURCES, Components((ControlPlane, Fleet)).schema))
    places = dict(described(schema))
    assert len(places) > 400
    assert [] == [place for place, thing in places.items() if not thing.get("description")]
