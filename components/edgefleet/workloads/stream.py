"""stream: messages that are stored at a site, NATS with JetStream, whatever its link does.

A message is acknowledged once it is in the stream, and stays for `max_age` unless `buffer` is used up before.
So the disk that it takes is bounded, and a link may be away for days.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Annotated, Any, Literal

from pydantic import Field

from edgefleet.errors import Problem
from edgefleet.model.names import HOST_RE, reachable
from edgefleet.model.quantities import Days, Quantity, parse_size, written_size
from edgefleet.model.references import ImageName
from edgefleet.model.schedules import Duration, seconds_of
from edgefleet.model.spec import Written, spec, to_plain
from edgefleet.model.syntax import Grammar
from edgefleet.workloads.base import nats
from edgefleet.workloads.base import objects as of
from edgefleet.workloads.base.kind import Kind, Object, Place
from edgefleet.workloads.base.pods import Container, stateful_set, template
from edgefleet.workloads.base.spec import Egress, Pods, Port, Probe, Resources

MIB = 2**20
LEAST = 16 * MIB
"""Bytes of the smallest buffer: JetStream removes messages by blocks, of which a stream has a few."""
_SUBJECT = Grammar(
    r"[A-Za-z0-9_-]+(\.([A-Za-z0-9_-]+|\*))*(\.>)?",
    "bad-subject",
    "a subject of NATS",
    "write words with dots between them; * stands for one, a last > for all that follow: sensors.>",
    200,
)
Subject = Annotated[str, _SUBJECT]
_ADDRESS = Grammar(
    rf"{HOST_RE}:\d{{1,5}}",
    "bad-address",
    "where sites reach the hub",
    "write host and port such as streams.shops.example:7422",
    260,
    reachable,
)
HUB = "HUB"
"""Domain of the hub's JetStream; that of a site is its name, which is in small letters."""
TOOLS = Resources(cpu="10m", memory="48Mi")
"""What the container that declares the stream takes."""


@spec
class HubStream:
    """The part of a stream at the hub, which has the messages of all sites."""

    size: Quantity = "20Gi"
    """Most bytes of the messages of all sites; the oldest go."""
    max_age: Days = 30
    """Days after which a message goes there: 30d."""
    resources: Resources = Resources(cpu="100m", memory="512Mi")
    """What the server takes there."""


@spec
class Stream(Pods):
    """Messages that are stored, in a buffer with bounds."""

    kind: Annotated[Literal["stream"], Written()] = "stream"
    """stream."""
    subjects: Annotated[tuple[Subject, ...], Field(min_length=1, max_length=100)]
    """Subjects of the messages: [sensors.>, alarms.*]."""
    buffer: Quantity = "1Gi"
    """Most bytes of the messages; its volume on the site's own disk is an eighth and 8Mi
    larger."""
    max_age: Days = 14
    """Days after which a message goes: 14d."""
    discard: Literal["old", "new"] = "old"
    """What goes when the buffer is full: the oldest message, or the new one with an error."""
    sync: Literal["always", "everysec", "no"] = "everysec"
    """When a message is on the disk: before it is acknowledged, within a second, or within two minutes."""
    deduplicate: Duration = "2m"
    """Time for which a second message with the same Nats-Msg-Id is dropped; memory holds each id as long."""
    to: Literal["hub"] | None = None
    """hub: its messages go to the hub, too, when the link is there."""
    address: Annotated[str, _ADDRESS] | None = None
    """Host and port at which sites reach the hub for that, streams.shops.example:7422."""
    hub: HubStream = HubStream()
    """Its part at the hub."""
    port: Port = 4222
    """Port at which publishers and consumers reach it."""
    image: ImageName = "docker.io/library/nats:2.15.3"
    """Container image of nats-server."""
    tools: ImageName = "docker.io/natsio/nats-box:0.20.0"
    """Container image with a shell and the program nats, which declares the stream."""
    resources: Resources = Resources(memory="256Mi")
    """What the server takes; the container that declares the stream takes 48Mi besides."""
    probe: Probe = Probe(path="/healthz")
    """How Kubernetes finds out that the server serves, at its monitoring port."""


def objects(stream: Stream, place: Place) -> Iterator[Object]:
    """A StatefulSet with its volume and configuration behind a Service."""
    size = parse_size(stream.buffer)
    links: dict[str, Any] = nats.to_hub(stream.address) if stream.address is not None else {}
    server = nats.server(stream.port, store=size, sync=stream.sync, domain=place.site, **links)
    kept = nats.stream(
        place.name,
        size=size,
        days=stream.max_age,
        subjects=list(stream.subjects),
        discard=stream.discard,
        duplicate_window=seconds_of(stream.deduplicate) * nats.SECOND,
    )
    yield from of.secrets_of(place, stream.secrets)
    if stream.address is not None:
        yield of.certificate(place, _certificate(place))
    yield from _of_server(stream, place, (server, kept), size)
    egress = (*_to_hub(stream), *stream.egress)
    yield of.network_policy(place, ports=[stream.port], needs=stream.needs, egress=egress)


