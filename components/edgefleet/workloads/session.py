"""session: sessions, carts and queues in memory, Valkey, that a loss of power does not take.

Each change is appended to a file, which Valkey rewrites as a snapshot (RDB) with the changes after it. There
are no snapshots besides: they would write everything a second time to the site's flash. While the file is
rewritten, memory holds changed data twice, and the disk has two files and two snapshots: measured with Valkey
8.1 and writes only, 2.3 and 4 times the data (Valkey docs, topics/persistence).
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from edgefleet.io.templates import render
from edgefleet.model.quantities import Quantity, parse_size
from edgefleet.model.references import ImageName
from edgefleet.model.spec import Written, spec
from edgefleet.workloads.base import objects as of
from edgefleet.workloads.base.kind import Kind, Object, Place
from edgefleet.workloads.base.pods import Container, stateful_set, template
from edgefleet.workloads.base.spec import Pods, Port, Probe, Resources

FILES, DATA, RUN = "/etc/edgefleet", "/data", "/run/valkey"
CONFIGURATION = "valkey.conf"
PASSWORD = "PASSWORD"  # noqa: S105 - the name of a variable
OF_CLIENT = ("VALKEYCLI_AUTH", "REDISCLI_AUTH")
"""Variables with the password of valkey-cli, of all its versions."""
START = f"""set -eu
umask 077
hash=$(printf %s "${PASSWORD}" | sha256sum | cut -c 1-64)
printf 'user default on #%s ~* &* +@all\\n' "$hash" >{RUN}/users.acl
exec valkey-server {FILES}/{CONFIGURATION} --aclfile {RUN}/users.acl
"""
"""The server with a password, which may be any text, and is in no list of processes (Valkey docs,
topics/acl)."""
Eviction = Literal[
    "noeviction",
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
]


@spec
class Session(Pods):
    """Sessions in memory, with a copy on the disk."""

    kind: Annotated[Literal["session"], Written()] = "session"
    """session."""
    image: ImageName = "docker.io/valkey/valkey:9.0.8-alpine"
    """Container image of Valkey."""
    port: Port = 6379
    """Port at which others reach it."""
    size: Quantity = "256Mi"
    """Size of its volume on the site's own disk, of which the data take a fifth at most."""
    data: Quantity | None = None
    """Most memory of the data; by default two fifths of the limit of memory, a fifth of `size` at most."""
    eviction: Eviction = "volatile-lru"
    """What goes when the memory of the data is used up: by default the longest unused of the keys that
    expire."""
    sync: Literal["always", "everysec", "no"] = "everysec"
    """When a change is on the disk: at once, within a second, or when the system writes it."""
    resources: Resources = Resources(memory="128Mi")
    """What its Pod takes."""
    probe: Probe = Probe()
    """How often Kubernetes pings it."""


def objects(session: Session, place: Place) -> Iterator[Object]:
    """A StatefulSet with its volume and configuration behind a Service."""
    files = {CONFIGURATION: _configuration(session)}
    has_password = PASSWORD in session.secrets
    container = Container(
        name=place.name,
        image=session.image,
        command=("sh", "-c", START) if has_password else ("valkey-server", f"{FILES}/{CONFIGURATION}"),
        environment=session.environment,
        secrets={name: name for name in session.secrets}
        | (dict.fromkeys(OF_CLIENT, PASSWORD) if has_password else {}),
        secret_name=place.name,
        ports={"valkey": session.port},
        probe=session.probe,
        probe_command=("valkey-cli", "-e", "-p", str(session.port), "ping"),
        resources=session.resources,
        mounts={FILES: "files", DATA: "data"},
        writable=tuple(dict.fromkeys((*session.writable, RUN))),
    )
    volumes = [{"name": "files", "configMap": {"name": place.name}}]
    pod = template(place, session, container, volumes=volumes, annotations=of.digest(files))
    yield from of.secrets_of(place, session.secrets)
    yield of.config_map(place, place.name, files)
    yield stateful_set(place, pod, {"data": session.size})
    yield of.service(place, place.name, {"valkey": session.port})
    yield of.network_policy(place, ports=[session.port], needs=session.needs, egress=session.egress)


def most_data(session: Session) -> int:
    """Bytes of the data at most."""
    if session.data is not None:
        return parse_size(session.data)
    limit = parse_size(session.resources.memory_limit or session.resources.memory)
    return max(2**20, min(limit * 2 // 5, parse_size(session.size) // 5))  # 0 would be no limit


def _configuration(session: Session) -> str:
    return render(
        "workloads/valkey.conf.j2",
        port=session.port,
        sync=session.sync,
        most=most_data(session),
        eviction=session.eviction,
    )


KIND = Kind(name="session", spec=Session, objects=objects)
