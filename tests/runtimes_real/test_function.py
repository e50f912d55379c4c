"""A function of `edgefleet new-function` runs in crun with WasmEdge; its archives are as OCI has them."""

import hashlib
import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from tests.runtimes_real.functions import NAME, built
from tests.runtimes_real.node import inside

pytestmark = pytest.mark.runtimes

_RUN = """
chroot "$tree" ctr images import --snapshotter native /images/prices.tar >/dev/null
chroot "$tree" ctr run --rm --snapshotter native --runc-binary /usr/bin/crun \
  --annotation module.wasm.image/variant=compat-smart --env SITE=berlin registry.example/prices:1.0 prices
"""


@pytest.fixture(scope="module")
def function(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a function that is built."""
    return built(tmp_path_factory.mktemp("function"))


def blobs(archive: Path) -> dict[str, bytes]:
    """dict[file of an OCI archive -> its content]."""
    with tarfile.open(archive) as tar:
        files = {entry.name: tar.extractfile(entry) for entry in tar}
        return {name: file.read() for name, file in files.items() if file is not None}


def of(files: dict[str, bytes], descriptor: dict[str, str]) -> dict[str, Any]:
    """The document that a descriptor points to."""
    document: dict[str, Any] = json.loads(files[f"blobs/sha256/{descriptor['digest'][7:]}"])
    return document


def test_each_blob_has_its_digest(function: Path) -> None:
    """Of the image and of the artifact, whose wasm layer has no diff ID."""
    image, artifact = (blobs(function / f"{NAME}.{suffix}") for suffix in ("tar", "artifact.tar"))
    stored = [(name, data) for files in (image, artifact) for name, data in files.items() if "sha256" in name]
    assert len(stored) == 9
    assert [] == [name for name, data in stored if not name.endswith(hashlib.sha256(data).hexdigest())]
    (top,) = json.loads(artifact["index.json"])["manifests"]
    manifest = of(artifact, top)
    (layer,) = manifest["layers"]
    assert ("application/wasm", (function / f"{NAME}.wasm").stat().st_size) == (
        layer["mediaType"],
        layer["size"],
    )
    config = of(artifact, manifest["config"])
    assert {"type": "layers", "diff_ids": []} == config["rootfs"]


def test_it_runs_in_crun(function: Path, tmp_path: Path) -> None:
    """From its archive, by containerd, with a variable of the workload."""
    upper, root = tmp_path / "files/upper", tmp_path / "root"
    for made in (root, upper / "images", upper / "etc", tmp_path / "files/work"):
        made.mkdir(parents=True)
    shutil.copy(function / f"{NAME}.tar", upper / "images")
    (upper / "etc/containerd.toml").write_text("version = 2\n")
    done = subprocess.run(
        inside(_RUN, root, tmp_path / "files"),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert 0 == done.returncode, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert (NAME, "berlin") == (answer["function"], answer["site"])
