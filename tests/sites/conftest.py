"""The golden sites: specs in files, each beside what its recipe makes of it."""

import base64
from pathlib import Path

import pytest
import yaml

from edgefleet.model.site import SiteSpec
from edgefleet.model.spec import from_plain

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
CASES = sorted(path.parent for path in GOLDEN.glob("recipe-*/*/site.yaml"))
KEY = base64.b64encode(b"a key that only golden sites use").decode()
PASSPHRASES = {
    "shop": "correct horse battery staple",
    "ssm": "an-activation:its-code",
    "proxy": "till:p@ss/word",
}


@pytest.fixture
def key() -> str:
    """The derived key of every golden site."""
    return KEY


@pytest.fixture
def passphrases() -> dict[str, str]:
    """Wi-Fi passphrases by name."""
    return dict(PASSPHRASES)


def spec_of(folder: Path) -> SiteSpec:
    """The spec in a golden folder."""
    return from_plain(SiteSpec, yaml.safe_load((folder / "site.yaml").read_text()))


def name_of(case: Path) -> str:
    """A golden folder's name, ``recipe-1/server-static``."""
    return case.relative_to(GOLDEN).as_posix()


@pytest.fixture(params=CASES, ids=name_of)
def case(request: pytest.FixtureRequest) -> Path:
    """Each golden folder in turn; a new one becomes a test by existing."""
    folder: Path = request.param
    return folder


@pytest.fixture
def spec(case: Path) -> SiteSpec:
    """The golden site of this turn."""
    return spec_of(case)


@pytest.fixture
def sites() -> dict[str, SiteSpec]:
    """dict[name of the case, ``recipe-1/vlan`` -> site], for tests that choose one."""
    return {name_of(case): spec_of(case) for case in CASES}
