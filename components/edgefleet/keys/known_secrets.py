"""What a site's images may hold and no other site's: every secret that is derived from its key. Pure."""

from collections.abc import Iterable, Iterator, Mapping

from edgefleet.keys.break_glass import console_password, tunnel_key
from edgefleet.keys.certificates import key_pem
from edgefleet.keys.derivation import hub_master, ssh_host_key, token
from edgefleet.keys.secret_scan import LINES, Known, Whose, mark
from edgefleet.keys.site_certificate import certificate_key
from edgefleet.model.site import SiteSpec

PRIVATE = slice(3, 4)
"""The line of such a key that holds its private half, whatever follows it."""


def of_site(spec: SiteSpec, key: str) -> Iterator[tuple[str, str]]:
    """(what it is, the word by which it is found)."""
    yield "the key of the site", key
    yield "a k3s server token", token(key, "k3s-server-token")
    yield "a k3s agent token", token(key, "k3s-agent-token")
    yield from (("the key of the certificate", line) for line in _lines(key_pem(certificate_key(key)))[:1])
    if spec.break_glass.console:
        yield "the console's password", console_password(key)
    for node in spec.nodes:
        private, _ = ssh_host_key(key, node=node, comment=spec.nodes[node].hostname)
        yield from (("an SSH host key", line) for line in _lines(private)[PRIVATE])
        if spec.break_glass.wireguard is not None:
            yield "the key of a tunnel", tunnel_key(key, node=node)[0]


def _lines(pem: str) -> list[str]:
    """The whole lines of a key in PEM."""
    return [line for line in pem.splitlines() if len(line) in LINES and "-" not in line]


def of_stack(fleet_secret: str, fleet: str, region: str) -> Iterator[tuple[str, str]]:
    """The same of what opens more than a site."""
    yield "the fleet's secret", fleet_secret
    yield "the hub's master key", hub_master(fleet_secret, fleet=fleet, region=region)


def known(
    sites: Iterable[tuple[SiteSpec, str]], stack: Iterable[tuple[str, str]], passphrases: Mapping[str, str]
) -> Known:
    """Marks of all secrets.

    Args:
        sites: each site with its key.
        stack: see `of_stack`; empty for whoever knows sites alone.
        passphrases: dict[name -> passphrase] of the stack.
    """
    marks: dict[bytes, Whose] = {mark(word.encode()): ("", what) for what, word in stack}
    marks |= {mark(word.strip().encode()): ("", name) for name, word in passphrases.items()}
    for spec, key in sites:
        marks |= {mark(word.encode()): (spec.name, what) for what, word in of_site(spec, key)}
    return Known(marks=marks, values=frozenset(len(word.strip().encode()) for word in passphrases.values()))
