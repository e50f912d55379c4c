"""gateway: an MQTT broker for the devices of a site, mosquitto, and its bridges to other brokers.

While a link is away, a bridge queues what its topics send at QoS 1 or 2, and sends it later. Queues are in
memory, and on the disk as of the last time that they were saved. mosquitto looks up the address of a bridge
in the thread that serves everybody (src/bridge.c, without WITH_ADNS), so a lookup without a link must fail
soon: the Pod's resolver waits for one second, and tries no other domains first.
"""

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import Annotated, Literal

from pydantic import Field

from edgefleet.errors import Problem
from edgefleet.io.templates import render
from edgefleet.model.names import Name, reachable
from edgefleet.model.quantities import Days, Quantity, parse_size
from edgefleet.model.references import ImageName
from edgefleet.model.registries import Certificates
from edgefleet.model.schedules import Duration, seconds_of
from edgefleet.model.spec import Written, spec
from edgefleet.model.syntax import Grammar, nearest
from edgefleet.workloads.base import objects as of
from edgefleet.workloads.base.kind import Kind, Object, Place
from edgefleet.workloads.base.pods import Container, container, stateful_set, template
from edgefleet.workloads.base.spec import Egress, Expose, Pods, Port, Probe, Resources, Variable
from edgefleet.workloads.base.values import PLACEHOLDER_RE, known, placeholders

FILES, RUN, DATA = "/etc/edgefleet", "/run/mosquitto", "/var/lib/mosquitto"
CONFIGURATION, CERTIFICATE = "mosquitto.conf", "certificate.pem"
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
"""The authorities of the image, as Alpine and Debian have them."""
OF_MESSAGE = 512
"""Bytes of memory that a queued message takes besides its payload, with a long topic."""
RESOLVER = {"options": [{"name": name, "value": "1"} for name in ("ndots", "timeout", "attempts")]}
_of_site = known("fleet", "region", "site.name", "site.location.country")
_LEVEL = rf"([A-Za-z0-9._~@:=-]|{PLACEHOLDER_RE})"
_FILTER = Grammar(
    rf"(?=.)(#|(\$SYS|\+|{_LEVEL}*)(/(\+|{_LEVEL}*))*(/#)?)",
    "bad-topic",
    "a topic filter of MQTT",
    "write levels of letters, digits and . _ ~ @ : = -, such as sensors/+/state or sensors/#",
    500,
    _of_site,
)
Filter = Annotated[str, _FILTER]
_PREFIX = replace(
    _FILTER, pattern=rf"({_LEVEL}+/)+", what="a prefix of topics", hint="write it like sites/{site.name}/"
)
_USER = Grammar(
    r"[A-Za-z0-9][A-Za-z0-9._@-]*", "bad-user", "a user of MQTT", "use letters, digits and . _ @ -", 100
)
User = Annotated[str, _USER]
_IDENTITY = replace(
    _USER,
    pattern=rf"{_LEVEL}+",
    what="a name of a client",
    hint="write it like edge-{site.name}",
    then=_of_site,
)
Identity = Annotated[str, _IDENTITY]


def _address(text: str) -> str:
    if not list(placeholders(_of_site(text))):
        reachable(text)
    return text


_ADDRESS = Grammar(
    rf"([A-Za-z0-9.-]|{PLACEHOLDER_RE})+(:\d{{1,5}})?",
    "bad-address",
    "the address of a broker",
    "write a host, and its port if it is another one, such as mqtt.example.com:8883",
    260,
    _address,
)


@spec
class Access:
    """What clients may do; in topics + is any level, and # at the end all that follow."""

    read: tuple[Filter, ...] = ()
    """Topics whose messages they get: [sensors/#]."""
    write: tuple[Filter, ...] = ()
    """Topics that they publish to: [sensors/lane-1]."""


@spec
class Account(Access):
    """What the clients of a user may do."""

    password: Variable
    """Variable in `secrets` with the password."""


