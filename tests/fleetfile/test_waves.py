"""The sites of waves: shares, numbers, canaries of each hardware class."""

from collections.abc import Callable

import pytest

from edgefleet.errors import Problem
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.waves import position

Load = Callable[..., Fleet]
Problems = Callable[..., list[Problem]]
KIOSKS = ", ".join(f"kiosk-{number:03}: {{group: kiosks}}" for number in range(120))
STORES = ", ".join(f"store-{number:03}: {{}}" for number in range(80))


def waved(load: Load, waves: str, sites: str = f"{KIOSKS}, {STORES}") -> dict[str, tuple[str, ...]]:
    """dict[wave -> its sites] of a fleet."""
    fleet = load(f"sites: {{{sites}}}\nrollout: {{waves: [{waves}]}}\n")
    return {wave.name: wave.sites for wave in fleet.waves}


def test_positions_are_spread_evenly_and_are_those_of_the_names() -> None:
    """A region's sites stand elsewhere than those of another with the same names."""
    places = [position("retail", "eu", f"store-{number}") / 2**64 for number in range(2000)]
    assert 0.48 < sum(places) / len(places) < 0.52
    assert sorted(places) != places
    assert position("retail", "eu", "a") != position("retail", "us", "a")


def test_a_site_added_later_moves_no_other_between_shares(load: Load) -> None:
    """Each site keeps its wave; the shares are about as large as they are written."""
    waves = "{name: tenth, percent: 10}, {name: half, percent: 40}, {name: rest}"
    before = waved(load, waves, KIOSKS)
    after = waved(load, waves, f"{STORES}, {KIOSKS}")
    assert {"tenth", "half", "rest"} == before.keys()
    assert 5 <= len(before["tenth"]) <= 20
    assert 35 <= len(before["half"]) <= 62
    kept = {name: tuple(site for site in sites if "kiosk" in site) for name, sites in after.items()}
    assert before == kept


def test_a_site_added_later_takes_one_place_at_most_of_a_number(load: Load) -> None:
    """A wave of fifty stays one of fifty."""
    waves = "{name: fifty, count: 50}"
    before = {*waved(load, waves, KIOSKS)["fifty"]}
    after = {*waved(load, waves, f"{KIOSKS}, {STORES}")["fifty"]}
    one = {*waved(load, waves, f"{KIOSKS}, store-000: {{}}")["fifty"]}
    assert (50, 50, 50) == (len(before), len(after), len(one))
    assert before - after
    assert len(before - one) <= 1


def test_canaries_are_of_each_hardware_class(load: Load) -> None:
    """Two of each, whatever the share of the class."""
    chosen = waved(load, "{name: canary, random: 2}")["canary"]
    assert ["kiosk", "kiosk", "store", "store"] == [site.partition("-")[0] for site in chosen]


def test_shares_of_the_same_sites_follow_one_another(load: Load) -> None:
    """Those of other sites begin again; what an earlier wave has is in no later one."""
    waves = waved(
        load,
        "{name: named, where: {sites: [kiosk-007]}}, {name: one, where: {groups: [kiosks]}, percent: 50},"
        "{name: two, where: {groups: [kiosks]}, percent: 50},"
        "{name: three, where: {profiles: [pos]}, percent: 50}",
    )
    assert ("kiosk-007",) == waves["named"]
    assert 119 == len(waves["one"]) + len(waves["two"])
    assert {*waves["one"]}.isdisjoint(waves["two"])
    assert 25 <= len(waves["three"]) <= 55


@pytest.mark.parametrize(
    ("waves", "code", "words"),
    [
        ("{name: others}", "duplicate-wave", "others is already the last wave's"),
        ("{name: a, where: {groups: [kioks]}}", "unknown-group", "did you mean kiosks"),
        ("{name: a, where: {profiles: [bord]}}", "unknown-profile", "did you mean board"),
        ("{name: a, where: {labels: {teir: kiosk}}}", "unknown-label", "did you mean tier"),
        ("{name: a, percent: 0}", "out-of-range", "1"),
        ("{name: a, bake: soon}", "bad-duration", "write it like"),
        ("{name: a, healthy: 0%}", "bad-share", "such as 95%"),
        ("{name: a, failures: '-1'}", "bad-budget", "such as 2%"),
        ("{name: a, freeze: [tomorrow]}", "bad-day", "2026-12-24"),
        ("{name: a, percent: 100}, {name: b, percent: 1}", "percent-sum", "remove this wave"),
        ("{name: a, groups: [kiosks]}", "unknown-key", "did you mean where.groups"),
    ],
)
def test_a_wrong_wave_gets_one_clear_problem(problems: Problems, waves: str, code: str, words: str) -> None:
    """With the nearest right names."""
    (problem,) = problems(f"sites: {{a: {{group: kiosks}}, b: {{}}}}\nrollout: {{waves: [{waves}]}}\n")
    assert code == problem.code
    assert words in str(problem)


def test_a_wave_is_not_called_empty_where_a_site_is_wrong(problems: Problems) -> None:
    """The site may be the one that it is for."""
    (problem,) = problems(
        "sites: {a: {profile: nope}, b: {}}\nrollout: {waves: [{name: one, where: {sites: [a]}}]}\n"
    )
    assert "unknown-profile" == problem.code
