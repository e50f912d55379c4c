"""Secrets that only a site's own images may hold: all that are derived from its key. Pure."""

from collections.abc import Iterable, Iterator, Mapping

from edgefleet.boot import RECIPES
from edgefleet.keys.derivation import hub_master, ssh_host_key
from edgefleet.keys.secret_scan import Known, Whose, key_lines, mark
from edgefleet.model.firstboot import Secret
from edgefleet.model.site import SiteSpec

PRIVATE = 3
"""The line of an SSH host key that holds its private half, whatever follows it."""


def of_site(spec: SiteSpec, key: str) -> Iterator[Secret]:
    """The site's key, its host keys, and the secrets that the steps of its recipe derive."""
    yield "the key of the site", key
    for name, node in spec.nodes.items():
        private, _ = ssh_host_key(key, node=name, comment=node.hostname)
        yield "an SSH host key", key_lines(private)[PRIVATE]
    for step in RECIPES[spec.recipe]:
        yield from step.secrets(spec, key)


def of_stack(fleet_secret: str, fleet: str, region: str) -> Iterator[Secret]:
    """The secrets that open more than one site."""
    yield "the fleet's secret", fleet_secret
    yield "the hub's master key", hub_master(fleet_secret, fleet=fleet, region=region)


def known(
    sites: Iterable[tuple[SiteSpec, str]], stack: Iterable[tuple[str, str]], passphrases: Mapping[str, str]
) -> Known:
    """Marks of all secrets.

    Args:
        sites: each site with its key.
        stack: see `of_stack`; empty for a worker that has only sites' secrets.
        passphrases: dict[name -> passphrase] of the stack; of one with several lines the longest is marked.
    """
    marks: dict[bytes, Whose] = {mark(word.encode()): ("", what) for what, word in stack}
    lines = {name: max(text.split("\n"), key=len).strip() for name, text in passphrases.items()}
    marks |= {mark(line.encode()): ("", name) for name, line in lines.items()}
    for spec, key in sites:
        marks |= {mark(word.encode()): (spec.name, what) for what, word in of_site(spec, key)}
    return Known(marks=marks, values=frozenset(len(line.encode()) for line in lines.values()))
