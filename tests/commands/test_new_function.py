"""`edgefleet new-function`: a function to begin with; tests/runtimes_real builds and runs it."""

import json
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING

import pytest

from edgefleet.io.container_images import Layouts, architectures, form
from edgefleet.model.references import parse_reference

if TYPE_CHECKING:
    from tests.commands.conftest import World

FILES = [".gitignore", "Makefile", "README.md", "go.mod", "image.py", "main.go"]


def test_a_function_is_named_after_its_folder(world: "World") -> None:
    """With all that it is built from, and what comes next."""
    ran = world.run("new-function", "Shop Prices")
    root = world.project / "Shop Prices"
    assert 0 == ran.code
    assert FILES == sorted(path.name for path in root.iterdir())
    assert "module shop-prices\n" in (root / "go.mod").read_text()
    assert "\tGOOS=wasip1 GOARCH=wasm go build" in (root / "Makefile").read_text()
    assert "-o $@ .\n" in (root / "Makefile").read_text()
    assert "next: make -C 'Shop Prices'\n" in ran.err
    assert "make needs Go 1.21 or newer, which is not on PATH" in ran.err


def test_its_archives_are_made_by_python_alone(world: "World") -> None:
    """And equal modules give equal ones: an image for two architectures with one layer, and an artifact."""
    assert 0 == world.run("new-function", "prices").code
    root = world.project / "prices"
    (root / "prices.wasm").write_bytes(b"\0asm\1\0\0\0")
    made = []
    for _ in range(2):
        command = [sys.executable, "image.py", "prices", "registry.example/prices:1.0"]
        subprocess.run(command, cwd=root, check=True, capture_output=True, timeout=60)
        made.append([(root / f"prices.{suffix}").read_bytes() for suffix in ("tar", "artifact.tar")])
    assert made[0] == made[1]
    with tarfile.open(root / "prices.tar") as tar:
        names = tar.getnames()
        texts = [file.read() for name in names if (file := tar.extractfile(name)) is not None]
    assert 8 == len(names)
    configs = [json.loads(text) for text in texts if text.startswith(b'{"architecture"')]
    assert ["amd64", "arm64"] == sorted(config["architecture"] for config in configs)
    assert [["/prices.wasm"]] * 2 == [config["config"]["Entrypoint"] for config in configs]


def test_the_lock_learns_what_its_archives_are(world: "World") -> None:
    """The image is a container with a module in it, the artifact is a module itself."""
    assert 0 == world.run("new-function", "prices").code
    root = world.project / "prices"
    (root / "prices.wasm").write_bytes(b"\0asm\1\0\0\0")
    subprocess.run(
        [sys.executable, "image.py", "prices", "registry.example/prices:1.0"],
        cwd=root,
        check=True,
        timeout=60,
    )
    forms = {}
    for name in ("prices.tar", "prices.artifact.tar"):
        with tarfile.open(root / name) as tar:
            tar.extractall(root / "layouts" / name, filter="data")
        images, reference = Layouts(root / "layouts"), parse_reference("registry.example/prices:1.0")
        forms[name] = form(images, name, reference), architectures(images, name, reference)
    assert (None, ("amd64", "arm64")) == forms["prices.tar"]
    assert ("artifact", ("amd64", "arm64", "armhf")) == forms["prices.artifact.tar"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("prices",), "already contains"),
        (("other", "--name", "Ümläut"), "is not an RFC 1123 label"),
        (("stacks/dev.fleet.yaml",), "already contains"),
    ],
)
def test_nothing_is_written_over(world: "World", words: tuple[str, ...], said: str) -> None:
    """A folder with a function, a file, and a name that images cannot have."""
    assert 0 == world.run("new-function", "prices").code
    ran = world.run("new-function", *words)
    assert 1 == ran.code
    assert said in " ".join(ran.err.split())