@spec
class Tls:
    """A port with TLS."""

    port: Port = 8883
    """Port of MQTT with TLS."""
    certificate: Certificates
    """Certificate of the broker in PEM, with those of its authorities: file:certificates/gateway.pem."""
    key: Variable
    """Variable in `secrets` with the certificate's key in PEM."""


@spec
class Topics:
    """Topics of a bridge."""

    topic: Filter
    """Topics without the prefixes: sensors/#."""
    direction: Literal["out", "in", "both"] = "out"
    """Where messages go: out to the other broker, in from it, or both ways."""
    qos: Annotated[int, Field(ge=0, le=2)] = 1
    """Quality of service: 1 at least once, 2 exactly once; 0 is lost while the link is away."""
    local_prefix: Annotated[str, _PREFIX] | None = None
    """What this broker's topics begin with, which the other's do not: lane-1/."""
    remote_prefix: Annotated[str, _PREFIX] | None = None
    """What the other broker's topics begin with, which this one's do not: sites/{site.name}/."""


@spec
class Bridge:
    """A connection to another broker, which this one keeps up."""

    address: Annotated[str, _ADDRESS]
    """Host of the other broker, and its port where it is not 8883, or 1883 without TLS."""
    client: Identity
    """Name of the client there, another one for each site: edge-{site.name}. Two with one name end each
    other's connections."""
    topics: Annotated[tuple[Topics, ...], Field(min_length=1)]
    """What goes through it."""
    user: Identity | None = None
    """User at the other broker."""
    password: Variable | None = None
    """Variable in `secrets` with that user's password."""
    tls: bool = True
    """Whether the connection has TLS."""
    authority: Certificates | None = None
    """Authorities in PEM that verify the other broker; by default the well-known ones of the image."""


@spec
class Gateway(Pods):
    """An MQTT broker for devices, with bridges to other brokers."""

    kind: Annotated[Literal["gateway"], Written()] = "gateway"
    """gateway."""
    image: ImageName = "docker.io/library/eclipse-mosquitto:2.0.22"
    """Container image of mosquitto."""
    port: Port = 1883
    """Port at which other workloads reach it with MQTT."""
    tls: Tls | None = None
    """A port with TLS besides."""
    websockets: Port | None = None
    """A port for MQTT over WebSockets besides, as browsers use it."""
    users: dict[User, Account] = field(default_factory=dict)
    """User -> password and topics of its clients."""
    anonymous: Access | None = None
    """Topics of clients without a user; by default they are refused."""
    bridges: dict[Name, Bridge] = field(default_factory=dict)
    """Name -> connection to another broker."""
    size: Quantity = "256Mi"
    """Size of its volume on the site's own disk, which has the queues twice while they are saved."""
    queue: Quantity | None = None
    """Most bytes of messages that wait for one bridge, or one client that is away; by default half of what
    the broker has. When it is used up, new ones are dropped."""
    largest: Quantity = "1Mi"
    """Size of the largest message."""
    save_every: Duration = "1m"
    """Time after which queues are written to the disk; a loss of power takes what came since then."""
    forget_after: Annotated[Days, Field(le=3650)] = 60
    """Days after which the queue of a client that stays away is dropped; that of a bridge never is."""
    expose: Expose | None = None
    """How devices reach it: `port` of the site's nodes leads to its port with TLS, without `tls` to the one
    without; `host` leads to `websockets`."""
    probe: Probe = Probe()
    """How often Kubernetes connects to it."""
    resources: Resources = Resources()
    """What its Pod takes; the limit of memory bounds all queues."""


