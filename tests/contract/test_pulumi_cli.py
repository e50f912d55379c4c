"""The provider's plugin under the real Pulumi CLI: a scratch project from nothing to nothing.

Pulumi.yaml names no plugin: the CLI finds `pulumi-resource-edgefleet` on PATH.
"""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi import automation
from tests.contract.conftest import PLUGIN, SECRET
from tests.inline_programs import InlineCli, require_cli

import edgefleet
from edgefleet.engine.api import Options
from edgefleet.engine.pulumi_cli import PulumiCli
from edgefleet.io import emulator
from edgefleet.keys.derivation import site_key
from edgefleet.model.steps import Operation, Outcome, Step

pytestmark = [pytest.mark.pulumi_cli, pytest.mark.slow]

PROGRAM = """
import json
from pathlib import Path

import pulumi

inputs = json.loads(Path(__file__).with_name("inputs.json").read_text())
cloud = pulumi.ProviderResource("edgefleet", "cloud", {"region": "eu-central-1", "endpoint": "emulated"})
by_cloud = pulumi.ResourceOptions(provider=cloud)


class Site(pulumi.CustomResource):
    images: pulumi.Output[dict]

    def __init__(self, name, args):
        super().__init__("edgefleet:index:Site", name, {**args, "images": None}, by_cloud)


class Bucket(pulumi.CustomResource):
    def __init__(self, name, args):
        super().__init__("edgefleet:aws:Bucket", name, {**args, "encryption": None}, by_cloud)


class ControlPlane(pulumi.ComponentResource):
    def __init__(self, name, args):
        opts = pulumi.ResourceOptions(providers=[cloud])
        super().__init__("edgefleet:index:ControlPlane", name, args, opts, remote=True)


if inputs["hub"]:
    ControlPlane("hub", inputs["hub"])
bucket = Bucket("artifacts", {"name": "scratch-artifacts", "tags": inputs["tags"]})
for name, site in inputs["sites"].items():
    key = pulumi.Output.secret(site.pop("key"))
    pulumi.export(name, Site(name, {**site, "key": key}).images)
"""


@dataclass
class Project:
    """A scratch project outside the checkout, with state of its own."""

    root: Path
    inputs: dict[str, Any]
    engine: PulumiCli

    def run(self, operation: Operation, *, ok: bool = True) -> Outcome:
        """Run an operation, which succeeds or does not."""
        (self.root / "inputs.json").write_text(json.dumps(self.inputs))
        outcome = self.engine.run(operation, self.options)
        assert ok == (outcome.result == "succeeded"), outcome.diagnostics
        return outcome

    @property
    def options(self) -> Options:
        return Options(stack="dev", project=self.root)

    def preview(self) -> dict[str, Step]:
        """dict[resource name -> step] of everything that is not the same."""
        return {step.name: step for step in self.run("preview").steps if step.op != "same"}

    def up(self) -> None:
        self.run("up")

    def failure(self, operation: Operation) -> str:
        """What is reported of a run that fails."""
        return "\n".join(item.message for item in self.run(operation, ok=False).diagnostics)

    def resources(self) -> list[dict[str, Any]]:
        """What is recorded, in the state's order."""
        file = self.root / "state" / ".pulumi" / "stacks" / "scratch" / "dev.json"
        found: list[dict[str, Any]] = json.loads(file.read_text())["checkpoint"]["latest"].get(
            "resources", []
        )
        return found

    def state(self) -> dict[str, dict[str, Any]]:
        """dict[resource name -> resource] as recorded; for programs in which each name is there once."""
        return {each["urn"].rpartition("::")[2]: each for each in self.resources()}

    def digests(self, name: str) -> dict[str, str | None]:
        return {node: image["seed"] for node, image in self.state()[name]["outputs"]["images"].items()}

    def files(self) -> set[str]:
        return {each.relative_to(self.root / "images").as_posix() for each in self.root.rglob("*.iso")}


def environ(root: Path) -> dict[str, str]:
    """Of the CLI; no emulated cloud but the project's own is reached, no home but its own is written."""
    return {
        "PULUMI_BACKEND_URL": f"file://{root / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "x",
        "PULUMI_HOME": str(root / "home"),
    }


