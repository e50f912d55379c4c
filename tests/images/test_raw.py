"""Format ``raw``: real tools find in it what a node shall find, and everything that the base had."""

import hashlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.images.conftest import MIB, SEED, TABLE, made_base, needs, run
from tests.images.elsewhere import ELSEWHERE, LATER, NOW, mounting, printed, replaced, without_room

from edgefleet.errors import InvalidInput
from edgefleet.images import raw
from edgefleet.io import disk, extents, gpt
from edgefleet.model.composing import Ingredients

pytestmark = needs("sfdisk", "mkfs.vfat", "mcopy", "mksquashfs")
Make = Callable[..., Ingredients]


def places(image: Path) -> dict[str, tuple[int, int]]:
    """dict[name of a partition -> (start, size) in bytes]."""
    return {each.name: (each.start * 512, each.size * 512) for each in gpt.read_table(image).partitions}


def cut(image: Path, name: str, out: Path) -> Path:
    """A partition as a file."""
    start, size = places(image)[name]
    out.write_bytes(image.read_bytes()[start : start + size])
    return out


def test_a_node_finds_its_seed_and_payload_and_the_base_is_whole(
    base: Path, payload: Path, ingredients: Make, tmp_path: Path
) -> None:
    """By label and by the partition's name; root and boot partitions keep numbers, UUIDs and every byte."""
    out = tmp_path / "n1.raw"
    made = raw.compose(ingredients(base, payload=payload, payload_digest="sha256:" + "b" * 64), out)
    assert hashlib.sha256(out.read_bytes()).hexdigest() == made.sha256
    run("sfdisk", "--verify", out)
    seed = cut(out, "CIDATA", tmp_path / "seed.fat")
    assert "CIDATA" in run("blkid", "-p", seed)
    assert SEED["user-data"].decode() == run("mcopy", "-i", seed, "::/user-data", "-")
    assert {f"::/{name}" for name in SEED} == set(run("mdir", "-b", "-i", seed).split())
    squash = cut(out, "EDGEFLEET-PL", tmp_path / "payload.squashfs")
    assert "root/root" in run("unsquashfs", "-lln", squash).replace("0/0", "root/root")
    assert (
        bytes(range(256)) * 300
        == subprocess.run(
            ["unsquashfs", "-cat", squash, "images/k3s.tar.zst"], capture_output=True, check=True
        ).stdout
    )
    root = cut(out, "root", tmp_path / "root.ext4")
    assert root.read_bytes() == cut(base, "root", tmp_path / "before.ext4").read_bytes()
    run("e2fsck", "-fn", root)
    old, new = ({each.uuid: each for each in gpt.read_table(image).partitions} for image in (base, out))
    assert {uuid: each.number for uuid, each in old.items()} == {uuid: new[uuid].number for uuid in old}
    assert max(new.values(), key=lambda each: each.start).name == "root"


def test_the_boot_loader_of_the_first_sector_stays(base: Path, ingredients: Make, tmp_path: Path) -> None:
    """A BIOS starts its 440 bytes."""
    with base.open("r+b") as file:
        file.write(bytes(range(220)) * 2)
    out = tmp_path / "n1.raw"
    raw.compose(ingredients(base), out)
    assert bytes(range(220)) * 2 == out.read_bytes()[:440]
    run("sfdisk", "--verify", out)


def test_a_reference_stands_for_the_same_bytes(
    base: Path, payload: Path, ingredients: Make, tmp_path: Path
) -> None:
    """Written out again it is the copy, and it costs little more than the seed."""
    digest = "sha256:" + "b" * 64
    copy = raw.compose(ingredients(base, payload=payload, payload_digest=digest), tmp_path / "n1.raw")
    reference = tmp_path / "n2.raw.json"
    made = raw.compose(
        ingredients(base, payload=payload, payload_digest=digest, share="reference"), reference
    )
    assert (copy.size, copy.sha256) == (made.size, made.sha256)
    found, parts = extents.read_reference(reference, extents.in_place)
    assert copy.sha256 == extents.write_copy(found, parts, tmp_path / "again.raw").sha256
    assert sum(path.stat().st_size for path in (reference, *made.beside)) < 2 * MIB
    base.rename(tmp_path / "moved.img")
    with pytest.raises(InvalidInput, match="not there any more"):
        extents.read_reference(reference, extents.in_place)
    moved = {disk.sha256(tmp_path / "moved.img"): tmp_path / "moved.img"}
    found, parts = extents.read_reference(
        reference, lambda sha256, place: moved.get(sha256) or extents.in_place(sha256, place)
    )
    assert copy.sha256 == extents.digest(found, parts).sha256


