"""Configuration files of other tools become parts of a fleet file: own samples of each kind."""

import os
from pathlib import Path

import pytest
import yaml

from edgefleet.errors import InvalidInput
from edgefleet.fleetfile.imports.importing import imported

SAMPLES = Path(__file__).parent / "imports"
CANARY = "hunter2canary"


@pytest.mark.parametrize(
    "name",
    ["config.yaml", "registries.yaml", "netplan.yaml", "wifi.yaml", "inventory.yml", "eib", "user-data.yaml"],
)
def test_a_sample_becomes_parts_of_a_fleet_file(name: str) -> None:
    """As recorded in expected/, with what is not carried over; `UPDATE_GOLDEN=1` records it again."""
    text = imported(SAMPLES / name, name, "shop-1")
    recorded = SAMPLES / "expected" / f"{name.partition('.')[0]}.yaml"
    if os.environ.get("UPDATE_GOLDEN"):
        recorded.write_text(text, encoding="utf-8")
    assert recorded.read_text(encoding="utf-8") == text
    assert CANARY not in text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\n", "of no kind that can be imported"),
        ("- a\n", "of no kind that can be imported"),
        ("a: [\n", "broken YAML"),
    ],
)
def test_another_file_is_refused(text: str, problem: str, tmp_path: Path) -> None:
    """With the kinds that are known, or the place of the fault."""
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match=problem):
        imported(tmp_path / "a.yaml", "a.yaml", "shop-1")


def test_a_folder_without_a_definition_is_refused(tmp_path: Path) -> None:
    """It names what a folder must have."""
    with pytest.raises(InvalidInput, match="nothing that can be imported"):
        imported(tmp_path, "x", "shop-1")


@pytest.mark.parametrize(
    ("names", "hostname"),
    [
        ("hostname: till-1\nfqdn: till-1.shop.example\n", "till-1"),
        ("hostname: till-1\nprefer_fqdn_over_hostname: true\n", "till-1"),
        ("fqdn: till-1.shop.example\n", "till-1.shop.example"),
    ],
)
def test_the_name_that_user_data_has_is_that_of_the_node(tmp_path: Path, names: str, hostname: str) -> None:
    """cloud-init takes the other name where the preferred one is not given."""
    (tmp_path / "user-data").write_text(f"{names}runcmd: [sync]\n")
    text = imported(tmp_path / "user-data", "user-data", "shop-1")
    assert yaml.safe_load(text)["sites"] == {"shop-1": {"hostname": hostname}}
