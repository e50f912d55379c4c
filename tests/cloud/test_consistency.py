"""Eventual consistency: what was created a moment ago is not known to each service yet.

Source: hashicorp/terraform#4315, hashicorp/terraform-provider-aws#1388 and #12436, and the answers that AWS's
own clients retry: a role, or what names it, in one run fails once for each refusal.
"""

from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2 as proto
from tests.cloud.driving import Driver, attempt
from tests.cloud.faults import Faults, faulty
from tests.cloud.rows import ROWS
from tests.cloud.rows.row import Row
from tests.cloud.timing import FastClock

from edgefleet.errors import OutsideFailure
from edgefleet.io.aws import Aws
from edgefleet.io.environment import Environment
from edgefleet.model.type_introspection import fields_of
from edgefleet.provider.properties import encode

NAMED = {"role", "roles", "instanceProfile", "policy", "assumePolicy"}
"""Inputs that name a role, or what has one."""
KNOWN = {row.name: row for row in ROWS}
PRINCIPAL = 'Invalid principal in policy: \\"AWS\\":\\"arn:aws:iam::123456789012:role/hub\\"'
ROLE = "The role with name hub cannot be found"
EKS = "InvalidParameterException"
REFUSALS = (
    ("Bucket", "PutBucketPolicy", "MalformedPolicy", "Invalid principal in policy"),
    ("Role", "CreateRole", "MalformedPolicyDocument", PRINCIPAL.replace("\\", "")),
    ("Role", "PutRolePolicy", "NoSuchEntity", ROLE),
    ("Role", "AttachRolePolicy", "NoSuchEntity", ROLE),
    ("InstanceProfile", "AddRoleToInstanceProfile", "NoSuchEntity", ROLE),
    ("EksCluster", "CreateCluster", EKS, "roleArn, arn:aws:iam::123456789012:role/hub, does not exist"),
    ("EksCluster", "CreateCluster", EKS, "Error in role params"),
    (
        "EksCluster",
        "CreateCluster",
        EKS,
        "Role could not be assumed because the trusted entity is not correct",
    ),
    ("EksCluster", "CreateCluster", EKS, "The provided role doesn't have the Amazon EKS Managed Policies"),
    ("NodeGroup", "CreateNodegroup", EKS, f"{ROLE} (Service: AmazonIdentityManagement)"),
    ("ServerSet", "RunInstances", "InvalidParameterValue", "Invalid IAM Instance Profile name"),
    ("Vpc", "ModifyVpcAttribute", "InvalidVpcID.NotFound", "The vpc ID does not exist"),
    ("Subnet", "CreateSubnet", "InvalidVpcID.NotFound", "The vpc ID does not exist"),
    ("SecurityGroup", "AuthorizeSecurityGroupIngress", "InvalidGroup.NotFound", "The group does not exist"),
    ("InternetGateway", "AttachInternetGateway", "InvalidVpcID.NotFound", "The vpc ID does not exist"),
    ("NatGateway", "CreateNatGateway", "InvalidSubnetID.NotFound", "The subnet ID does not exist"),
    ("RouteTable", "CreateRoute", "InvalidGatewayID.NotFound", "The gateway ID does not exist"),
)
"""(kind, operation that AWS refuses, its code, its message)."""
UNSTATED = {"RolesAnywhereProfile"}
"""Kinds of which no page or report states that they refuse a new role (terraform-provider-aws, which retries
for the others, calls CreateProfile once)."""
refusals = pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: "-".join(refusal[:3]))


@pytest.fixture
def world(aws: Aws, tmp_path: Path) -> tuple[Environment, Faults]:
    flaky, faults = faulty(str(aws.endpoint), "eu-central-1")
    return Environment(project=tmp_path, aws=flaky, clock=FastClock()), faults


@refusals
def test_a_name_that_becomes_known_is_waited_for(
    refusal: tuple[str, str, str, str], world: tuple[Environment, Faults], aws: Aws
) -> None:
    """One up succeeds."""
    environment, faults = world
    row, operation, code, message = refusal
    kind: Row = KNOWN[row]
    inputs = kind.inputs(kind.needs(aws))
    faults.refused, faults.times = {operation: (code, message)}, 3
    driver = Driver(kind.resource, environment)
    assert "create" == driver.up(inputs)
    assert 0 == faults.times
    driver.refresh()
    assert "same" == driver.up(inputs)


@refusals
def test_a_name_that_stays_unknown_ends_the_wait(
    refusal: tuple[str, str, str, str], world: tuple[Environment, Faults], aws: Aws
) -> None:
    """After two minutes, with AWS's own message."""
    environment, faults = world
    row, operation, code, message = refusal
    kind: Row = KNOWN[row]
    inputs = kind.inputs(kind.needs(aws))
    faults.refused, faults.times = {operation: (code, message)}, 1_000
    error = attempt(Driver(kind.resource, environment), inputs)
    assert error is not None
    assert 1 == str(error).count("for 120 s"), (str(error), faults)
    (problem,) = [problem for problem in error.problems if "for 120 s" in problem.problem]
    assert message in problem.problem
    assert isinstance(environment.clock, FastClock)
    assert 120 <= environment.clock.now < 300


def test_the_program_grants_the_time(world: tuple[Environment, Faults]) -> None:
    """`customTimeouts` of the resource bounds the wait."""
    environment, faults = world
    faults.refused, faults.times = {"CreateRole": ("MalformedPolicyDocument", "Invalid principal")}, 1_000
    driver = Driver(KNOWN["Role"].resource, environment)
    properties = encode({"name": "hub", "assumePolicy": {"Version": "2012-10-17", "Statement": []}})
    with pytest.raises(OutsideFailure, match="for 27 s"):
        driver.create(proto.CreateRequest(urn=driver.urn, properties=properties, timeout=30))
    assert isinstance(environment.clock, FastClock)
    assert 27 <= environment.clock.now <= 30


def test_a_refusal_that_no_source_states_is_reported_at_once(
    world: tuple[Environment, Faults], aws: Aws
) -> None:
    """A wrong role costs no two minutes."""
    environment, faults = world
    kind: Row = KNOWN["RolesAnywhereProfile"]
    inputs = kind.inputs(kind.needs(aws))
    faults.refused, faults.times = {"CreateProfile": ("ValidationException", "Role is not valid")}, 1_000
    error = attempt(Driver(kind.resource, environment), inputs)
    assert error is not None
    assert "Role is not valid" in str(error)
    assert isinstance(environment.clock, FastClock)
    assert 0 == environment.clock.now


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_kind_that_names_a_role_is_in_the_table(row: Row) -> None:
    """A new one gets its lines."""
    spec: Any = row.resource.Spec
    if NAMED & set(fields_of(spec)):
        assert row.name in {name for name, *_ in REFUSALS} | UNSTATED
