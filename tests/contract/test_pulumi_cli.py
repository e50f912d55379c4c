"""The provider under the real Pulumi CLI: a scratch project from nothing to nothing."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from edgefleet.io import emulator
from edgefleet.provider import plugin_path

pytestmark = [
    pytest.mark.pulumi_cli,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("pulumi") is None, reason="the Pulumi CLI is not on PATH"),
]

PROGRAM = """
import json
from pathlib import Path

import pulumi

inputs = json.loads(Path("inputs.json").read_text())
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

    def run(self, *arguments: str, ok: bool = True) -> str:
        """What the CLI prints."""
        (self.root / "inputs.json").write_text(json.dumps(self.inputs))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "AWS_"))}
        env = kept | {
            "PULUMI_BACKEND_URL": f"file://{self.root / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "x",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_HOME": str(self.root / "home"),
        }
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.root,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        said = done.stdout + done.stderr
        assert ok == (done.returncode == 0), said
        return said

    def preview(self) -> dict[str, dict[str, Any]]:
        """dict[resource name -> step] of everything that is not the same."""
        text = self.run("preview", "--json")
        steps = json.loads(text[text.index("{") :])["steps"]
        return {each["urn"].rpartition("::")[2]: each for each in steps if each["op"] != "same"}

    def up(self, *arguments: str, ok: bool = True) -> str:
        return self.run("up", "-y", "--skip-preview", *arguments, ok=ok)

    def resources(self) -> list[dict[str, Any]]:
        """What is recorded, in the state's order."""
        found: list[dict[str, Any]] = json.loads(self.run("stack", "export"))["deployment"].get(
            "resources", []
        )
        return found

    def state(self) -> dict[str, dict[str, Any]]:
        """dict[resource name -> resource] as recorded; for programs in which each name is there once."""
        return {each["urn"].rpartition("::")[2]: each for each in self.resources()}

    def digests(self, name: str) -> dict[str, str | None]:
        return {node: image["digest"] for node, image in self.state()[name]["outputs"]["images"].items()}

    def files(self) -> set[str]:
        return {each.relative_to(self.root / "images").as_posix() for each in self.root.rglob("*.iso")}


@pytest.fixture
def project(tmp_path: Path, site: dict[str, Any]) -> Iterator[Project]:
    runtime = f"runtime:\n  name: python\n  options:\n    virtualenv: {sys.prefix}\n"
    plugin = f"plugins:\n  providers:\n    - name: edgefleet\n      path: {plugin_path()}\n"
    (tmp_path / "Pulumi.yaml").write_text(f"name: scratch\n{runtime}{plugin}")
    (tmp_path / "__main__.py").write_text(PROGRAM)
    (tmp_path / "state").mkdir()
    made = Project(tmp_path, {"hub": None, "tags": {"a": "b"}, "sites": {"store-0007": site}})
    made.run("stack", "init", "dev")
    yield made
    emulator.stop(tmp_path)


def test_from_nothing_to_nothing(project: Project) -> None:
    """Preview, up, up again, a change, a lost image, and destroy: the same words everywhere."""
    first = project.preview()
    assert {"create"} == {step["op"] for step in first.values()}
    project.up()
    state = project.state()
    assert {"sites/store-0007/n1.iso", "sites/store-0007/n2.iso"} == project.files()
    assert "AES256" == state["artifacts"]["outputs"]["encryption"]
    assert "ciphertext" in state["store-0007"]["inputs"]["key"]
    assert {} == project.preview()

    before = project.digests("store-0007")
    project.inputs["sites"]["store-0007"]["nodes"]["n2"]["network"]["address"] = "10.20.7.99/24"
    changed = project.preview()
    assert {"store-0007": ["nodes.n2.network.address"]} == {
        name: list(step["detailedDiff"]) for name, step in changed.items()
    }
    project.up()
    after = project.digests("store-0007")
    assert (before["n1"], True) == (after["n1"], before["n2"] != after["n2"])

    (project.root / "images/sites/store-0007/n1.iso").unlink()
    project.run("refresh", "-y", "--skip-preview")
    assert {"n1": None, "n2": after["n2"]} == project.digests("store-0007")
    assert ["images.n1.digest"] == list(project.preview()["store-0007"]["detailedDiff"])
    project.up()
    assert after == project.digests("store-0007")

    project.run("destroy", "-y", "--skip-preview")
    assert ({}, False) == (project.state(), (project.root / "images").exists())


