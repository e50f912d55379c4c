"""stream: messages that are stored at a site, NATS with JetStream, whatever its link does.

A message is acknowledged once it is in the stream, and stays for `max_age` unless `buffer` is used up before.
So the disk that it takes is bounded, and a link may be away for days.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Annotated, Any, Literal

from pydantic import Field

from edgefleet.errors import Problem
from edgefleet.model.quantities import Days, Quantity, parse_size, written_size
from edgefleet.model.references import ImageName
from edgefleet.model.schedules import Duration, seconds_of
from edgefleet.model.spec import Written, spec
from edgefleet.model.syntax import Grammar
from edgefleet.workloads.base import nats
from edgefleet.workloads.base import objects as of
from edgefleet.workloads.base.kind import Kind, Object, Place
from edgefleet.workloads.base.pods import Container, stateful_set, template
from edgefleet.workloads.base.spec import Pods, Port, Probe, Resources

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
TOOLS = Resources(cpu="10m", memory="48Mi")
"""What the container that declares the stream takes."""


@spec
class Stream(Pods):
    """Messages that are stored, in a buffer with bounds."""

    kind: Annotated[Literal["stream"], Written()] = "stream"
    """stream."""
    subjects: Annotated[tuple[Subject, ...], Field(min_length=1, max_length=100)]
    """Subjects of the messages: [sensors.>, alarms.*]."""
    buffer: Quantity = "1Gi"
    """Most bytes of the messages; its volume on the site's own disk is an eighth larger."""
    max_age: Days = 14
    """Days after which a message goes: 14d."""
    discard: Literal["old", "new"] = "old"
    """What goes when the buffer is full: the oldest message, or the new one with an error."""
    sync: Literal["always", "everysec", "no"] = "everysec"
    """When a message is on the disk: before it is acknowledged, within a second, or within two minutes."""
    deduplicate: Duration = "2m"
    """Time for which a second message with the same Nats-Msg-Id is dropped; memory holds each id as long."""
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
    files = {
        nats.SERVER: nats.text(nats.server(stream.port, store=size, sync=stream.sync)),
        nats.STREAM: nats.text(nats.stream(place.name, size=size, days=stream.max_age, **_collected(stream))),
    }
    volumes = [{"name": "files", "configMap": {"name": place.name}}]
    pod = template(place, stream, *_containers(stream, place), volumes=volumes, annotations=of.digest(files))
    yield from of.secrets_of(place, stream.secrets)
    yield of.config_map(place, place.name, files)
    yield stateful_set(place, pod, {"data": volume_size(size)})
    yield of.service(place, place.name, {"nats": stream.port})
    yield of.network_policy(place, ports=[stream.port], needs=stream.needs, egress=stream.egress)


def volume_size(buffer: int) -> str:
    """The volume of a buffer: room for JetStream's indexes, and for a block that is rewritten."""
    return written_size(-(-(buffer + buffer // 8) // MIB) * MIB)


def _most_memory(stream: Stream) -> int:
    """Bytes above which Go collects garbage, so that the limit is not reached (Go docs, runtime)."""
    return parse_size(stream.resources.memory_limit or stream.resources.memory) * 9 // 10


def _collected(stream: Stream) -> dict[str, Any]:
    """What the stream collects, and what it does when it is full."""
    return {
        "subjects": list(stream.subjects),
        "discard": stream.discard,
        "duplicate_window": seconds_of(stream.deduplicate) * nats.SECOND,
    }


def _containers(stream: Stream, place: Place) -> Sequence[Container]:
    """The server, and a container that declares the stream and waits: without it the Pod is not ready."""
    server = Container(
        name=place.name,
        image=stream.image,
        args=("-c", f"{nats.FILES}/{nats.SERVER}"),
        environment={"GOMEMLIMIT": str(_most_memory(stream)), **stream.environment},
        secrets={name: name for name in stream.secrets},
        secret_name=place.name,
        ports={"nats": stream.port, "monitor": nats.MONITOR},
        probe=stream.probe,
        probe_port="monitor",
        resources=stream.resources,
        mounts={nats.FILES: "files", nats.DATA: "data"},
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
    for one, other in combinations(stream.subjects, 2):
        if nats.overlap(one.split("."), other.split(".")):
            index = stream.subjects.index(other, stream.subjects.index(one) + 1)
            problem = f"a message of {other} may be one of {one}, too"
            yield Problem.of_value(f"subjects[{index}]", "overlap", problem, "remove one of the two")


KIND = Kind(name="stream", spec=Stream, objects=objects, check=check)
