"""The fleet files in docs/examples: what the reference takes its examples from."""

from pathlib import Path

import pytest
from bench import fleet_file_reference

from edgefleet.fleetfile.load import load_fleet

CHARTS = fleet_file_reference.EXAMPLES / "charts.fleet.yaml"
EXAMPLES = sorted(set(fleet_file_reference.EXAMPLES.glob("*.fleet.yaml")) - {CHARTS})
"""All but that of charts, which needs Helm: tests/workloads/test_chart.py."""


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_accepted(path: Path) -> None:
    """Each loads without a problem and has sites."""
    assert load_fleet(path, path.parent).sites


def test_the_reference_is_current() -> None:
    """It has every key of the schema with an example, as `make schema` writes it."""
    page = fleet_file_reference.EXAMPLES.parent / "fleet-file.md"
    assert page.read_text(encoding="utf-8") == fleet_file_reference.text()
