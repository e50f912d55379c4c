"""Projects whose images are composed: a base of random bytes with a GPT, a payload, a cache that has both."""

import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import BinaryIO

from bench import fleets
from bench.processes import Measured, measured

from edgefleet.io import disk, tools
from edgefleet.io.artifact_cache import ArtifactCache

MIB = 1024**2
VERSION = "v1.36.4+k3s1"
ROOT = 22_528
"""Sector that the root begins at."""
PARTITIONS = f"""\
label: gpt
label-id: 11111111-2222-3333-4444-555555555555
15: start=2048, size=20480, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name="EFI"
1: start={ROOT}, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, name="root"
"""
HEAD = """\
apiVersion: edgefleet.dev/v1
fleet: bench
region: bench
recipe: 1
controlPlane:
  kind: none
  cloud: {region: eu-central-1}
images: {store: "file:.edgefleet/images/bench"}
profiles:
  box: {arch: amd64, cpus: 4, memory: 8Gi, disk: 128Gi, storage: nvme}
defaults:
  profile: box
  timezone: Europe/Berlin
  ntp: [0.pool.ntp.org, 1.pool.ntp.org]
  k3s: {version: v1.36.4+k3s1, disable: [traefik]}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project on disk."""

    at: Path

    @property
    def cache(self) -> ArtifactCache:
        """The cache that its builds take bases and payloads from."""
        return ArtifactCache(self.at / "xdg" / "edgefleet", project=self.at)

    def build(self, *arguments: str) -> Measured:
        """Run ``edgefleet image build`` into ``out``."""
        command = [sys.executable, "-m", "edgefleet.cli", "image", "build", "-s", "bench", "--out", "out"]
        return measured([*command, *arguments], at=self.at, extra={"XDG_CACHE_HOME": str(self.at / "xdg")})


def write_project(at: Path, count: int, *, image: str = "", is_airgapped: bool = False) -> Project:
    """A project of `count` sites of one box each.

    Args:
        at: an empty directory.
        count: sites.
        image: what the fleet file says of ``image``, in YAML's short form; empty for the seed alone.
        is_airgapped: whether images carry what `carry` puts into the cache.
    """
    file = fleets.write_project(at, 0)
    lines = [
        f"  site-{number:05d}: {{network: {{address: {fleets.address(number)}/24, "
        f"gateway: {fleets.address(number, offset=-9)}, dns: [9.9.9.9, 1.1.1.1]}}}}"
        for number in range(count)
    ]
    said = [f"  image: {image}"] if image else []
    if is_airgapped:
        said.append("  airgap: true")
    file.write_text(HEAD + "\n".join([*said, "sites:", *lines]) + "\n")
    return Project(at=at)


def make_base(image: Path, *, size: int, data: int) -> None:
    """A disk image of `size` bytes with a GPT, `data` of them random and the rest a hole."""
    with image.open("wb") as file:
        file.truncate(size)
    subprocess.run(
        [tools.found("sfdisk"), "-q", str(image)], input=PARTITIONS.encode(), check=True, capture_output=True
    )
    with image.open("r+b") as file:
        file.seek(ROOT * 512)
        _fill(file, data)


def write_random(file: Path, size: int) -> None:
    """A file of `size` random bytes, the same every time."""
    with file.open("wb") as opened:
        _fill(opened, size)


def _fill(file: BinaryIO, size: int) -> None:
    source = Random(6)  # noqa: S311 - bytes that do not compress
    file.writelines(source.randbytes(MIB) for _ in range(size // MIB))


def in_cache(project: Project, file: Path) -> str:
    """Move `file` into the project's cache; its hex SHA-256."""
    disk_file = project.cache.scratch()
    file.rename(disk_file)
    return project.cache.adopt(disk_file)[0]


def carry(project: Project, *, data: int) -> None:
    """Lock a stand-in for k3s and its images, and put them into the cache; together of `data` bytes."""
    source = Random(7)  # noqa: S311 - bytes that do not compress
    names = {"k3s": data // 4, "k3s-airgap-images-amd64.tar.zst": data - data // 4}
    lines = ["apiVersion: edgefleet.dev/v1", "k3s:", f"  {VERSION}:"]
    for name, size in names.items():
        content = source.randbytes(size)
        made = project.at / name
        made.write_bytes(content)
        in_cache(project, made)
        address = f"https://releases.example/{VERSION}/{name}"
        digest = sha256(content).hexdigest()
        lines.append(f"    {name}: {{sha256: {digest}, size: {size}, url: {address!r}}}")
    (project.at / "stacks" / "bench.artifacts.lock.yaml").write_text("\n".join(lines) + "\n")


def raw_project(at: Path, count: int, *, size: int, data: int, payload: int) -> Project:
    """A project of `count` sites with a raw image of one base, whose cache has all that they are made of.

    Args:
        at: an empty directory.
        count: sites.
        size: bytes of the base.
        data: bytes of it that are random; the rest is a hole.
        payload: bytes of the payload.
    """
    base = at / "base.tmp"
    make_base(base, size=size, data=data)
    image = f"{{format: raw, base: {{source: 'file:base.raw', sha256: {disk.sha256(base)}}}}}"
    project = write_project(at, count, image=image, is_airgapped=True)
    in_cache(project, base)
    carry(project, data=payload)
    return project
