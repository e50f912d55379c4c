"""Every kind checks what is known of its inputs while other parts are not known yet."""

from collections.abc import Iterator
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2 as proto
from tests.cloud.rows import ROWS
from tests.cloud.rows.row import Inputs, Row

from edgefleet.cloud.base import CloudResource
from edgefleet.cloud.security_group import SecurityGroup
from edgefleet.cloud.subnet import Subnet
from edgefleet.io.aws import Aws
from edgefleet.model.unknown import UNKNOWN
from edgefleet.provider.lifecycle import Lifecycle
from edgefleet.provider.properties import encode


def failures(resource: CloudResource, inputs: Inputs, olds: Inputs | None = None) -> dict[str, str]:
    """dict[path -> problem] of the inputs."""
    request = proto.CheckRequest(urn="urn:pulumi:s::p::t::n", news=encode(inputs), olds=encode(olds or {}))
    return {each.property: each.reason for each in Lifecycle(resource).check(request).failures}


def with_unknowns(value: Any) -> Iterator[Any]:
    """`value` with one part of it unknown, for each part."""
    yield UNKNOWN
    if not isinstance(value, dict | list):
        return
    parts: Any = value.items() if isinstance(value, dict) else enumerate(value)
    for at, part in parts:
        for other in with_unknowns(part):
            changed = dict(value) if isinstance(value, dict) else list(value)
            changed[at] = other
            yield changed


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_part_that_is_not_known_is_no_problem(row: Row, aws: Aws) -> None:
    """Nor does it stop a kind from checking the rest."""
    made = row.needs(aws)
    inputs = row.inputs(made)
    olds = (row.changed or row.inputs)(made)
    _, *parts = with_unknowns(inputs)
    assert [] == [(part, wrong) for part in parts if (wrong := failures(row.resource, part))]
    for part in parts:
        failures(row.resource, part, olds)  # raises nothing


def test_the_known_part_is_checked() -> None:
    """In the first preview of a stack the network's id is unknown; rules, tags and zones are known."""
    tags = {"aws:x": "y", "k": "v" * 257}
    assert {'tags["aws:x"]', "tags.k", "zone"} == failures(
        Subnet(), {"vpcId": UNKNOWN, "cidr": "10.0.0.0/24", "zone": "c", "tags": tags}
    ).keys()
    rules = [
        {"fromPort": 6443, "securityGroup": UNKNOWN},
        {"fromPort": 80, "toPort": 79, "cidr": UNKNOWN},
        {"fromPort": 70_000, "cidr": "10.0.0.0/33"},
    ]
    group = {"vpcId": UNKNOWN, "name": "sg-hub", "ingress": rules}
    assert {"name", "ingress[2].fromPort", "ingress[2].cidr"} == failures(SecurityGroup(), group).keys()
    group |= {"name": "hub", "ingress": rules[:2]}
    assert {"ingress[1]"} == failures(SecurityGroup(), group).keys()
