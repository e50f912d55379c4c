"""The handler of crun for modules: what containerd reads, and how the template gets to k3s and away again."""

import subprocess
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgefleet.model.firstboot import Step, Target
from edgefleet.model.programs import Handler
from edgefleet.runtimes.base.k3s_containerd import COPIES, PROGRAM, check_containerd, containerd, template_of

Targets = Callable[..., Target]
BASE = """\
version = {version}
[plugins.'{plugin}'.containerd.runtimes.'crun']
runtime_type = 'io.containerd.runc.v2'
"""
"""What k3s's own template becomes where it finds crun."""
V2, V3 = "config.toml.tmpl", "config-v3.toml.tmpl"


def with_wasm(target: Target, *wasm: Handler, **changes: Any) -> Target:
    """The node with these runtimes in its base system."""
    nodes = {target.name: replace(target.node, wasm=wasm, **changes)}
    return replace(target, site=replace(target.site, nodes=nodes))


def installed(step: Step, root: Path) -> None:
    """Write the files of a step, and run its commands, as a boot does."""
    for file in step.files:
        path = root / file.path[1:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        path.chmod(file.mode)
    for command in step.commands:
        script = command[-1].replace("/etc/", f"{root}/etc/").replace("/usr/local/", f"{root}/usr/local/")
        subprocess.run(["sh", "-c", script], check=True, timeout=30)


def copies(root: Path) -> dict[str, str]:
    """dict[name -> text] of the templates that k3s reads, at its start."""
    environment = {"PATH": "/usr/bin:/bin", "EDGEFLEET_PREFIX": str(root)}
    subprocess.run(["sh", str(root / PROGRAM[1:])], check=True, env=environment, timeout=30)
    return {path.name: path.read_text() for path in (root / COPIES[1:]).glob("*.tmpl")}


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        *(("v1.30.14+k3s2", V2), ("v1.31.5+k3s1", V2), ("v1.32.1+k3s1", V2)),
        *(("v1.31.6+k3s1", V3), ("v1.32.2+k3s1", V3), ("v1.33.0+k3s1", V3), ("v1.36.4+k3s1", V3)),
    ],
)
def test_a_release_reads_the_template_of_its_containerd(version: str, expected: str) -> None:
    assert expected == template_of(version)[0]


@pytest.mark.parametrize(("version", "number"), [("v1.36.4+k3s1", 3), ("v1.32.1+k3s1", 2)])
def test_the_template_adds_a_handler_to_what_k3s_writes(target: Targets, version: str, number: int) -> None:
    """Beside k3s's own handler for crun."""
    node = target()
    node = with_wasm(
        replace(node, site=replace(node.site, k3s=replace(node.site.k3s, version=version))), "crun-wasm"
    )
    template = containerd(node, "k3s.service").files[0].content.decode()
    _, plugin = template_of(version)
    text = template.replace('{{ template "base" . }}', BASE.format(version=number, plugin=plugin))
    parsed = tomllib.loads(text.replace("{{ .SystemdCgroup }}", "true"))
    runtimes = parsed["plugins"][plugin]["containerd"]["runtimes"]
    assert {"crun", "crun-wasm"} == runtimes.keys()
    assert {
        "runtime_type": "io.containerd.runc.v2",
        "pod_annotations": ["module.wasm.image/*", "run.oci.handler"],
        "options": {"BinaryName": "/usr/bin/crun", "SystemdCgroup": True},
    } == runtimes["crun-wasm"]


def test_each_start_of_k3s_copies_the_template(target: Targets, tmp_path: Path) -> None:
    """One that is gone leaves, and another's stays."""
    other = tmp_path / COPIES[1:] / V2
    other.parent.mkdir(parents=True)
    other.write_text("# mine\n")
    step = containerd(with_wasm(target(), "crun-wasm"), "k3s.service")
    installed(step, tmp_path)
    text = step.files[0].content.decode()
    assert {V2: "# mine\n", V3: text} == copies(tmp_path)
    installed(containerd(with_wasm(target(), "wasmtime"), "k3s.service"), tmp_path)
    assert {V2: "# mine\n"} == copies(tmp_path)


def test_a_node_without_crun_has_no_template(target: Targets) -> None:
    """Only the removal of an earlier one."""
    assert not [file.path for file in containerd(target(), "k3s.service").files if "containerd" in file.path]


def test_what_cannot_work_is_a_problem(target: Targets) -> None:
    node = target()
    for changed, codes in (
        (with_wasm(node, "crun-wasm", arch="armhf"), ["no-wasm"]),
        (with_wasm(node, "crun-wasm"), []),
        (with_wasm(node, arch="armhf"), []),
    ):
        assert codes == [problem.code for problem in check_containerd(changed.site)]
