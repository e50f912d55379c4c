"""Sheets as pages: what stands on them, and that nothing is fetched, run or taken for markup."""

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from typing import get_args

import pytest
from tests.report.test_site_sheet import PAYLOAD, made, of, with_node
from tests.site.conftest import KEY

from edgefleet.boot import healing
from edgefleet.images import iso
from edgefleet.io.templates import template_root
from edgefleet.model.medium import Format, Medium
from edgefleet.model.site import Location, SiteSpec
from edgefleet.model.wireless import Wifi
from edgefleet.report.site_sheet import Sheet, pages
from edgefleet.site.render import render_tree

VOID = {"meta", "br", "path"}
FETCHING = {"src", "href", "srcset", "data", "action", "background", "poster"}


class Tree(HTMLParser):
    """The texts of a page, by element; complains about what is not well formed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert [] == self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += data

    @property
    def words(self) -> str:
        """All of the text, with single spaces."""
        return " ".join(self.text.split())


def page(*sheets: Sheet) -> str:
    """The whole page."""
    return "".join(pages("retail / eu: sheets", sheets))


def of_format(format_: Format, *, has_payload: bool = False) -> SiteSpec:
    payload = PAYLOAD if has_payload else ()
    return with_node(of("recipe-1/server-static"), image=Medium(format=format_), payload=payload)


def test_a_sheet_reads_like_this(golden: Callable[[str, str], None]) -> None:
    """An x86 server; a Raspberry Pi; a shut-in depot of two nodes."""
    cases = ("recipe-1/server-static", "recipe-1/raspberry-pi", "recipe-1/shut-in")
    around = {"page": "https://shops.example/{region}/{site}", "group": "stores"}
    golden("sheet.html", page(*(made(of(case), **around) for case in cases)))


@pytest.mark.parametrize("has_payload", [False, True])
@pytest.mark.parametrize("format_", get_args(Format))
def test_each_format_is_a_page_that_fetches_and_runs_nothing(format_: Format, *, has_payload: bool) -> None:
    """Well formed; no scripts, no links, one section a site."""
    tree = Tree(page(made(of_format(format_, has_payload=has_payload)), made(of("recipe-1/server-static"))))
    assert not {tag for tag, _ in tree.seen} & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "base",
        "a",
    }
    used = {name for _, attributes in tree.seen for name in attributes}
    assert not used & FETCHING
    assert not [name for name in used if name.startswith("on")]
    assert 2 == [tag for tag, _ in tree.seen].count("section")
    assert "edgefleet sites ack -s eu --target de-ber-001" in tree.words


def test_no_style_fetches_anything() -> None:
    text = page()
    assert "url(" not in text
    assert "@import" not in text
    assert "://" not in text


@pytest.mark.parametrize(
    ("format_", "said"),
    [
        ("nocloud", "edgefleet image write -s eu --target de-ber-001 --node n1 --device /dev/sdX --seed"),
        ("nocloud-dir", "tar -xf images/de-ber-001/n1.iso --no-same-owner -C MOUNTPOINT"),
        ("raw", "What is on the NVMe disk is lost."),
        ("iso", "This ERASES the disk of the node"),
        ("ignition", "flatcar-install -d /dev/DISK -i n1.iso"),
        ("ipxe", "edgefleet image serve -s eu --target de-ber-001 --listen ADDRESS"),
        ("script", "sudo sh n1.iso"),
    ],
)
def test_each_format_has_its_own_way(format_: Format, said: str) -> None:
    """The command or the warning that matters, where the node has a payload, too."""
    words = Tree(page(made(of_format(format_, has_payload=True)))).words
    assert said in words
    assert ("second USB stick" in words) is (format_ not in {"raw", "iso"})


@pytest.mark.parametrize(
    ("format_", "said"),
    [
        ("nocloud", "put the medium in, start it once more"),
        ("iso", "it erases the disk again"),
        ("ipxe", "--again MAC"),
        ("script", "Run the script once more"),
    ],
)
def test_what_to_do_once_more_is_nothing_that_destroys(format_: Format, said: str) -> None:
    """An installer that is put in again erases what it made, and each format has a way of its own."""
    otherwise = Tree(page(made(of_format(format_)))).words.partition("If you do not see it")[2]
    assert said in otherwise
    assert ("put the medium in" in otherwise) is (format_ == "nocloud")


def test_odd_names_stay_text() -> None:
    """What people write is shown as they wrote it."""
    city, ssid = '<script>alert("1")</script> & Ö', "</section><b>'x"
    spec = of("recipe-1/raspberry-pi", location=Location(city=city))
    network = replace(spec.nodes["n1"].network, wifi=Wifi(ssid=ssid, passphrase="{secret: shop}"))  # noqa: S106 - a name
    spec = with_node(spec, network=network)
    tree = Tree(page(made(spec, group="<i>", profiles={"n1": '"&lt;'})))
    assert not [tag for tag, _ in tree.seen if tag in {"script", "i"}]
    assert 1 == [tag for tag, _ in tree.seen].count("section")
    for text in (city, f"“{ssid}”", '"&lt;: arm64'):
        assert text in tree.words


def test_a_node_on_wifi_is_given_no_cable() -> None:
    words = Tree(page(made(of("recipe-1/raspberry-pi")))).words
    assert "cable" not in words
    assert "activity LED" in words


def test_a_password_is_promised_only_where_there_is_one() -> None:
    """The sheet has the command that shows it, and not the password."""
    shut = Tree(page(made(of("recipe-1/shut-in")))).words
    assert "edgefleet sites password -s eu --target us-den-009" in shut
    assert "No network is needed" in shut
    open_ = Tree(page(made(of("recipe-1/server-static")))).words
    assert "sites password" not in open_
    assert "rescue" not in open_
    assert "Login at the screen is not possible" in open_


def test_what_is_promised_is_what_nodes_do() -> None:
    """Each sentence of a screen, each time, each answer: read in the files that are on the node."""
    words = Tree(page(made(of("recipe-1/server-static")))).words
    tree = render_tree(of("recipe-1/server-static"), KEY, {})["n1"]
    heal, timer = (
        tree[path].decode()
        for path in ("/usr/local/lib/edgefleet/heal", "/etc/systemd/system/edgefleet-health.timer")
    )
    for sentence in (
        "k3s was started; the first health check runs in a few minutes.",
        "k3s answers and this node is ready",
    ):
        assert sentence in words
        assert sentence in heal
    assert {"waiting", "healthy", "unhealthy"} <= {*re.findall(r"noted (\S+)", heal)}
    assert "This is n1 of de-ber-001, retail in eu-central-1." in words
    assert "name='n1 of de-ber-001, retail in eu-central-1'" in heal
    assert "3 minutes after the start, and then every 5 minutes" in words
    assert ("OnBootSec=3min" in timer, "OnUnitInactiveSec=5min" in timer) == (True, True)
    assert healing.STATUS in tree
    assert f"it begins after {iso.WAIT} seconds" in Tree(page(made(of_format("iso")))).words
    script = Tree(page(made(of_format("script")))).words
    text = (template_root() / "formats" / "script.sh.j2").read_text()
    for sentence, said in (("edgefleet: done", 'say "done"'), ("everything is up to date",) * 2):
        assert sentence in script
        assert said in text


@pytest.mark.parametrize("hostile", ["\x9b31m", "\u202e", "\x1b[31m", "\u2066"])
def test_no_character_reorders_or_hides_what_stands_on_paper(hostile: str) -> None:
    """A name of others, of a city or a wireless network, cannot turn a step around."""
    location = Location(city=f"Ber{hostile}lin", country="DE")
    text = page(made(of("recipe-1/server-static", location=location)))
    assert (True, False) == (f"Ber {hostile[1:]}lin" in text, hostile[0] in text)
