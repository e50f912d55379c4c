"""What is recommended fits, whatever the node, the link and the workloads are."""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from edgefleet.choosing.advice import FOR, HubAdvice, SiteAdvice, advice, hub_advice, of_fleet
from edgefleet.choosing.figures import Figures, figures
from edgefleet.choosing.verdicts import Asked
from edgefleet.fleetfile.artifacts_lock import EMPTY
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.load import load_fleet
from edgefleet.model.site import Arch, LinkClass, SiteSpec, StorageKind
from edgefleet.report import advice as report
from edgefleet.runtimes import RUNTIMES
from edgefleet.site.load import Loads
from edgefleet.workloads import KINDS

ROOT = Path(__file__).resolve().parents[2]
GIB = 1024**3


@cache
def fleet() -> Fleet:
    """The fleet to try things with."""
    return load_fleet(ROOT / "stacks/dev.fleet.yaml", ROOT)


def asked(site: SiteSpec, *kinds: str, has_hub: bool = True) -> Asked:
    """The question about a site that is also to run `kinds`."""
    own = {str(entry["kind"]): name for name, entry in site.workloads.items()}
    return Asked(
        site=site,
        load=Loads().of(site),
        kinds={**dict.fromkeys(kinds, FOR), **own},
        has_hub=has_hub,
        lock=EMPTY,
    )


def with_nodes(site: SiteSpec, count: int = 1, **values: object) -> SiteSpec:
    """A site with so many nodes that are like its first one but for these values."""
    node = replace(next(iter(site.nodes.values())), **values)  # type: ignore[arg-type]  # values of its fields
    nodes = {f"n{number}": replace(node, hostname=f"{site.name}-n{number}") for number in range(count)}
    workloads = {
        name: {key: value for key, value in entry.items() if key != "nodes"}
        for name, entry in site.workloads.items()
    }
    return replace(site, nodes=nodes, workloads=workloads)


def of(site: SiteSpec, *kinds: str, has_hub: bool = True) -> SiteAdvice:
    """The advice."""
    return advice(asked(site, *kinds, has_hub=has_hub), figures())


@st.composite
def sites(draw: st.DrawFn) -> SiteSpec:
    """A site of the fleet, on other hardware."""
    site = draw(st.sampled_from([*fleet().sites.values()]))
    return replace(
        with_nodes(
            site,
            draw(st.integers(1, 5)),
            cpus=draw(st.integers(1, 64)),
            memory=draw(st.integers(1, 64)) * GIB // 4,
            disk=draw(st.integers(1, 300)) * GIB,
            storage=draw(st.sampled_from(get_args(StorageKind))),
            arch=draw(st.sampled_from(get_args(Arch))),
            runtime=draw(st.sampled_from(sorted(RUNTIMES))),
        ),
        link=replace(site.link, class_=draw(st.sampled_from(get_args(LinkClass)))),
    )


@settings(max_examples=60, deadline=None)
@given(site=sites(), kinds=st.lists(st.sampled_from(sorted(KINDS)), max_size=3), has_hub=st.booleans())
def test_a_recommendation_fits_and_is_set_up(*, site: SiteSpec, kinds: list[str], has_hub: bool) -> None:
    """It has no obstacle and leaves room for what runs; without one, the nearest is named with numbers."""
    group = of(site, *kinds, has_hub=has_hub)
    by_name = {verdict.name: verdict for verdict in group.verdicts}
    if group.recommended is None:
        assert "the nearest, " in group.reason
        assert not [each for each in group.verdicts if each.fits and each.is_set_up]
    else:
        best = by_name[group.recommended]
        assert best.name in RUNTIMES
        assert () == best.obstacles
        assert best.spare is not None
        assert min(best.spare.cpu, best.spare.memory, best.spare.disk) >= 0
    lines = [*report.of_site(group, figures()), *report.of_fleet("x", hub(), [group], figures())]
    assert len(lines) > 20
    assert [] == [line.plain for line in lines if cell_len(line.plain) > 80]


def hub() -> HubAdvice:
    """The advice for the hub."""
    return hub_advice(fleet(), figures())


def test_sites_that_are_alike_are_one_advice() -> None:
    """Each site is in one of them."""
    groups = of_fleet(fleet(), figures(), fleet().sites)
    assert sorted(fleet().sites) == sorted(name for group in groups for name in group.sites)
    assert 1 < len(groups) < len(fleet().sites)


STORE, PANEL = "de-ber-001", "fi-hel-001"


def test_a_small_node_gets_what_fits() -> None:
    """What keeps larger ones out is stated with numbers."""
    site = with_nodes(replace(fleet().sites["be-bru-001"], workloads={}), memory=GIB, cpus=1)
    group = of(site)
    server = next(each for each in group.verdicts if each.name == "k3s-server")
    assert ("needs 2 cores and 2 GB, and the largest node has 1 core and 1.07 GB",) == server.obstacles
    assert group.recommended != "k3s-server"


def test_three_good_nodes_with_critical_workloads_get_three_servers() -> None:
    """On cards they do not, and without anything critical neither."""
    store = fleet().sites[STORE]
    assert "k3s-ha" == of(with_nodes(store, 3)).recommended
    assert "k3s-server" == of(with_nodes(store, 3, storage="sd")).recommended
    assert "k3s-server" == of(with_nodes(replace(store, workloads={}), 3)).recommended


def test_nothing_fits_where_workloads_take_more_than_there_is() -> None:
    """The nearest is named with what it lacks."""
    group = of(with_nodes(fleet().sites[STORE], cpus=2, memory=2 * GIB, disk=8 * GIB))
    assert group.recommended is None
    assert re.search(r"the nearest, .*: [0-9.]+ of [0-9.]+ GB", group.reason)


@pytest.mark.parametrize(
    ("site", "workload", "place"),
    [
        (STORE, "till", "site"),
        (STORE, "catalogue", "either"),
        ("be-bru-001", "signage", "site"),
        ("de-lej-001", "damage", "site"),
    ],
)
def test_edge_or_cloud(site: str, workload: str, place: str) -> None:
    """Critical ones, and all without a steady link, belong to the site."""
    (ask,) = (ask for ask in of(fleet().sites[site]).asks if ask.name == workload)
    assert place == ask.place


def test_modules_need_a_shim_for_the_node() -> None:
    """There is none for 32-bit ARM."""
    store = fleet().sites[STORE]
    assert any("modules with spin, wasmedge, wasmtime" in note for note in of(store).notes)
    assert any("no shims for armhf" in note for note in of(with_nodes(store, arch="armhf")).notes)


def test_a_hub_that_nothing_needs_is_not_recommended() -> None:
    """With workloads it is kept."""
    assert "k3s" == hub_advice(fleet(), figures()).recommended
    alone = replace(fleet().control_plane, identity=replace(fleet().control_plane.identity, sites=False))
    sites = {name: site for name, site in fleet().sites.items() if name != PANEL}
    idle = replace(fleet(), hub_workloads={}, control_plane=alone, sites=sites)
    assert "none" == hub_advice(idle, figures()).recommended


def test_a_runtime_that_is_not_registered_is_shown_and_not_recommended() -> None:
    """Its figures stand in the file already."""
    known: Figures = figures()
    later = known.choices.keys() - RUNTIMES.keys()
    assert {"k0s", "microk8s", "kubernetes"} <= later
    group = of(fleet().sites["be-bru-001"])
    assert [] == [each.name for each in group.verdicts if each.name in later and each.is_set_up]