def at_hub(stream: Stream, place: Place) -> Iterator[Object]:
    """The same at the hub, with the streams of all sites as sources, and open to sites with a certificate."""
    if stream.address is None or not place.sites:
        return
    size = parse_size(stream.hub.size)
    links = nats.of_sites(place.name, place.sites)
    server = nats.server(stream.port, store=size, sync=stream.sync, domain=HUB, **links)
    sources = [nats.source(place.name, site, stream.subjects) for site, _ in place.sites]
    kept = nats.stream(place.name, size=size, days=stream.hub.max_age, discard="old", sources=sources)
    host, port = stream.address.rsplit(":", 1)
    part = replace(stream, resources=stream.hub.resources, environment={}, secrets={})
    yield of.certificate(place, _certificate(place), host.strip("[]"))
    yield from _of_server(part, place, (server, kept), size)
    exposed = {"name": "leaf", "port": int(port), "targetPort": nats.LEAF, "protocol": "TCP"}
    spec = {"type": "LoadBalancer", "selector": of.labels(place), "ports": [exposed]}
    yield of.a("Service", place, f"{place.name}-sites", spec=spec)
    policy = of.network_policy(place, ports=[stream.port])
    policy["spec"]["ingress"].append({"ports": [{"port": nats.LEAF, "protocol": "TCP"}]})
    yield policy


def _of_server(
    stream: Stream, place: Place, configuration: tuple[dict[str, Any], dict[str, Any]], size: int
) -> Iterator[Object]:
    """A server with the `configuration` of it and of its stream, which has `size` bytes."""
    names = (nats.SERVER, nats.STREAM)
    files = dict(zip(names, map(nats.text, configuration), strict=True))
    volumes: list[Object] = [{"name": "files", "configMap": {"name": place.name}}]
    if stream.address is not None:
        volumes.append({"name": "certificate", "secret": {"secretName": _certificate(place)}})
    pod = template(place, stream, *_containers(stream, place), volumes=volumes, annotations=of.digest(files))
    yield of.config_map(place, place.name, files)
    yield stateful_set(place, pod, {"data": volume_size(size)})
    yield of.service(place, place.name, {"nats": stream.port})


def _certificate(place: Place) -> str:
    """Name of the Secret with the certificate of the server."""
    return f"{place.name}-certificate"


def _to_hub(stream: Stream) -> Iterator[Egress]:
    if stream.address is not None:
        yield Egress(port=int(stream.address.rsplit(":", 1)[1]))


def volume_size(buffer: int) -> str:
    """The volume of a buffer: room for JetStream's indexes, and for a block of 8 MiB, which goes as one."""
    return written_size((8 - (-(buffer + buffer // 8) // MIB)) * MIB)


def _most_memory(stream: Stream) -> int:
    """Bytes above which Go collects garbage, so that the limit is not reached (Go docs, runtime)."""
    return parse_size(stream.resources.memory_limit or stream.resources.memory) * 9 // 10


def _containers(stream: Stream, place: Place) -> Sequence[Container]:
    """The server, and a container that declares the stream and waits: without it the Pod is not ready."""
    server = Container(
        name=place.name,
        image=stream.image,
        command=("nats-server", "-c", f"{nats.FILES}/{nats.SERVER}"),
        environment={"GOMEMLIMIT": str(_most_memory(stream)), **stream.environment},
        secrets={name: name for name in stream.secrets},
        secret_name=place.name,
        ports={"nats": stream.port, "monitor": nats.MONITOR},
        probe=stream.probe,
        probe_port="monitor",
        resources=stream.resources,
        mounts={nats.FILES: "files", nats.DATA: "data"}
        | ({nats.TLS: "certificate"} if stream.address is not None else {}),
        writable=stream.writable,
    )
    declaring = Container(
        name=f"declare-{place.name}",
        image=stream.tools,
        command=("sh", "-c", nats.DECLARE, "sh", place.name),
        environment={"NATS_URL": f"nats://127.0.0.1:{stream.port}", "HOME": nats.READY},
        probe=Probe(period=stream.probe.period, failures=stream.probe.failures),
        probe_command=("test", "-f", f"{nats.READY}/declared"),
        resources=TOOLS,
        mounts={nats.FILES: "files"},
        writable=(nats.READY,),
    )
    return (server, declaring)


def check(stream: Stream) -> Iterator[Problem]:
    """Whether JetStream would refuse the stream."""
    if parse_size(stream.buffer) < LEAST:
        problem = f"{stream.buffer} is too small for a stream"
        yield Problem.of_value("buffer", "small-buffer", problem, f"write {written_size(LEAST)} or more")
    if seconds_of(stream.deduplicate) > stream.max_age * 86400:
        problem = f"{stream.deduplicate} is longer than messages are kept"
        yield Problem.of_value("deduplicate", "long-window", problem, f"write {stream.max_age}d at most")
    if stream.port == nats.MONITOR:
        problem = f"{nats.MONITOR} is the port of the server's monitoring"
        yield Problem.of_value("port", "taken-port", problem, "choose another port, such as 4222")
    yield from _of_hub(stream)
    for one, other in combinations(stream.subjects, 2):
        if nats.overlap(one.split("."), other.split(".")):
            index = stream.subjects.index(other, stream.subjects.index(one) + 1)
            problem = f"a message of {other} may be one of {one}, too"
            yield Problem.of_value(f"subjects[{index}]", "overlap", problem, "remove one of the two")


def _of_hub(stream: Stream) -> Iterator[Problem]:
    if stream.to is not None and stream.address is None:
        hint = "add address: streams.shops.example:7422, a name that leads to the hub's Service"
        yield Problem.of_value("to", "no-address", "sites do not know where the hub is", hint)
    for key in sorted({"address", "hub"} & to_plain(stream).keys()) if stream.to is None else ():
        yield Problem.of_value(key, "without-hub", "has no effect", f"add to: hub, or remove {key}")


def is_linked(stream: Stream) -> bool:
    """Whether its messages go to the hub."""
    return stream.to is not None


KIND = Kind(
    name="stream",
    spec=Stream,
    objects=objects,
    cloud=at_hub,
    has_cloud=is_linked,
    is_linked=is_linked,
    cloud_fields=frozenset({"hub"}),
    check=check,
)
