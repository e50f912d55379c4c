"""An image with another site's secret is refused: the report names whose and which, and nothing is left."""

import base64
import gzip
import io
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.images import small_installer
from tests.images.conftest import needs
from tests.site.conftest import BUILD_KEY, Plan
from tests.site.test_verification import FORMATS, put_in_cache

from edgefleet.errors import InvalidInput, Problem
from edgefleet.io import disk
from edgefleet.keys.derivation import ssh_host_key, token
from edgefleet.model.composing import Composed
from edgefleet.model.k3s_config import ConfigValue
from edgefleet.model.site_resource import SiteInputs
from edgefleet.site.building import BuildContext, build_site
from edgefleet.site.known_secrets import known
from edgefleet.site.leak_scan import Scan

pytestmark = [pytest.mark.slow, needs("sfdisk", "mkfs.vfat", "mcopy", "mksquashfs")]
MUNICH = base64.b64encode(b"the key of munich, 32 bytes long" + b"mark").decode()
TOKEN = token(MUNICH, "k3s-agent-token")
OWN = token(BUILD_KEY, "k3s-agent-token")
HOST_KEY = ssh_host_key(MUNICH, node="n1", comment="n1")[0]
Leaking = Callable[[SiteInputs], Problem]


@pytest.fixture
def looking(shop: BuildContext, plan: Plan) -> BuildContext:
    """A place where berlin is built and munich's secrets are known."""
    specs = [replace(plan(name), key=key) for name, key in (("berlin", BUILD_KEY), ("munich", MUNICH))]
    return replace(shop, known=known([(spec, spec.key) for spec in specs], (), {}))


def refused(job: SiteInputs, shop: BuildContext) -> Problem:
    """The report of a site that is not built."""
    (problem,) = build_site(job, context=shop).problems
    said = str(problem)
    assert ("leak", "berlin/n1") == (problem.code, problem.where)
    assert TOKEN not in said
    assert "site munich" in said
    return problem


def left(shop: BuildContext) -> set[str]:
    """What is in the site's folder."""
    return {path.name for path in (shop.out / "berlin").iterdir()} - {".lock", ".gitignore"}


def planted(job: SiteInputs, secret: str) -> SiteInputs:
    """A site whose configuration names a secret."""
    config: dict[str, ConfigValue] = {"kubelet-arg": [f"image-credential={secret}"]}
    return replace(job, k3s=replace(job.k3s, config=config))


RAW: tuple[dict[str, Any], str] = ({}, "n1.raw")


@pytest.mark.parametrize("name", [*FORMATS, "raw"])
def test_a_token_of_another_site_is_found_in_every_format(
    name: str, looking: BuildContext, plan: Plan
) -> None:
    """By name and kind; the site's own is none."""
    wanted, file = {**FORMATS, "raw": RAW}[name]
    node = {"image": wanted} if wanted else {}
    problem = refused(planted(plan(n1=node), TOKEN), looking)
    assert "a k3s agent token" in problem.problem
    assert {"manifest.json"} == left(looking)
    assert () == build_site(planted(plan(n1=node), OWN), context=looking).problems
    assert file in left(looking)


@pytest.mark.skipif(bool(small_installer.missing()), reason="needs tools: xorriso, grub, isolinux")
def test_an_installer_is_looked_through(looking: BuildContext, plan: Plan) -> None:
    """Its seed lies among thousands of files that are the base's."""
    base = small_installer.made_installer(looking.supplies.project / "base.iso")
    source = {"source": "file:base.iso", "sha256": disk.sha256(base)}
    node = {"image": {"format": "iso", "installer": "debian", "base": source}, "disk": 2**31}
    problem = refused(planted(plan(n1=node), TOKEN), looking)
    assert "in edgefleet/seed/" in problem.problem
    assert {"manifest.json"} == left(looking)
    assert () == build_site(plan(n1=node), context=looking).problems


@pytest.mark.parametrize("share", ["copy", "reference"])
def test_a_disk_image_is_looked_through_however_it_is_kept(
    share: Any, looking: BuildContext, plan: Plan
) -> None:
    """What it refers to, and the file of its own parts; neither is left."""
    shop = replace(looking, share=share)
    assert "its seed" in refused(planted(plan(), TOKEN), shop).problem
    assert {"manifest.json"} == left(shop)


