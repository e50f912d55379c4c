"""Contradictions of workloads: one alone, those that need each other, and values of sites in them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.session import get_session
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fleetfile.test_hostile import EVIL, document
from tests.workloads.offline_schemas import paths

from edgefleet.errors import InvalidInput
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.load import load_fleet
from edgefleet.fleetfile.placement import at_hub
from edgefleet.model.cloud import COUNTRIES
from edgefleet.model.spec import from_plain
from edgefleet.rollout.cautions import cautions
from edgefleet.site.inputs import check_passphrases
from edgefleet.workloads.base.kind import Place
from edgefleet.workloads.chart import Chart
from edgefleet.workloads.checking import of_entry
from edgefleet.workloads.composing import objects_of, place_of, text_of

EXAMPLE = Path(__file__).resolve().parents[2] / "docs/examples/workloads.fleet.yaml"
WEB: dict[str, Any] = {"kind": "web", "image": "registry.example/shop/till:1.4", "port": 8080}


def load(folder: Path, workloads: Mapping[str, Any], **sites: Any) -> Fleet:
    """The fleet of `sites` with `workloads`."""
    file = folder / "x.fleet.yaml"
    plain = document({}, sites=sites or {"a": {}}, workloads=dict(workloads))
    file.write_text(yaml.dump(plain, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True), "utf-8")
    return load_fleet(file, folder)


def refused(folder: Path, workloads: Mapping[str, Any], **sites: Any) -> list[str]:
    """The problems of such a fleet file."""
    with pytest.raises(InvalidInput, match="workloads") as caught:
        load(folder, workloads, **sites)
    return [f"{problem.path}: {problem.problem}" for problem in caught.value.problems]


def test_all_are_reported_at_once(tmp_path: Path) -> None:
    """A workload with a problem hides neither another one's nor those between others."""
    found = refused(
        tmp_path,
        {
            "a": {**WEB, "prt": 80},
            "b": {**WEB, "needs": ["a", "c"]},
            "c": {**WEB, "needs": ["d"]},
            "d": {**WEB, "needs": ["b", "x"]},
            "kube-e": WEB,
        },
    )
    assert [
        "workloads.a.prt: unknown key prt",
        "workloads.b.needs[1]: workloads need each other: b -> c -> d -> b",
        "workloads.d.needs[1]: no workload is called x",
        "workloads.kube-e: the namespace kube-e is not for workloads",
    ] == found


def test_a_residency_names_the_first_sites(tmp_path: Path) -> None:
    """Those elsewhere, and those without a country."""
    sites = {f"fr-{number}": {"location": {"country": "FR"}} for number in range(5)}
    found = refused(tmp_path, {"till": {**WEB, "residency": ["DE"]}}, **sites, b={})
    assert [
        "workloads.till.residency: till may run in DE alone, and fr-0, fr-1, fr-2 and 2 more are elsewhere",
        "workloads.till.residency: till may run in DE alone, and b has no country",
    ] == found


def test_the_country_of_each_region_of_aws_is_known() -> None:
    """But for regions of secret services, and what is no place."""
    data = get_session().get_component("data_loader").load_data("partitions")
    regions = {name for part in data["partitions"] for name in part["regions"] if "iso" not in name}
    assert set() == {name for name in regions if "global" not in name} - COUNTRIES.keys()


def test_a_workload_without_a_node_is_noted_with_the_near_misses(tmp_path: Path) -> None:
    """It may be for sites to come."""
    where = {"sites": ["a", "b"], "labels": {"camera": "yes"}}
    sites = {"a": {}, "b": {}, "c": {"labels": {"camera": "yes"}}}
    notes = cautions(load(tmp_path, {"t": {**WEB, "where": where}}, **sites))
    (note,) = [each for each in notes if "runs nowhere" in each]
    expected = "no node matches where: 2 sites but for labels.camera, 1 site but for sites"
    assert note.endswith(expected)
    assert note.startswith("x.fleet.yaml:")


