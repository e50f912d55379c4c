"""What generated SDKs and the registry show of the package: a description of everything."""

import json
from collections.abc import Iterator
from typing import Any

from edgefleet.plugin import schema


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
    places = dict(described(json.loads(schema())))
    assert len(places) > 400
    assert [] == [place for place, thing in places.items() if not thing.get("description")]
