"""The options that choose sites: the same for every command."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from edgefleet.commands.registry import application
from edgefleet.commands.selection import OPTIONS, Selector, required, single
from edgefleet.errors import InvalidInput
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.load import load_fleet

if TYPE_CHECKING:
    from tests.commands.conftest import World

CHOOSING = (
    "preview",
    "up",
    "refresh",
    "destroy",
    "explain",
    "sites list",
    "sites ack",
    "sites sheet",
    "sites password",
    "sites tunnel",
    "sites disk-key",
    "image build",
    "image job",
    "image write",
    "image serve",
)
CONTRARY = (
    (
        "sites:",
        """groups: {kiosks: {}, stores: {}}
rollout: {waves: [{name: canary, where: {sites: [munich]}}, {name: rest, where: {groups: [kiosks, stores]}}]}
sites:""",
    ),
    ("  berlin: {", "  berlin: {group: kiosks, labels: {size: small, tier: a}, "),
    ("  hamburg: {", "  hamburg: {group: kiosks, labels: {size: large, tier: a}, "),
    ("  munich: {", "  munich: {group: stores, "),
)


@pytest.fixture
def grouped(world: "World") -> "World":
    """Three sites in two groups and two waves, with labels."""
    for old, new in CONTRARY:
        world.edit(old, new)
    return world


@pytest.fixture
def fleet(grouped: "World") -> Fleet:
    """Its fleet."""
    return load_fleet(grouped.fleet_file, grouped.project)


def test_each_option_narrows_and_its_values_add_up(fleet: Fleet) -> None:
    """Names, patterns, groups, labels and waves, alone and together; names of the state count, too."""
    cases: dict[Selector, tuple[str, ...]] = {
        Selector(target=("munich", "berlin")): ("berlin", "munich"),
        Selector(target=("*r*",)): ("berlin", "hamburg"),
        Selector(target=("be*", "munich")): ("berlin", "munich"),
        Selector(target=("bon*",)): ("bonn",),
        Selector(group=("kiosks",)): ("berlin", "hamburg"),
        Selector(group=("kiosks", "stores")): ("berlin", "hamburg", "munich"),
        Selector(label=("size",)): ("berlin", "hamburg"),
        Selector(label=("size=small",)): ("berlin",),
        Selector(label=("tier=a", "size=large")): ("hamburg",),
        Selector(wave=("canary",)): ("munich",),
        Selector(wave=("rest",), label=("size=small",)): ("berlin",),
        Selector(group=("kiosks",), target=("*burg",)): ("hamburg",),
    }
    assert cases == {which: which.sites(fleet, also=("bonn",)) for which in cases}


@pytest.mark.parametrize(
    ("which", "problem", "hint"),
    [
        (Selector(target=("berlln",)), "there is no site 'berlln'", "did you mean berlin"),
        (Selector(target=("kiosks",)), "there is no site 'kiosks'", "it is a group: --group kiosks"),
        (Selector(target=("canary",)), "there is no site 'canary'", "it is a wave: --wave canary"),
        (Selector(group=("kiosk",)), "has the group 'kiosk'", "did you mean kiosks"),
        (Selector(wave=("canry",)), "has the wave 'canry'", "did you mean canary"),
        (Selector(label=("sizes=small",)), "has the label 'sizes'", "did you mean size"),
        (Selector(target=("x-*",)), "matches --target 'x-*'", "each narrows the choice"),
        (
            Selector(wave=("canary",), label=("size",)),
            "matches --label size --wave canary",
            "leave out an option",
        ),
    ],
)
def test_what_chooses_nothing_is_an_error(fleet: Fleet, which: Selector, problem: str, hint: str) -> None:
    """With the nearest names of its kind, or the kind that the name has."""
    with pytest.raises(InvalidInput) as caught:
        which.sites(fleet)
    assert (True, True) == (problem in caught.value.problem.problem, hint in caught.value.problem.hint)


@pytest.mark.parametrize(
    ("choose", "problem"),
    [
        (lambda fleet: required(Selector(), fleet), "no sites given"),
        (lambda fleet: required(Selector(group=("kiosks",)), fleet, is_all=True), "both sites and --all"),
        (lambda fleet: single(Selector(group=("kiosks",)), fleet), "2 sites match --group kiosks"),
    ],
)
def test_which_sites_are_meant_is_not_guessed(
    fleet: Fleet, choose: Callable[[Fleet], object], problem: str
) -> None:
    """None, some and all, and more than one for what is about one."""
    with pytest.raises(InvalidInput, match=problem):
        choose(fleet)
    assert "berlin" == single(Selector(target=("berlin",)), fleet)


def test_every_command_about_sites_has_the_same_options() -> None:
    """A command that chooses sites in another way is a second way."""
    root = application()
    for path in CHOOSING:
        group, _, name = path.rpartition(" ")
        commands = root.commands[group] if group else root
        command = commands.commands[name].load()  # type: ignore[attr-defined]  # groups of stubs
        options = {word for parameter in command.params for word in parameter.opts}
        assert {f"--{name}" for name in OPTIONS} <= options, path
        assert options.isdisjoint({"--site", "-S", "--sites"}), path


def test_a_run_is_limited_to_the_chosen_sites(grouped: "World") -> None:
    """The engine gets their resources, and the next command the same options."""
    ran = grouped.run("preview", "-s", "dev", "--group", "kiosks", "--label", "size=small")
    assert 0 == ran.code, ran.err
    assert ("**::*/berlin",) == grouped.engine.done[-1][1].targets
    assert "edgefleet up -s dev --group kiosks --label size=small" in ran.out


def test_a_destroy_without_a_fleet_file_takes_names_and_patterns(up: "World") -> None:
    """Groups are looked up in the fleet file alone."""
    up.fleet_file.write_text("sites: [")
    refused = up.run("destroy", "-s", "dev", "-y", "--group", "kiosks")
    assert (1, []) == (refused.code, up.operations)
    assert "name the sites with --target" in refused.err
    assert 0 == up.run("destroy", "-s", "dev", "-y", "--target", "*r*").code
    assert ["berlin", "hamburg"] == [urn.rpartition(":")[2] for urn in up.engine.done[-1][1].targets]


def test_the_list_of_sites_is_limited_to_the_chosen_ones(up: "World") -> None:
    """As every other command."""
    out = up.run("sites", "-s", "dev", "--target", "*burg").out
    assert "hamburg n1" in out
    assert "berlin" not in out
