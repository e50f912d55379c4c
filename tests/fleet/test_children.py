"""Names of what components make: a promise, as a state file finds a resource by its name alone."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.fleet.test_control_plane import HUB, SECRET
from tests.fleet.test_fleet import FILE

import edgefleet

Record = Callable[..., Sequence[Any]]
GOLDEN = Path(__file__).parents[1] / "golden" / "components"
HUBS = {
    "k3s": HUB | {"costLimit": {"monthly": 250, "notify": ["ops@example.org"]}},
    "k3s-own-zone": HUB | {"dns": {"name": "hub.retail.example", "zone": "retail.example"}},
    "k3s-gateways": HUB | {"network": {"nat": "per-zone"}},
    "eks": HUB | {"kind": "eks"},
    "none": {"kind": "none", "bucket": "retail"},
}


def children(found: Sequence[Any]) -> str:
    return "".join(sorted(f"{each.type} {each.name}\n" for each in found))


def check(case: str, text: str) -> None:
    file = GOLDEN / f"{case}.txt"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        GOLDEN.mkdir(exist_ok=True)
        file.write_text(text)
    assert file.read_text() == text


@pytest.mark.parametrize("case", HUBS)
def test_the_children_of_a_hub_carry_its_name(case: str, record: Record) -> None:
    args: Any = {"hub": HUBS[case], "fleet": "retail", "region": "eu", "secret": SECRET}
    text = children(record(lambda: edgefleet.ControlPlane("mine", args)))
    check(f"hub-{case}", text)
    names = {line.split()[1] for line in text.splitlines()}
    assert {"mine"} == {name for name in names if not name.startswith("mine/")}


def test_the_children_of_a_fleet_carry_its_name(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shops.fleet.yaml").write_text(FILE)
    args: Any = {
        "file": "shops.fleet.yaml",
        "secret": SECRET,
        "passphrases": {"shopWifi": "correct horse"},
    }
    check("fleet", children(record(lambda: edgefleet.Fleet("mine", args))))


def test_the_children_of_a_workload_carry_its_name(record: Record) -> None:
    """One in another namespace has that in its name, too."""
    args: Any = {"workload": {"kind": "web", "image": "registry.example/till:1.4", "port": 80}}
    namespaces = [{"kind": "Deployment", "merge": {"metadata": {"namespace": "elsewhere"}}}]
    args["workload"] |= {"secrets": {"KEY": "key"}, "patches": namespaces}
    args |= {"passphrases": {"key": "opensesame"}, "renderTo": "objects"}
    check("workload", children(record(lambda: edgefleet.Workload("mine", args))))


def test_a_program_has_two_of_each(record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No two children share a type and a name, even if they belong to sites of one name."""
    monkeypatch.chdir(tmp_path)

    def program() -> None:
        for region in ("north", "south"):
            file = f"{region}.fleet.yaml"
            (tmp_path / file).write_text(FILE.replace("north", region))
            passphrases = {"shopWifi": "correct horse"}
            edgefleet.Fleet(region, {"file": file, "secret": SECRET, "passphrases": passphrases})
            args: Any = {"hub": HUB, "fleet": "retail", "region": region, "secret": SECRET}
            edgefleet.ControlPlane(f"hub-{region}", args)

    lines = children(record(program)).splitlines()
    assert len(lines) == len(set(lines))
    assert 2 == sum(line.startswith("edgefleet:aws:ServerSet ") for line in lines)
    assert ["north/alpha", "north/beta", "south/alpha", "south/beta"] == [
        line.split()[1] for line in lines if line.startswith("edgefleet:index:Site ")
    ]
