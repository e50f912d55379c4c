"""Certificates by which sites authenticate to the cloud, and their revocation list. Pure.

One authority a region, derived from the hub's master; one certificate a site and key generation, whose key is
derived from the site's own: the site's resource derives the key itself and receives the public certificate. A
lost node is one line in the fleet file: its certificate's serial number is derived, not stored.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from edgefleet.errors import InvalidInput, Problem
from edgefleet.keys.certificates import (
    BACKDATED,
    Holder,
    Subject,
    authority,
    client,
    client_serial,
    private_key,
    revocations,
    server,
)
from edgefleet.keys.derivation import site_key
from edgefleet.model.hub import Hub
from edgefleet.model.paths import format_path
from edgefleet.model.safety import Identity
from edgefleet.model.site import Link, SiteSpec

MOST_GENERATIONS = 1_000
"""Key generations of a site; a revocation computes a certificate for each up to the one given."""
LIST_LIFE = timedelta(days=30)
"""How long a revocation list may be believed: who holds back newer ones gains no more than that. An `up`
renews one that is more than a week old."""
UNTIL = datetime(2050, 1, 1, tzinfo=UTC)
OFFLINE_DAYS = {"steady": 7, "intermittent": 30, "dark": 180}
"""dict[class of a link -> days that a site may stay offline unless it sets max_offline]."""


def site_authority(master: str, *, fleet: str, region: str) -> Holder:
    """The region's authority for sites, and for the server of the hub that they report to."""
    name = Subject(
        common_name=f"{fleet} {region} sites", organizations=(fleet,), unit=region, not_after=UNTIL
    )
    return authority(name, private_key(master, "site-authority"), path_length=0, is_for_tls=True)


def certificate_key(key: str) -> ec.EllipticCurvePrivateKey:
    """The key of a site's certificate: from the site's own key, so that the hub's is not needed for it."""
    return private_key(key, "site-certificate")


def site_certificate(
    key: str, by: Holder, *, site: tuple[str, str, str], not_after: datetime, generation: int | None = None
) -> Holder:
    """The certificate of one site, for the generation of its key.

    Args:
        key: the site's derived key.
        by: the region's authority for sites.
        site: (fleet, region, site).
        not_after: end of its validity; see `check_validity`.
        generation: the key generation, where it is in the certificate: see `generation_uri`.
    """
    return client(_subject(site, not_after, generation), certificate_key(key), by=by)


def generation_uri(site: tuple[str, str, str], generation: int) -> str:
    """The URI of a site in one key generation.

    nats-server knows a client by a URI, and reads no revocation lists: so it lists the generations that are
    not revoked, and certificates of sites with streams to the hub have theirs.
    """
    return f"{_uri(site)}:{generation}"


def admitted_uris(site: SiteSpec, revoked: Mapping[str, int]) -> list[str]:
    """The URIs of a site's key generations that are not revoked: a node may still have an earlier one."""
    names, first = (site.fleet, site.region, site.name), revoked.get(site.name, 0) + 1
    return [generation_uri(names, each) for each in range(first, site.key_generation + 1)]


def hub_server(master: str, by: Holder, host: str) -> Holder:
    """The certificate of a server of the hub at `host` that sites reach."""
    subject = Subject(common_name=host, host=host, not_after=UNTIL)
    return server(subject, private_key(master, "hub-server", of=host), by=by)


def _uri(site: tuple[str, str, str]) -> str:
    return f"urn:edgefleet:{':'.join(site)}"


def _subject(site: tuple[str, str, str], not_after: datetime, generation: int | None = None) -> Subject:
    fleet, region, name = site
    return Subject(
        common_name=name,
        organizations=(fleet,),
        unit=region,
        uris=(_uri(site),) if generation is None else (_uri(site), generation_uri(site, generation)),
        not_after=not_after,
    )


def identified(spec: SiteSpec, key: str, by: Holder, hub: Hub) -> SiteSpec:
    """`spec` with the site's certificate; unchanged where the region has no authority for sites."""
    if not hub.identity.sites:
        return spec
    names = (spec.fleet, spec.region, spec.name)
    is_linked = any("site" in entry for entry in spec.workloads.values())
    generation = spec.key_generation if is_linked else None
    holder = site_certificate(key, by, site=names, not_after=last_day(hub), generation=generation)
    identity = Identity(
        certificate=holder.certificate_pem, authority=by.certificate_pem, hub=hub.dns_name or None
    )
    return replace(spec, identity=identity)


def last_day(hub: Hub) -> datetime:
    """End of validity of sites' certificates."""
    return datetime.fromisoformat(hub.identity.valid_until).replace(tzinfo=UTC)


def offline_days(link: Link) -> int:
    """Longest offline period of a site, in days."""
    return OFFLINE_DAYS[link.class_] if link.max_offline is None else link.max_offline


def check_outlasts(sites: Mapping[str, SiteSpec], hub: Hub, today: datetime) -> None:
    """Refuse certificates that may expire while a site is offline.

    Raises:
        InvalidInput: the certificates expire within the longest offline period from `today` on.
    """
    days = {name: offline_days(spec.link) for name, spec in sites.items()}
    if days and hub.identity.sites:
        longest = max(days, key=lambda name: days[name])
        check_validity((last_day(hub) - today).days, days[longest], site=longest)


def check_validity(days: int, max_offline: int, *, site: str = "") -> None:
    """Refuse certificates that may expire while a site is offline.

    Raises:
        InvalidInput: they do not outlast the longest offline period.
    """
    if days <= max_offline:
        whose = site or "sites"
        problem = f"certificates expire in {days} days, and {whose} may be offline for {max_offline}"
        hint = (
            "set a later controlPlane.identity.validUntil: a site whose certificate has expired needs a visit"
        )
        raise InvalidInput.at("", "validity", problem, hint, path="controlPlane.identity")


def revoked_serials(
    fleet_secret: str, by: Holder, *, region: tuple[str, str], revoked: Mapping[str, int]
) -> tuple[int, ...]:
    """Serial numbers of all certificates of the revoked sites, from key generation 1 to the one given.

    They do not depend on how long a certificate is valid: one that was renewed with a later end has the same
    name and key, and both are revoked by one entry.

    Raises:
        InvalidInput: a number is no key generation.
    """
    fleet, name = region
    wrong = [site for site, last in sorted(revoked.items()) if not 1 <= last <= MOST_GENERATIONS]
    if wrong:
        problem, hint = "is no key generation", f"write 1 to {MOST_GENERATIONS:,}, the last one that was lost"
        raise InvalidInput(
            Problem(code="revoked", path=format_path(("revoked", site)), problem=problem, hint=hint)
            for site in wrong
        )
    return tuple(
        client_serial(
            _subject((fleet, name, site), UNTIL),
            certificate_key(
                site_key(fleet_secret, fleet=fleet, region=name, site=site, generation=generation)
            ),
            by=by,
        )
        for site, last in sorted(revoked.items())
        for generation in range(1, last + 1)
    )


def revocation_list(by: Holder, serials: tuple[int, ...], now: datetime) -> x509.CertificateRevocationList:
    """The revocation list, issued now; its number is the time, so a later list has a higher one."""
    since = now.replace(microsecond=0)
    number = int((since - BACKDATED).total_seconds())
    return revocations(by, serials, number=number, since=since, until=since + LIST_LIFE)
