"""Values that an update leaves alone: at those paths the inputs are as they are live."""

from typing import Any

import pytest

from edgefleet.cloud.node_group import NodeGroup
from edgefleet.cloud.route_table import RouteTableSpec
from edgefleet.provider.differing import with_live
from edgefleet.provider.schema import INITIAL, resource_schema

NEW: dict[str, Any] = {"vpcId": "vpc-1", "routes": [{"cidr": "0.0.0.0/0", "gatewayId": "igw-1"}]}


@pytest.mark.parametrize(
    ("paths", "live", "expected"),
    [
        (["tags"], {"tags": {"a": "1"}}, {**NEW, "tags": {"a": "1"}}),
        (["tags.a"], {"tags": {"a": "1", "b": "2"}}, {**NEW, "tags": {"a": "1"}}),
        (["routes"], {"routes": []}, {**NEW, "routes": []}),
        (["routes"], {"vpcId": "vpc-1"}, NEW),
        ([], {"tags": {"a": "1"}, "routes": []}, NEW),
        (["region"], {"region": "eu-west-1"}, {**NEW, "region": "eu-west-1"}),
    ],
)
def test_only_these_paths_take_the_live_value(
    paths: list[str], live: dict[str, Any], expected: dict[str, Any]
) -> None:
    """What is not read back stays as it is declared."""
    assert expected == with_live(RouteTableSpec, NEW, live, paths)


def test_a_key_that_is_gone_live_is_left_out_and_a_null_setting_is_null() -> None:
    """A map has no nulls."""
    new = {**NEW, "tags": {"a": "1"}, "region": "eu-west-1"}
    made = with_live(RouteTableSpec, new, {"tags": {}, "region": None}, ["tags.a", "region"])
    assert {**NEW, "tags": {}, "region": None} == made


def test_an_initial_value_is_described_as_one() -> None:
    """In the reference, the stub and each SDK."""
    inputs = resource_schema(NodeGroup(), {})["inputProperties"]
    assert ["wanted"] == [name for name, each in inputs.items() if INITIAL in each["description"]]