def test_a_base_that_a_box_ran_with_is_refused(looking: BuildContext, plan: Plan) -> None:
    """Somebody took a node's disk for a base: its host key would be on each node."""
    base = looking.supplies.project / "base.img"
    with base.open("r+b") as file:
        file.seek(32768 * 512 + 5 * 1024**2 + 13)
        file.write(HOST_KEY.encode())
    image = {"format": "raw", "base": {"source": "file:base.img", "sha256": disk.sha256(base)}}
    problem = refused(plan(n1={"image": image}), looking)
    assert "in its base file:base.img: an SSH host key" in problem.problem
    assert {"manifest.json"} == left(looking)


def layered(text: bytes) -> bytes:
    """An image of containers with a layer that gzip packed."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        layer = gzip.compress(bytes(3_000_000) + text)
        entry = tarfile.TarInfo("blobs/sha256/layer")
        entry.size = len(layer)
        archive.addfile(entry, io.BytesIO(layer))
    return made.getvalue()


@pytest.mark.parametrize("format_", ["raw", "nocloud"])
@pytest.mark.parametrize("is_layer", [True, False])
def test_a_payload_is_looked_through(format_: str, is_layer: bool, looking: BuildContext, plan: Plan) -> None:  # noqa: FBT001
    """Also the layers of container images in it, as far as gzip packed them."""
    text = b"kind: Config\ntoken: %b\n" % TOKEN.encode()
    file = put_in_cache(looking, layered(text) if is_layer else bytes(2_000_000) + text)
    file |= {"path": "images/till.tar"}
    node: dict[str, Any] = {"payload": [file]} | (
        {"image": {"format": "nocloud"}} if format_ == "nocloud" else {}
    )
    assert "in payload/images/till.tar: a k3s agent token" in refused(plan(n1=node), looking).problem
    assert "n1.payload.raw" not in left(looking)
    assert "n1.raw" not in left(looking)


def test_what_many_images_share_is_looked_at_once(looking: BuildContext, plan: Plan) -> None:
    """What was found of it is kept by its digest, and damaged it is found again."""
    assert () == build_site(plan(), context=looking).problems
    (kept,) = [path for path in (looking.supplies.cache / "scanned").iterdir() if path.name != ".lock"]
    assert kept.name.startswith(disk.sha256(looking.supplies.project / "base.img"))
    before = kept.stat().st_mtime_ns
    assert () == build_site(plan(), context=replace(looking, out=looking.out / "again")).problems
    assert before == kept.stat().st_mtime_ns
    assert TOKEN.encode() not in kept.read_bytes()


def test_an_image_that_cannot_be_told_apart_is_looked_at_as_it_is(
    looking: BuildContext, tmp_path: Path
) -> None:
    """As an installer whose directory somebody wrote in a way of their own."""
    assert looking.known is not None
    scan = Scan(
        known=looking.known,
        site="berlin",
        node="n1",
        used=frozenset(),
        marks=looking.supplies.cache / "scanned",
    )
    image = tmp_path / "n1.iso"
    made = Composed(size=1, sha256="", tools={})
    disk.write(image, bytes(3_000_000) + f"token: {OWN}\n".encode())
    scan.check_composed(image, made)
    disk.write(image, bytes(3_000_000) + f"token: {TOKEN}\n".encode())
    with pytest.raises(InvalidInput, match=r"a secret of site munich in n1\.iso: a k3s agent token"):
        scan.check_composed(image, made)


def test_a_node_that_leaks_leaves_the_others(looking: BuildContext, plan: Plan) -> None:
    """Its earlier image stays what it was; the list tells of what was built."""
    assert () == build_site(plan(n1={}, n2={"runtime": "k3s-agent"}), context=looking).problems
    earlier = (looking.out / "berlin" / "n2.raw").read_bytes()
    labels = {"shop": TOKEN}
    built = build_site(plan(n1={"labels": labels}, n2={"runtime": "k3s-agent"}), context=looking)
    assert ["n2"] == [image.node for image in built.images]
    assert ["leak"] == [problem.code for problem in built.problems]
    assert earlier == (looking.out / "berlin" / "n2.raw").read_bytes()
    assert "n1.raw" not in left(looking)


def test_of_a_leak_the_path_is_reported(looking: BuildContext, plan: Plan, tmp_path: Path) -> None:
    """A person sees where to look, and finds no word of the secret in what is written."""
    problem = refused(planted(plan(n1={"image": {"format": "script"}}), TOKEN), looking)
    assert "in n1.sh: a k3s agent token" in problem.problem
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not [data for data in written if TOKEN.encode() in data]
