"""Rendering a site outside any engine, from the fleet file and the stack's secrets alone."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from edgefleet.commands import secrets, stack
from edgefleet.commands.session import Session
from edgefleet.errors import InvalidInput, Problem

if TYPE_CHECKING:
    from edgefleet.model.fleet import Fleet
    from edgefleet.model.site import SiteSpec
    from edgefleet.sites.render import SiteImage


def build(session: Session, name: str, sites: Iterable[str]) -> "dict[str, dict[str, SiteImage]]":
    """dict[site -> dict[node -> image]] of `sites` of the stack `name`.

    Raises:
        InvalidInput: no such site, or the stack lacks a secret that it needs.
    """
    from edgefleet.sites.render import render_site

    fleet = stack.load(session.project, name)
    wanted = stack.known_sites(fleet, sites)
    secret, passphrases = secrets.required_fleet_secret(session, name)
    return {
        site: render_site(
            fleet.sites[site], key(secret, fleet.sites[site]), used(fleet, site, passphrases, name)
        )
        for site in wanted
    }


def key(fleet_secret: str, spec: "SiteSpec") -> str:
    """The site's derived key."""
    from edgefleet.planning.derivation import site_key

    return site_key(fleet_secret, fleet=spec.fleet, region=spec.region, site=spec.name, epoch=spec.epoch)


def used(fleet: "Fleet", site: str, passphrases: Mapping[str, str], name: str) -> dict[str, str]:
    """The Wi-Fi passphrases that the nodes of `site` use.

    Raises:
        InvalidInput: the stack does not have one of them.
    """
    spec = fleet.sites[site]
    names = sorted({node.network.wifi.passphrase_secret for node in spec.nodes.values() if node.network.wifi})
    missing = [each for each in names if each not in passphrases]
    if missing:
        raise InvalidInput(
            Problem(
                code="no-passphrase",
                where=fleet.locate(site, ""),
                path=f"sites.{site}",
                problem=f"the stack has no Wi-Fi passphrase {each!r}",
                hint=f"set it: edgefleet init -s {name} --passphrase {each}",
            )
            for each in missing
        )
    return {each: passphrases[each] for each in names}
