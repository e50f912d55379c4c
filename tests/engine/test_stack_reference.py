"""One region's stack reads another's outputs, with the components and the provider that edgefleet ships."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.pulumi_embedded.conftest import ENVIRON, SALT

from edgefleet.engine.api import Options
from edgefleet.engine.embedded import EmbeddedEngine
from edgefleet.model.steps import Outcome

FLEET = """\
apiVersion: edgefleet.dev/v1
fleet: shops
region: {0}
recipe: 1
controlPlane: {{kind: none, cloud: {{region: eu-central-1}}}}
images: {{store: "file:images/{0}"}}
profiles:
  pos: {{arch: amd64, cpus: 4, memory: 8Gi, disk: 64Gi, storage: ssd}}
defaults: {{profile: pos, k3s: {{version: v1.36.4+k3s1}}}}
sites:
  {0}-shop: {{network: {{address: 10.0.1.2/24, gateway: 10.0.1.1}}}}
"""
PROGRAM = """
import edgefleet, pulumi
stack = pulumi.get_stack()
edgefleet.Fleet(stack, {"file": f"{stack}.fleet.yaml", "secret": pulumi.Output.secret("c2VjcmV0" * 8)})
"""
NORTH = """
pulumi.export("ntp", "10.9.0.1")
pulumi.export("join", pulumi.Output.secret("very hidden"))
"""
SOUTH = """
north = pulumi.StackReference("organization/shops/north")
pulumi.export("ntp", north.get_output("ntp"))
pulumi.export("join", north.require_output("join"))
"""


class Shops:
    """A project with a stack for each region."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.engine = EmbeddedEngine(environ=ENVIRON)
        (root / "Pulumi.yaml").write_text("name: shops\nruntime: python\nbackend: {url: 'file://.'}\n")
        for stack in ("north", "south"):
            (root / f"Pulumi.{stack}.yaml").write_text(f"encryptionsalt: {SALT.salt}\nconfig: {{}}\n")
            (root / f"{stack}.fleet.yaml").write_text(FLEET.format(stack))

    def run(self, operation: Any, stack: str, more: str) -> Outcome:
        """Run a stack's program: its fleet, and what is added."""
        (self.root / "__main__.py").write_text(PROGRAM + more)
        return self.engine.run(operation, Options(stack=stack, project=self.root))

    def state(self, stack: str) -> str:
        """Return a stack's checkpoint as it is written."""
        return (self.root / ".pulumi" / "stacks" / "shops" / f"{stack}.json").read_text()


@pytest.fixture
def shops(tmp_path: Path) -> Shops:
    """Two regions, none of them up."""
    return Shops(tmp_path)


def test_a_new_projects_program_tells_other_stacks_of_its_hub(shops: Shops) -> None:
    """As `edgefleet new` writes it: without another line, a stack can be built on the region's hub."""
    program = (Path(__file__).parents[2] / "templates/project/main.py").read_text()
    (shops.root / "stacks").mkdir()
    shops.root.joinpath("north.fleet.yaml").rename(shops.root / "stacks/north.fleet.yaml")
    (shops.root / "Pulumi.north.yaml").write_text("config: {'fleet:secret': " + "c2VjcmV0" * 8 + "}\n")
    (shops.root / "__main__.py").write_text(program)
    outcome = shops.engine.run("up", Options(stack="north", project=shops.root))
    assert "succeeded" == outcome.result, outcome.diagnostics
    reading = """
north = pulumi.StackReference("organization/shops/north")
pulumi.export("kind", north.require_output("hub").apply(lambda hub: hub["kind"]))
"""
    assert {"kind": "none"} == shops.run("up", "south", reading).outputs


def test_one_region_reads_anothers_outputs(shops: Shops) -> None:
    """As they are when it is brought up; what is secret there is secret here, and on the disk."""
    assert "succeeded" == shops.run("up", "north", NORTH).result
    outcome = shops.run("up", "south", SOUTH)
    assert "succeeded" == outcome.result, outcome.diagnostics
    assert {"ntp": "10.9.0.1", "join": "[secret]"} == outcome.outputs
    assert "very hidden" not in shops.state("south")
    stack = shops.engine.state(Options(stack="south", project=shops.root), show_secrets=True)
    assert "very hidden" == stack.find("pulumi:pulumi:Stack")["shops-south"].outputs["join"]
    again = shops.run("up", "south", SOUTH)
    assert {"same", "read"} == {step.op for step in again.steps}
    shops.run("up", "north", NORTH.replace("10.9.0.1", "10.9.0.2"))
    assert "10.9.0.2" == shops.run("preview", "south", SOUTH).outputs["ntp"]


def test_a_region_that_is_not_there_is_reported(shops: Shops) -> None:
    """By its name, with what to do; nothing is made and nothing stays pending."""
    for operation in ("preview", "up"):
        outcome = shops.run(operation, "south", SOUTH)
        assert "failed" == outcome.result
        errors = [item.message for item in outcome.diagnostics if item.severity == "error"]
        missing = "there is no stack 'organization/shops/north' in this backend"
        assert [f"{missing}; create it first, or fix the reference"] == errors
    assert "pending_operations" not in json.loads(shops.state("south"))["checkpoint"]["latest"]


def test_secrets_of_another_passphrase_are_reported(shops: Shops) -> None:
    """A region may have one of its own; then its open outputs are read, and its secret ones are left out."""
    shops.run("up", "north", NORTH)
    (shops.root / "Pulumi.south.yaml").write_text("config: {}\n")
    shops.engine = EmbeddedEngine(environ={"PULUMI_CONFIG_PASSPHRASE": "battery staple"})
    outcome = shops.run("up", "south", SOUTH)
    assert ("succeeded", "10.9.0.1") == (outcome.result, outcome.outputs["ntp"])
    assert any("stack reference 'organization/shops/north'" in item.message for item in outcome.diagnostics)
    assert "very hidden" not in shops.state("south")
