"""The objects of each kind, from the example in docs/examples that the pages of the kinds show."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from edgefleet.fleetfile.load import load_fleet
from edgefleet.model.site import SiteSpec
from edgefleet.workloads import KINDS
from edgefleet.workloads.composing import kind_of, objects_of, text_of

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests/golden/workloads"
FLEET = load_fleet(ROOT / "docs/examples/workloads.fleet.yaml", ROOT / "docs/examples")


def texts() -> dict[str, str]:
    """dict[workload -> its manifest at the first site that runs it]."""
    found: dict[str, str] = {}
    for site in FLEET.sites.values():
        for name, objects in objects_of(site).items():
            if objects:
                found.setdefault(name, text_of(objects))
    return found


def test_every_kind_is_in_an_example() -> None:
    """Those whose objects another program renders are in the one of test_chart.py."""
    rendered = yaml.safe_load((ROOT / "docs/examples/charts.fleet.yaml").read_text(encoding="utf-8"))
    others = {each["kind"] for each in rendered["workloads"].values()}
    assert KINDS.keys() == set(map(kind_of, FLEET.workloads.values())) | others


def test_every_kind_has_a_page_with_an_example() -> None:
    pages = {page.stem: page.read_text(encoding="utf-8") for page in (ROOT / "docs/workloads").glob("*.md")}
    assert KINDS.keys() <= pages.keys()
    assert [] == [name for name in KINDS if f"kind: {name}" not in pages[name]]


def test_objects_are_as_before() -> None:
    """`UPDATE_GOLDEN=1` writes them again; read the difference."""
    current = texts()
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.mkdir(parents=True, exist_ok=True)
        for path in GOLDEN.glob("*.yaml"):
            path.unlink()
        for name, text in current.items():
            (GOLDEN / f"{name}.yaml").write_text(text, encoding="utf-8")
    assert {path.stem: path.read_text(encoding="utf-8") for path in GOLDEN.glob("*.yaml")} == current


def test_equal_sites_share_their_objects() -> None:
    """What does not depend on the site is composed once."""
    first, second = (objects_of(FLEET.sites[name])["tools"] for name in ("de-ber-001", "depot"))
    assert first == second


@pytest.mark.parametrize("name", sorted(FLEET.workloads))
def test_the_order_of_fields_does_not_matter(name: str) -> None:
    site = next(site for site in FLEET.sites.values() if name in site.workloads)
    turned = dict(reversed(site.workloads[name].items()))
    assert objects_of(site)[name] == objects_of(with_entry(site, name, turned))[name]


def with_entry(site: SiteSpec, name: str, entry: dict[str, object]) -> SiteSpec:
    """The site with another entry of a workload."""
    return replace(site, workloads={**site.workloads, name: entry})
