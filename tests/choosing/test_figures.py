"""The figures: each has a value, a unit, a source and a date, or states that none is known."""

import re
from importlib.resources import files

import pytest
from bench.run import SECTIONS

from edgefleet.choosing.figures import UNITS, figures, parse
from edgefleet.runtimes import RUNTIMES
from edgefleet.runtimes.base.container_checks import KINDS as KINDS_ALONE
from edgefleet.workloads import KINDS

TEXT = (files("edgefleet.choosing") / "figures.yaml").read_text()


def test_every_figure_has_a_source_and_a_date() -> None:
    """One that has none states it."""
    known = [figure for figure in figures().all_figures if figure.unknown is None]
    unknown = [figure.unknown for figure in figures().all_figures if figure.unknown is not None]
    assert len(known) > 40
    assert unknown
    assert [] == [words for words in unknown if "no " not in words]
    assert [] == [
        figure
        for figure in known
        if figure.source is None or not re.match(r"20[0-9]{2}", figure.source.date) or not figure.unit
    ]


def test_what_is_measured_again_is_a_section_of_the_bench() -> None:
    """And it is ours."""
    sources = {figure.source for figure in figures().all_figures if figure.source is not None}
    assert any(source.ours for source in sources)
    assert [] == [
        source for source in sources if source.bench and not (source.ours and source.bench in SECTIONS)
    ]


def test_amounts_of_nodes_have_a_unit_to_compute_with() -> None:
    """Memory in MB, processor time in cores or thousandths of one."""
    amounts = [
        amount
        for of in figures().choices.values()
        for amount in (of.cpus, of.memory, of.taken_cpu, of.taken_memory, of.taken_disk)
        if amount.value is not None
    ]
    assert len(amounts) > 10
    assert [] == [amount for amount in amounts if amount.unit not in UNITS]


@pytest.mark.parametrize("name", sorted(RUNTIMES))
def test_figures_are_those_of_the_runtime(name: str) -> None:
    """What validate counts is what advise shows."""
    choice, minimum = figures().choices[name], RUNTIMES[name].minimum
    assert minimum.taken.memory == (choice.taken_memory.amount or 0)
    assert minimum.each.memory == (choice.each_memory.amount if choice.each_memory is not None else 0)
    assert choice.cpus.amount in {minimum.cpus * 1000, None}
    assert choice.memory.amount in {minimum.memory, None}


def test_every_kind_of_workload_has_a_place() -> None:
    """And names of kinds are those of fleet files."""
    assert figures().kinds.keys() == KINDS.keys()
    named = {kind for choice in figures().choices.values() for kind in choice.runs or ()}
    assert named
    assert set() == named - KINDS.keys()
    assert {choice.others for choice in figures().choices.values()} <= {*figures().choices, None}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("unit: cores, source: k3s-requirements}", "unit: cores, source: nobody}", "nobody"),
        ("unit: cores, source: k3s-requirements}", "unit: cores}", "with unit and source"),
        ("takenDisk: {unknown: no independent figure is known}", "takenDisk: {}", "with unit and source"),
        ('date: "2026-07-22"', "date: soon", "should match pattern"),
        ("upgradedBy: nobody", "upgradedBy: nobody\n    colour: red", "colour"),
    ],
)
def test_a_figure_without_a_source_is_refused(old: str, new: str, words: str) -> None:
    """So are unknown keys and dates that are none."""
    assert old in TEXT
    with pytest.raises((KeyError, ValueError), match=words):
        parse(TEXT.replace(old, new, 1))


def test_kinds_of_a_node_without_an_orchestrator_are_those_that_it_runs() -> None:
    """As its checks have them."""
    assert figures().choices["containerd"].runs == KINDS_ALONE
