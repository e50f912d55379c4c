"""A project whose images are made as anybody makes them: by the command, from a fleet file and a lock."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.boot_vm.nodes import K3S, digest
from tests.boot_vm.running import PLACES, tool

VERSION = "v1.36.4+k3s1"
VENDOR = Path("vendor")
RELEASE = VENDOR / "k3s-io" / "k3s" / "releases" / "download" / VERSION
ARCHIVE = "k3s-airgap-images-amd64.tar.zst"
ASSETS = {"k3s": K3S, ARCHIVE: b"a stand-in for an archive of images"}
COMMAND = Path(sys.executable).with_name("edgefleet")
PASSPHRASE = "only boot tests use it"  # noqa: S105 - it opens nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A folder with a fleet file, and what stands in for releases and mirrors."""

    folder: Path
    stack: str = "dev"

    def run(self, *arguments: str) -> str:
        """Run `edgefleet`; what it printed."""
        done = subprocess.run(
            [COMMAND, *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            env={
                "HOME": str(self.folder),
                "PATH": f"{os.environ.get('PATH', '')}:{PLACES}",
                "XDG_CACHE_HOME": str(self.folder / "cache"),
                "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            },
        )
        assert 0 == done.returncode, f"edgefleet {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def fetch(self) -> None:
        """Lock what nodes carry, and bring it here."""
        self.run("artifacts", "lock", "-s", self.stack)
        self.run("artifacts", "fetch", "-s", self.stack)

    def built(self, site: str, node: str, suffix: str) -> Path:
        """The image of a node."""
        self.run("image", "build", "-s", self.stack, "--target", site, "--out", "out")
        return self.folder / "out" / site / f"{node}{suffix}"


def made_project(folder: Path, fleet: str, bases: Mapping[str, Path]) -> Project:
    """A project with base images in ``vendor`` and a release of the stand-in for k3s.

    Args:
        folder: is made.
        fleet: the fleet file; in it ``<name>`` stands for what the base of this name is.
        bases: dict[name -> base image].
    """
    project = Project(folder=folder)
    folder.mkdir(parents=True)
    Project(folder=folder.parent).run("new", str(folder))
    (folder / RELEASE).mkdir(parents=True)
    for name, content in ASSETS.items():
        (folder / RELEASE / name).write_bytes(content)
    sums = "".join(f"{digest(content)}  {name}\n" for name, content in ASSETS.items())
    (folder / RELEASE / "sha256sum-amd64.txt").write_text(sums)
    for name, base in bases.items():
        tool("cp", "--sparse=always", base, folder / VENDOR / name)
        sha256 = tool("sha256sum", base).split()[0]
        fleet = fleet.replace(f"<{name}>", f'{{source: "file:{VENDOR}/{name}", sha256: {sha256}}}')
    (folder / "stacks" / "dev.fleet.yaml").write_text(fleet)
    return project


COMMON = """\
apiVersion: edgefleet.dev/v1
fleet: retail
region: dev
recipe: 1
controlPlane: {kind: none, cloud: {region: eu-central-1, endpoint: emulated}}
images: {store: "file:.edgefleet/images/dev"}
artifacts: {mirrors: {"https://github.com/": ["file:vendor"]}}
profiles: {node: {arch: amd64, cpus: 2, memory: 2Gi, disk: 3Gi, storage: emmc}}
defaults: {profile: node, airgap: true, hardware: {serialConsole: ttyS0}, k3s: {version: v1.36.4+k3s1}}
"""
"""The beginning of a fleet file."""