def test_a_missing_secret_has_the_line_of_the_workload(tmp_path: Path) -> None:
    """Once for all sites; of one with several lines nothing is missing, and none is in the spec."""
    fleet = load(tmp_path, {"till": {**WEB, "secrets": {"KEY": "till-key"}}}, a={}, b={})
    with pytest.raises(InvalidInput, match="no secret 'till-key'") as caught:
        check_passphrases(fleet, ["a", "b"], {}, stack="x")
    (problem,) = caught.value.problems
    assert "workloads.till.secrets.KEY" == problem.path
    assert problem.where.startswith("x.fleet.yaml:")
    check_passphrases(fleet, ["a", "b"], {"till-key": "-----BEGIN\nhunter22"}, stack="x")
    assert "{secret: till-key}" == fleet.sites["a"].workloads["till"]["secrets"]["KEY"]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"kind": "wbe"}, ("kind", "did you mean web?")),
        ({}, ("kind", "one of: ")),
        ({**WEB, "prt": 1}, ("prt", "did you mean port?")),
        ({**WEB, "secrets": {"KEY": 1}, "port": "x"}, ("port", "write digits only, such as 4")),
        ({**WEB, "patches": [{"kind": "Job", "merge": {}}]}, ("patches[0]", "its objects: ")),
    ],
)
def test_an_entry_of_another_program_is_refused(entry: dict[str, Any], problem: tuple[str, str]) -> None:
    """With its path and a fix."""
    found = [(each.path, each.hint) for each in of_entry("till", entry, Place(name="till"))]
    assert [problem[0]] == [path for path, _ in found]
    assert found[0][1].startswith(problem[1])


def test_what_a_fleet_file_places_is_accepted_at_its_site() -> None:
    """An entry has no placement any more, and nothing asks for one."""
    fleet = load_fleet(EXAMPLE, EXAMPLE.parent)
    sites = fleet.sites.values()
    assert any("accelerator" in site.workloads["closing"] for site in sites if "closing" in site.workloads)
    assert any("prices" in site.workloads for site in sites)
    assert [] == [
        (site.name, name, problem)
        for site in sites
        for name, entry in site.workloads.items()
        for problem in of_entry(name, entry, place_of(site, name))
    ]


@pytest.mark.parametrize(
    ("fields", "lacking"),
    [({"values": {"note": "{site.name} {region}"}}, ["site.name"]), ({"values": {"note": "{region}"}}, [])],
)
def test_a_chart_at_the_hub_has_no_value_of_a_site(fields: dict[str, Any], lacking: list[str]) -> None:
    """Of what others render, each placeholder counts."""
    chart = {"chart": "file:agent.tgz", "version": "1.8.2", "digest": "0" * 64, "rendered": "0" * 64}
    plain, found = at_hub("agent", from_plain(Chart, {"kind": "chart", **chart, **fields}), {"region": "eu"})
    assert lacking == found
    assert plain["values"]["note"].endswith("eu")


ANY = st.characters(codec="utf-8")


@given(city=st.one_of(st.text(ANY), st.text(ANY, max_size=9).map(lambda text: f"a{text}b"), EVIL))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_value_never_changes_structure(tmp_path: Path, city: str) -> None:
    """It is refused, or is a part of one text: the leaves are the same, and the YAML reads back."""
    text = "{{site.name}} {site.location.city} {x} {{x}}"
    workloads = {"till": {**WEB, "environment": {"CITY": text}, "args": ["--city={site.location.city}"]}}
    plain = objects_of(load(tmp_path, workloads, a={"location": {"city": "Ulm"}}).sites["a"])["till"]
    try:
        fleet = load(tmp_path, workloads, a={"location": {"city": city}})
    except InvalidInput:
        return
    objects = objects_of(fleet.sites["a"])["till"]
    assert [*map(paths, plain)] == [*map(paths, objects)]
    assert [*objects] == [*yaml.safe_load_all(text_of(objects))]
    container = objects[1]["spec"]["template"]["spec"]["containers"][0]
    assert f"{{site.name}} {city} {{x}} {{{{x}}}}" == container["env"][0]["value"]
    assert f"--city={city}" == container["args"][0]
