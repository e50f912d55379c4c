"""What is read of an image, in which order: signature, identity, manifest, size, digest, file systems."""

import base64
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.images.conftest import needs
from tests.site.conftest import Plan
from tests.site.test_attestations import key
from tests.site.test_verification import nothing, opened

from edgefleet.errors import InvalidInput, OutsideFailure
from edgefleet.io import disk
from edgefleet.io.signing import Signing
from edgefleet.site import verification
from edgefleet.site.attestations import attested
from edgefleet.site.building import BuildContext, build_site

pytestmark = pytest.mark.slow

ONE = {"image": {"format": "nocloud"}}


@pytest.fixture
def by(tmp_path: Path) -> Signing:
    """A key that is trusted."""
    return key(tmp_path, "by")


@pytest.fixture
def image(shop: BuildContext, plan: Plan, by: Signing) -> Path:
    """A signed seed."""
    assert () == build_site(plan(n1=ONE), context=replace(shop, signing=by)).problems
    return shop.out / "berlin" / "n1.iso"


def test_nothing_of_an_unsigned_image_is_read_where_a_signature_is_required(image: Path, by: Signing) -> None:
    """Neither the image nor its manifest: both may be somebody's attack on a parser."""
    for ending in ("", ".manifest.json", ".cdx.json"):
        path = image.with_name(f"{image.name}{ending}")
        path.unlink()
        os.mkfifo(path)
    image.with_name("n1.iso.dsse.json").unlink()
    with pytest.raises(InvalidInput, match="is not signed, and --key requires a signature"):
        attested(image, (by.public,))


def test_an_image_of_another_site_is_refused_by_its_statement_alone(image: Path, by: Signing) -> None:
    """Its manifest is not read."""
    image.with_name("n1.iso.manifest.json").write_text("[" * 200_000)
    image.parent.rename(image.parent.with_name("munich"))
    moved = image.parent.with_name("munich") / image.name
    with pytest.raises(
        InvalidInput, match="is the image of site berlin, node n1; its place is that of site munich"
    ):
        attested(moved, (by.public,))


def test_a_differing_image_is_read_into_only_where_nobody_vouches_for_it(image: Path) -> None:
    """The file that differs is named without a trusted key; with one, no parser sees the bytes."""
    image.write_bytes(image.read_bytes().replace(b"local-hostname: n1", b"local-hostname: n7"))
    with pytest.raises(InvalidInput, match="meta-data differs"):
        verification.check(opened(image))
    with pytest.raises(InvalidInput, match="it was not read into"):
        verification.check(opened(image), is_trusted=True)


def test_an_image_of_another_size_is_not_digested(image: Path) -> None:
    """Three GiB of zeroes take no time."""
    os.truncate(image, 3 * 2**30)
    with pytest.raises(InvalidInput, match=r"has 3,221,225,472 bytes, not \d+,\d+: it was not read into"):
        verification.check(opened(image), is_trusted=True)
    with pytest.raises((InvalidInput, OutsideFailure), match="are allowed"):
        verification.check(opened(image))


def test_one_trusted_signature_of_several_suffices(image: Path, by: Signing, tmp_path: Path) -> None:
    """Another party may add its signature; one of a stranger alone is not enough."""
    other = key(tmp_path, "other")
    path = image.with_name("n1.iso.dsse.json")
    plain = json.loads(path.read_text())
    plain["signatures"].insert(0, {"sig": base64.b64encode(b"x" * 64).decode()})
    path.write_text(json.dumps(plain))
    assert attested(image, (by.public,)).signer.endswith("a trusted key")
    with pytest.raises(InvalidInput, match="not signed by a trusted key; it names no key, sha256:"):
        attested(image, (other.public,))


@pytest.fixture
def reference(shop: BuildContext, plan: Plan) -> Path:
    """A descriptor of an image that refers to its base."""
    assert () == build_site(plan(), context=replace(shop, share="reference")).problems
    return shop.out / "berlin" / "n1.raw.json"


@needs("sfdisk", "mkfs.vfat", "mcopy")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"own": "../../secret"}, "refers to files that are not its parts"),
        ({"own": "/dev/zero"}, "refers to files that are not its parts"),
        ({"extents": [["base", 0, 10**18]]}, "describes no image"),
        ({"extents": [["base", -1, 5]]}, "describes no image"),
        ({"extents": [["base", 0, 10**13]]}, "has 10,000,000,000,000 bytes, not"),
        ({"extents": [["other", 0, 5]]}, "refers to files that are not its parts"),
        ({"extents": [["", 0, 5]] * 10_001}, "describes no image"),
        ({"shared": {"base": {"path": "../../secret", "sha256": "0" * 64}}}, "is not there any more"),
        ({"shared": {"base": {"path": "/dev/zero", "sha256": "0" * 64}}}, "is not there any more"),
        ({"shared": {"base": {"path": "../link", "sha256": "0" * 64}}}, "is not there any more"),
    ],
)
def test_a_descriptor_reads_no_file_but_those_of_its_build(
    change: dict[str, object], reason: str, reference: Path
) -> None:
    """It is not signed: another path, a device, and a length without end are refused (finding 30)."""
    out = reference.parents[1]
    (out.parent / "secret").write_text("a secret")
    (out / "link").symlink_to(out.parent / "secret")
    plain = json.loads(reference.read_text())
    reference.write_text(json.dumps(plain | change))
    with pytest.raises(InvalidInput, match=reason):
        verification.check(opened(reference), is_trusted=True)


def test_a_part_in_place_of_which_a_device_stands_is_refused(reference: Path) -> None:
    """A pipe or device has no end."""
    parts = reference.with_suffix(".parts")
    parts.unlink()
    parts.symlink_to("/dev/zero")
    with pytest.raises(OutsideFailure, match="is not a regular file"):
        verification.check(opened(reference))
    parts.unlink()
    os.mkfifo(parts)
    with pytest.raises(OutsideFailure, match="is not a regular file"):
        verification.check(opened(reference))


def test_a_manifest_whose_runs_do_not_fit_is_refused(reference: Path) -> None:
    """Runs that overlap, or go beyond the image, would be read over and over."""
    whole = verification.manifest_beside(reference)
    twice = replace(whole, pieces=whole.pieces * 2)
    beyond = replace(whole, pieces=(replace(whole.pieces[0], size=whole.size + 1),))
    for manifest in (twice, beyond, replace(whole, image="n2.raw.json")):
        with pytest.raises(InvalidInput, match="is not the manifest of an image of this name and size"):
            verification.opened(reference, manifest, nothing)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Whatever reads a file: nobody writes to the other end."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for read in (disk.read, disk.sha256, lambda path: disk.copy(path, tmp_path / "copy")):
        with pytest.raises(OutsideFailure, match="is not a regular file"):
            read(pipe)


def test_a_file_beyond_its_limit_is_not_read(tmp_path: Path) -> None:
    """Also a sparse one."""
    path = tmp_path / "large"
    path.write_bytes(b"12345")
    assert b"12345" == disk.read(path, limit=5)
    os.truncate(path, 2**40)
    with pytest.raises(OutsideFailure, match="has 1,099,511,627,776 bytes, and 5 are allowed"):
        disk.read(path, limit=5)