@pytest.fixture
def project(tmp_path: Path, site: dict[str, Any]) -> Iterator[Project]:
    command = require_cli()
    (tmp_path / "Pulumi.yaml").write_text("name: scratch\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(PROGRAM)
    (tmp_path / "state").mkdir()
    engine = InlineCli(command=command, environ=environ(tmp_path))
    yield Project(tmp_path, {"hub": None, "tags": {"a": "b"}, "sites": {"store-0007": site}}, engine)
    emulator.stop(tmp_path)


def test_from_nothing_to_nothing(project: Project) -> None:
    """Preview, up, up again, a change, a lost image, and destroy: the same words everywhere."""
    first = project.preview()
    assert {"create"} == {step.op for step in first.values()}
    project.up()
    state = project.state()
    assert {"sites/store-0007/n1.iso", "sites/store-0007/n2.iso"} == project.files()
    assert "AES256" == state["artifacts"]["outputs"]["encryption"]
    assert "ciphertext" in state["store-0007"]["inputs"]["key"]
    assert {} == project.preview()

    before = project.digests("store-0007")
    project.inputs["sites"]["store-0007"]["nodes"]["n2"]["memory"] *= 2
    changed = project.preview()
    assert {"store-0007": ["nodes.n2.memory"]} == {name: list(step.diff) for name, step in changed.items()}
    project.up()
    after = project.digests("store-0007")
    assert (before["n1"], True) == (after["n1"], before["n2"] != after["n2"])

    (project.root / "images/sites/store-0007/n1.iso").unlink()
    project.run("refresh")
    assert {"n1": None, "n2": after["n2"]} == project.digests("store-0007")
    assert ["images"] == list(project.preview()["store-0007"].diff)
    project.up()
    assert after == project.digests("store-0007")

    project.run("destroy")
    assert ({}, False) == (project.state(), (project.root / "images").exists())


def test_removing_a_site_removes_its_images_and_no_others(project: Project, site: dict[str, Any]) -> None:
    """A row less in the fleet file."""
    place = {"fleet": "retail-eu", "region": "eu-central-1", "site": "store-0008"}
    other = {"name": "store-0008", "key": site_key(SECRET, **place, generation=1)}
    project.inputs["sites"]["store-0008"] = site | other
    project.up()
    del project.inputs["sites"]["store-0008"]
    assert {"store-0008": "delete"} == {name: step.op for name, step in project.preview().items()}
    project.up()
    assert {"sites/store-0007/n1.iso", "sites/store-0007/n2.iso"} == project.files()


def test_a_replacement_that_is_forced_keeps_the_images(project: Project) -> None:
    """The CLI makes the new one first, in the same place, and then deletes the original."""
    project.up()
    before = project.digests("store-0007")
    stack = project.engine._stack(project.options)
    stack.up(replace=["urn:pulumi:dev::scratch::edgefleet:index:Site::store-0007"])
    assert before == project.digests("store-0007")
    assert {"sites/store-0007/n1.iso", "sites/store-0007/n2.iso"} == project.files()


def test_everything_wrong_is_reported_by_its_path_and_without_a_traceback(project: Project) -> None:
    """All at once; a secret is not shown."""
    site = project.inputs["sites"]["store-0007"]
    site["nodes"]["n1"]["runtime"] = "boss"
    site["nodes"]["n2"]["cpu"] = 2
    said = project.failure("preview")
    assert "property nodes.n1.runtime" in said
    assert (
        "this value cannot stand here; one of: containerd, k3s-agent, k3s-ha, k3s-server, krustlet, kubeedge"
        in said
    )
    assert "nodes.n2.cpu" in said
    assert "did you mean cpus?" in said
    site["nodes"]["n1"]["runtime"], site["key"] = "k3s-server", "hunter22"
    del site["nodes"]["n2"]["cpu"]
    said = project.failure("preview")
    assert "key: this is not a key that was derived for a site" in said
    assert "hunter22" not in said


def test_what_was_made_in_part_is_recorded_and_finished_by_the_next_up(project: Project) -> None:
    """Nothing is orphaned, nothing made twice."""
    in_the_way = project.root / "images/sites/store-0007/n2.iso/in the way"
    in_the_way.mkdir(parents=True)
    said = project.failure("up")
    assert "1 of 2 images of site store-0007 are missing or altered" in said
    assert "a directory is where a file is needed; move that directory away" in said
    recorded = project.state()["store-0007"]
    assert 2 == len(recorded["initErrors"])
    assert ["n2"] == [node for node, digest in project.digests("store-0007").items() if digest is None]
    shutil.rmtree(in_the_way.parent)
    project.up()
    assert "initErrors" not in project.state()["store-0007"]
    assert all(project.digests("store-0007").values())


def test_a_lost_emulated_cloud_is_reported_and_made_again(project: Project) -> None:
    """What it held is gone; refresh finds out, up makes it again."""
    project.up()
    running = emulator.find(project.root)
    assert running is not None
    os.kill(running.pid, 9)
    refreshed = project.run("refresh")
    assert any(
        "the emulated cloud of this project had stopped" in item.message for item in refreshed.diagnostics
    )
    assert {"artifacts": "create"} == {name: step.op for name, step in project.preview().items()}
    project.up()
    assert {} == project.preview()


def test_a_store_is_in_the_project_whatever_folder_the_program_is_in(project: Project) -> None:
    """With ``main`` the CLI starts plugins in the program's folder; paths are relative to Pulumi.yaml."""
    (project.root / "Pulumi.yaml").write_text("name: scratch\nruntime: python\nmain: infra\n")
    (project.root / "infra").mkdir()
    for name in ("__main__.py", "inputs.json"):
        (project.root / "infra" / name).symlink_to(project.root / name)
    project.up()
    assert {"sites/store-0007/n1.iso", "sites/store-0007/n2.iso"} == project.files()
    assert {"__main__.py", "inputs.json"} == {each.name for each in (project.root / "infra").iterdir()}


def test_a_component_is_built_by_the_same_server(project: Project) -> None:
    """Construct beside Check to Delete, as any other component; its mistakes are reported plainly."""
    project.inputs["hub"] = {"bucket": "scratch-hub", "tags": {"fleet": "scratch"}}
    project.up()
    made = [each["urn"] for each in project.resources() if each.get("parent", "").endswith("::hub")]
    assert ["edgefleet:index:ControlPlane$edgefleet:aws:Bucket::hub/artifacts"] == [
        urn.split("::", 2)[2] for urn in made
    ]
    project.inputs["hub"] = {"buckte": "scratch-hub"}
    said = project.failure("preview")
    assert "buckte: is not known here; did you mean bucket?" in said
    assert "constructing.py" not in said


def test_the_automation_api_needs_no_project_on_disk(tmp_path: Path) -> None:
    """`ProjectSettings` name neither a plugin nor a path."""

    def program() -> None:
        cloud = edgefleet.Provider("cloud", {"region": "eu-central-1", "endpoint": "http://127.0.0.1:1"})
        edgefleet.Bucket("artifacts", {"name": "scratch"}, pulumi.ResourceOptions(provider=cloud))

    require_cli()
    settings = automation.ProjectSettings("scratch", "python")
    path = os.pathsep.join([str(PLUGIN.parent), os.environ["PATH"]])
    variables = {**environ(tmp_path), "PATH": path}
    (tmp_path / "state").mkdir()
    stack = automation.create_stack(
        "dev",
        "scratch",
        program,
        opts=automation.LocalWorkspaceOptions(project_settings=settings, env_vars=variables),
    )
    assert {automation.OpType.CREATE: 3} == stack.preview().change_summary


# what needs the language host


@pytest.fixture
def hosted(project: Project) -> Project:
    """A project whose program runs in a process of its own; the CLI itself has no host for Python."""
    if shutil.which("pulumi-language-python") is None:
        pytest.skip("needs pulumi-language-python on PATH: a released CLI has it")
    runtime = {"name": "python", "options": {"virtualenv": sys.prefix}}
    (project.root / "Pulumi.yaml").write_text(json.dumps({"name": "scratch", "runtime": runtime}))
    project.engine = PulumiCli(environ=environ(project.root))
    return project


def test_a_plain_project_runs_with_the_language_host(hosted: Project) -> None:
    """As of a person: Pulumi.yaml, a program and an environment that has edgefleet."""
    hosted.up()
    assert {} == hosted.preview()
    hosted.run("destroy")
    assert {} == hosted.state()


def test_the_cli_takes_the_schema(hosted: Project) -> None:
    """It binds every type before it writes an SDK from it."""
    target = hosted.root / "sdk"
    command = ["package", "gen-sdk", str(PLUGIN), "--language", "python", "--out", str(target)]
    require_cli().run(command, str(hosted.root), environ(hosted.root))
    made = {each.name for each in (target / "python" / "edgefleet").glob("*.py")}
    assert {"site.py", "fleet.py", "control_plane.py"} <= made
