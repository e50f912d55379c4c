"""`edgefleet rollout simulate`: the same seed gives the same timeline, and the policy decides it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len

if TYPE_CHECKING:
    from tests.commands.conftest import World

ROOT = Path(__file__).resolve().parents[2]
ARGUMENTS = ("rollout", "simulate", "stacks/dev.fleet.yaml", "--start", "2026-12-01T08:00")
WAVES = """\
rollout:
  bake: 2h
  waves: [{name: canary, where: {sites: [berlin]}, failures: 0}]
sites:"""


@pytest.fixture
def waved(world: "World") -> "World":
    """Three sites, one of them a canary."""
    world.edit("sites:", WAVES)
    return world


def result(world: "World", *options: str) -> dict[str, Any]:
    """The result as JSON."""
    run = world.run(*ARGUMENTS, *options, "--json", "-")
    assert 0 == run.code
    return run.json


def test_a_rollout_without_failures_ends(waved: "World") -> None:
    """The second wave begins when the first was watched for two hours; each site downloads the bytes."""
    document = result(waved, "--bytes", "20M")
    assert ("ended", "done") == (document["result"], document["reason"])
    canary, others = document["waves"]
    assert ("canary", 1, "others", 2) == (canary["name"], canary["sites"], others["name"], others["sites"])
    assert canary["passed"] == others["opened"] >= 2 * 3600
    assert (20_000_000, 40_000_000) == (canary["size"], others["size"])


def test_the_same_seed_gives_the_same_result(waved: "World") -> None:
    """And another one another."""
    first, again, other = (result(waved, "--seed", seed, "--fail", "0.5") for seed in "112")
    assert first == again
    assert first["log"] != other["log"]


def test_a_failed_canary_stops_it(waved: "World") -> None:
    """No other site gets the release; the timeline is of 80 columns and names the site."""
    text = waved.run(*ARGUMENTS, "--fail", "1").out
    assert [] == [line for line in text.splitlines() if cell_len(line) > 80]
    paused = "the rollout is PAUSED: 1 site failed (berlin) of the wave canary: its budget is 0"
    assert paused in " ".join(text.split())
    others = next(line for line in text.splitlines() if line.startswith("others"))
    assert ["others", "2", "0", "0", "2", "-", "-", "0", "B"] == others.split()


def test_frozen_days_hold_it(waved: "World") -> None:
    """Nothing moves before they are over; a simulation that ends before states what it waits for."""
    waved.edit("  bake: 2h", "  freeze: [2026-12-01..2026-12-10]")
    document = result(waved, "--days", "5")
    assert ("running", 5 * 86_400) == (document["result"], document["seconds"])
    assert "waiting for 1 site" in document["reason"]


@pytest.mark.parametrize(
    ("options", "words"), [(("--bytes", "many"), "is not a size"), (("--fail", "2"), "--fail")]
)
def test_wrong_options_are_refused(waved: "World", options: tuple[str, ...], words: str) -> None:
    """With what is wrong."""
    run = waved.run(*ARGUMENTS, *options)
    assert 1 == run.code
    assert words in run.err


def test_the_documentation_shows_what_it_prints(world: "World") -> None:
    """The block in docs/channel/rollouts.md is the output of the command above it."""
    page = (ROOT / "docs" / "channel" / "rollouts.md").read_text(encoding="utf-8")
    command, _, block = page.partition("$ edgefleet ")[2].partition("```")[0].partition("\n")
    shown = [line.rstrip() for line in world.run("-C", str(ROOT), *command.split()).out.splitlines()]
    assert [*map(str.rstrip, block.strip("\n").splitlines())] == shown
