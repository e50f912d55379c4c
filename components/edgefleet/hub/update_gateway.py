"""The gateway of the channel: nginx, which lets a site read its own releases and write its own statuses.

For stores that know no IAM Roles Anywhere, or that sites should not reach. A site's name is the common name
of its certificate; a path names no site. nginx closes by itself when the list of revoked certificates is
older than `edgefleet.keys.site_certificate.LIST_LIFE`: OpenSSL refuses every certificate then. The gateway
has no key of the channel, so it can withhold releases and invent none. Pure.

Sources: nginx docs, ngx_http_ssl_module, ngx_http_map_module, ngx_http_js_module; AWS, Signature Version 4.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from edgefleet.fleetfile.fleet import Fleet
from edgefleet.io.templates import render
from edgefleet.keys.certificates import pem
from edgefleet.keys.derivation import hub_master
from edgefleet.keys.site_certificate import hub_server, revocation_list, revoked_serials, site_authority

FOLDER = "/etc/edgefleet/gateway"
CONFIGURATION, CREDENTIALS = "edgefleet.conf", "credentials"
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
"""Those of Debian, which verify the store."""
RATE, BURST = 4, 80
"""Requests a second of a site, and those beyond that: a site of 40 nodes that ask at once."""
SECRET = frozenset({"server.key"})
"""Files that only nginx's first process reads."""
WEEK = 7 * 24 * 3600

DEFAULT_REGION = "us-east-1"
"""S3's own, where none is declared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackingStore:
    """The bucket behind the gateway."""

    url: str
    """``https://s3.eu-central-1.amazonaws.com``: its host, without a path."""
    bucket: str
    prefix: str = ""
    """Of the keys, without slashes around it."""
    region: str = DEFAULT_REGION
    """Of signatures; what a store without regions takes."""
    authorities: str = AUTHORITIES
    """File of the gateway's machine that verifies the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateGateway:
    """A gateway: where it listens, and what is behind it."""

    host: str
    """Name in its certificate, that of ``channel.access.gateway``."""
    store: BackingStore
    folder: str = FOLDER
    """Where its files are."""
    listen: str = "443"
    """Port, and its address where it is not all: ``127.0.0.1:8443``."""
    resolver: str = "127.0.0.53"
    """The name server that it asks for the address of the store."""
    credentials: str = ""
    """Path of the file with those of the store; empty for `CREDENTIALS` in its folder."""


def store_of(fleet: Fleet, url: str = "") -> BackingStore | None:
    """The bucket of a fleet, at its own address or at `url`; `None` where it has none."""
    kind, _, place = fleet.images.store.partition("://")
    bucket, _, prefix = place.partition("/")
    region = fleet.cloud.region or DEFAULT_REGION
    return (
        BackingStore(
            url=url or address_of(fleet) or f"https://s3.{region}.amazonaws.com",
            bucket=bucket,
            prefix=prefix.strip("/"),
            region=region,
        )
        if kind == "s3"
        else None
    )


def address_of(fleet: Fleet) -> str:
    """The address of a fleet's S3, where it is another than AWS's."""
    endpoint = fleet.cloud.endpoint or ""
    return endpoint if "://" in endpoint else ""


def issued(now: datetime) -> datetime:
    """When the list of revoked certificates is issued that an `up` at `now` writes: the start of its week.

    So the first `up` of a week renews it, and the others change nothing.
    """
    return now - timedelta(seconds=now.timestamp() % WEEK)


def files(
    gateway: UpdateGateway,
    fleet_secret: str,
    place: tuple[str, str],
    *,
    revoked: Mapping[str, int],
    now: datetime,
) -> dict[str, str]:
    """dict[name in its folder -> text], but for `CREDENTIALS`; see `settings` and `certificates`."""
    return settings(gateway, place) | certificates(
        fleet_secret, gateway.host, place, revoked=revoked, now=now
    )


def settings(gateway: UpdateGateway, place: tuple[str, str]) -> dict[str, str]:
    """dict[name in its folder -> text] of what is not secret; `place` is (fleet, region)."""
    return {
        CONFIGURATION: configuration(gateway, *place),
        "gateway.js": render("hub/update-gateway.js"),
    }


def certificates(
    fleet_secret: str,
    host: str,
    place: tuple[str, str],
    *,
    revoked: Mapping[str, int],
    now: datetime,
) -> dict[str, str]:
    """dict[name in its folder -> text] of its certificate, its key, and whom it trusts.

    Args:
        fleet_secret: of the stack.
        host: name of the gateway.
        place: (fleet, region).
        revoked: dict[site -> last revoked key generation].
        now: issue of the list of revoked certificates.

    Raises:
        InvalidInput: a revoked key generation is none.
    """
    fleet, region = place
    master = hub_master(fleet_secret, fleet=fleet, region=region)
    by = site_authority(master, fleet=fleet, region=region)
    server = hub_server(master, by, host)
    serials = revoked_serials(fleet_secret, by, region=place, revoked=revoked)
    return {
        "authority.crt": by.certificate_pem,
        "server.crt": server.certificate_pem,
        "server.key": server.key_pem,
        "revocations.pem": pem(revocation_list(by, serials, now)),
    }


def configuration(gateway: UpdateGateway, fleet: str, region: str) -> str:
    """The configuration of nginx."""
    store = gateway.store
    host = urlsplit(store.url)
    return render(
        "hub/update-gateway.conf.j2",
        folder=gateway.folder,
        credentials=gateway.credentials or f"{gateway.folder}/{CREDENTIALS}",
        fleet=fleet,
        region=region,
        prefix="/" + "/".join(filter(None, (store.bucket, store.prefix))),
        rate=RATE,
        burst=BURST,
        listen=gateway.listen,
        host=gateway.host,
        resolver=gateway.resolver,
        store=f"{host.scheme}://{host.netloc}",
        store_host=host.netloc,
        store_name=host.hostname,
        store_region=store.region,
        authorities=store.authorities,
    )