def test_removing_a_site_removes_its_images_and_no_others(project: Project, site: dict[str, Any]) -> None:
    """A row less in the fleet file."""
    project.inputs["sites"]["store-0008"] = site | {"name": "store-0008"}
    project.up()
    del project.inputs["sites"]["store-0008"]
    assert {"store-0008": "delete"} == {name: step["op"] for name, step in project.preview().items()}
    project.up()
    assert {"sites/store-0007/n1.iso", "sites/store-0007/n2.iso"} == project.files()


def test_a_replacement_that_is_forced_keeps_the_images(project: Project) -> None:
    """The CLI makes the new one first, in the same place, and then deletes the original."""
    project.up()
    before = project.digests("store-0007")
    project.up("--replace", "urn:pulumi:dev::scratch::edgefleet:index:Site::store-0007")
    assert before == project.digests("store-0007")
    assert {"sites/store-0007/n1.iso", "sites/store-0007/n2.iso"} == project.files()


def test_everything_wrong_is_reported_by_its_path_and_without_a_traceback(project: Project) -> None:
    """All at once; a secret is not shown."""
    site = project.inputs["sites"]["store-0007"]
    site["nodes"]["n1"]["role"] = "boss"
    site["nodes"]["n2"]["cpu"] = 2
    said = project.run("preview", ok=False)
    assert "property nodes.n1.role" in said
    assert "this value cannot stand here; one of: agent, server" in said
    assert "nodes.n2.cpu" in said
    assert "did you mean cpus?" in said
    site["nodes"]["n1"]["role"], site["key"] = "server", "hunter22"
    del site["nodes"]["n2"]["cpu"]
    said = project.run("preview", ok=False)
    assert "key: this is not 32 bytes in base64" in said
    assert "hunter22" not in said


def test_what_was_made_in_part_is_recorded_and_finished_by_the_next_up(project: Project) -> None:
    """Nothing is orphaned, nothing made twice."""
    in_the_way = project.root / "images/sites/store-0007/n2.iso/in the way"
    in_the_way.mkdir(parents=True)
    said = project.up(ok=False)
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
    assert "the emulated cloud of this project had ended" in project.run("refresh", "-y", "--skip-preview")
    assert {"artifacts": "create"} == {name: step["op"] for name, step in project.preview().items()}
    project.up()
    assert {} == project.preview()


def test_a_component_is_built_by_the_same_server(project: Project) -> None:
    """Construct beside Check to Delete, as any other component; its mistakes are reported plainly."""
    project.inputs["hub"] = {"bucket": "scratch-hub", "tags": {"fleet": "scratch"}}
    project.up()
    made = [each["urn"] for each in project.resources() if each.get("parent", "").endswith("::hub")]
    assert ["edgefleet:index:ControlPlane$edgefleet:aws:Bucket::artifacts"] == [
        urn.split("::", 2)[2] for urn in made
    ]
    project.inputs["hub"] = {"buckte": "scratch-hub"}
    said = project.run("preview", ok=False)
    assert "unknown key buckte; did you mean bucket?" in said
    assert "constructing.py" not in said


def test_the_cli_takes_the_schema(tmp_path: Path, project: Project) -> None:
    """It binds every type before it writes an SDK from it."""
    # The CLI makes an environment in the plugin's folder for this, so it works on a copy of the folder.
    copy = tmp_path / "plugin"
    shutil.copytree(plugin_path(), copy)
    runs = f"import runpy\nrunpy.run_path({str(plugin_path())!r}, run_name='__main__')\n"
    (copy / "__main__.py").write_text(runs)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    project.run("package", "gen-sdk", str(copy), "--language", "python", "--out", str(tmp_path / "sdk"))
    made = {each.name for each in (tmp_path / "sdk/python/pulumi_edgefleet").glob("*.py")}
    assert {"site.py", "fleet.py", "control_plane.py"} <= made
