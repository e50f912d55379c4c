"""Registries of nodes with KubeEdge: what containerd is given, and what it makes of it for real."""

import os
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from tests.boot.conftest import Targets
from tests.runtimes.pulls import LOGIN, TOKEN, WITHHELD, pulled

from edgefleet.model.firstboot import Step
from edgefleet.model.registries import Registry
from edgefleet.runtimes import kubeedge
from edgefleet.runtimes.base import edge_containerd
from edgefleet.runtimes.base.edge_registries import FOLDER, hosts

CA = "-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n"
SETTINGS = {
    "*": Registry(endpoints=("https://all.example",), ca=CA),
    "docker.io": Registry(
        endpoints=(
            "https://mirror.example:5000/",
            "https://hub.example/v2/docker",
            "https://mirror.example:5000",
        ),
        credentials=LOGIN,
    ),
    "mirror.example:5000": Registry(
        identity_token=TOKEN, client_certificate=CA, client_key="A" * 80, skip_verify=True
    ),
}


def tables(step: Step) -> dict[str, dict[str, Any]]:
    """dict[path -> content] of the files in TOML."""
    return {
        file.path: tomllib.loads(file.content.decode()) for file in step.files if file.path.endswith(".toml")
    }


def test_each_registry_has_a_folder_with_its_mirrors() -> None:
    """In their order and each once, each with the certificates of its host; the registry itself is last."""
    made = hosts(SETTINGS)
    found = {path.removeprefix(f"{FOLDER}/"): table for path, table in tables(made).items()}
    pulls = {"capabilities": ["pull", "resolve"]}
    alone = {"client": [["mirror.example_5000.pem", "mirror.example_5000.key"]], "skip_verify": True}
    assert {
        "_default/hosts.toml": {
            **pulls, "ca": "_.ca.pem", "host": {"https://all.example": {**pulls, "ca": "all.example.ca.pem"}},
        },
        "docker.io/hosts.toml": {
            **pulls,
            "host": {
                "https://mirror.example:5000": {**pulls, **alone},
                "https://hub.example/v2/docker": {**pulls, "override_path": True, "ca": "hub.example.ca.pem"},
            },
        },
        "mirror.example_5000_/hosts.toml": {**pulls, **alone, "host": {}},
    } == found  # fmt: skip
    mirrors = [*found["docker.io/hosts.toml"]["host"]]
    assert ["https://mirror.example:5000", "https://hub.example/v2/docker"] == mirrors
    names = {str(Path(path).parent) for path in tables(made)}
    beside = {file.path for file in made.files} - tables(made).keys()
    assert names == {str(Path(path).parent) for path in beside}
    assert {0o600} == {file.mode for file in made.files if file.is_secret}
    assert {".key"} == {Path(file.path).suffix for file in made.files if file.is_secret}


def test_a_folder_of_a_registry_without_settings_is_removed(tmp_path: Path) -> None:
    """Else a changed seed would leave its mirrors in force; names of hosts are no patterns."""
    root = tmp_path / "registries"
    for settings in (SETTINGS, {"[fd00::1]:5000": Registry(skip_verify=True)}, {}):
        step = hosts(settings)
        for file in step.files:
            (place := tmp_path / Path(file.path).relative_to(Path(FOLDER).parent)).parent.mkdir(
                parents=True, exist_ok=True
            )
            place.write_bytes(file.content)
        for command in step.commands:
            subprocess.run([word.replace(FOLDER, str(root)) for word in command], check=True)
        assert {Path(path).parent.name for path in tables(step)} == {path.name for path in root.iterdir()}


@pytest.mark.parametrize("version", edge_containerd.PLUGINS)
def test_logins_stand_in_the_configuration_by_the_host_that_is_connected_to(
    version: int, target: Targets
) -> None:
    """A secret file (0600), of which the started one is a copy with the same rights."""
    made = kubeedge.configure(target("joined-hub", registries=SETTINGS))
    (file,) = [each for each in made.files if each.path.endswith(f"/containerd-{version}.toml")]
    assert (0o600, True) == (file.mode, file.is_secret)
    plugins = tomllib.loads(file.content.decode())["plugins"]
    user, _, password = LOGIN.partition(":")
    assert {
        "config_path": FOLDER,
        "configs": {
            "mirror.example:5000": {"auth": {"identitytoken": TOKEN}},
            "registry-1.docker.io": {"auth": {"username": user, "password": password}},
        },
    } == plugins[edge_containerd.IMAGES[version]]["registry"]
    holding = {each.path for each in made.files if b"p@ss" in each.content or TOKEN.encode() in each.content}
    assert holding == {f"{edge_containerd.FOLDER}/containerd-{each}.toml" for each in edge_containerd.PLUGINS}


def test_without_a_login_nothing_of_it_is_secret(target: Targets) -> None:
    """And each image comes from its registry."""
    made = kubeedge.configure(target("joined-hub"))
    assert [] == [file.path for file in made.files if file.path.startswith(FOLDER)]
    assert [] == [file.path for file in made.files if file.is_secret and file.path.endswith(".toml")]


@pytest.mark.skipif(
    bool(os.geteuid()) or shutil.which("containerd") is None,
    reason="needs root and containerd: apt-get install containerd",
)
def test_this_containerd_pulls_from_mirrors(target: Targets, tmp_path: Path) -> None:
    """For real, by the CRI, with logins and certificates; not with a wrong login or an unknown authority."""
    said = subprocess.run(["containerd", "--version"], capture_output=True, text=True, check=True).stdout
    version = 2 if said.split()[2].removeprefix("v").startswith("1.") else 3
    reasons = pulled(["containerd"], version, target("joined-hub"), tmp_path)
    assert WITHHELD == {name for name, reason in reasons.items() if reason}, reasons
    assert "certificate signed by unknown authority" in (tmp_path / "containerd.log").read_text()
