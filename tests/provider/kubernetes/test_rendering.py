"""Objects as files, laid out as the real plugin does."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.provider.kubernetes.conftest import Aborted, Called, config_map, deployment

from edgefleet.provider.kubernetes.servicer import KubernetesServicer
from edgefleet.provider.properties import decode


@pytest.fixture
def rendered(servicer: KubernetesServicer) -> Called:
    called = Called(servicer)
    called.configure(renderYamlToDirectory="out")
    return called


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder / "out")) for path in (folder / "out").rglob("*.yaml"))


def test_each_object_is_a_file_of_the_real_plugin_s_name(rendered: Called, tmp_path: Path) -> None:
    """CRDs are apart; an object in no namespace has the default one in its file's name alone."""
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "gates.example.com"},
        "spec": {"group": "example.com", "scope": "Namespaced", "names": {"kind": "Gate"}},
    }
    gate = {"apiVersion": "example.com/v1", "kind": "Gate", "metadata": {"name": "north"}}
    rendered.of("apiextensions.k8s.io/v1:CustomResourceDefinition").create(definition)
    rendered.of("apps/v1:Deployment").create(deployment())
    identity, _ = rendered.of("example.com/v1:Gate").create(gate)
    assert "default/north" == identity
    assert [
        "0-crd/apiextensions.k8s.io_v1-customresourcedefinition-default-gates.example.com.yaml",
        "1-manifest/apps_v1-deployment-default-till.yaml",
        "1-manifest/example.com_v1-gate-default-north.yaml",
    ] == files(tmp_path)
    text = (tmp_path / "out/1-manifest/apps_v1-deployment-default-till.yaml").read_text()
    wanted = deployment()
    wanted["metadata"]["namespace"] = "default"
    assert wanted == yaml.safe_load(text)


def test_a_preview_writes_nothing_and_knows_the_outputs(rendered: Called, tmp_path: Path) -> None:
    """No server adds anything to them."""
    planned = rendered.create(config_map(color="red"), preview=True)
    assert not (tmp_path / "out").exists()
    assert planned == rendered.create(config_map(color="red"))


def test_a_file_follows_its_object(rendered: Called, tmp_path: Path) -> None:
    """An update writes it again, a deletion removes it, and a refresh finds it gone."""
    identity, outputs = rendered.create(config_map(color="red"))
    outputs = rendered.update(outputs, config_map(color="blue"))
    path = tmp_path / "out/1-manifest/v1-configmap-default-settings.yaml"
    assert {"color": "blue"} == yaml.safe_load(path.read_text())["data"]
    seen = rendered.read(identity, outputs, outputs["__inputs"])
    assert outputs == decode(seen.properties)
    path.unlink()
    assert "" == rendered.read(identity, outputs, outputs["__inputs"]).id
    rendered.delete(outputs)
    assert [] == files(tmp_path)


def test_a_file_that_another_resource_wrote_stays(rendered: Called, tmp_path: Path) -> None:
    """A resource with a new name in the program, and the same object: its old one is deleted at the end."""
    _, outputs = rendered.create(config_map(color="red"))
    fresh = Called(KubernetesServicer(environ={}, project=tmp_path), name="renamed")
    fresh.configure(renderYamlToDirectory="out")
    fresh.create(config_map(color="red"))
    fresh.delete(outputs)
    assert ["1-manifest/v1-configmap-default-settings.yaml"] == files(tmp_path)


def test_a_secret_in_clear_is_warned_of(
    rendered: Called, logged: list[tuple[str, str]], tmp_path: Path
) -> None:
    """And the file is private."""
    secret: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s"},
        "stringData": {"a": "b"},
    }
    rendered.of("core/v1:Secret").create(secret)
    ((severity, message),) = logged
    assert ("warning", True) == (severity, "holds a secret in clear" in message)
    (path,) = (tmp_path / "out").rglob("*.yaml")
    assert 0o600 == path.stat().st_mode & 0o777
    assert {"a": "Yg=="} == yaml.safe_load(path.read_text())["data"]


def test_nothing_can_be_imported(rendered: Called) -> None:
    """There is no cluster to look in."""
    with pytest.raises(Aborted, match="renders to a directory and reads no cluster"):
        rendered.read("default/settings")
