"""The Python project: what its README writes works outside the checkout."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

README = Path(__file__).parent / "python" / "README.md"


def test_its_unit_tests_pass(project: Callable[[str], Any]) -> None:
    """Under Pulumi's mocks, without an engine."""
    assert "3 passed" in project("python").run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider")


def test_its_readme_fits_on_a_page() -> None:
    """And each file that it names is there."""
    text = README.read_text()
    assert len(text.splitlines()) <= 45
    named = re.findall(r"^\| `([^`]+)`", text, re.MULTILINE)
    assert 4 == len(named)
    assert [] == [name for name in named if not (README.parent / name).exists()]


def test_its_stack_comes_up_and_goes_with_the_embedded_engine(project: Callable[[str], Any]) -> None:
    """By the commands of the README; what it exports is in the state, the kubeconfigs encrypted."""
    shops = project("python")
    shops.run("edgefleet", "init", "-s", "eu")
    try:
        shops.run("edgefleet", "up", "-s", "eu", "-y", "--engine", "local")
        (state,) = (shops.root / ".pulumi").rglob("eu.json")
        resources = json.loads(state.read_text())["checkpoint"]["latest"]["resources"]
        (outputs,) = [item["outputs"] for item in resources if item["type"] == "pulumi:pulumi:Stack"]
        assert {"berlin": {"n1", "n2"}, "hamburg": {"n1"}} == {
            site: set(nodes) for site, nodes in outputs["digests"].items()
        }
        assert "https://hub.shops.example:6443" == outputs["endpoint"]
        assert "ciphertext" in outputs["kubeconfigs"]
        (index,) = [item["inputs"] for item in resources if item["urn"].endswith("::digests")]
        assert "shops.eu.digests" == index["name"]
        shops.run("edgefleet", "destroy", "-s", "eu", "-y", "--engine", "local")
    finally:
        shops.run("edgefleet", "emulator", "stop")
