"""A component acts as a package as it does in the program: outputs, secrets, references to its parts.

Sources: pulumi/pulumi#10172 and #5803: a secret field of a resource that a remote component returns is in
clear. A program in another language reads the hub below a fleet by its URN and gets what the hub registered;
the YAML host (1.25.0) turns a secret inside of an output into an empty map, and keeps an output that is one.
The embedded engine has no remote components and refuses them by name.
"""

import base64
import json
from typing import Any

import pytest

from edgefleet.plugin import schema

pytestmark = pytest.mark.slow

FILE = """
apiVersion: edgefleet.dev/v1
fleet: field
region: dev
recipe: 1
controlPlane: {kind: existing, kubeconfig: hub.yaml, cloud: {region: eu-central-1, endpoint: emulated}}
images: {store: file:images}
profiles: {small: {arch: amd64, cpus: 4, memory: 8Gi, disk: 128Gi, storage: nvme}}
defaults: {profile: small, k3s: {version: v1.36.4+k3s1}}
sites:
  berlin: {location: {city: Berlin, country: DE}, nodes: {n1: {}}}
"""
INPUTS = {"file": "dev.fleet.yaml", "secret": base64.b64encode(bytes(32)).decode()}
LOCAL = """
fleet = edgefleet.Fleet("dev", inputs)
"""
PACKAGED = """
from pulumi.runtime import rpc


class ControlPlane(pulumi.ComponentResource):
    kubeconfigs: pulumi.Output[dict]

    def __init__(self, name, args=None, opts=None):
        props = {"kubeconfigs": None, "kind": None}
        super().__init__("edgefleet:index:ControlPlane", name, props, opts, remote=True)


class Module(pulumi.runtime.ResourceModule):
    def version(self):
        return None

    def construct(self, name, typ, urn):
        return ControlPlane(name, None, pulumi.ResourceOptions(urn=urn))


class Fleet(pulumi.ComponentResource):
    digests: pulumi.Output[dict]
    hub: pulumi.Output[ControlPlane]

    def __init__(self, name, args):
        props = {**args, "digests": None, "hub": None}
        super().__init__("edgefleet:index:Fleet", name, props, None, remote=True)


if "edgefleet:index" not in rpc._RESOURCE_MODULES:  # several programs run in the process of a test
    pulumi.runtime.register_resource_module("edgefleet", "index", Module())
fleet = Fleet("dev", inputs | {"secret": pulumi.Output.secret(inputs["secret"])})
"""
EXPORTS = """
pulumi.export("digests", fleet.digests)
pulumi.export("kind", fleet.hub.kind)
pulumi.export("kubeconfigs", fleet.hub.kubeconfigs)
"""


def registered(stack: Any) -> dict[str, dict[str, bool]]:
    """dict[type of a component -> dict[output -> whether it is encrypted as a whole]] in the state."""
    checkpoint = json.loads((stack.root / ".pulumi/stacks/field/dev.json").read_text())
    return {
        item["type"]: {
            name: isinstance(value, dict) and "ciphertext" in value
            for name, value in item.get("outputs", {}).items()
        }
        for item in checkpoint["checkpoint"]["latest"]["resources"]
        if not item["custom"]
    }


@pytest.fixture
def project(stack: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(stack.root)  # the plugin's working directory is the project
    (stack.root / "dev.fleet.yaml").write_text(FILE)
    (stack.root / "hub.yaml").write_text("kind: Config\n")
    return stack


@pytest.mark.parametrize("form", [LOCAL, PACKAGED], ids=["local", "packaged"])
def test_each_component_registers_the_outputs_that_it_declares(project: Any, form: str) -> None:
    """Those that have a value; a declared secret is encrypted as a whole."""
    project.write(form, inputs=INPUTS)
    run = project.up()
    if form == PACKAGED and not project.is_cli:
        assert "uses a component of another package" in run.text
        return
    assert "succeeded" == run.result, run.text
    recorded = registered(project)
    declared = {
        kind: {
            name: bool(output.get("secret"))
            for name, output in json.loads(schema())["resources"][kind]["properties"].items()
        }
        for kind in ("edgefleet:index:Fleet", "edgefleet:index:ControlPlane")
    }
    absent = {"endpoint": False, "caHash": False}  # of an existing hub
    assert declared["edgefleet:index:Fleet"] == recorded["edgefleet:index:Fleet"]
    assert declared["edgefleet:index:ControlPlane"] == recorded["edgefleet:index:ControlPlane"] | absent


def test_a_packaged_fleet_has_the_outputs_of_the_class(project: Any) -> None:
    """The digests, and by the reference to its hub a kubeconfig, which is secret."""
    project.write(LOCAL + EXPORTS, inputs=INPUTS)
    expected = project.preview()
    assert "succeeded" == expected.result, expected.text
    project.write(PACKAGED + EXPORTS, inputs=INPUTS)
    run = project.up()
    if not project.is_cli:
        assert "uses a component of another package" in run.text
        return
    assert "succeeded" == run.result, run.text
    assert {"n1"} == set(run.outputs["digests"]["berlin"])
    assert expected.outputs["digests"] == run.outputs["digests"]
    assert ("existing", "[secret]") == (run.outputs["kind"], run.outputs["kubeconfigs"])
    assert registered(project)["pulumi:pulumi:Stack"]["kubeconfigs"]
    assert {} == project.preview().ops