BUILD = """
import sys
from pathlib import Path
from edgefleet.images import raw
from edgefleet.model.composing import Ingredients
base, payload, work = map(Path, sys.argv[1:])
made = raw.compose(Ingredients(node="n1", arch="amd64", disk=2**26, parts="sha256:" + "a" * 64,
    seed={"user-data": b"x", "meta-data": b"y", "network-config": b"z"}, base=base, base_digest="sha256:0",
    payload=payload, payload_digest="sha256:" + "b" * 64, scratch=work, shared=work / "shared"), work /
    "n1.raw")
print(made.sha256)
"""


@needs("faketime")
def test_the_same_parts_give_the_same_bytes(base: Path, payload: Path, tmp_path: Path) -> None:
    """In another directory, zone, locale and year, and of files with other modes, times and owners."""
    one = printed(BUILD, base, payload, tmp_path / "one", at=tmp_path / "one", date=NOW)
    for path in payload.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o640)
        os.utime(path, (1, 1))
        if os.geteuid() == 0:
            os.chown(path, 1234, 1234)
    place = tmp_path / "an other"
    other = printed(BUILD, base, payload, place, at=place, around=ELSEWHERE, umask=0o077, date=LATER)
    assert one == other


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut off": (lambda image: os.truncate(image, 30 * MIB), "is cut off"),
    "xz": (lambda image: replaced(image, 0, b"\xfd7zXZ\x00"), "compressed with xz.*xz -dk"),
    "zstd": (lambda image: replaced(image, 0, b"\x28\xb5\x2f\xfd"), "compressed with zstd"),
    "qcow2": (lambda image: replaced(image, 0, b"QFI\xfb"), "qemu-img convert"),
    "web page": (lambda image: image.write_bytes(b"<!DOCTYPE html><html>404</html>" * 40), "is a web page"),
    "MBR": (
        lambda image: run("sfdisk", "-q", "--wipe=always", image, stdin="label: dos\n2048,,L\n"),
        "has an MBR",
    ),
    "nothing": (lambda image: image.write_bytes(bytes(MIB)), "is not a disk image"),
    "large sectors": (
        lambda image: (replaced(image, 512, bytes(8)), replaced(image, 4096, b"EFI PART")),
        "4,096",
    ),
    "encrypted": (lambda image: replaced(image, 32768 * 512, b"LUKS\xba\xbe"), "has an encrypted partition"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_base_that_cannot_be_used_is_one_clear_sentence(
    damage: str, base: Path, ingredients: Make, tmp_path: Path
) -> None:
    """What it is, and what to do; nothing half-made stays."""
    change, said = DAMAGES[damage]
    change(base)
    with pytest.raises(InvalidInput, match=said) as caught:
        raw.compose(ingredients(base), tmp_path / "n1.raw")
    assert 1 == len(caught.value.problems)
    assert not (tmp_path / "n1.raw").exists()


def test_a_base_of_another_architecture_is_refused(ingredients: Make, tmp_path: Path) -> None:
    """By its boot loader, and by the type of its root."""
    arm = made_base(tmp_path / "arm.img", loader="BOOTAA64.EFI")
    with pytest.raises(InvalidInput, match="boots arm64, and the node is amd64"):
        raw.compose(ingredients(arm), tmp_path / "n1.raw")
    typed = TABLE.replace("0FC63DAF-8483-4772-8E79-3D69D8477DE4", "B921B045-1DF0-41C3-AF44-4C6F280D3FAE")
    with pytest.raises(InvalidInput, match="is for arm64"):
        raw.compose(ingredients(made_base(tmp_path / "root.img", table=typed)), tmp_path / "n1.raw")


def test_a_medium_smaller_than_its_image_is_refused(base: Path, ingredients: Make, tmp_path: Path) -> None:
    """Both sizes are reported."""
    with pytest.raises(
        InvalidInput, match=r"43,\d+,\d+ bytes, and its medium has 1,048,576|its medium has 1,048,576"
    ):
        raw.compose(ingredients(base, disk=MIB), tmp_path / "n1.raw")


@mounting
def test_a_full_disk_leaves_nothing(base: Path, payload: Path, tmp_path: Path) -> None:
    """On a file system with room for the seed and not for the image."""
    with base.open("r+b") as file:
        file.seek(20 * MIB)
        file.write(os.urandom(6 * MIB))
    said, left = without_room(BUILD, base, payload, "{}", at=tmp_path / "small", mebibytes=5)
    assert "n1.raw: cannot be written: the disk is full; free some space" in said
    assert not [name for name in left if "n1.raw" in name]


def test_a_medium_for_the_payload_alone(payload: Path, tmp_path: Path) -> None:
    """For formats whose seed has no room for it: found by the same name."""
    scratch, out = tmp_path / "scratch", tmp_path / "payload.raw"
    disk.make_directory(scratch)
    made = raw.payload_disk(payload, "sha256:" + "c" * 64, scratch, out)
    run("sfdisk", "--verify", out)
    assert ["EDGEFLEET-PL"] == list(places(out))
    assert hashlib.sha256(out.read_bytes()).hexdigest() == made.sha256
