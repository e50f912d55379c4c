"""`edgefleet keys`: create, delegate, rotate and show; and each way back from a lost or a stolen key.

What nodes accept is what functions of edgefleet, and openssl itself, verify.
"""

import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.commands.conftest import NOW
from tests.images.conftest import needs
from tests.keys.channel import POINTER

from edgefleet.io.signing import signing
from edgefleet.keys import dsse
from edgefleet.keys.channel_key import ChannelKey
from edgefleet.keys.delegation import Delegation, verified_delegation
from edgefleet.keys.pointer import Addressee, Pointer, verified_pointer
from edgefleet.keys.signed_document import opened, payload_type, signed

if TYPE_CHECKING:
    from tests.commands.conftest import Ran, World

CHANNEL = """\
channel:
  roots: ["file:keys/root-a.pub", "file:keys/root-b.pub"]
  access: {gateway: "https://updates.shops.example"}
  signKey: file:keys/release-1.key
"""
SECONDS = int(NOW.timestamp())
DAY = 24 * 3600
MUNICH = Addressee(fleet="shops", region="dev", site="munich", generation=1)


@pytest.fixture
def shop(world: "World") -> "World":
    """A stack with a channel, two root keys and two release keys; nothing is delegated."""
    for kind, name in (("root", "a"), ("root", "b"), ("release", "1"), ("release", "2")):
        assert 0 == world.run("keys", "new", kind, name).code
    hub = "{kind: none, bucket: shops-hub, identity: {sites: true}, cloud: {region: eu-central-1}}"
    world.edit("{kind: none, cloud: {region: eu-central-1}}", hub)
    world.fleet_file.write_text(world.fleet_file.read_text() + CHANNEL)
    return world


def key_of(world: "World", name: str) -> ChannelKey:
    """The public key in a file."""
    return ChannelKey.of_pem((world.project / "keys" / f"{name}.pub").read_text())


def delegate(world: "World", *options: str, root: str = "a", command: str = "delegate") -> "Ran":
    """Run a command that signs with a root key."""
    return world.run("keys", command, "-s", "dev", "--root", f"keys/root-{root}.key", *options)


def delegation(world: "World", *roots: str) -> Delegation:
    """What a node with these root keys reads in the store."""
    data = (world.project / "images" / "delegation.json").read_bytes()
    return verified_delegation(data, [key_of(world, f"root-{root}") for root in roots], fleet="shops")


def pointer(world: "World", release: str) -> bytes:
    """One that a release key has signed for the site munich."""
    key = signing(f"keys/release-{release}.key", world.project)
    payload = replace(POINTER, addressee=MUNICH, issued=SECONDS).payload
    return signed("pointer", payload, [(ChannelKey.of_pem(key.public.pem), key.open())])


def taken(world: "World", data: bytes, *, days: int = 0, roots: tuple[str, ...] = ("a", "b")) -> Pointer:
    """What a node with the newest delegation makes of a pointer."""
    return verified_pointer(data, delegation(world, *roots), MUNICH, now=SECONDS + days * DAY)


def test_a_new_key_is_two_files_and_none_is_replaced(world: "World") -> None:
    """The private one for its owner alone; what to do with the public one is shown."""
    ran = world.run("keys", "new", "root", "a")
    private, public = (world.project / "keys" / f"root-a{ending}" for ending in (".key", ".pub"))
    assert (0, 0o600, 0o644) == (ran.code, private.stat().st_mode & 0o777, public.stat().st_mode & 0o777)
    assert public.read_text() in ran.out
    assert 'roots: ["file:keys/root-a.pub"]' in ran.out
    assert "PRIVATE" not in ran.out + ran.err
    assert "add the line *.key to .gitignore" in " ".join(ran.err.split())
    before = private.read_bytes()
    (world.project / ".gitignore").write_text("*.key\n")
    again = world.run("keys", "new", "root", "a")
    assert (3, True) == (again.code, "is not overwritten" in again.err)
    assert before == private.read_bytes()
    public.unlink()
    private.rename(private.with_suffix(".old"))
    public.write_text("")
    assert (3, False) == (world.run("keys", "new", "root", "a").code, private.exists())
    ran = world.run("keys", "new", "release", "a", "--folder", "safe")
    assert (0, False) == (ran.code, ".gitignore" in ran.err)
    assert "edgefleet keys delegate -s STACK --root KEY --release safe/release-a.pub" in ran.out
    assert 1 == world.run("keys", "new", "release", "../a").code


