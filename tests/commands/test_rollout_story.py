"""The story of docs/channel/story.md: its commands are run, and print what stands there.

UPDATE_GOLDEN=1 writes the page again. Its dates, digests and seconds are of that day, and are not compared.
"""

import io
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any

import pytest
from tests import simulated_nodes
from tests.commands.conftest import World
from tests.field import cloud as clouds

from edgefleet.engine.embedded import EmbeddedEngine
from edgefleet.io.emulator import Emulator
from edgefleet.plugin import COMPONENTS
from edgefleet.provider.kubernetes.servicer import KubernetesServicer
from edgefleet.provider.registry import RESOURCES
from edgefleet.provider.servicer import Servicer
from edgefleet.rollout.resource import Rollout

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/channel/story.md"
CHANNEL = """\
channel:
  roots: ["file:keys/root-a.pub", "file:keys/root-b.pub"]
  access: {gateway: "https://updates.dev.retail.example"}
  signKey: file:keys/release-1.key

images: {store"""
SET_UP = (
    "init -s dev",
    "keys new root a",
    "keys new root b",
    "keys new release 1",
    "edit",
    "keys delegate -s dev --root keys/root-a.key --release keys/release-1.pub",
    "up -s dev -y",
)
LATER = re.compile(r" +# (\d+) h later$")
VARIES = (
    r"sha256:[0-9a-f]{12}",
    r"\d{8}t\d{6}z",
    r"\d{4}-\d\d-\d\d( \d\d:\d\d)?",
    r" *\b(\d+ min )?\d+(\.\d)? s$",
    r" *\d+%",
    r" *\d+ d$",
    r"oldest \w+: [\w-]+",
)
"""What is of the day or the machine."""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[World]:
    """The dev stack with a channel and keys of its own, brought up, and the images of its nodes installed."""
    if lacking := simulated_nodes.missing():
        pytest.skip(f"needs {lacking}, for simulated nodes")
    project = tmp_path / "retail"
    copytree(ROOT / "stacks", project / "stacks", ignore=ignore_patterns("Pulumi.*"))
    for name in ("Pulumi.yaml", "__main__.py"):
        (project / name).write_text((ROOT / name).read_text())
    world = World(
        project,
        environment={"PULUMI_CONFIG_PASSPHRASE": "correct horse", "HOME": str(tmp_path), "USER": "ops"},
    )
    world.now = datetime.now(UTC).replace(microsecond=0)
    with clouds.serving() as cloud:
        cloud.reset()
        url = cloud.url["emulated"].replace("//", "//emulated@")
        resources = [
            replace(each, now=lambda: int(world.now.timestamp())) if isinstance(each, Rollout) else each
            for each in RESOURCES
        ]
        edgefleet = partial(
            Servicer,
            resources=resources,
            components=COMPONENTS,
            project=project,
            start_emulator=lambda _: Emulator(url=url, pid=0),
        )
        world.real = EmbeddedEngine(
            factories={"edgefleet": edgefleet, "kubernetes": KubernetesServicer},
            environ={**os.environ, **world.environment},
        )
        for words in SET_UP:
            if words == "edit":
                world.edit("  kind: k3s\n", "  kind: k3s\n  identity: {sites: true}\n")
                world.edit("images: {store", CHANNEL)
            else:
                ran = world.run(*words.split())
                assert 0 == ran.code, ran.err
        assert "30 nodes have their images" in nodes(world, "-s", "dev")
        yield world


def nodes(world: World, *arguments: str) -> str:
    """Let the nodes of the stack look once; the store has their statuses since now."""
    out = io.StringIO()
    simulated_nodes.main(world.session(out, out, io.StringIO()), arguments)
    at = world.now.timestamp()
    for path in (world.project / ".edgefleet/images/dev/status").rglob("*.json"):
        os.utime(path, (at, at))
    return out.getvalue()


def run(world: World, line: str) -> str:
    """What a line of the page prints; a file takes the rest of a line that names one."""
    if later := LATER.search(line):
        world.now += timedelta(hours=int(later[1]))
    words, _, hides = LATER.sub("", line).partition(" > ")
    match shlex.split(words):
        case ["edgefleet", *arguments]:
            ran = world.run(*arguments)
            assert ran.code in {0, 3}, ran.err
            printed = ran.out + "".join(f"{line}\n" for line in ran.err.splitlines() if " ..." not in line)
        case ["python", "-m", "tests.simulated_nodes", *arguments]:
            printed = nodes(world, *arguments)
        case ["sed", *_] as command:
            printed = subprocess.check_output(command, cwd=world.project, text=True)
        case other:
            raise AssertionError(other)
    return "" if hides else printed


def told(world: World, page: str) -> str:
    """The page with what its commands print now."""
    written: list[str] = []
    is_block = False
    for line in page.splitlines():
        is_edge = line.startswith("```")
        if not is_block or is_edge:
            written.append(line)
        elif line.startswith("$ "):
            written += [line, *(text.rstrip() for text in run(world, line[2:]).rstrip().splitlines())]
        is_block ^= is_edge
    return "\n".join(written) + "\n"


def compared(text: str) -> str:
    """Without what varies."""
    for pattern in VARIES:
        text = re.sub(pattern, " ~", text, flags=re.MULTILINE)
    return text


def test_the_story_is_true(shop: Any) -> None:
    """Canaries go, a site fails, the rollout pauses, all go back, and the fixed image goes through."""
    page = PAGE.read_text()
    now = told(shop, page)
    if os.environ.get("UPDATE_GOLDEN") == "1":
        assert not os.environ.get("CI"), "golden files are not rewritten by CI"
        PAGE.write_text(now)
    assert compared(PAGE.read_text()) == compared(now)
