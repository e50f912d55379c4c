"""What all kinds share: tags, whose a resource is, and resources of other stacks."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError
from tests.cloud.driving import Driver
from tests.cloud.timing import FastClock

from edgefleet.cloud.subnet import Subnet
from edgefleet.cloud.vpc import Vpc
from edgefleet.errors import OutsideFailure, Refused
from edgefleet.io.aws import Aws
from edgefleet.io.environment import Environment
from edgefleet.model.spec import adapter
from edgefleet.model.tags import Ec2Tags, Tags

INPUTS = {"cidr": "10.9.0.0/16"}


@pytest.fixture
def environment(aws: Aws, tmp_path: Path) -> Environment:
    return Environment(project=tmp_path, aws=aws, clock=FastClock(), holder="0123456789abcdef")


@pytest.mark.parametrize(
    ("tags", "problem"),
    [
        ({"managed-by": "somebody"}, "managed-by is edgefleet's own tag"),
        ({"edgefleet:stack": "dev"}, "is edgefleet's own tag"),
        ({"AWS:x": "y"}, "begins with aws:"),
        ({"k" * 129: "v"}, "has 129 characters, a tag's key has at most 128"),
        ({"": "v"}, "is not a tag's key"),
        ({"k": "v" * 257}, "has 257 characters, a tag's value has at most 256"),
        ({"k": "a\nb"}, "a?b is not a tag's value"),
        ({f"k{number}": "v" for number in range(41)}, "has 41 tags"),
    ],
)
@pytest.mark.parametrize("of", [Tags, Ec2Tags])
def test_tags_that_cannot_be(of: type[dict[str, str]], tags: dict[str, str], problem: str) -> None:
    """AWS would refuse them half-way."""
    with pytest.raises(ValidationError, match=re.escape(problem)):
        adapter(of).validate_python(tags)


def test_only_ec2_takes_any_character_in_a_tag() -> None:
    """Names of instances have parentheses; IAM and others refuse them."""
    tags = {"Name": "hub (eu), blue"}
    assert tags == adapter(Ec2Tags).validate_python(tags)
    with pytest.raises(ValidationError, match="is not a tag's value") as refused:
        adapter(Tags).validate_python(tags)
    assert "letters, digits, spaces" in refused.value.errors()[0]["ctx"]["hint"]


def test_a_resource_says_whose_it_is(environment: Environment) -> None:
    """Fleet, stack, URN and who holds the stack."""
    driver = Driver(Vpc(), environment)
    driver.up(INPUTS)
    (found,) = environment.aws.client("ec2").describe_vpcs(
        Filters=[{"Name": "tag-key", "Values": ["edgefleet:urn"]}]
    )["Vpcs"]
    tags = {each["Key"]: each["Value"] for each in found["Tags"]}
    assert {"fleet", "dev", "0123456789abcdef", "edgefleet"} == {
        tags[key] for key in ("edgefleet:fleet", "edgefleet:stack", "edgefleet:holder", "managed-by")
    }


def test_one_whose_answer_was_lost_is_found_again(environment: Environment) -> None:
    """The state has nothing, the cloud has it: no second one is made."""
    driver = Driver(Vpc(), environment)
    driver.up(INPUTS)
    assert driver.state is not None
    first, driver.state = driver.state.id, None
    driver.restart()
    driver.up(INPUTS)
    assert driver.state is not None
    assert first == driver.state.id


def test_another_stack_of_the_same_name_takes_nothing_over(environment: Environment) -> None:
    """Its state would destroy what the first one made."""
    Driver(Vpc(), environment).up(INPUTS)
    other = Driver(Vpc(), replace(environment, holder="fedcba9876543210"))
    with pytest.raises(Refused, match="another stack that is also called dev"):
        other.up(INPUTS)


def test_a_forced_replacement_makes_another_one(environment: Environment) -> None:
    """Equal inputs, and the old one still there: that is not a lost answer."""
    driver = Driver(Vpc(), environment)
    driver.up(INPUTS)
    assert driver.state is not None
    first = driver.state.id
    driver.check(INPUTS)
    driver._create(INPUTS)
    assert first != driver.state.id


def test_each_may_be_in_a_region_of_its_own(environment: Environment) -> None:
    """The provider's is eu-central-1; an import names another one after an @."""
    driver = Driver(Vpc(), environment)
    inputs = {**INPUTS, "region": "us-west-2"}
    driver.up(inputs)
    assert driver.state is not None
    there = environment.aws.in_region("us-west-2").client("ec2")
    assert driver.state.id in {each["VpcId"] for each in there.describe_vpcs()["Vpcs"]}
    driver.refresh()
    assert "same" == driver.up(inputs)
    imported = driver.imported(f"{driver.state.id}@us-west-2")
    assert imported is not None
    assert inputs == {name: imported.inputs[name] for name in inputs}
    assert "replace" == driver.up(INPUTS)


def test_changing_what_somebody_removed_says_so(environment: Environment) -> None:
    """Without a refresh in between."""
    driver = Driver(Vpc(), environment)
    driver.up(INPUTS)
    assert driver.state is not None
    environment.aws.client("ec2").delete_vpc(VpcId=driver.state.id)
    with pytest.raises(OutsideFailure, match="run refresh, then up to recreate it"):
        driver.up({**INPUTS, "tags": {"a": "b"}})


def test_what_still_uses_a_network_is_named(environment: Environment) -> None:
    """Retried for two minutes, then said."""
    driver = Driver(Vpc(), environment)
    driver.up(INPUTS)
    assert driver.state is not None
    ec2 = environment.aws.client("ec2")
    subnet = ec2.create_subnet(VpcId=driver.state.id, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    interface = ec2.create_network_interface(SubnetId=subnet, Description="somebody's")
    with pytest.raises(OutsideFailure, match="somebody's"):
        driver.destroy()
    assert interface["NetworkInterface"]["NetworkInterfaceId"]
    assert isinstance(environment.clock, FastClock)
    assert 120 <= environment.clock.now < 140


def test_a_subnet_that_overlaps_another_is_reported_in_words(environment: Environment) -> None:
    """Not by AWS's code alone."""
    vpc = environment.aws.client("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    driver = Driver(Subnet(), environment)
    driver.up({"vpcId": vpc, "cidr": "10.9.1.0/24"})
    other = Driver(Subnet(), environment, stack="other")
    with pytest.raises(OutsideFailure, match="overlap those of another subnet"):
        other.up({"vpcId": vpc, "cidr": "10.9.1.0/25"})


def test_the_lifecycle_remembers_nothing_of_an_earlier_run(environment: Environment) -> None:
    """A destroy after an up in one process removes for good."""
    driver = Driver(Vpc(), environment)
    driver.up(INPUTS)
    assert driver.state is not None
    identity = driver.state.id
    driver.destroy()
    found = environment.aws.client("ec2").describe_vpcs()["Vpcs"]
    assert identity not in {vpc["VpcId"] for vpc in found}
