"""Rendering a site outside any engine, from the fleet file and the stack's secrets alone."""

from collections.abc import Iterator, Mapping, Sequence

from edgefleet.commands import secrets
from edgefleet.commands.session import Session
from edgefleet.errors import InvalidInput, Problem
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.keys.break_glass import secrets_used
from edgefleet.keys.derivation import hub_master, site_key
from edgefleet.keys.site_certificate import check_outlasts, identified, site_authority
from edgefleet.model.site import SiteSpec
from edgefleet.rollout.capacity import check_fits
from edgefleet.site.render import SiteImage, render_site


def each(
    session: Session, fleet: Fleet, name: str, sites: Sequence[str]
) -> Iterator[tuple[str, dict[str, SiteImage]]]:
    """(site, dict[node -> image]) of `sites`, which there are, made as they are asked for.

    Raises:
        InvalidInput: the stack lacks a secret that one of them needs, or something does not fit.
    """
    secret, passphrases = secrets.required_fleet_secret(session, name)
    check_outlasts(fleet.sites, fleet.control_plane, session.now())
    check_fits({site: fleet.sites[site] for site in sites}, fleet.lock, fleet.locate)
    for site in sites:
        held = used(fleet, site, passphrases, name)
        yield site, render_site(whole(fleet, secret, site), key(secret, fleet.sites[site]), held)


def whole(fleet: Fleet, fleet_secret: str, site: str) -> SiteSpec:
    """The spec of a site with what the fleet's secret adds that is not secret: its certificate."""
    spec, hub = fleet.sites[site], fleet.control_plane
    if not hub.identity.sites:
        return spec
    master = hub_master(fleet_secret, fleet=fleet.name, region=fleet.region)
    by = site_authority(master, fleet=fleet.name, region=fleet.region)
    return identified(spec, key(fleet_secret, spec), by, hub)


def key(fleet_secret: str, spec: SiteSpec) -> str:
    """The site's derived key."""
    return site_key(
        fleet_secret, fleet=spec.fleet, region=spec.region, site=spec.name, generation=spec.key_generation
    )


def used(fleet: Fleet, site: str, passphrases: Mapping[str, str], name: str) -> dict[str, str]:
    """The Wi-Fi passphrases that the nodes of `site` use.

    Raises:
        InvalidInput: the stack does not have one of them.
    """
    spec = fleet.sites[site]
    names = secrets_used(spec)
    missing = [each for each in names if each not in passphrases]
    if missing:
        raise InvalidInput(
            Problem(
                code="no-passphrase",
                where=fleet.locate(site, ""),
                path=f"sites.{site}",
                problem=f"the stack has no secret {each!r}, which a Wi-Fi or activation needs",
                hint=f"set it: edgefleet init -s {name} --passphrase {each}",
            )
            for each in missing
        )
    return {each: passphrases[each] for each in names}
