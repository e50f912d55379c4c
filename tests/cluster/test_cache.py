"""cache: nginx with the rendered configuration, an https origin and a resolver, each behind a cable."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.cluster.authority import Authority
from tests.cluster.lan import Lan
from tests.cluster.pods import Pod, servers
from tests.processes import Server, running, wait

from edgefleet.model.spec import from_plain
from edgefleet.workloads.base.kind import Place
from edgefleet.workloads.cache import KIND, Cache

pytestmark = pytest.mark.cluster

ORIGIN, DNS = "menu.shops.example", "kube-dns.kube-system.svc"
FRESH = 1
"""Seconds for which a response is fresh; openssl's server states none."""


@dataclass(frozen=True)
class Origin:
    """An https origin of files, and the resolver that knows its name."""

    lan: Lan
    folder: Path
    authority: Authority

    def write(self, text: str) -> None:
        """Change what it answers at /menu."""
        (self.folder / "menu").write_text(text)

    def leave(self) -> None:
        """The link is down: neither the origin nor a resolver answers."""
        self.lan.pull(ORIGIN)
        self.lan.pull(DNS)

    def come_back(self) -> None:
        """The link is up again."""
        self.lan.plug(ORIGIN)
        self.lan.plug(DNS)


@pytest.fixture
def origin(lan: Lan, tmp_path: Path) -> Iterator[Origin]:
    """An origin at the port of https, and dnsmasq as the cluster's DNS."""
    authority, folder = Authority(tmp_path / "authority"), tmp_path / "origin"
    folder.mkdir()
    certificate, key = authority.issue(ORIGIN)
    address, _ = lan.host(ORIGIN), lan.host(DNS)
    serve = ("openssl", "s_server", "-quiet", "-accept", "443", "-cert", certificate, "-key", key, "-WWW")
    resolve = ("chroot", servers(), "/usr/sbin/dnsmasq", "--keep-in-foreground", "--user=", "--pid-file=")
    known = ("--no-resolv", "--no-hosts", f"--local=/{ORIGIN}/", f"--host-record={ORIGIN},{address}")
    with ExitStack() as stack:
        for name, command in ((ORIGIN, serve), (DNS, (*resolve, *known))):
            server = Server([*lan.enter(name), *command], folder / f"{name}.log")
            stack.enter_context(running(server, lambda: True))
        yield Origin(lan, folder, authority)


def cache(authority: str, **fields: object) -> Cache:
    """A cache of a fleet file."""
    plain = {"kind": "cache", "origin": f"https://{ORIGIN}", "validFor": f"{FRESH}s", "authority": authority}
    return from_plain(Cache, plain | fields)


def ask(pod: Pod, *, seconds: int = 3) -> tuple[str, str, str]:
    """Status, X-Cache-Status and body of a response; a client waits for `seconds` at most."""
    form = "\n%{http_code}\n%header{x-cache-status}"
    printed = pod.execute("curl", "-s", "--max-time", str(seconds), "-w", form, "http://menu.menu:8080/menu")
    body, status, of_cache = printed.rsplit("\n", 2)
    return status, of_cache, body


def test_it_serves_without_its_origin_and_warms_up_again(origin: Origin, pod: Callable[..., Pod]) -> None:
    """Also after a restart without a link: what it has is on the disk, and its origin is looked up later."""
    origin.write("soup")
    menu = pod("menu.menu", KIND.objects(cache(origin.authority.pem), Place(name="menu")))
    assert [("200", "MISS", "soup"), ("200", "HIT", "soup")] == [ask(menu), ask(menu)]
    origin.leave()
    wait(lambda: ask(menu)[1] in {"STALE", "UPDATING"})
    menu.stop()
    menu.start()
    assert ("200", "STALE", "soup") == ask(menu)
    origin.write("salad")
    origin.come_back()
    wait(lambda: ask(menu)[::2] == ("200", "salad"), reason=menu.log)


def test_what_it_never_had_or_never_keeps_is_an_error_without_the_origin(
    origin: Origin, pod: Callable[..., Pod]
) -> None:
    origin.write("soup")
    spec = cache(origin.authority.pem, uncached=["/menu"])
    menu = pod("menu.menu", KIND.objects(spec, Place(name="menu")))
    assert [("200", "BYPASS", "soup")] * 2 == [ask(menu), ask(menu)]
    origin.leave()
    wait(lambda: ask(menu, seconds=15)[0] in {"502", "504"}, reason=menu.log)


def test_an_origin_with_a_certificate_of_another_authority_is_refused(
    origin: Origin, pod: Callable[..., Pod], tmp_path: Path
) -> None:
    origin.write("soup")
    other = Authority(tmp_path / "other")
    menu = pod("menu.menu", KIND.objects(cache(other.pem), Place(name="menu")))
    assert "502" == ask(menu)[0]
    assert "certificate verify error" in menu.log()
