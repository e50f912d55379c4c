"""Registries of nodes without an orchestrator: what they are given, and what containerd makes of it for real.

FakeRegistry is a stand-in for a container registry, which asks for a login as real ones do.
"""

import io
import json
import tarfile
import tomllib
from typing import Any

import pytest
from tests.boot.conftest import Targets
from tests.io.servers import FakeRegistry, serving
from tests.runtimes.test_containerd import Node, node

from edgefleet.model.firstboot import Step
from edgefleet.model.registries import Registry
from edgefleet.runtimes import containerd
from edgefleet.runtimes.base.container_registries import FOLDER, PLACES, registries

__all__ = ["node"]
LOGIN = "shop:p@ss word"


def places_of(step: Step) -> dict[str, list[dict[str, str]]]:
    """dict[registry -> its places]."""
    (file,) = [file for file in step.files if file.path == PLACES]
    assert 0o600 == file.mode
    places: dict[str, list[dict[str, str]]] = json.loads(file.content)
    return places


def hosts_of(step: Step) -> dict[str, dict[str, Any]]:
    """dict[folder of a place -> its hosts.toml]."""
    ending = "/_default/hosts.toml"
    texts = {file.path: file.content.decode() for file in step.files if file.path.endswith(ending)}
    return {path[len(FOLDER) + 1 : -len(ending)]: tomllib.loads(text) for path, text in texts.items()}


def test_an_image_comes_from_each_mirror_and_then_from_its_registry() -> None:
    """Each has a folder, and the login and certificates of its own host alone."""
    settings = {
        "docker.io": Registry(endpoints=("https://mirror.example:5000", "https://other.example")),
        "mirror.example:5000": Registry(credentials=LOGIN, skip_verify=True),
    }
    made = registries(settings, ["docker.io/library/nginx:1", "docker.io/valkey/valkey:8"])
    logins = [LOGIN, "", ""]
    folders = [f"docker.io-{number}" for number in range(3)]
    listed = [{"folder": folder, "login": login} for folder, login in zip(folders, logins, strict=True)]
    assert {"docker.io": listed} == places_of(made)
    pulls = {"capabilities": ["pull", "resolve"], "host": {}}
    assert {
        "docker.io-0": {**pulls, "server": "https://mirror.example:5000", "skip_verify": True},
        "docker.io-1": {**pulls, "server": "https://other.example"},
        "docker.io-2": pulls,
    } == hosts_of(made)


def test_a_registry_without_settings_has_those_of_all(target: Targets) -> None:
    """Each registry of the images of a node is in the list, and comes last."""
    every = {"*": Registry(endpoints=("https://mirror.example",))}
    changed = target("no-orchestrator", registries=every)
    places = places_of(containerd.configure(changed))
    assert {"docker.io", "registry.example"} == places.keys()
    assert {2} == {len(each) for each in places.values()}
    assert {1} == {len(each) for each in places_of(containerd.configure(target("no-orchestrator"))).values()}


def test_a_login_makes_the_list_a_secret() -> None:
    """It is in no other file."""
    made = registries({"registry.example": Registry(credentials=LOGIN)}, ["registry.example/shop/till:1"])
    assert [PLACES] == [file.path for file in made.files if b"p@ss" in file.content]
    assert [PLACES] == [file.path for file in made.files if file.is_secret]


@pytest.mark.parametrize("kind", ["basic", "bearer"])
def test_containerd_pulls_with_a_login_from_a_mirror(node: Node, target: Targets, kind: str) -> None:
    """For real, from a stand-in; what it lacks the registry itself would have, which is not there."""
    fake = FakeRegistry(login=LOGIN, kind=kind)
    with serving(fake):
        fake.push("shop/hello", "amd64", layer(), tag="1")
        settings = {
            "registry.invalid": Registry(endpoints=(fake.address,)),
            fake.host: Registry(credentials=LOGIN),
        }
        assert pulled(node, target, settings)
        assert fake.asked


def test_containerd_does_not_pull_with_a_wrong_login(node: Node, target: Targets) -> None:
    """A message for people names the image."""
    fake = FakeRegistry(login=LOGIN, kind="basic")
    with serving(fake):
        fake.push("shop/hello", "amd64", layer(), tag="1")
        settings = {
            "registry.invalid": Registry(endpoints=(fake.address,)),
            fake.host: Registry(credentials="shop:wrong"),
        }
        assert not pulled(node, target, settings)
        assert (node.root / "var/lib/edgefleet/problems/container-hello").exists()


def layer() -> bytes:
    """A layer with nothing in it."""
    out = io.BytesIO()
    tarfile.open(fileobj=out, mode="w").close()
    return out.getvalue()


def pulled(node: Node, target: Targets, settings: dict[str, Registry]) -> bool:
    """Whether the image of a workload is there after the node tried to start it."""
    web = {"kind": "web", "image": "registry.invalid/shop/hello:1", "port": 8080}
    planned = target("no-orchestrator", workloads={"hello": web}, registries=settings)
    node.become(planned)
    node.containers("prepare", "hello")
    node.containers("clean", "hello")
    return "registry.invalid/shop/hello:1" in node.ctr("images", "ls", "-q")
