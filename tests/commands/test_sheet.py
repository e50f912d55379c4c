"""`edgefleet sites sheet`."""

import json
import time
from typing import TYPE_CHECKING

import pytest
from tests.commands.conftest import SECRET, crypter_of
from tests.commands.test_access import WAYS

from edgefleet.keys.break_glass import console_hash, console_password, tunnel_key
from edgefleet.keys.derivation import netboot_word, site_key

if TYPE_CHECKING:
    from tests.commands.conftest import World

PASSPHRASE = "correct horse battery"  # noqa: S105 - made up for the tests
WIFI = "network: {wifi: {ssid: Shop, passphrase: {secret: shop}, country: DE}}"


@pytest.fixture
def printing(world: "World") -> "World":
    """A stack with the fleet secret, a way in, and a Wi-Fi."""
    world.edit("  berlin: {", f"  berlin: {{{WAYS}")
    world.edit("munich: {nodes: {n1: {}}}", f"munich: {{nodes: {{n1: {{{WIFI}}}}}}}")
    world.environment["PULUMI_CONFIG_PASSPHRASE"] = ""
    crypter = crypter_of("")
    secrets = {"fleet:secret": SECRET, "fleet:passphrases": json.dumps({"shop": PASSPHRASE})}
    lines = "".join(f"  {name}: {{secure: '{crypter.encrypt(text)}'}}\n" for name, text in secrets.items())
    (world.project / "stacks" / "Pulumi.dev.yaml").write_text(
        f"encryptionsalt: {crypter.salt}\nconfig:\n{lines}"
    )
    return world


def test_a_page_for_each_site_that_is_named(printing: "World") -> None:
    """In the fleet file's order; readable by its owner alone."""
    ran = printing.run(
        "sites", "sheet", "-s", "dev", "--target", "munich", "--target", "berlin", "--out", "p/s.html"
    )
    assert (0, "p/s.html  2 sheets\n") == (ran.code, ran.out), ran.err
    file = printing.project / "p" / "s.html"
    text = file.read_text()
    assert ["berlin", "munich"] == [part.partition("<")[0] for part in text.split("<h1>")[1:]]
    assert 0o644 == file.stat().st_mode & 0o777
    assert "edgefleet:shops/dev/munich" in text
    assert "images.page" in ran.err


def test_all_sites_and_the_same_bytes_again(printing: "World") -> None:
    """With their pages' addresses."""
    printing.edit('images: {store: "file:images"}', 'images: {page: "https://shops.example/{region}/{site}"}')
    for name in ("one.html", "other.html"):
        ran = printing.run("sites", "sheet", "-s", "dev", "--all", "--out", name)
        assert (0, "") == (ran.code, ran.err)
    one, other = ((printing.project / name).read_bytes() for name in ("one.html", "other.html"))
    assert one == other
    assert 3 == one.count(b"https://shops.example/dev/")


def test_its_digests_are_those_that_sites_shows(printing: "World") -> None:
    """So that a sheet that is out of date is known by them."""
    printing.edit(WAYS, "")
    printing.edit(WIFI, "")
    assert 0 == printing.run("up", "-s", "dev", "-y").code
    assert 0 == printing.run("sites", "sheet", "-s", "dev", "--all", "--out", "s.html").code
    text = (printing.project / "s.html").read_text()
    listed = printing.run("sites", "-s", "dev").out
    shown = [word for word in listed.split() if word.startswith("sha256:")]
    assert 4 == len(shown)
    assert [] == [digest for digest in shown if f"<code>{digest}</code>" not in text]


def test_nothing_secret_is_on_any_sheet(printing: "World") -> None:
    """Not the fleet's secret, no site's key, no password nor its hash, no passphrase, no private key."""
    assert 0 == printing.run("sites", "sheet", "-s", "dev", "--all", "--out", "s.html").code
    text = (printing.project / "s.html").read_text()
    keys = {
        site: site_key(SECRET, fleet="shops", region="dev", site=site, generation=1)
        for site in ("berlin", "hamburg", "munich")
    }
    secret = [SECRET, PASSPHRASE, *keys.values(), tunnel_key(keys["berlin"], node="n1")[0]]
    secret += [console_password(key) for key in keys.values()]
    secret += [console_hash(key) for key in keys.values()]
    assert [] == [each for each in secret if each in text]
    assert "PRIVATE" not in text


def test_words_are_printed_only_where_they_are_asked_for(printing: "World") -> None:
    """On a private page: with its word a node behind a router gets its seed."""
    base = f"{{source: 'file:kernel', sha256: {'0' * 64}}}"
    image = f"{{format: ipxe, netboot: {{kernel: {base}, initrd: [{base}], arguments: quiet}}}}"
    printing.edit(WIFI, f"image: {image}, network: {{mac: '02:00:00:00:00:01'}}")
    key = site_key(SECRET, fleet="shops", region="dev", site="munich", generation=1)
    command = ("sites", "sheet", "-s", "dev", "--all", "--out")
    for name, options in (("open.html", ()), ("private.html", ("--routed",))):
        ran = printing.run(*command, name, *options)
        assert 0 == ran.code, ran.err
    without, private = printing.project / "open.html", printing.project / "private.html"
    word = netboot_word(key, node="n1")
    assert word not in without.read_text()
    assert 1 == private.read_text().count(word)
    assert 1 == private.read_text().count("keep the sheet private")
    assert 2 == private.read_text().count("There is no password on this sheet.")
    assert (0o644, 0o600) == (without.stat().st_mode & 0o777, private.stat().st_mode & 0o777)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--target", "berlln", "--out", "s.html"), "did you mean berlin?"),
        (("--out", "s.html"), "no sites given"),
        (("--all", "--target", "berlin", "--out", "s.html"), "both sites and --all"),
        (("--all",), "--out"),
    ],
)
def test_what_is_not_clear_is_asked_and_nothing_written(
    printing: "World", arguments: tuple[str, ...], said: str
) -> None:
    ran = printing.run("sites", "sheet", "-s", "dev", *arguments)
    assert (1, True) == (ran.code, said in ran.err.replace("\n  ", " "))
    assert [] == list(printing.project.glob("*.html"))


def test_a_page_that_cannot_be_written_leaves_what_was_there(printing: "World") -> None:
    """A missing passphrase is found on the way; the file of before stays."""
    file = printing.project / "s.html"
    file.write_text("of before")
    printing.edit("passphrase: {secret: shop}", "passphrase: {secret: nobodys}")
    ran = printing.run("sites", "sheet", "-s", "dev", "--all", "--out", "s.html")
    assert (1, "of before") == (ran.code, file.read_text())
    assert "nobodys" in ran.err
    (printing.project / "taken").mkdir()
    printing.edit("passphrase: {secret: nobodys}", "passphrase: {secret: shop}")
    assert 2 == printing.run("sites", "sheet", "-s", "dev", "--all", "--out", "taken").code


def test_many_sites_take_seconds(printing: "World") -> None:
    """A hundred here; a thousand are the same work."""
    more = "".join(f"  more-{number}: {{nodes: {{n1: {{}}}}}}\n" for number in range(100))
    printing.edit("sites:\n", f"sites:\n{more}")
    begun = time.monotonic()
    ran = printing.run("sites", "sheet", "-s", "dev", "--all", "--out", "s.html")
    assert (0, "s.html  103 sheets\n") == (ran.code, ran.out)
    assert time.monotonic() - begun < 30
