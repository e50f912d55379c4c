"""Load a fleet file: read it, validate every part, resolve the sites, check them together.

An invalid part is reported and left out, and the rest continues, so that one run reports all problems.
A consequence of a part that is left out is not reported again.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from edgefleet.errors import InvalidInput, OutsideFailure, Problem
from edgefleet.fleetfile import artifacts_lock, inventory
from edgefleet.fleetfile.artifacts import Artifacts
from edgefleet.fleetfile.artifacts_lock import EMPTY, ArtifactsLock
from edgefleet.fleetfile.building import Building
from edgefleet.fleetfile.channel import check_channel
from edgefleet.fleetfile.control_plane import read_hub
from edgefleet.fleetfile.document import ImageStore
from edgefleet.fleetfile.document_io import included_texts, read_text, shown_path
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.partial import build
from edgefleet.fleetfile.provenance import Provenance
from edgefleet.fleetfile.rendering import Fetch, Renderer, downloading
from edgefleet.fleetfile.resolution import Written
from edgefleet.fleetfile.source import Source
from edgefleet.fleetfile.validation import Parts
from edgefleet.model.channel import Channel
from edgefleet.model.hub import Hub
from edgefleet.model.paths import format_path, parse_path

_SHARED: dict[Path, Fleet] = {}


@contextmanager
def shared(path: Path, fleet: Fleet) -> Iterator[None]:
    """Within it, `load_fleet` of `path` returns `fleet`: a command and its program act on one reading."""
    _SHARED[path.absolute()] = fleet
    try:
        yield
    finally:
        _SHARED.pop(path.absolute(), None)


def load_fleet(path: Path, root: Path, *, is_locking: bool = False, fetch: Fetch | None = None) -> Fleet:
    """The fleet that the file at `path` describes, with its tables and its artifacts lock.

    Args:
        path: ``stacks/<stack>.fleet.yaml``.
        root: the project; messages name paths relative to it.
        is_locking: whether the lock is about to be written: images then contain no payload.
        fetch: how archives of charts are fetched; if `None`, from their registries, or their mirrors.

    Raises:
        InvalidInput: with all problems, in the order of the file.
    """
    is_shared = not is_locking and path.absolute() in _SHARED
    return _SHARED[path.absolute()] if is_shared else _load(path, root, is_locking=is_locking, fetch=fetch)


def _load(path: Path, root: Path, *, is_locking: bool, fetch: Fetch | None) -> Fleet:
    shown = shown_path(path, root)
    text = Source(read_text(path, shown), shown)
    problems: list[Problem] = []
    plain = _document(text, problems)
    broken, already = {problem.where for problem in problems}, len(problems)
    parts = Parts(Provenance(text=text), problems, included_texts(root))
    sites = inventory.sites(plain.get("sites"), inventory.Place(path.parent, root), parts)
    if len(problems) > already:
        parts.unread.add("sites")
    head = parts.head(plain)
    lock = _lock(path, root, problems)
    written = _written(head, parts, plain, lock)
    building = Building(
        parts=parts, written=written, unique="site" if plain.get("uniqueAddresses") == "site" else "fleet"
    )
    built = building.sites(parts.named("sites", sites, "site"))
    rollout, waves = building.rollout(head.get("rollout", {}))
    building.check_revoked(head.get("revoked", {}))
    workloads = building.workloads(parts.named("workloads", plain.get("workloads", {}), "workload"))
    hub = _control_plane(head, parts, plain)
    _check_channel(written.channel, hub, head, parts)
    building.check_edge(hub, ("controlPlane",))
    mirrors = build(Artifacts, head.get("artifacts", {})).mirrors
    renderer = Renderer(project=root, fetch=fetch or downloading(root, mirrors))
    workloads = building.rendered(workloads, hub, renderer)
    built = building.placed(workloads, hub, renderer, head.get("revoked", {}))
    built = built if is_locking else building.carrying(lock)
    if problems:
        failed = OutsideFailure if len(problems) == renderer.outside else InvalidInput
        raise failed(_in_order(problems, broken))
    text.forget()
    return Fleet(
        name=written.fleet,
        region=written.region,
        recipe=written.recipe,
        control_plane=hub,
        images=_store(head, written.region),
        channel=written.channel,
        sites=built,
        rollout=rollout,
        waves=waves,
        revoked=head.get("revoked", {}),
        profiles_used=building.profiles_used(),
        workloads=workloads,
        hub_workloads=building.at_hub,
        mirrors=mirrors,
        lock=lock,
        provenance=parts.provenance,
    )


def _document(text: Source, problems: list[Problem]) -> dict[str, Any]:
    """The whole file as a map.

    Raises:
        InvalidInput: it is no map.
    """
    plain = text.plain(problems)
    if isinstance(plain, dict):
        return plain
    problem = "a fleet file is a map of keys such as fleet, profiles and sites"
    hint = "write key: value, beginning with apiVersion: edgefleet.dev/v1"
    where = text.at(text.root)
    raise InvalidInput([*problems, Problem(where=where, code="wrong-type", problem=problem, hint=hint)])


def _written(head: Mapping[str, Any], parts: Parts, plain: Mapping[str, Any], lock: ArtifactsLock) -> Written:
    return Written(
        fleet=head.get("fleet", ""),
        region=head.get("region", ""),
        recipe=head.get("recipe", 0),
        profiles=parts.named("profiles", plain.get("profiles", {}), "profile"),
        groups=parts.named("groups", plain.get("groups", {}), "settings"),
        defaults=parts.settings("defaults", plain.get("defaults", {})),
        digests=artifacts_lock.binaries(lock),
        archives=artifacts_lock.archives(lock),
        channel=_channel(head, lock),
    )


def _channel(head: Mapping[str, Any], lock: ArtifactsLock) -> Channel | None:
    """The channel as nodes have it; one of Roles Anywhere with the store, and what the lock pins."""
    if "channel" not in head:
        return None
    channel = build(Channel, head["channel"])
    roles = channel.access.roles_anywhere
    if roles is None:
        return channel
    store = head.get("images", {}).get("store")
    whole = replace(roles, store=store, sha256=artifacts_lock.helpers(lock))
    return replace(channel, access=replace(channel.access, roles_anywhere=whole))


def _store(head: Mapping[str, Any], region: str) -> ImageStore:
    images = build(ImageStore, head.get("images", {}))
    return images if images.store else replace(images, store=f"file:.edgefleet/images/{region}")


def _lock(path: Path, root: Path, problems: list[Problem]) -> ArtifactsLock:
    try:
        return artifacts_lock.read_lock(path, root)
    except InvalidInput as error:
        problems += error.problems
        return EMPTY


def _control_plane(head: Mapping[str, Any], parts: Parts, plain: Mapping[str, Any]) -> Hub:
    defaults = plain.get("defaults")
    k3s = defaults.get("k3s") if isinstance(defaults, dict) else None
    version = str(k3s.get("version", "")) if isinstance(k3s, dict) else ""

    hub, problems = read_hub(head.get("control_plane", {}), default_k3s=version)
    for problem in problems:
        path = ("controlPlane", *parse_path(problem.path))
        where = parts.provenance.near(path, of_key=not problem.path)
        parts.problems.append(replace(problem, path=format_path(path), where=where))
    return hub


def _check_channel(channel: Channel | None, hub: Hub, head: Mapping[str, Any], parts: Parts) -> None:
    store = head.get("images", {}).get("store", "")
    for problem in check_channel(channel, hub, store):
        where = parts.provenance.near(parse_path(problem.path))
        parts.problems.append(replace(problem, where=where))


def _in_order(problems: Sequence[Problem], broken: Collection[str]) -> list[Problem]:
    """Sort by file, line and column; keep only the first at each position in `broken`, a syntax error."""
    firsts = {problem.where: problem for problem in reversed(problems)}
    reported = (
        problem for problem in problems if problem.where not in broken or problem is firsts[problem.where]
    )

    def key(problem: Problem) -> tuple[str, int, int]:
        file, *place = problem.where.rsplit(":", 2)
        line, column = (int(part) if part.isdecimal() else 0 for part in (*place, "0", "0")[:2])
        return file, line, column

    return sorted(dict.fromkeys(reported), key=key)
