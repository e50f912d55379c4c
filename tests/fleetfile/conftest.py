"""A fleet file that is right, and what it says when parts of it are replaced."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edgefleet.errors import InvalidInput, Problem
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.load import load_fleet

HEAD = """\
apiVersion: edgefleet.dev/v1
fleet: retail
region: test
recipe: 1
"""
PROFILES = """\
profiles:
  pos: {arch: amd64, cpus: 4, memory: 8Gi, disk: 128Gi}
  board: {arch: arm64, cpus: 4, memory: 4Gi, disk: 32Gi, storage: sd}
"""
DEFAULTS = """\
defaults:
  profile: pos
  k3s: {version: v1.36.4+k3s1}
"""
GROUPS = """\
groups:
  kiosks: {profile: board, labels: {tier: kiosk}}
"""

Load = Callable[..., Fleet]
Problems = Callable[..., list[Problem]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load a fleet file made of a right beginning and the `sites` given; any section may be replaced."""

    def loaded(
        sites: str = "sites: {}\n",
        *,
        head: str = HEAD,
        profiles: str = PROFILES,
        defaults: str = DEFAULTS,
        groups: str = GROUPS,
    ) -> Fleet:
        file = tmp_path / "test.fleet.yaml"
        file.write_text(head + profiles + defaults + groups + sites, encoding="utf-8")
        return load_fleet(file, tmp_path)

    return loaded


@pytest.fixture
def problems(load: Load) -> Problems:
    """Every problem of such a file; none where it is right."""

    def found(sites: str = "sites: {}\n", **sections: str) -> list[Problem]:
        try:
            load(sites, **sections)
        except InvalidInput as error:
            return list(error.problems)
        return []

    return found


@pytest.fixture
def say(problems: Problems) -> Callable[..., list[str]]:
    """The same, each as its one line."""
    return lambda *parts, **sections: [str(problem) for problem in problems(*parts, **sections)]
