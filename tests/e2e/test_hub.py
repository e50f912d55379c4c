"""A hub's whole story: up, nothing to do, drift, one changed line, destroy, and what other stacks see."""

import gzip
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cloud.census import census
from tests.e2e.test_story import Project, copied

from edgefleet.io import emulator
from edgefleet.io.aws import Aws

pytestmark = pytest.mark.slow

KINDS = 20
"""Kinds of resources that a hub of k3s is made of, at least."""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = copied(tmp_path)
    assert 0 == made.run("init", "-s", "dev", "--if-missing").returncode
    yield made
    made.run("emulator", "stop")


@pytest.fixture
def empty(project: Project) -> frozenset[str]:
    """What the emulated cloud has before anything is made: what every account has."""
    emulator.ensure(project.path)
    return census(cloud(project.path))


def cloud(path: Path) -> Aws:
    found = emulator.find(path)
    assert found is not None
    return Aws.emulated(found.url, "eu-central-1")


def changed(found: dict[str, Any]) -> dict[str, str]:
    """dict[type -> operation] of the steps that do something to the hub."""
    return {
        each["type"]: each["op"]
        for each in found["steps"]
        if each["op"] != "same" and each["type"].startswith("edgefleet:aws:")
    }


def it_comes_up_and_then_there_is_nothing_to_do(project: Project, empty: frozenset[str]) -> None:
    """Network, servers behind one name, identity, manifests, site identity."""
    made = project.json("up", "-s", "dev", "-y")
    kinds = {each["type"] for each in made["steps"] if each["type"].startswith("edgefleet:aws:")}
    assert len(kinds) >= KINDS
    assert {"edgefleet:aws:ServerSet", "edgefleet:aws:NatGateway", "edgefleet:aws:Crl"} <= kinds
    assert len(census(cloud(project.path)) - empty) > 40
    assert {} == changed(project.json("preview", "-s", "dev"))
    assert {} == changed(project.json("refresh", "-s", "dev", "-y"))


def drift_is_shown_and_repaired(project: Project) -> None:
    """Somebody opened the API's port to a machine of theirs, and stopped a server."""
    aws = cloud(project.path)
    ec2 = aws.client("ec2")
    filters = [{"Name": "group-name", "Values": ["retail-dev-hub-servers"]}]
    (group,) = ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    opened = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[opened])
    tags = [{"Name": "tag:edgefleet:set", "Values": ["retail-dev-hub"]}]
    found = ec2.describe_instances(Filters=tags)["Reservations"]
    ec2.stop_instances(InstanceIds=[found[0]["Instances"][0]["InstanceId"]])
    project.json("refresh", "-s", "dev", "-y")
    wanted = {"edgefleet:aws:SecurityGroup": "update", "edgefleet:aws:ServerSet": "update"}
    assert wanted == changed(project.json("preview", "-s", "dev"))
    project.json("up", "-s", "dev", "-y")


def revoking_a_site_is_one_line(project: Project) -> None:
    """The list of revoked certificates changes, and nothing else: no drift is left."""
    project.edit("\nprofiles:", "\nrevoked: {de-ber-001: 1}\n\nprofiles:")
    assert {"edgefleet:aws:Crl": "update"} == changed(project.json("preview", "-s", "dev"))
    project.json("up", "-s", "dev", "-y")


def a_new_release_of_k3s_is_a_plan_and_rolls_no_server(project: Project) -> None:
    """The servers' own resource shows the version; an older one is refused before anything is done."""
    project.edit("  servers: 3\n", "  servers: 3\n  k3s: {version: v1.37.1+k3s1}\n")
    found = project.json("preview", "-s", "dev")
    assert {"edgefleet:aws:BucketObject": "update", "edgefleet:aws:ServerSet": "update"} == changed(found)
    before = machines(project.path)
    project.json("up", "-s", "dev", "-y")
    assert before == machines(project.path)
    project.edit("v1.37.1+k3s1", "v1.36.5+k3s1")
    refused = project.run("preview", "-s", "dev", "--engine", "local")
    assert 0 != refused.returncode
    assert "v1.36.5+k3s1 is older than v1.37.1+k3s1" in " ".join(
        refused.stdout.split() + refused.stderr.split()
    )
    project.edit("v1.36.5+k3s1", "v1.37.1+k3s1")


def machines(path: Path) -> set[str]:
    found = cloud(path).client("ec2").describe_instances()["Reservations"]
    return {
        one["InstanceId"] for each in found for one in each["Instances"] if one["State"]["Name"] == "running"
    }


def no_secret_is_in_the_servers_user_data(project: Project) -> None:
    """It is fetched by role; everyone on the machine may read user-data."""
    aws = cloud(project.path)
    pages = aws.pages("ssm", "describe_parameters", "hub", key="Parameters")
    names = [each["Name"] for each in pages]
    values = [
        each["Value"].strip().splitlines()[-2 if "PRIVATE" in each["Value"] else 0]
        for start in range(0, len(names), 10)
        for each in aws.client("ssm").get_parameters(Names=names[start : start + 10], WithDecryption=True)[
            "Parameters"
        ]
        if "key" in each["Name"] or "token" in each["Name"]
    ]
    assert len(values) >= 8
    for instance in machines(project.path):
        answer = aws.client("ec2").describe_instance_attribute(InstanceId=instance, Attribute="userData")
        data = b64decode(answer["UserData"]["Value"])
        assert len(data) <= 16_384
        text = gzip.decompress(data).decode()
        assert "cluster-init" in text or "server: https://hub.dev.retail.example:6443" in text
        assert [] == [value for value in values if value in text]


def destroying_leaves_nothing(project: Project, empty: frozenset[str]) -> None:
    project.json("destroy", "-s", "dev", "-y")
    assert empty == census(cloud(project.path))


def test_the_story_of_a_hub(project: Project, empty: frozenset[str]) -> None:
    """One after the other, as each goes on where the last one ended."""
    it_comes_up_and_then_there_is_nothing_to_do(project, empty)
    drift_is_shown_and_repaired(project)
    revoking_a_site_is_one_line(project)
    no_secret_is_in_the_servers_user_data(project)
    a_new_release_of_k3s_is_a_plan_and_rolls_no_server(project)
    destroying_leaves_nothing(project, empty)
