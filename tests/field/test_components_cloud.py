"""A component uses the provider that it is given, or the cloud that it declares, or it refuses both.

Source: pulumi/pulumi#10640, pulumi/pulumi#12161 and pulumi/pulumi-awsx#887: what a component makes is in the
account of the environment and not in that of the provider that the component is given.
"""

import base64
from typing import Any

import pytest

SECRET = base64.b64encode(bytes(range(32))).decode()
FLEET = """\
apiVersion: edgefleet.dev/v1
fleet: shops
region: north
recipe: 1
controlPlane:
  kind: none
  cloud: {region: eu-west-1%s}
  bucket: shops-north-artifacts
images: {store: "s3://shops-north-artifacts/images"}
profiles:
  pos: {arch: amd64, cpus: 4, memory: 8Gi, disk: 64Gi, storage: ssd}
defaults: {profile: pos, k3s: {version: v1.36.4+k3s1}}
sites:
  alpha: {network: {address: 10.0.1.2/24, gateway: 10.0.1.1}}
"""
MINE = """
mine = edgefleet.Provider("mine", {"region": region, "endpoint": address, "profile": "mine"})
around = pulumi.ComponentResource("a:b:C", "c", {}, pulumi.ResourceOptions(providers=[mine]))
"""
FLEET_OF_MINE = """
edgefleet.Fleet("shops", {"file": "shops.fleet.yaml", "secret": secret}, OPTIONS)
"""
OPTIONS = [
    "pulumi.ResourceOptions(providers=[mine])",
    'pulumi.ResourceOptions(providers={"edgefleet": mine})',
    "pulumi.ResourceOptions(provider=mine)",
    "pulumi.ResourceOptions(parent=around)",
]
HUB = """
hub = {"kind": "none", "bucket": "field-hub", "cloud": cloud}
edgefleet.ControlPlane("hub", {"hub": hub, "secret": secret}, OPTIONS)
"""


@pytest.fixture(autouse=True)
def _in_its_folder(stack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(stack.root)


def places(stack: Any) -> set[tuple[str, str, str]]:
    return {(call.account, call.region, call.endpoint) for call in stack.calls}


@pytest.mark.parametrize("options", OPTIONS)
def test_a_fleet_acts_with_the_provider_that_it_is_given(stack: Any, options: str) -> None:
    (stack.root / "shops.fleet.yaml").write_text(FLEET % "")
    program = MINE + FLEET_OF_MINE.replace("OPTIONS", options)
    stack.write(program, region="eu-west-1", address=stack.cloud.url["mine"], secret=SECRET)
    run = stack.up()
    assert "succeeded" == run.result, run.text
    assert {("mine", "eu-west-1", "mine")} == places(stack)
    assert "succeeded" == stack.destroy().result
    assert {("mine", "eu-west-1", "mine")} == places(stack)


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        (", profile: other", "controlPlane.cloud.profile"),
        (", roleArn: 'arn:aws:iam::210987654321:role/x'", "controlPlane.cloud.roleArn"),
        (", endpoint: 'http://127.0.0.1:9'", "controlPlane.cloud.endpoint"),
    ],
)
def test_a_fleet_file_of_another_cloud_is_refused(stack: Any, declared: str, words: str) -> None:
    """Before anything is called."""
    (stack.root / "shops.fleet.yaml").write_text(FLEET % declared)
    program = MINE + FLEET_OF_MINE.replace("OPTIONS", OPTIONS[0])
    stack.write(program, region="eu-west-1", address=stack.cloud.url["mine"], secret=SECRET)
    run = stack.up()
    assert "succeeded" != run.result
    assert words in run.text
    assert [] == stack.calls


def test_a_hub_without_a_provider_is_made_in_its_cloud(stack: Any) -> None:
    """Region, endpoint, profile and role of `cloud` count; the ambient account sees no call."""
    cloud = {"region": "eu-west-1", "endpoint": stack.cloud.url["mine"], "profile": "mine"}
    stack.write(HUB.replace(", OPTIONS", ""), cloud=cloud, secret=SECRET)
    assert "succeeded" == stack.preview().result
    run = stack.up()
    assert "succeeded" == run.result, run.text
    assert {("mine", "eu-west-1", "mine")} == places(stack)


def test_a_hub_assumes_the_role_of_its_cloud(stack: Any) -> None:
    cloud = {
        "region": "eu-west-1",
        "endpoint": stack.cloud.url["mine"],
        "roleArn": "arn:aws:iam::210987654321:role/deploy",
    }
    stack.write(HUB.replace(", OPTIONS", ""), cloud=cloud, secret=SECRET)
    assert "succeeded" == stack.up().result
    (account,) = {call.account for call in stack.calls if call.service != "sts"}
    assert account.startswith(("ASIA", "210987654321"))  # a key that the role was given
    assert {"mine"} == {call.endpoint for call in stack.calls}


def test_what_a_cloud_leaves_open_is_the_stacks_configuration(stack: Any) -> None:
    """As with the default provider; `cloud` goes first."""
    settings = {"edgefleet:endpoint": stack.cloud.url["other"], "edgefleet:region": "us-west-2"}
    stack.configure(**settings)
    stack.write(HUB.replace(", OPTIONS", ""), cloud={"region": "eu-west-1"}, secret=SECRET)
    assert "succeeded" == stack.up().result
    assert {("ambient", "eu-west-1", "other")} == places(stack)


def test_a_provider_in_another_region_than_the_hub_is_refused(stack: Any) -> None:
    """Before anything is called: half of the hub would be in each."""
    program = MINE + HUB.replace("OPTIONS", OPTIONS[0])
    variables = {"address": stack.cloud.url["mine"], "secret": SECRET}
    stack.write(program, region="us-west-2", cloud={"region": "eu-west-1"}, **variables)
    for run in (stack.preview(), stack.up()):
        assert "succeeded" != run.result
        assert "hub.cloud.region" in run.text
        assert "us-west-2" in run.text
    assert [] == stack.calls
    stack.write(program, region="eu-west-1", cloud={"region": "eu-west-1"}, **variables)
    assert "succeeded" == stack.up().result
    assert {("mine", "eu-west-1", "mine")} == places(stack)


def test_a_hub_goes_to_its_region_where_the_providers_is_an_output(stack: Any) -> None:
    """The program cannot compare the two, so each part names the region."""
    program = MINE + HUB.replace("OPTIONS", OPTIONS[0])
    program = program.replace('"region": region', '"region": pulumi.Output.from_input(region)')
    variables = {"address": stack.cloud.url["mine"], "secret": SECRET}
    stack.write(program, region="us-west-2", cloud={"region": "eu-west-1"}, **variables)
    run = stack.up()
    assert "succeeded" == run.result, run.text
    assert {("mine", "eu-west-1", "mine")} == places(stack)
