"""Programs that use pulumi-kubernetes, with the embedded engine: the SDK's own classes, our provider."""

import json
from importlib.metadata import version
from typing import Any

import pytest
from tests.engine.conftest import Project

from edgefleet.errors import Refused

VERSION = version("pulumi-kubernetes")
RENDERED = """
import pulumi_kubernetes as kubernetes
provider = kubernetes.Provider("files", render_yaml_to_directory="out")
options = pulumi.ResourceOptions(provider=provider)
labels = {"app": "till"}
pod = {"containers": [{"name": "till", "image": "till:1"}]}
namespace = kubernetes.core.v1.Namespace("shop", metadata={"name": "shop"}, opts=options)
settings = kubernetes.core.v1.ConfigMap(
    "settings",
    metadata={"name": "settings", "namespace": namespace.metadata["name"]},
    data={"color": COLOR},
    opts=options,
)
kubernetes.core.v1.Secret("login", metadata={"name": "login"}, string_data={"key": "p4ssw0rd"}, opts=options)
kubernetes.apps.v1.Deployment(
    "till",
    metadata={"name": "till", "namespace": "shop"},
    spec={
        "replicas": 2,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    },
    opts=options,
)
kubernetes.apiextensions.CustomResource(
    "north",
    api_version="example.com/v1",
    kind="Gate",
    metadata={"name": "north"},
    spec={"open": True},
    opts=options,
)
pulumi.export("color", settings.data["color"])
"""


def resources(project: Project) -> dict[str, dict[str, Any]]:
    """dict[name -> resource in the state]."""
    latest = json.loads(project.checkpoint.read_text())["checkpoint"]["latest"]
    return {item["urn"].rpartition("::")[2]: item for item in latest["resources"]}


def rendered(color: str) -> str:
    return RENDERED.replace("COLOR", repr(color))


def test_objects_are_rendered_and_the_next_run_changes_nothing(project: Project) -> None:
    """The whole life: what a second run finds equal, what a change does, and that nothing stays."""
    out = project.root / "out" / "1-manifest"
    assert "succeeded" == project.run("preview", rendered("red")).result
    assert not out.exists()
    assert "succeeded" == project.run("up", rendered("red")).result
    assert [
        "apps_v1-deployment-shop-till.yaml",
        "example.com_v1-gate-default-north.yaml",
        "v1-configmap-shop-settings.yaml",
        "v1-namespace-default-shop.yaml",
        "v1-secret-default-login.yaml",
    ] == sorted(path.name for path in out.iterdir())
    for operation in ("preview", "up", "refresh"):
        assert {"same"} == {step.op for step in project.run(operation, rendered("red")).steps}
    changed = {step.name: (step.op, step.diff) for step in project.run("up", rendered("blue")).steps}
    assert ("replace", ("data.color",)) == changed["settings"]
    assert "color: blue" in (out / "v1-configmap-shop-settings.yaml").read_text()
    assert "succeeded" == project.run("destroy", rendered("blue")).result
    assert [] == list(out.iterdir())


def test_the_state_is_as_the_cli_writes_it(project: Project) -> None:
    """The provider's version among its inputs, the plugin's keys in the outputs, and secrets encrypted."""
    project.run("up", rendered("red"))
    state = resources(project)
    inputs = {"__internal": {}, "renderYamlToDirectory": "out", "version": VERSION}
    assert inputs == state["files"]["inputs"]
    assert {name: inputs[name] for name in ("renderYamlToDirectory", "version")} == state["files"]["outputs"]
    outputs = state["till"]["outputs"]
    assert {"__inputs", "__initialApiVersion", "__fieldManager"} < outputs.keys()
    assert outputs["__inputs"] == state["till"]["inputs"]
    assert "shop/till" == state["till"]["id"]
    assert "p4ssw0rd" not in project.checkpoint.read_text()


def test_the_default_provider_has_its_version_in_its_name(project: Project) -> None:
    """As the CLI names it, so that either engine goes on with it; its options are the stack's."""
    stack = project.root / "Pulumi.dev.yaml"
    stack.write_text(
        stack.read_text().replace("config: {}", "config: {kubernetes:renderYamlToDirectory: out}")
    )
    program = """
import pulumi_kubernetes as kubernetes
kubernetes.core.v1.ConfigMap("settings", metadata={"name": "settings"}, data={"a": "b"})
"""
    assert "succeeded" == project.run("up", program).result
    name = "default_" + VERSION.replace(".", "_")
    assert {"__internal": {}, "renderYamlToDirectory": "out", "version": VERSION} == resources(project)[name][
        "inputs"
    ]
    assert (project.root / "out/1-manifest/v1-configmap-default-settings.yaml").exists()


def test_another_version_of_the_plugin_is_refused(project: Project) -> None:
    """The provider stands for the installed one."""
    program = """
import pulumi_kubernetes as kubernetes
old = pulumi.ResourceOptions(version="4.0.0")
kubernetes.core.v1.ConfigMap("settings", metadata={"name": "settings"}, opts=old)
"""
    with pytest.raises(
        Refused, match=rf"plugin version, kubernetes 4\.0\.0; this engine hosts it version {VERSION}"
    ):
        project.run("preview", program)


@pytest.mark.parametrize(
    ("made", "named"),
    [
        ('kubernetes.yaml.v2.ConfigGroup("group", files=["*.yaml"])', "kubernetes:yaml/v2:ConfigGroup group"),
        (
            'kubernetes.helm.v4.Chart("chart", chart="oci://registry.example/x")',
            "kubernetes:helm.sh/v4:Chart chart",
        ),
        (
            'kubernetes.kustomize.v2.Directory("folder", directory=".")',
            "kubernetes:kustomize/v2:Directory folder",
        ),
    ],
)
def test_components_that_the_plugin_builds_are_refused_with_an_alternative(
    project: Project, made: str, named: str
) -> None:
    """Each by its type, before anything is created."""
    with pytest.raises(Refused, match="a component of another package") as caught:
        project.run("up", f"import pulumi_kubernetes as kubernetes\n{made}")
    assert named == caught.value.problem.path
    assert "declare them as resources" in caught.value.problem.hint


def test_what_the_provider_refuses_is_reported_by_resource(project: Project) -> None:
    """An object without a name would get one of the plugin's own."""
    program = """
import pulumi_kubernetes as kubernetes
kubernetes.core.v1.ConfigMap("settings", data={"a": "b"}, opts=pulumi.ResourceOptions(
    provider=kubernetes.Provider("files", render_yaml_to_directory="out")))
"""
    outcome = project.run("preview", program)
    assert "failed" == outcome.result
    assert "this ConfigMap has no name, and none is made up here" in outcome.diagnostics[0].message
