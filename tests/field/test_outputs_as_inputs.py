"""Outputs of other resources and stacks go into every argument, known or not.

Source: pulumi/pulumi-eks#1274 (arguments of a component are typed as plain values, so what is not known yet
cannot be given), pulumi/pulumi#2022 (the id of a network cannot be used before the network exists).
"""

import base64
from typing import Any

import pytest

SECRET = base64.b64encode(bytes(range(32))).decode()
VPC = """
from edgefleet.fleet.aws import Subnet, Vpc
vpc = Vpc("own", {"cidr": "10.1.0.0/16"})
subnets = [
    Subnet(zone, {"vpcId": vpc.id, "cidr": f"10.1.{number}.0/24", "zone": f"eu-central-1{zone}"})
    for number, zone in enumerate("abc")
]
"""
BUCKET = (
    VPC
    + """
name = vpc.id.apply(lambda id: f"field-{id}")
hub = edgefleet.ControlPlane("hub", {"bucket": name, "tags": {"vpc": vpc.id}})
pulumi.export("bucket", hub.summary["bucket"])
"""
)
HUB = (
    VPC
    + """
network = {"vpcId": vpc.id, "subnets": SUBNETS}
zone = vpc.id.apply(lambda id: "Z0123456789AB")
hub = {
    "kind": kind, "cloud": {"region": "eu-central-1"}, "bucket": vpc.id.apply(lambda id: f"field-{id}"),
    "dns": {"name": "hub.field.example", "zoneId": zone}, "k3s": {"version": "v1.36.4+k3s1"},
    "image": vpc.id.apply(lambda id: "ami-0123456789abcdef0"), "network": network,
    "costLimit": {"monthly": 9, "notify": [vpc.id.apply(lambda id: f"{id}@example.org")]},
}
edgefleet.ControlPlane("hub", {"hub": hub, "secret": secret})
"""
)
FLEET = """\
apiVersion: edgefleet.dev/v1
fleet: shops
region: north
recipe: 1
images: {store: "file:images"}
profiles:
  pos: {arch: amd64, cpus: 4, memory: 8Gi, disk: 64Gi, storage: ssd}
defaults: {profile: pos, k3s: {version: v1.36.4+k3s1}}
sites:
  alpha: {network: {address: 10.0.1.2/24, gateway: 10.0.1.1}}
"""
SITE = """
from pathlib import Path
fleet = edgefleet.load_fleet(Path("shops.fleet.yaml"), Path.cwd())
store = vpc.id.apply(lambda id: f"file:images/{id}")
site = edgefleet.Site("alpha", fleet.sites["alpha"], {"store": store, "secret": secret})
"""


def test_a_bucket_is_named_by_what_is_not_known_yet(stack: Any) -> None:
    planned = stack.preview(BUCKET)
    assert "succeeded" == planned.result, planned.text
    assert "create" == planned.ops["hub/artifacts"]
    run = stack.up()
    assert "succeeded" == run.result, run.text
    state = stack.state()
    name = f"field-{state['own']['id']}"
    assert (name, name) == (state["hub/artifacts"]["id"], run.outputs["bucket"])
    assert {"vpc": state["own"]["id"]} == state["hub/artifacts"]["inputs"]["tags"]
    assert {} == stack.preview().ops


@pytest.mark.parametrize("kind", ["k3s", "eks"])
@pytest.mark.parametrize(
    "subnets",
    ["[subnet.id for subnet in subnets]", "pulumi.Output.all(*[subnet.id for subnet in subnets])"],
)
def test_a_hub_goes_into_a_network_of_the_same_program(stack: Any, kind: str, subnets: str) -> None:
    """Preview plans all of it, with ids, zone, image, bucket and addresses that are not known yet."""
    stack.write(HUB.replace("SUBNETS", subnets), kind=kind, secret=SECRET)
    run = stack.preview()
    assert "succeeded" == run.result, run.text
    last = {"k3s": "hub/servers", "eks": "hub/nodes"}[kind]
    assert {"create"} == {run.ops[name] for name in (last, "hub/artifacts", "hub/limit")}


def test_another_stack_gives_a_value(stack: Any) -> None:
    stack.write(BUCKET)
    assert "succeeded" == stack.up().result
    name = f"field-{stack.state()['own']['id']}-2"
    other = stack.another("other")
    other.write(
        """
base = pulumi.StackReference("organization/field/dev")
edgefleet.ControlPlane("hub", {"bucket": base.get_output("bucket").apply(lambda name: f"{name}-2")})
"""
    )
    run = other.up()
    assert "succeeded" == run.result, run.text
    assert name == other.state()["hub/artifacts"]["id"]


def test_a_site_states_what_its_images_wait_for(stack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(stack.root)
    (stack.root / "shops.fleet.yaml").write_text(FLEET)
    stack.write(VPC + SITE, secret=SECRET)
    run = stack.preview()
    assert "succeeded" == run.result, run.text
    (site,) = [step for step in run.steps if step.name == "alpha"]
    image = site.new_outputs["images"]["n1"]
    assert (None, "store") == (image["seed"], image["unknownBecause"])
    assert "succeeded" == stack.up().result
    assert stack.state()["alpha"]["outputs"]["images"]["n1"]["seed"].startswith("sha256:")


def test_a_wrong_value_is_named_when_it_is_known(stack: Any) -> None:
    """An output of another stack that is no such id: with its path, before anything of the hub is made."""
    network = """network = {"vpcId": pulumi.Output.from_input("own")"""
    program = HUB.replace("SUBNETS", "[subnet.id for subnet in subnets]")
    program = program.replace("""network = {"vpcId": vpc.id""", network)
    stack.write(program, kind="k3s", secret=SECRET)
    run = stack.preview()
    assert "succeeded" != run.result
    assert "hub.network.vpcId" in run.text
