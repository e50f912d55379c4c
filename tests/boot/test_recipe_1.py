"""Recipe 1 as a whole: what no single step can promise."""

import configparser

import pytest
from tests.boot.conftest import Targets

from edgefleet.boot import healing, recipe_1
from edgefleet.model.firstboot import Step, Target, Unit
from edgefleet.model.safety import BreakGlass, WireGuard
from edgefleet.runtimes.base import k3s

PEER = WireGuard(endpoint="bastion.example:51820", public_key="A" * 43 + "=", network="fd12::/64")


@pytest.fixture(params=["srv", "cam"])
def steps(request: pytest.FixtureRequest, target: Targets) -> list[Step]:
    """All that a server and an agent get, with everything that may be turned on."""
    one: Target = target(
        "server-and-agent",
        request.param,
        airgap=True,
        break_glass=BreakGlass(console=True, wireguard=PEER),
    )
    return [step.plan(one) for step in recipe_1.STEPS]


def units_of(steps: list[Step]) -> dict[str, Unit]:
    """dict[name -> unit] of all steps."""
    return {unit.name: unit for step in steps for unit in step.units}


def read(unit: Unit) -> configparser.RawConfigParser:
    """A unit's sections; of a key that is given twice, the last."""
    made = configparser.RawConfigParser(strict=False, delimiters=("=",))
    made.optionxform = str  # type: ignore[assignment,method-assign]  # the names of systemd are in mixed case
    made.read_string(unit.text)
    return made


def test_nothing_that_k3s_is_ordered_after_needs_a_link(steps: list[Step]) -> None:
    """A site starts without its hub, its mirror and its road to them."""
    units = units_of(steps)
    k3s = next(unit for name, unit in units.items() if name in {"k3s.service", "k3s-agent.service"})
    before_it = {*read(k3s)["Unit"].get("After", "").split()}
    before_it |= {name for name, unit in units.items() if k3s.name in read(unit)["Unit"].get("Before", "")}
    for name in before_it & set(units):
        assert "network-online.target" not in units[name].text, name
    assert "network-online.target" not in before_it
    assert not {"Requires", "Wants", "BindsTo"} & set(read(k3s)["Unit"])


def test_what_is_enabled_says_when_it_starts(steps: list[Step]) -> None:
    """And what a timer starts is not enabled besides."""
    units = units_of(steps)
    assert units
    for name, unit in units.items():
        assert unit.is_enabled is read(unit).has_section("Install"), name


def test_what_is_there_is_taken_as_current_before_k3s_is_started_with_it(steps: list[Step]) -> None:
    commands = [command for step in steps for command in step.commands]
    adopts = commands.index((healing.SCRIPT, "adopt"))
    starts = next(index for index, command in enumerate(commands) if k3s.INSTALLER in command)
    assert adopts < starts


def test_secrets_are_roots_alone(steps: list[Step]) -> None:
    """Wherever they lie, and scripts hold none."""
    files = [file for step in steps for file in step.files]
    assert {0o600} == {file.mode for file in files if file.is_secret}
    assert len({file.path for file in files}) == len(files)
    assert not [file.path for file in files if b"PRIVATE KEY" in file.content and not file.is_secret]
