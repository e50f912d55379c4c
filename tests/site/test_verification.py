"""A finished image is verified against its manifest; the first file that differs is named."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.images.conftest import needs
from tests.site.conftest import Plan

from edgefleet.errors import InvalidInput
from edgefleet.io import disk, image_reading
from edgefleet.site import verification
from edgefleet.site.building import BuildContext, build_site
from edgefleet.site.manifest import Manifest, read_manifest

pytestmark = [pytest.mark.slow, needs("sfdisk", "mkfs.vfat", "mcopy", "mksquashfs")]
BINARY = b"a binary\n" * 200_000
NETBOOT = {
    "kernel": {"source": "https://boot.example/linux", "sha256": "a" * 64},
    "initrd": [{"source": "https://boot.example/initrd", "sha256": "b" * 64}],
    "arguments": "ds=nocloud;s={seed}",
}
FORMATS: dict[str, tuple[dict[str, Any], str]] = {
    "nocloud": ({"format": "nocloud"}, "n1.iso"),
    "nocloud-dir": ({"format": "nocloud-dir"}, "n1.tar"),
    "ignition": ({"format": "ignition"}, "n1.ign"),
    "ipxe": ({"format": "ipxe", "netboot": NETBOOT}, "n1.tar"),
    "script": ({"format": "script"}, "n1.sh"),
}
"""dict[format -> (the node's image, name of its file)] of those that are a seed alone."""


def nothing(_: str) -> None:
    """No base is found elsewhere."""


def put_in_cache(shop: BuildContext, data: bytes) -> dict[str, Any]:
    """A payload of one program, fetched already."""
    digest = hashlib.sha256(data).hexdigest()
    disk.write(shop.supplies.cache / "sha256" / digest, data)
    return {"path": "bin/k3s", "digest": f"sha256:{digest}", "size": len(data)}


def opened(image: Path) -> verification.Opened:
    """An image, whose base is in the cache of the test."""
    root = next(folder for folder in image.parents if (folder / "out").is_dir())

    def find(sha256: str) -> Path | None:
        path = root / "cache" / "sha256" / sha256
        return path if path.exists() else None

    return verification.opened(image, verification.manifest_beside(image), find)


def told(image: Path) -> str:
    """What is wrong with an image."""
    with pytest.raises(InvalidInput) as error:
        verification.check(opened(image))
    return error.value.problem.problem


@pytest.mark.parametrize("name", FORMATS)
def test_every_file_of_a_seed_is_in_its_manifest(name: str, shop: BuildContext, plan: Plan) -> None:
    """With mode, owner, size and digest, on the medium and on the node; secrets are salted."""
    wanted, file = FORMATS[name]
    assert () == build_site(plan(n1={"image": wanted}), context=shop).problems
    image = shop.out / "berlin" / file
    found = opened(image)
    assert () == verification.check(found)
    assert name == found.manifest.format
    assert found.manifest.digest == f"sha256:{disk.sha256(image)}"
    on_box = {each.path: each for each in found.manifest.node_files}
    config = on_box["/etc/rancher/k3s/config.yaml"]
    assert ("0600", "root:root", True) == (config.mode, config.owner, config.is_secret)
    assert not on_box["/etc/systemd/system/k3s.service"].is_secret


@pytest.fixture(params=["copy", "reference"])
def raw(request: pytest.FixtureRequest, shop: BuildContext, plan: Plan) -> Path:
    """A raw image with a payload, as a file of its own and as one that refers to its base."""
    shop = replace(shop, share=request.param)
    file = put_in_cache(shop, BINARY)
    assert () == build_site(plan(n1={"payload": [file]}), context=shop).problems
    return shop.out / "berlin" / ("n1.raw" if request.param == "copy" else "n1.raw.json")


def manifest_of(image: Path) -> Manifest:
    """The manifest beside an image."""
    return read_manifest((disk.read(image.with_name(f"{image.name}.manifest.json")) or b""), "")


def test_a_disk_image_is_looked_into(raw: Path) -> None:
    """Seed and payload, file by file, also where the image refers to its base."""
    assert () == verification.check(opened(raw))
    found = {each.path: each.mode for each in manifest_of(raw).files}
    assert {
        "edgefleet-seal": "",
        "meta-data": "",
        "network-config": "",
        "payload/SHA256SUMS": "0644",
        "payload/bin/k3s": "0755",
        "user-data": "",
    } == found
    assert {"table", "base", "payload", "seed", "copy"} == {each.part for each in manifest_of(raw).pieces}


def overwrite(image: Path, part: str, change: Callable[[bytes], bytes]) -> None:
    """Change the bytes of one part, wherever they lie."""
    found = opened(image)
    run = found.run(found.pieces(part)[0])
    assert run is not None
    with run.file.open("r+b") as file:
        file.seek(run.offset)
        data = file.read(run.size)
        file.seek(run.offset)
        file.write(change(data))


@pytest.mark.parametrize(
    ("part", "change", "said"),
    [
        (
            "seed",
            lambda data: data.replace(b"local-hostname: n1", b"local-hostname: n7"),
            "meta-data differs",
        ),
        ("seed", lambda data: data.replace(b"#cloud-config", b"#loud-config#"), "user-data differs"),
        ("payload", lambda data: data.replace(b"a binary", b"a bimary", 1), "payload/bin/k3s differs"),
        (
            "table",
            lambda data: data[:460] + bytes([data[460] ^ 1]) + data[461:],
            "the partition table differs",
        ),
        ("base", lambda data: data[:-1] + b"\x01", "bytes of its base differ"),
        ("copy", lambda data: b"\x01" + data[1:], "the copy of the partition table at its end differs"),
    ],
)
def test_the_first_file_that_differs_is_named(
    raw: Path, part: str, change: Callable[[bytes], bytes], said: str
) -> None:
    """One sentence, whichever part of the image it is in."""
    overwrite(raw, part, change)
    assert told(raw).endswith(said)


@pytest.mark.parametrize(
    "case",
    [
        ("nocloud", b"local-hostname: n1", b"local-hostname: n7", "meta-data differs"),
        ("nocloud-dir", b"#cloud-config", b"#loud-config#", "user-data differs"),
        ("ipxe", b"boot || exit", b"poot || exit", "boot.ipxe differs"),
        ("ignition", b'"3.3.0"', b'"3.4.0"', "config.ign differs"),
        ("script", b"set -eu", b"set -ue", "n1.sh differs"),
    ],
)
def test_the_first_file_of_a_seed_that_differs_is_named(
    case: tuple[str, bytes, bytes, str], shop: BuildContext, plan: Plan
) -> None:
    """An archive is looked into; a format of one file is that file."""
    name, old, new, said = case
    wanted, file = FORMATS[name]
    build_site(plan(n1={"image": wanted}), context=shop)
    image = shop.out / "berlin" / file
    data = image.read_bytes()
    assert old in data
    image.write_bytes(data.replace(old, new))
    assert told(image).endswith(said)


def test_what_is_cut_off_is_not_taken_for_zeroes(raw: Path) -> None:
    """Also where only zeroes are missing."""
    found = opened(raw)
    run = found.run(found.pieces("copy")[0])
    assert run is not None
    with run.file.open("r+b") as file:
        file.truncate(run.offset + run.size - 512)
    assert "partition table" in told(raw)


def test_a_manifest_that_tells_of_other_files_is_refused(raw: Path) -> None:
    """The bytes are right, what describes them is not: of a mode, a file too many, a file on the node."""
    path = raw.with_name(f"{raw.name}.manifest.json")
    before = path.read_text()
    for old, new, said in (
        (
            '"mode": "0755",\n   "owner": "root:root",\n   "path": "payload',
            '"mode": "0711",\n   "owner": "root:root",\n   "path": "payload',
            "payload/bin/k3s is 0755",
        ),
        ('"path": "user-data"', '"path": "other-data"', "other-data is missing"),
        (
            '"/etc/systemd/system/k3s.service"',
            '"/etc/systemd/system/k4s.service"',
            "k3s.service does not belong",
        ),
    ):
        assert old in before
        path.write_text(before.replace(old, new))
        assert said in told(raw)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version": 1}', '{"version": "edgefleet.dev/image-manifest/v1"}']
)
def test_what_is_no_manifest_is_reported(raw: Path, text: str) -> None:
    """No traceback, and never taken for a manifest of nothing."""
    raw.with_name(f"{raw.name}.manifest.json").write_text(text)
    with pytest.raises(InvalidInput, match=r"is not a manifest|of version 1"):
        opened(raw)


def test_a_payload_is_read_as_a_stream(raw: Path) -> None:
    """Files of a squashfs are told apart though they come one after the other."""
    found = opened(raw)
    run = found.run(found.pieces("payload")[0])
    assert run is not None
    there = image_reading.read_squashfs(run)
    assert {"SHA256SUMS", "bin/k3s"} == set(there)
    assert f"sha256:{hashlib.sha256(BINARY).hexdigest()}" == there["bin/k3s"].digest


def test_two_images_of_a_site_without_room_each_have_a_manifest(shop: BuildContext, plan: Plan) -> None:
    """The seed, and the medium with the payload beside it."""
    file = put_in_cache(shop, b"a binary\n" * 1000)
    build_site(plan(n1={"payload": [file], "image": {"format": "nocloud"}}), context=shop)
    folder = shop.out / "berlin"
    assert {"n1.iso", "n1.payload.raw"} == set(json.loads((folder / "manifest.json").read_text())["images"])
    for name in ("n1.iso", "n1.payload.raw"):
        assert () == verification.check(opened(folder / name))
    assert {"payload/SHA256SUMS", "payload/bin/k3s"} == {
        each.path for each in manifest_of(folder / "n1.payload.raw").files
    }
