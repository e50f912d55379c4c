"""Each next command that is printed does what the text around it says: it is run here as it is printed."""

import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.commands.conftest import Ran, World, with_secrets

from edgefleet.engine.embedded import EmbeddedEngine

ROOT = Path(__file__).resolve().parents[2]


def printed(ran: Ran) -> Iterator[list[str]]:
    """The commands behind ``next:``, and those in a help line."""
    for block in re.findall(r"^next: (.*(?:\n {6}.*)*)", ran.out + ran.err, re.MULTILINE):
        yield from (shlex.split(command)[1:] for command in re.split(r"\s{3,}", block))
    for line in re.findall(r"^ {2}help: (.*(?:\n {2}\S.*)*)", ran.err, re.MULTILINE):
        for command in re.findall(r"(?:see|run) (edgefleet [^,]*)", " ".join(line.split())):
            yield shlex.split(command)[1:]


def follow(world: World, ran: Ran) -> dict[str, Ran]:
    """dict[command line -> what it did], for each command that was printed, in this order."""
    assert ran.code in {0, 3}, ran.err
    followed = {shlex.join(command): world.run(*command, typed="y\n") for command in printed(ran)}
    assert {0} == {done.code for done in followed.values()}, followed
    return followed


@pytest.fixture
def real(world: World) -> World:
    """A project with the embedded engine, never brought up."""
    with_secrets(world)
    shutil.copy(ROOT / "__main__.py", world.project)
    world.real = EmbeddedEngine(environ=world.environment)
    return world


def test_from_nothing_to_acknowledged_sites(real: World) -> None:
    """Preview leads to up, up to the sites and the first acknowledgement, and the sites to the next one."""
    assert ["up -s dev"] == [shlex.join(command) for command in printed(real.run("sites", "-s", "dev"))]
    up = follow(real, real.run("preview", "-s", "dev"))
    assert ["up -s dev"] == [*up]
    assert "new 3   = 3" in up["up -s dev"].out
    sites = follow(real, up["up -s dev"])
    assert ["sites -s dev", "sites ack -s dev --target berlin"] == [*sites]
    again = follow(real, real.run("sites", "-s", "dev"))
    assert ["sites ack -s dev --target hamburg"] == [*again]
    assert "1 of 4 nodes pending" in real.run("sites", "-s", "dev").out


def test_a_limited_preview_leads_to_an_up_with_the_same_limit(real: World) -> None:
    """What it explains and applies is what it showed, from another directory and without a terminal, too."""
    assert 0 == real.run("up", "-s", "dev", "-y").code
    real.edit("10.20.1.1", "10.20.1.2")
    real.edit("10.20.2.1", "10.20.2.2")
    beside = replace(real, project=real.project.parent)
    place = real.project.name
    shown = follow(beside, beside.run("-C", place, "preview", "-s", "dev", "--target", "ber*"))
    explain, up = f"-C {place} explain -s dev '#1'", f"-C {place} up -s dev --target 'ber*'"
    assert [explain, up] == [*shown]
    assert "berlin" in shown[explain].out
    assert "reflash 1   not targeted 2   = 3" in shown[up].out
    refused = real.run("up", "-s", "dev", "--target", "hamburg")
    assert 3 == refused.code
    applied = follow(real, refused)
    assert ["preview -s dev --target hamburg", "up -s dev --target hamburg -y"] == [*applied]
    assert "unchanged 3   = 3" in real.run("preview", "-s", "dev").out
