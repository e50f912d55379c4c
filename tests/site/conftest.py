"""The golden sites: specs in files, each beside what its recipe makes of it; and a place to build in."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.images.conftest import made_base

from edgefleet.io import disk
from edgefleet.model.listing import sha256
from edgefleet.model.site import SiteSpec
from edgefleet.model.site_resource import SiteInputs
from edgefleet.model.spec import from_plain
from edgefleet.site.building import BuildContext
from edgefleet.site.composed_node import Supplies
from edgefleet.site.release import Release
from edgefleet.site.render import RenderedSite, SiteImage

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
CASES = sorted(path.parent for path in GOLDEN.glob("recipe-*/*/site.yaml"))
KEY = base64.b64encode(b"a key that only golden sites use").decode()
BUILD_KEY = base64.b64encode(bytes(range(36))).decode()
Plan = Callable[..., SiteInputs]
PASSPHRASES = {
    "shop": "correct horse battery staple",
    "ssm": "an-activation:its-code",
    "proxy": "till:p@ss/word",
    "ops-password": "$6$saltsalt$" + "x" * 86,
}


def fake_image(node: str, data: bytes, *files: str) -> SiteImage:
    """A rendered image of `data`, of a renderer that is not ours."""
    digest = sha256(data)
    return SiteImage(name=f"{node}.iso", data=data, seed=digest, files=dict.fromkeys(files, digest))


def fake_site(images: dict[str, SiteImage]) -> RenderedSite:
    """A rendered site of `images`; its release is of their bytes."""
    data = b"".join(image.data for image in images.values())
    parts = {node: image.seed for node, image in images.items()}
    return RenderedSite(images=images, release=Release(digest=sha256(data), parts=parts, data=data))


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


@pytest.fixture
def shop(tmp_path: Path) -> BuildContext:
    """A place to build in, with a base beside it."""
    made_base(tmp_path / "base.img")
    return BuildContext(out=tmp_path / "out", supplies=Supplies(cache=tmp_path / "cache", project=tmp_path))


@pytest.fixture
def plan(shop: BuildContext) -> Plan:
    """A site's inputs; nodes are named with what differs from a node with a raw image."""
    digest = disk.sha256(shop.supplies.project / "base.img")

    def make(name: str = "berlin", /, **nodes: dict[str, Any]) -> SiteInputs:
        raw_node = {
            "runtime": "k3s-server",
            "arch": "amd64",
            "cpus": 4,
            "memory": 8 * 2**30,
            "disk": 64 * 2**20,
            "storage": "nvme",
            "image": {"format": "raw", "base": {"source": "file:base.img", "sha256": digest}},
        }
        return from_plain(
            SiteInputs,
            {
                "name": name,
                "fleet": "retail",
                "region": "eu",
                "recipe": 1,
                "keyGeneration": 1,
                "k3s": {"version": "v1.36.4+k3s1"},
                "nodes": {
                    node: raw_node | {"hostname": node, "network": {}} | other
                    for node, other in (nodes or {"n1": {}}).items()
                },
                "store": "file:store",
                "key": BUILD_KEY,
            },
        )

    return make