def test_a_root_key_lets_a_release_key_sign(shop: "World") -> None:
    """For a time; a node takes what it signs until then, and status shows it."""
    assert (3, True) == ((ran := shop.run("keys", "status", "-s", "dev")).code, "yet" in ran.err)
    ran = delegate(shop, "--release", "keys/release-1.pub")
    assert 0 == ran.code, ran.err
    one = delegation(shop, "a")
    assert (1, SECONDS, [SECONDS + 180 * DAY]) == (
        one.version,
        one.issued,
        [each.expires for each in one.keys],
    )
    assert MUNICH == taken(shop, pointer(shop, "1")).addressee
    with pytest.raises(ValueError, match="has ended"):
        taken(shop, pointer(shop, "1"), days=180)
    ran = shop.run("keys", "status", "-s", "dev")
    assert 0 == ran.code
    assert [
        f"root     {key_of(shop, 'root-a').id[:16]}  signed the delegation",
        f"root     {key_of(shop, 'root-b').id[:16]}",
        "delegation 1 of 2026-11-24",
        f"release  {key_of(shop, 'release-1').id[:16]}  180 days left, until 2027-05-23",
    ] == ran.out.splitlines()
    document = shop.run("keys", "status", "-s", "dev", "--json", "-").json
    assert (1, 180, True) == (
        document["version"],
        document["releaseKeys"][0]["daysLeft"],
        document["releaseKeys"][0]["isValid"],
    )


@needs("openssl")
def test_openssl_verifies_a_delegation(shop: "World", tmp_path: Path) -> None:
    """As a node does: with the root's file, over the payload with its type."""
    assert 0 == delegate(shop, "--release", "keys/release-1.key").code
    envelope = opened((shop.project / "images" / "delegation.json").read_bytes(), "delegation")
    (tmp_path / "data").write_bytes(dsse.signed_bytes(envelope.payload, payload_type("delegation")))
    (tmp_path / "sig").write_bytes(envelope.signatures[0].data)
    root = str(shop.project / "keys" / "root-a.pub")
    command = ["openssl", "dgst", "-sha256", "-verify", root, "-signature", "sig", "data"]
    assert b"Verified OK\n" == subprocess.run(command, cwd=tmp_path, check=True, capture_output=True).stdout


