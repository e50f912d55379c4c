"""Certificates of sites, by which the cloud knows them, and the list of those that are revoked. Pure.

One authority a region, derived from the hub's master; one certificate a site and epoch, derived from both. A
lost box is one line in the fleet file: its certificate's serial number is known without having been kept.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from cryptography import x509

from edgefleet.errors import InvalidInput, Problem
from edgefleet.planning.certificates import (
    BACKDATED,
    Holder,
    Subject,
    authority,
    client,
    private_key,
    revocations,
)

UNTIL = datetime(2050, 1, 1, tzinfo=UTC)


def site_authority(master: str, *, fleet: str, region: str) -> Holder:
    """The region's authority for sites."""
    name = Subject(
        common_name=f"{fleet} {region} sites", organizations=(fleet,), unit=region, not_after=UNTIL
    )
    return authority(name, private_key(master, "site-authority"))


def site_certificate(
    master: str,
    by: Holder,
    *,
    site: tuple[str, str, str],
    epoch: int,
    not_after: datetime,
) -> Holder:
    """The certificate of one site in one epoch.

    Args:
        master: the hub's master.
        by: the region's authority for sites.
        site: (fleet, region, site).
        epoch: the site's epoch.
        not_after: until when it is valid; see `check_validity`.
    """
    fleet, region, name = site
    subject = Subject(
        common_name=name,
        organizations=(fleet,),
        unit=region,
        uri=f"urn:edgefleet:{fleet}:{region}:{name}",
        not_after=not_after,
    )
    return client(subject, private_key(master, "site-certificate", of=f"{name}/{epoch}"), by=by)


def check_validity(days: int, darkness_days: int) -> None:
    """Refuse certificates that may run out while a site is dark.

    Raises:
        InvalidInput: they are not valid for longer than the longest darkness.
    """
    if days <= darkness_days:
        problem = f"certificates are valid for {days} days, and sites may be dark for {darkness_days}"
        hint = "make them valid for longer: a site whose certificate ran out has to be visited"
        raise InvalidInput(Problem(code="validity", path="identity", problem=problem, hint=hint))


def revoked_serials(
    master: str, by: Holder, *, region: tuple[str, str], revoked: Mapping[str, int], not_after: datetime
) -> tuple[int, ...]:
    """Serial numbers of all certificates of the revoked sites, from epoch 1 to the one given."""
    fleet, name = region
    return tuple(
        site_certificate(
            master, by, site=(fleet, name, site), epoch=epoch, not_after=not_after
        ).certificate.serial_number
        for site, last in sorted(revoked.items())
        for epoch in range(1, last + 1)
    )


def revocation_list(by: Holder, serials: tuple[int, ...]) -> x509.CertificateRevocationList:
    """The list of those that are revoked; its number counts them, so a longer list is a later one."""
    until = BACKDATED + timedelta(days=365 * 30)
    return revocations(by, serials, number=len(serials), since=BACKDATED, until=until)
