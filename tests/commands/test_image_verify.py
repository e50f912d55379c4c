"""`edgefleet image verify` against somebody who exchanges, replays, removes and adds files."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from tests.commands.conftest import World

KEYS = 'images: {store: "file:images", signKey: "file:key.pem", trustedKeys: ["file:key.pub"]}'
WITH_KEY = ("--key", "key.pub")
WITH_STACK = ("-s", "dev")


@pytest.fixture
def signed(known: "World") -> "World":
    """A fleet whose images are built and signed."""
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (known.project / "key.pem").write_bytes(pem)
    (known.project / "key.pub").write_bytes(public)
    known.edit('images: {store: "file:images"}', KEYS)
    assert 0 == known.run("image", "build", "-s", "dev", "--all", "--out", "out", "--jobs", "1").code
    return known


def verify(world: "World", *options: str, path: str = "out") -> tuple[int, str]:
    """(exit code, everything that is printed, on one line)."""
    ran = world.run("image", "verify", path, *options)
    return ran.code, " ".join((ran.out + ran.err).split())


def test_the_images_that_the_fleet_file_asks_for_are_good(signed: "World") -> None:
    """Counted at the end; without a stack it is stated that nobody compared them with the fleet file."""
    code, text = verify(signed, *WITH_STACK)
    assert (0, 4) == (code, text.count("as built, and as the fleet file asks for"))
    assert "4 images verified, 0 refused" in text
    assert "was not verified" not in text
    code, text = verify(signed, *WITH_KEY)
    assert (0, True) == (code, "whether they are current and complete was not verified" in text)


def swapped_sites(out: Path) -> None:
    """The signed files of berlin in the place of munich's (finding 2)."""
    shutil.rmtree(out / "munich")
    shutil.copytree(out / "berlin", out / "munich")


def swapped_nodes(out: Path) -> None:
    """The signed files of a node under the names of another."""
    for path in out.glob("hamburg/n1.iso*"):
        shutil.copy(path, path.with_name(path.name.replace("n1", "n2")))


def emptied_index(out: Path) -> None:
    """A list of images that is empty (finding 28)."""
    (out / "berlin" / "manifest.json").write_text(json.dumps({"site": "berlin", "images": {}}))


def removed_index(out: Path) -> None:
    """No list of images."""
    (out / "berlin" / "manifest.json").unlink()


def lost_node(out: Path) -> None:
    """One node's image gone, and nothing left that lists it."""
    for path in out.glob("hamburg/n2.iso*"):
        path.unlink()
    index = json.loads((out / "hamburg" / "manifest.json").read_text())
    del index["images"]["n2.iso"]
    (out / "hamburg" / "manifest.json").write_text(json.dumps(index))


def added_file(out: Path) -> None:
    """An image that nobody signed, beside those that somebody did."""
    (out / "berlin" / "n2.iso").write_bytes(b"a stranger's image")


def added_folder(out: Path) -> None:
    """A folder in which nothing is described, beside those of sites."""
    (out / "bremen").mkdir()
    (out / "bremen" / "n1.iso").write_bytes(b"a stranger's image")


def stripped_site(out: Path) -> None:
    """A site's folder with a stranger's image, and nothing left that describes or signs one."""
    shutil.rmtree(out / "munich")
    (out / "munich").mkdir()
    (out / "munich" / "n1.iso").write_bytes(b"a stranger's image")


def loose_image(out: Path) -> None:
    """An image beside the folders of sites."""
    (out / "n1.iso").write_bytes(b"a stranger's image")


def fifo(out: Path) -> None:
    """A pipe in the place of a side file: opening it waits (finding 32)."""
    (out / "berlin" / "n1.iso.cdx.json").unlink()
    os.mkfifo(out / "berlin" / "n1.iso.cdx.json")


def fifo_image(out: Path) -> None:
    """A pipe in the place of the image."""
    (out / "berlin" / "n1.iso").unlink()
    os.mkfifo(out / "berlin" / "n1.iso")


def link(out: Path) -> None:
    """A link in the place of the image."""
    (out / "berlin" / "n1.iso").rename(out / "elsewhere.iso")
    (out / "berlin" / "n1.iso").symlink_to(out / "elsewhere.iso")


def sparse(out: Path) -> None:
    """An image of three GiB of zeroes (finding 31)."""
    os.truncate(out / "berlin" / "n1.iso", 3 * 2**30)


def endless_envelope(out: Path) -> None:
    """An envelope of one GiB."""
    os.truncate(out / "berlin" / "n1.iso.dsse.json", 2**30)


