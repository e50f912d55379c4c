"""Nodes for boot steps: the golden sites, changed where a test needs it."""

import base64
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cloud.conftest import aws, moto_url

from edgefleet.model.firstboot import Step, Target
from edgefleet.model.site import SiteSpec
from edgefleet.model.spec import from_plain

__all__ = ["aws", "moto_url"]

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
KEY = base64.b64encode(b"a key that only golden sites use").decode()
Targets = Callable[..., Target]


@pytest.fixture
def target() -> Targets:
    """Makes a node: of which golden site, which of its nodes, with which of the site's values changed.

    A case is the name of a golden site, ``vlan``, or of its folder, ``recipe-1/vlan``.
    """

    def make(case: str = "server-static", node: str = "", **changes: Any) -> Target:
        folder = GOLDEN / (case if "/" in case else f"recipe-1/{case}")
        site = from_plain(SiteSpec, yaml.safe_load((folder / "site.yaml").read_text()))
        return Target(site=replace(site, **changes), name=node or next(iter(site.nodes)), key=KEY)

    return make


@pytest.fixture
def text_of() -> Callable[[Step, str], str]:
    """The text of a step's file, by its path."""

    def find(step: Step, path: str) -> str:
        (file,) = [file for file in step.files if file.path == path]
        return file.content.decode()

    return find
