"""Nodes for boot steps: the golden sites, changed where a test needs it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.cloud.conftest import aws, moto_url
from tests.site.conftest import GOLDEN, KEY, PASSPHRASES, spec_of

from edgefleet.model.firstboot import FirstBoot, Step, Target
from edgefleet.model.stack_secrets import revealed
from edgefleet.site.first_boot import first_boot

__all__ = ["KEY", "aws", "moto_url"]

Targets = Callable[..., Target]


@pytest.fixture
def target() -> Targets:
    """Makes a node: of which golden site, which of its nodes, with which of the site's values changed.

    A case is the name of a golden site, ``vlan``, or of its folder, ``recipe-1/vlan``.
    """

    def make(case: str = "server-static", node: str = "", **changes: Any) -> Target:
        folder = GOLDEN / (case if "/" in case else f"recipe-1/{case}")
        site = spec_of(folder)
        return Target(site=replace(site, **changes), name=node or next(iter(site.nodes)), key=KEY)

    return make


@pytest.fixture
def boot(target: Targets) -> FirstBoot:
    """The first boot of the golden site with additions."""
    site = revealed(target("additions").site, PASSPHRASES)
    return first_boot(Target(site=site, name="n1", key=KEY))


@pytest.fixture
def text_of() -> Callable[[Step, str], str]:
    """The text of a step's file, by its path."""

    def find(step: Step, path: str) -> str:
        (file,) = [file for file in step.files if file.path == path]
        return file.content.decode()

    return find