def deep(ending: str) -> Callable[[Path], None]:
    """JSON with 200,000 levels (finding 33)."""

    def change(out: Path) -> None:
        (out / "berlin" / f"n1.iso{ending}").write_text("[" * 200_000)

    change.__name__ = f"deep{ending}"
    return change


def deep_index(out: Path) -> None:
    """The same in the list of images."""
    (out / "berlin" / "manifest.json").write_text("[" * 200_000)


def duplicate_key(out: Path) -> None:
    """An envelope with two payload types, of which readers take one or the other (finding 35)."""
    path = out / "berlin" / "n1.iso.dsse.json"
    text = path.read_text()
    path.write_text(text.replace("{", '{"payloadType": "text/plain",', 1))


ATTACKS: dict[Callable[[Path], None], str] = {
    swapped_sites: "wrong-place 2",
    swapped_nodes: "wrong-place 1",
    emptied_index: "bad-manifest 1",
    removed_index: "bad-manifest 1",
    lost_node: "missing-image 1",
    added_file: "extra-file 1",
    added_folder: "extra-file 1",
    stripped_site: "extra-file 1",
    loose_image: "extra-file 1",
    fifo: "no-file 1",
    fifo_image: "image-missing 1",
    link: "image-missing 1",
    sparse: "image-differs 1",
    endless_envelope: "too-large 1",
    deep(".dsse.json"): "provenance 1",
    deep(".intoto.json"): "provenance 1",
    deep(".cdx.json"): "provenance 1",
    deep(".manifest.json"): "provenance 1",
    deep_index: "bad-manifest 1",
    duplicate_key: "provenance 1",
}
"""dict[attack -> reason in the summary]."""


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_a_signed_build_that_was_changed_is_refused(attack: Callable[[Path], None], signed: "World") -> None:
    """With a trusted key alone, and with the fleet file; the reason is counted."""
    attack(signed.project / "out")
    for options in (WITH_KEY, WITH_STACK):
        code, text = verify(signed, *options)
        assert (1, True) == (code, ATTACKS[attack] in text), text


def test_an_image_of_an_earlier_key_generation_is_older(signed: "World") -> None:
    """Somebody replays a signed image whose keys were renewed (finding 3)."""
    signed.edit("  munich: {", "  munich: {keyGeneration: 2, ")
    code, text = verify(signed, *WITH_STACK)
    assert (1, 1) == (code, text.count("older image: key generation 1, the fleet file asks for 2"))
    assert "3 images verified, 1 refused: older-image 1" in text
    assert 0 == verify(signed, *WITH_KEY)[0]


def test_an_image_of_an_earlier_fleet_file_is_not_current(signed: "World") -> None:
    """Another address gives another seed, and another format another kind of image."""
    signed.edit("10.20.1.10/24", "10.20.1.11/24")
    signed.edit("  munich: {nodes: {n1: {}}}", "  munich: {nodes: {n1: {image: {format: script}}}}")
    code, text = verify(signed, *WITH_STACK)
    assert (1, True) == (code, "missing-image 1, not-current 1, other-image 1" in text), text
    assert "the fleet file gives sha256:" in text


def test_sites_and_nodes_of_the_fleet_file_are_missed(signed: "World") -> None:
    """One site's folder, and one node that was added since; a site that left is refused."""
    shutil.rmtree(signed.project / "out" / "munich")
    signed.edit("gateway: 10.20.1.1}}}}", "gateway: 10.20.1.1}}, n3: {runtime: k3s-agent}}}")
    code, text = verify(signed, *WITH_STACK)
    assert (1, True, True) == (code, "no image of this site" in text, "no image of node n3" in text), text
    assert 0 == verify(signed, *WITH_KEY)[0]
    assert 0 == verify(signed, *WITH_STACK, path="out/hamburg")[0]
    signed.edit("  hamburg: {", "  bremen: {")
    code, text = verify(signed, *WITH_STACK, path="out/hamburg")
    assert (1, True) == (code, "the fleet file has no such site" in text)


def test_a_build_follows_no_link_below_its_folder(known: "World") -> None:
    """Anyone who may write there would choose which files of this user are replaced (finding 49)."""
    for name in ("berlin", ".shared"):
        out = known.project / f"out{name}"
        (known.project / f"private{name}").mkdir()
        out.mkdir()
        (out / name).symlink_to(known.project / f"private{name}")
        ran = known.run("image", "build", "-s", "dev", "--target", "berlin", "--out", out.name)
        assert (2, True) == (
            ran.code,
            "a symbolic link is where a directory is needed" in " ".join(ran.err.split()),
        )
        assert [] == list((known.project / f"private{name}").iterdir())