def test_a_key_follows_another_without_a_gap(shop: "World") -> None:
    """The old one ends when what it has signed ends, by default after channel.expires."""
    assert 0 == delegate(shop, "--release", "keys/release-1.pub").code
    assert 0 == delegate(shop, "--release", "keys/release-2.pub", command="rotate").code
    assert 2 == delegation(shop, "a").version
    ends = {each.key: (each.expires - SECONDS) // DAY for each in delegation(shop, "a").keys}
    assert {key_of(shop, "release-1"): 30, key_of(shop, "release-2"): 180} == ends
    assert [MUNICH] * 3 == [
        taken(shop, pointer(shop, key), days=days).addressee
        for key, days in (("1", 29), ("2", 0), ("2", 179))
    ]
    with pytest.raises(ValueError, match="has ended"):
        taken(shop, pointer(shop, "1"), days=30)


def test_an_overlap_prolongs_nothing(shop: "World") -> None:
    """A key that would end sooner still does."""
    assert 0 == delegate(shop, "--release", "keys/release-1.pub", "--for", "10d").code
    options = ("--release", "keys/release-2.pub", "--for", "52w", "--overlap", "20d")
    assert 0 == delegate(shop, *options, command="rotate").code
    ends = sorted((each.expires - SECONDS) // DAY for each in delegation(shop, "a").keys)
    assert [10, 364] == ends


def test_a_stolen_release_key_ends_with_the_next_delegation(shop: "World") -> None:
    """Nodes refuse what it signed as soon as they have it; the version before is a rollback to them."""
    assert 0 == delegate(shop, "--release", "keys/release-1.pub").code
    old = (shop.project / "images" / "delegation.json").read_bytes()
    stolen = pointer(shop, "1")
    assert MUNICH == taken(shop, stolen).addressee
    ran = delegate(shop, "--release", "keys/release-2.pub")
    assert f"release key {key_of(shop, 'release-1').id[:16]} ends now" in " ".join(ran.err.split())
    with pytest.raises(ValueError, match="is not signed by a key that may sign it"):
        taken(shop, stolen)
    assert MUNICH == taken(shop, pointer(shop, "2")).addressee
    (shop.project / "images" / "delegation.json").write_bytes(old)
    assert delegation(shop, "a").version < 2


def test_a_lost_release_key_is_followed_by_another(shop: "World") -> None:
    """What it has signed goes on to hold; the lost file is not needed."""
    assert 0 == delegate(shop, "--release", "keys/release-1.pub").code
    before = pointer(shop, "1")
    (shop.project / "keys" / "release-1.key").unlink()
    (shop.project / "keys" / "release-1.pub").unlink()
    assert 0 == delegate(shop, "--release", "keys/release-2.key", command="rotate").code
    assert [MUNICH, MUNICH] == [taken(shop, data).addressee for data in (before, pointer(shop, "2"))]


def test_a_lost_root_key_is_followed_by_the_other(shop: "World") -> None:
    """Nodes have both from their images; the next release brings a new one in the place of the lost one."""
    assert 0 == delegate(shop, "--release", "keys/release-1.pub").code
    (shop.project / "keys" / "root-a.key").unlink()
    assert 0 == delegate(shop, "--release", "keys/release-2.pub", root="b", command="rotate").code
    assert 2 == delegation(shop, "a", "b").version
    assert 0 == shop.run("keys", "new", "root", "c").code
    shop.edit("root-a.pub", "root-c.pub")
    assert 0 == shop.run("keys", "status", "-s", "dev").code
    assert 0 == delegate(shop, "--release", "keys/release-2.pub", root="b").code
    assert 3 == delegation(shop, "b", "c").version


def test_a_stolen_root_key_is_taken_out_and_its_delegation_replaced(shop: "World") -> None:
    """What it delegates is refused by us at once; nodes refuse it from the release without it on."""
    assert 0 == delegate(shop, "--release", "keys/release-1.pub", root="b").code
    assert 0 == delegate(shop, "--release", "keys/release-2.pub", "--version", "70").code
    shop.edit('"file:keys/root-a.pub", ', "")
    ran = shop.run("keys", "status", "-s", "dev")
    assert (3, True) == (ran.code, "is not signed by a key that may sign it" in " ".join(ran.err.split()))
    assert (3, True) == (
        (ran := delegate(shop, "--release", "keys/release-1.pub", root="b")).code,
        "--version" in ran.err,
    )
    assert 3 == delegate(shop, "--release", "keys/release-1.pub", root="b", command="rotate").code
    assert 0 == delegate(shop, "--release", "keys/release-1.pub", "--version", "71", root="b").code
    assert (71, [key_of(shop, "release-1")]) == (
        delegation(shop, "b").version,
        [each.key for each in delegation(shop, "b").keys],
    )
    assert 1 == delegate(shop, "--release", "keys/release-1.pub", root="a").code


def test_after_all_roots_are_lost_new_ones_delegate(shop: "World") -> None:
    """Nodes have them from a release of the key that is still valid; they go to no lower version."""
    assert 0 == delegate(shop, "--release", "keys/release-1.pub").code
    assert 0 == shop.run("keys", "new", "root", "c").code
    shop.edit('"file:keys/root-a.pub", "file:keys/root-b.pub"', '"file:keys/root-c.pub"')
    assert 3 == delegate(shop, "--release", "keys/release-1.pub", root="c").code
    assert 0 == delegate(shop, "--release", "keys/release-1.pub", "--version", "2", root="c").code
    assert 2 == delegation(shop, "c").version


def test_a_store_that_lost_its_delegation_gets_a_higher_version(shop: "World") -> None:
    """Nodes remember the highest version that they have seen."""
    for _ in range(3):
        assert 0 == delegate(shop, "--release", "keys/release-1.pub").code
    (shop.project / "images" / "delegation.json").unlink()
    assert 0 == delegate(shop, "--release", "keys/release-1.pub", "--version", "4").code
    assert 4 == delegation(shop, "a").version
    assert 0 == delegate(shop, "--release", "keys/release-1.pub", "--version", "2").code
    assert 5 == delegation(shop, "a").version


def test_status_warns_before_the_last_key_ends_and_fails_after(shop: "World") -> None:
    """30 days before; then exit 3, so that a monitor sees it."""
    assert 0 == delegate(shop, "--release", "keys/release-1.pub", "--for", "29d").code
    ran = shop.run("keys", "status", "-s", "dev")
    assert (0, True) == (ran.code, "warning: the last release key" in " ".join(ran.err.split()))
    assert "ends in 29 days" in " ".join(ran.err.split())
    assert 0 == delegate(shop, "--release", "keys/release-1.pub", "--for", "30d").code
    assert "" == shop.run("keys", "status", "-s", "dev").err
    shop.now = NOW + timedelta(days=30)
    ran = shop.run("keys", "status", "-s", "dev")
    assert (3, True) == (ran.code, "every release key has ended" in " ".join(ran.err.split()))
    assert "ended on 2026-12-24" in ran.out
    assert not shop.run("keys", "status", "-s", "dev", "--json", "-").json["releaseKeys"][0]["isValid"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--release", "keys/release-9.pub"), "there is no such key"),
        (("--release", "keys/release-1.pub", "--for", "soon"), "is not a number of days"),
        (("--release", "ed.pub"), "is a key of another kind (Ed25519)"),
        (("--release", "keys/release-1.pub", "--root", "keys/release-1.key"), "is not a root key"),
        (("--release", "keys/release-1.pub", "--root", "keys/root-a.pub"), "is a public key"),
        (("--release", "keys/release-1.pub", "--root", "ed.key"), "is a key of another kind"),
    ],
)
@needs("openssl")
def test_a_wrong_key_is_refused_and_nothing_is_written(
    shop: "World", options: tuple[str, ...], said: str
) -> None:
    """Each for what it is."""
    for command in (
        ("genpkey", "-algorithm", "ed25519", "-out", "ed.key"),
        ("pkey", "-in", "ed.key", "-pubout", "-out", "ed.pub"),
    ):
        subprocess.run(["openssl", *command], cwd=shop.project, check=True, capture_output=True)
    ran = delegate(shop, *options)
    assert (1, True) == (ran.code, said in " ".join(ran.err.split())), ran.err
    assert not (shop.project / "images" / "delegation.json").exists()


def test_a_delegation_has_few_keys(shop: "World") -> None:
    """A node verifies no more."""
    for number in range(3, 10):
        assert 0 == shop.run("keys", "new", "release", str(number)).code
    options = [part for number in range(1, 10) for part in ("--release", f"keys/release-{number}.pub")]
    ran = delegate(shop, *options)
    assert (1, True) == (ran.code, "name 1 to 8 keys" in ran.err)


def test_a_fleet_without_a_channel_has_no_keys(world: "World") -> None:
    """What to add is named."""
    ran = world.run("keys", "status", "-s", "dev")
    assert (1, True) == (ran.code, "this fleet has no channel" in ran.err)
