"""Every golden seed, as cloud-init and netplan on a node will read it."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from edgefleet.model.site import SiteSpec
from edgefleet.site.render import render_tree

pytestmark = pytest.mark.slow


@pytest.fixture
def media(spec: SiteSpec, key: str, passphrases: dict[str, str], tmp_path: Path) -> list[Path]:
    """A folder for each node's medium, with the three files."""
    folders = []
    for node, tree in render_tree(spec, key, passphrases, shows_secrets=True).items():
        folder = tmp_path / node
        folder.mkdir()
        for name in ("user-data", "meta-data", "network-config"):
            (folder / name).write_bytes(tree[f"cidata/{name}"])
        folders.append(folder)
    return folders


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a tool to its end."""
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.skipif(shutil.which("cloud-init") is None, reason="needs cloud-init: apt-get install cloud-init")
def test_cloud_init_finds_every_user_data_valid(media: list[Path]) -> None:
    """Not a word of warning, nor of what is deprecated."""
    assert media
    for folder in media:
        done = run("cloud-init", "schema", "--config-file", str(folder / "user-data"))
        said = done.stdout + done.stderr
        assert 0 == done.returncode, said
        assert "Valid" in said
        assert not re.search("deprecat|warn|invalid", said, re.IGNORECASE), said


@pytest.mark.skipif(
    "--schema-type"
    not in (run("cloud-init", "schema", "--help").stdout if shutil.which("cloud-init") else ""),
    reason="needs a cloud-init with schema --schema-type: apt-get install cloud-init, 24.1 or newer",
)
def test_cloud_init_finds_every_network_valid(media: list[Path]) -> None:
    """By cloud-init's own schema of version 2."""
    assert media
    for folder in media:
        file = str(folder / "network-config")
        done = run("cloud-init", "schema", "--schema-type", "network-config", "--config-file", file)
        assert 0 == done.returncode, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("netplan") is None, reason="needs netplan: apt-get install netplan.io")
@pytest.mark.parametrize("renderer", ["networkd", "NetworkManager"])
def test_netplan_makes_a_network_of_it(media: list[Path], renderer: str) -> None:
    """For either of the programs that base systems run networks with; NetworkManager joins no globs."""
    assert media
    for folder in media:
        network = yaml.safe_load((folder / "network-config").read_text())
        if renderer == "NetworkManager" and any("*" in glob for glob in globs(network)):
            continue
        place = folder / "etc" / "netplan" / "50-cloud-init.yaml"
        place.parent.mkdir(parents=True)
        place.write_text(yaml.safe_dump({"network": {**network, "renderer": renderer}}))
        place.chmod(0o600)
        done = run("netplan", "generate", "--root-dir", str(folder))
        assert (0, "") == (done.returncode, done.stderr)
        made = {path.parent.name for path in (folder / "run").rglob("*netplan-*") if path.is_file()}
        assert {"networkd": "network", "NetworkManager": "system-connections"}[renderer] in made


def globs(network: Mapping[str, Mapping[str, Mapping[str, Mapping[str, str]]]]) -> Iterator[str]:
    """The names by which interfaces are looked for."""
    for device in network.get("ethernets", {}).values():
        yield device.get("match", {}).get("name", "")