def most_memory(gateway: Gateway) -> int:
    """Bytes that the broker takes at most: it refuses messages before Kubernetes ends it."""
    limit = parse_size(gateway.resources.memory_limit or gateway.resources.memory)
    return min(limit * 4 // 5, parse_size(gateway.size) // 2)


def objects(gateway: Gateway, place: Place) -> Iterator[Object]:
    """A StatefulSet with its volume and configuration behind a Service."""
    files, ports = _files(gateway), _ports(gateway)
    yield from of.secrets_of(place, gateway.secrets)
    yield of.config_map(place, place.name, files)
    yield stateful_set(place, _pod(gateway, place, of.digest(files)), {"data": gateway.size})
    yield of.service(place, place.name, ports)
    if gateway.expose is not None:
        of_devices = gateway.tls.port if gateway.tls else gateway.port
        yield from of.exposed(place, replace(gateway.expose, port=None), place.name, gateway.websockets or 0)
        yield from of.exposed(place, replace(gateway.expose, host=None), place.name, of_devices)
    yield of.network_policy(
        place,
        ports=[*ports.values()],
        expose=gateway.expose,
        needs=gateway.needs,
        egress=(*_to_brokers(gateway), *gateway.egress),
    )


def _ports(gateway: Gateway) -> dict[str, int]:
    """dict[name -> port] of its listeners."""
    tls = {"mqtts": gateway.tls.port} if gateway.tls else {}
    return {"mqtt": gateway.port} | tls | ({"websockets": gateway.websockets} if gateway.websockets else {})


def _pod(gateway: Gateway, place: Place, annotations: Mapping[str, str]) -> Object:
    passwords = set(_variables(gateway).values())
    broker = Container(
        name=place.name,
        image=gateway.image,
        command=("mosquitto", "-c", f"{FILES}/{CONFIGURATION}"),
        environment=gateway.environment,
        secrets={name: name for name in gateway.secrets if name not in passwords},
        secret_name=place.name,
        ports=_ports(gateway),
        probe=gateway.probe,
        probe_port="mqtt",
        resources=gateway.resources,
        mounts={FILES: "files", RUN: "run", DATA: "data"},
        writable=gateway.writable,
    )
    key = (gateway.tls.key,) if gateway.tls else ()
    writing = Container(
        name="passwords",
        image=gateway.image,
        command=("sh", "-c", render("workloads/gateway.sh"), "gateway.sh", FILES, RUN, *key),
        secrets={name: name for name in sorted(passwords)},
        secret_name=place.name,
        resources=Resources(memory="32Mi"),
        mounts={FILES: "files", RUN: "run", "/tmp": "run"},  # noqa: S108 - where mosquitto_passwd writes
    )
    volumes = [
        {"name": "files", "configMap": {"name": place.name}},
        {"name": "run", "emptyDir": {"medium": "Memory", "sizeLimit": "4Mi"}},
    ]
    return template(
        place,
        gateway,
        broker,
        volumes=volumes,
        annotations=annotations,
        initContainers=[container(writing)],
        dnsConfig=RESOLVER,
    )


def _files(gateway: Gateway) -> dict[str, str]:
    """dict[name -> text] of the ConfigMap; no password is in it."""
    bridges = {f"bridge-{name}.conf": _bridge(gateway, name) for name in gateway.bridges}
    authorities = {
        f"bridge-{name}.pem": bridge.authority for name, bridge in gateway.bridges.items() if bridge.authority
    }
    anonymous = {"": gateway.anonymous} if gateway.anonymous else {}
    return {
        CONFIGURATION: _configuration(gateway),
        "acl": render("workloads/mosquitto-acl.conf.j2", users={**anonymous, **gateway.users}),
        "users": "".join(f"{name} {user.password}\n" for name, user in gateway.users.items()),
        "bridges": "".join(
            f"{name} {each.password or ''}".strip() + "\n" for name, each in gateway.bridges.items()
        ),
        **bridges,
        **authorities,
        **({CERTIFICATE: gateway.tls.certificate} if gateway.tls else {}),
    }


def _configuration(gateway: Gateway) -> str:
    most = most_memory(gateway)
    return render(
        "workloads/mosquitto.conf.j2",
        run=RUN,
        is_anonymous=gateway.anonymous is not None,
        save_seconds=seconds_of(gateway.save_every),
        forget_days=gateway.forget_after,
        most=most,
        queue=parse_size(gateway.queue) if gateway.queue else most // 2,
        messages=most // 2 // OF_MESSAGE,
        largest=parse_size(gateway.largest),
        has_bridges=bool(gateway.bridges),
        port=gateway.port,
        tls_port=gateway.tls and gateway.tls.port,
        certificate=f"{FILES}/{CERTIFICATE}",
        websockets=gateway.websockets,
    )


def _bridge(gateway: Gateway, name: str) -> str:
    bridge = gateway.bridges[name]
    host, port = _broker(bridge)
    authorities = f"{FILES}/bridge-{name}.pem" if bridge.authority else AUTHORITIES
    return render(
        "workloads/mosquitto-bridge.conf.j2",
        name=name,
        address=f"{of.whole_name(host, gateway.needs)}:{port}",
        client=bridge.client,
        user=bridge.user,
        authorities=authorities if bridge.tls else "",
        topics=bridge.topics,
    )


def _broker(bridge: Bridge) -> tuple[str, int]:
    """Host and port of the other broker."""
    host, _, port = bridge.address.partition(":")
    return host, int(port or (8883 if bridge.tls else 1883))


def _to_brokers(gateway: Gateway) -> Iterator[Egress]:
    """What its bridges reach outside of the cluster; what it needs is open."""
    brokers = [_broker(bridge) for bridge in gateway.bridges.values()]
    outside = {port for host, port in brokers if of.whole_name(host, gateway.needs) == host}
    return (Egress(port=port) for port in sorted(outside))


def _variables(gateway: Gateway) -> dict[str, str]:
    """dict[field -> variable with a secret] that no container but the first has."""
    users = {f"users.{name}.password": user.password for name, user in gateway.users.items()}
    bridges = {
        f"bridges.{name}.password": bridge.password
        for name, bridge in gateway.bridges.items()
        if bridge.password
    }
    return users | bridges | ({"tls.key": gateway.tls.key} if gateway.tls else {})


def check(gateway: Gateway) -> Iterator[Problem]:
    """Who gets in, secrets that are not there, ports and sizes that do not fit."""
    if not gateway.users and gateway.anonymous is None:
        yield Problem.of_value(
            "users", "no-clients", "nobody may connect to it", "add users, or set anonymous"
        )
    for path, variable in _variables(gateway).items():
        if variable not in gateway.secrets:
            hint = nearest(variable, gateway.secrets, otherwise=f"add {variable}: NAME to secrets")
            yield Problem.of_value(path, "no-variable", f"no variable in secrets is called {variable}", hint)
    for name, bridge in gateway.bridges.items():
        yield from _contradictions(bridge, f"bridges.{name}")
    yield from _ports_apart(gateway)
    most, wanted = most_memory(gateway), parse_size(gateway.queue or "1")
    if wanted > most:
        problem = f"all queues have {most // 2**20}Mi: four fifths of the memory, half of size at most"
        yield Problem.of_value(
            "queue", "long-queue", problem, "raise resources.memory and size, or lower queue"
        )


def _contradictions(bridge: Bridge, path: str) -> Iterator[Problem]:
    if bridge.password and not bridge.user:
        hint = "set user, or remove password"
        yield Problem.of_value(f"{path}.password", "no-user", "a password belongs to a user", hint)
    if bridge.authority and not bridge.tls:
        problem = "nothing is verified without TLS"
        yield Problem.of_value(f"{path}.authority", "no-tls", problem, "remove authority, or tls: false")


def _ports_apart(gateway: Gateway) -> Iterator[Problem]:
    ports = {
        "port": gateway.port,
        "tls.port": gateway.tls and gateway.tls.port,
        "websockets": gateway.websockets,
    }
    for path, port in ports.items():
        other = next(key for key, used in ports.items() if used == port)
        if port and other != path:
            yield Problem.of_value(path, "same-port", f"{port} is {other}, too", "choose another port")
    if gateway.expose and gateway.expose.host and not gateway.websockets:
        problem = "a host name leads to websockets, and it has no such port"
        yield Problem.of_value("expose.host", "no-websockets", problem, "set websockets, or remove host")


KIND = Kind(name="gateway", spec=Gateway, objects=objects, cloud=objects, check=check)
