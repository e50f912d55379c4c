"""cache: an HTTP cache before an origin, nginx, that serves what it has while the link is away.

A response that clients ask for stays on the disk however long the origin is away; it goes when nobody has
asked for it in `stale_for`, or when `size` is used up. nginx answers with a stale response at once and asks
the origin in the background, so a dead link makes nobody wait. It looks up the origin's name while it runs,
not when it starts (nginx.org, ngx_http_core_module, resolver).
"""

import re
from collections.abc import Iterator
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field

from edgefleet.io.templates import render
from edgefleet.model.names import HOST_RE, reachable
from edgefleet.model.quantities import Days, Quantity, parse_size
from edgefleet.model.references import ImageName
from edgefleet.model.registries import Certificates
from edgefleet.model.schedules import Duration, seconds_of
from edgefleet.model.spec import Written, spec
from edgefleet.model.syntax import Grammar
from edgefleet.workloads.base import objects as of
from edgefleet.workloads.base.kind import Kind, Object, Place
from edgefleet.workloads.base.pods import Container, stateful_set, template
from edgefleet.workloads.base.spec import Egress, Expose, Pods, Port, Probe
from edgefleet.workloads.base.values import PLACEHOLDER_RE, known, placeholders

FILES, DATA, RUN = "/etc/edgefleet", "/var/cache/edgefleet", "/run/nginx"
CONFIGURATION, AUTHORITY = "nginx.conf", "authority.pem"
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
"""The authorities of the image, as Alpine and Debian have them."""
HEALTH_PORTS = (8081, 8082)
"""The second one is for a cache at the first."""
_of_site = known("fleet", "region", "site.name", "site.location.country")


def _origin(text: str) -> str:
    if not list(placeholders(_of_site(text))):
        reachable(text)
    return text.rstrip("/")


_ORIGIN = Grammar(
    rf"https?://({HOST_RE}|([A-Za-z0-9.-]|{PLACEHOLDER_RE})+)(:\d{{1,5}})?"
    rf"(/([A-Za-z0-9._~+,=@-]|{PLACEHOLDER_RE})*)*",
    "bad-origin",
    "the address of an origin",
    "write scheme, host and at most a path, such as https://menu.example.com",
    500,
    _origin,
)
_HOST_HEADER = Grammar(
    rf"{HOST_RE}(:\d{{1,5}})?",
    "bad-host",
    "a host in a request",
    "write a name such as menu.example.com",
    260,
    reachable,
)
_UNCACHED = Grammar(
    r"(/[A-Za-z0-9._~+,=:@-]*)+", "bad-path", "a path of an address", "write it like /api, decoded", 250
)


@spec
class Cache(Pods):
    """An HTTP cache before an origin."""

    kind: Annotated[Literal["cache"], Written()] = "cache"
    """cache."""
    origin: Annotated[str, _ORIGIN]
    """Address of the origin, https://menu.example.com or http://menu.menu:8080; values of the site may stand
    in it."""
    image: ImageName = "docker.io/library/nginx:1.30.6-alpine-slim"
    """Container image of nginx; the slim one has all that a cache needs, and 6 MB."""
    port: Port = 8080
    """Port at which others reach it."""
    size: Quantity = "1Gi"
    """Size of its volume on the site's own disk; a tenth of it stays free."""
    stale_for: Annotated[Days, Field(le=3650)] = 30
    """Days for which a response is kept that nobody asks for: 7d. One that clients ask for is served for as
    long as the origin is away."""
    valid_for: Duration = "10m"
    """Time for which a response is fresh where the origin states none."""
    force: bool = False
    """Whether valid_for holds whatever the origin states, which may be that nothing is kept."""
    host: Annotated[str, _HOST_HEADER] | None = None
    """Host name in requests to the origin, and that of its certificate; by default that of `origin`."""
    uncached: tuple[Annotated[str, _UNCACHED], ...] = ()
    """Paths that are never cached, with all below them: [/api]."""
    authority: Certificates | None = None
    """Authorities in PEM that verify an https origin, file:certificates/shops-ca.pem; by default those of the
    image, which are the well-known ones."""
    expose: Expose | None = None
    """How it is reached from outside of the cluster; by default only other workloads reach it."""
    probe: Probe = Probe(path="/")
    """How Kubernetes finds out that nginx serves, at a port of its own that never asks the origin."""


def objects(cache: Cache, place: Place) -> Iterator[Object]:
    """A StatefulSet with its volume and configuration behind a Service."""
    files = {CONFIGURATION: _configuration(cache)}
    if cache.authority is not None:
        files[AUTHORITY] = cache.authority
    container = Container(
        name=place.name,
        image=cache.image,
        command=("nginx", "-e", "stderr", "-c", f"{FILES}/{CONFIGURATION}"),
        environment=cache.environment,
        secrets={name: name for name in cache.secrets},
        secret_name=place.name,
        ports={"http": cache.port, "health": _health(cache)},
        probe=cache.probe,
        probe_port="health",
        resources=cache.resources,
        mounts={FILES: "files", DATA: "data"},
        writable=tuple(dict.fromkeys((*cache.writable, RUN))),
    )
    volumes = [{"name": "files", "configMap": {"name": place.name}}]
    pod = template(place, cache, container, volumes=volumes, annotations=of.digest(files))
    yield from of.secrets_of(place, cache.secrets)
    yield of.config_map(place, place.name, files)
    yield stateful_set(place, pod, {"data": cache.size})
    yield of.service(place, place.name, {"http": cache.port})
    yield from of.exposed(place, cache.expose, place.name, cache.port)
    yield of.network_policy(
        place,
        ports=[cache.port],
        expose=cache.expose,
        needs=cache.needs,
        egress=(*_to_origin(cache), *cache.egress),
    )


def _configuration(cache: Cache) -> str:
    # Before a site has filled its placeholders, checks of the fleet file look at the objects.
    origin = urlsplit(re.sub("[{}]", "_", _whole(cache)))
    host = cache.host or origin.netloc
    return render(
        "workloads/nginx.conf.j2",
        origin=origin.geturl(),
        host=host,
        server_name=re.sub(r":\d+$", "", host),
        port=cache.port,
        health=_health(cache),
        most=parse_size(cache.size) * 9 // 10,
        stale_days=cache.stale_for,
        valid_seconds=seconds_of(cache.valid_for),
        is_forced=cache.force,
        uncached=cache.uncached,
        authorities=AUTHORITIES if cache.authority is None else f"{FILES}/{AUTHORITY}",
    )


def _health(cache: Cache) -> int:
    first, second = HEALTH_PORTS
    return second if cache.port == first else first


def _whole(cache: Cache) -> str:
    """The origin, with the whole name of a workload: nginx does not know the cluster's search domains."""
    scheme, host = cache.origin.split("//", 1)
    name = re.split("[:/]", host)[0]
    return f"{scheme}//{of.whole_name(name, cache.needs)}{host.removeprefix(name)}"


def _to_origin(cache: Cache) -> Iterator[Egress]:
    if _whole(cache) == cache.origin:
        origin = urlsplit(cache.origin)
        yield Egress(port=origin.port or (443 if origin.scheme == "https" else 80))


KIND = Kind(name="cache", spec=Cache, objects=objects)
