"""An installer's medium is verified against its manifest, file by file, without any tool."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.images import small_installer
from tests.images.small_installer import made_installer
from tests.site.conftest import Plan
from tests.site.test_verification import BINARY, manifest_of, opened, put_in_cache, told

from edgefleet.io import disk
from edgefleet.model.hardware import DataDisk, Hardware
from edgefleet.model.medium import Base, Medium
from edgefleet.model.site import Node, SiteSpec
from edgefleet.site import verification
from edgefleet.site.building import BuildContext, build_site
from edgefleet.site.render import SiteImage, render_site

MISSING = small_installer.missing()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"needs tools: apt-get install {' '.join(MISSING)}"),
]
ROOT = "root:root"


@pytest.fixture
def medium(shop: BuildContext, plan: Plan, tmp_path: Path) -> Path:
    """An installer with a payload, built."""
    base = made_installer(tmp_path / "base.iso")
    image = {
        "format": "iso",
        "installer": "debian",
        "base": {"source": "file:base.iso", "sha256": disk.sha256(base)},
    }
    file = put_in_cache(shop, BINARY)
    assert () == build_site(plan(n1={"image": image, "payload": [file]}), context=shop).problems
    return shop.out / "berlin" / "n1.iso"


def test_every_file_that_was_put_there_is_in_its_manifest(medium: Path) -> None:
    """With mode, owner, size and digest; and what these put on the node."""
    found = opened(medium)
    assert () == verification.check(found)
    modes = {each.path: (each.mode, each.owner) for each in found.manifest.files}
    assert ("0400", ROOT) == modes["edgefleet/seed/user-data"]
    assert ("0555", ROOT) == modes["edgefleet/installer/finish"]
    assert ("0755", ROOT) == modes["payload/bin/k3s"]
    assert ("0444", ROOT) == modes["boot/grub/grub.cfg"] == modes["isolinux/isolinux.cfg"]
    assert "install.amd/vmlinuz" not in modes
    assert "/etc/rancher/k3s/config.yaml" in {each.path for each in found.manifest.node_files}
    assert ["xorriso"] == list(manifest_of(medium).tools)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"#cloud-config\nhostname", b"#loud-config#\nhostname", "edgefleet/seed/user-data differs"),
        (
            b"d-i partman/early_command",
            b"d-i partman/early_commanD",
            "edgefleet/installer/preseed.cfg differs",
        ),
        (b"set timeout=15", b"set timeout=00", "boot/grub/grub.cfg differs"),
        (b"a binary\n", b"a bimary\n", "payload/bin/k3s differs"),
        (
            b"a kernel\n",
            b"a kermel\n",
            "all listed files match, but other bytes differ",
        ),
    ],
)
def test_the_first_file_that_differs_is_named(medium: Path, old: bytes, new: bytes, said: str) -> None:
    """Where it is one that was put there."""
    data = medium.read_bytes()
    assert old in data
    medium.write_bytes(data.replace(old, new, 1))
    assert told(medium).endswith(said)


def test_a_payload_that_no_manifest_tells_of_is_reported(medium: Path) -> None:
    """Also where the manifest tells of none at all."""
    path = medium.with_name("n1.iso.manifest.json")
    plain = json.loads(path.read_text())
    plain["files"] = [each for each in plain["files"] if not each["path"].startswith("payload/")]
    path.write_text(json.dumps(plain))
    assert told(medium).endswith("payload/SHA256SUMS does not belong there")


def damaged(at: int) -> Callable[[bytes], bytes]:
    """Bytes with a run of others at a place."""
    return lambda data: data[:at] + b"\xff" * 64 + data[at + 64 :]


@pytest.mark.parametrize(
    "change",
    [
        damaged(32768),
        damaged(32768 + 140),
        lambda data: data[:40_000],
        lambda data: data[: len(data) // 2],
        lambda data: data[: data.index(b"a binary\n" * 2)],
    ],
)
def test_one_that_cannot_be_read_is_reported(medium: Path, change: Callable[[bytes], bytes]) -> None:
    """In one sentence, whatever the damage: what is wrong, and no trace of the reader's code."""
    medium.write_bytes(change(medium.read_bytes()))
    said = told(medium)
    assert "cannot be read" in said or "is missing" in said
    assert "\n" not in said
    assert ". " not in said
    assert "Traceback" not in said


def test_what_the_fleet_file_says_of_an_installer_is_in_its_seed(
    sites: dict[str, SiteSpec], key: str, passphrases: dict[str, str]
) -> None:
    """The disk, the console, whether there is a link; another disk is another identity."""
    site = sites["recipe-1/server-static"]
    image = Medium(
        format="iso", installer="ubuntu", install_on="/dev/sdb", base=Base(source="file:x", sha256="0" * 64)
    )
    hardware = Hardware(serial_console="ttyS1", data_disk=DataDisk(device="/dev/disk/by-id/data"))
    node = replace(site.nodes["n1"], image=image, hardware=hardware)

    def rendered(node: Node) -> SiteImage:
        return render_site(replace(site, nodes={"n1": node}, airgap=True), key, passphrases)["n1"]

    made = rendered(node)
    assert b"wanted=/dev/sdb\n" in made.contents["choose-disk"]
    assert b"kept=/dev/disk/by-id/data " in made.contents["choose-disk"]
    assert b"airgap=yes\n" in made.contents["finish"]
    assert b"console=ttyS1,115200" in made.contents["grub.cfg"]
    assert {"/etc/rancher/k3s/config.yaml"} <= {each.path for each in made.placed}
    other = rendered(replace(node, image=replace(image, install_on=None)))
    assert made.parts != other.parts


def test_a_base_that_cannot_be_used_is_called_as_the_fleet_file_calls_it(
    shop: BuildContext, plan: Plan
) -> None:
    """Not by its digest in the cache, which nobody knows it by; and no image is left."""
    packed = shop.supplies.project / "debian.iso.gz"
    packed.write_bytes(b"\x1f\x8b" + bytes(100_000))
    base = {"source": "file:debian.iso.gz", "sha256": disk.sha256(packed)}
    image = {"format": "iso", "installer": "debian", "base": base}
    (problem,) = build_site(plan(n1={"image": image}), context=shop).problems
    assert "file:debian.iso.gz" == problem.where
    assert problem.hint.endswith("gzip -dk debian.iso.gz")
    assert not (shop.out / "berlin" / "n1.iso").exists()
