"""The JSON Schema that editors complete a fleet file by."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from edgefleet.fleetfile import schema

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = ROOT / "components" / "edgefleet" / "schema" / "fleet.schema.json"


@pytest.fixture(scope="module")
def fleet_schema() -> dict[str, Any]:
    """Made once, as it takes a second."""
    return schema.fleet_schema()


def test_the_committed_schema_is_current() -> None:
    """It ships in the wheel; `make schema` writes it again."""
    assert schema.text() == COMMITTED.read_text(encoding="utf-8")


def test_it_is_draft_07_closed_and_described_everywhere(fleet_schema: dict[str, Any]) -> None:
    """A misspelt key is marked while it is typed, and each key says what it is for."""
    Draft7Validator.check_schema(fleet_schema)
    assert "http://json-schema.org/draft-07/schema#" == fleet_schema["$schema"]
    for part in (fleet_schema, *fleet_schema["definitions"].values()):
        assert part["additionalProperties"] is False
        assert [] == [key for key, value in part["properties"].items() if not value["description"]]
    assert "$defs" not in json.dumps(fleet_schema)


@pytest.mark.parametrize("stack", ["dev", "eu-central-1", "us-east-1"])
def test_the_shipped_stacks_conform(stack: str, fleet_schema: dict[str, Any]) -> None:
    """The editor and the loader say the same."""
    document = yaml.safe_load((ROOT / "stacks" / f"{stack}.fleet.yaml").read_text(encoding="utf-8"))
    assert [] == [error.message for error in Draft7Validator(fleet_schema).iter_errors(document)]


@pytest.mark.parametrize(
    "change",
    [{"fleets": "x"}, {"recipe": 9}, {"defaults": {"timezon": "x"}}, {"profiles": {"b": {"arch": "x"}}}],
)
def test_what_the_loader_refuses_is_marked(change: dict[str, object], fleet_schema: dict[str, Any]) -> None:
    """Unknown keys, unknown values and missing ones."""
    document = {
        "apiVersion": "edgefleet.dev/v1",
        "fleet": "f",
        "region": "r",
        "recipe": 1,
        "profiles": {},
        "sites": {},
    }
    validator = Draft7Validator(fleet_schema)
    assert validator.is_valid(document)
    assert not validator.is_valid({**document, **change})
