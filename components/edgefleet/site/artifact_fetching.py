"""Bringing what the artifacts lock says into the cache, several things at a time."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from threading import Event

from edgefleet.errors import EdgefleetError, OutsideFailure, Problem
from edgefleet.fleetfile.artifacts_lock import ArtifactsLock, Asset
from edgefleet.io.artifact_cache import unpack
from edgefleet.io.downloading import Progress
from edgefleet.io.sourcing import Sources
from edgefleet.model.medium import Base
from edgefleet.model.requirement import Requirement

Told = Callable[[str, int, int | None], None]
"""Hears of (what, bytes that are here, bytes of the whole where known)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing to bring."""

    name: str
    size: int
    """Bytes, of what is downloaded for it as far as that is known."""
    bring: Callable[[Progress], object] = field(compare=False)


def items(
    needs: Iterable[Requirement], bases: Iterable[Base], sources: Sources, lock: ArtifactsLock
) -> Iterator[Item]:
    """What has to be brought so that images can be made; all `needs` are in the lock."""
    sizes = lock.get("bases", {})
    for base in bases:
        known = sizes.get(base.sha256)
        yield _file(
            base.source, {"sha256": base.sha256, "url": base.source}, known["size"] if known else 0, sources
        )
    for need in needs:
        if need.kind == "k3s":
            asset = lock["k3s"][need.version][need.name]
            yield _file(f"{need.name} {need.version}", asset, asset.get("size", 0), sources)
        elif need.kind == "program":
            yield _program(need, sources, lock)
        else:
            yield _image(need, sources, lock)


def _file(name: str, asset: Asset, size: int, sources: Sources) -> Item:
    def bring(progress: Progress) -> object:
        return sources.bring(asset["url"], asset["sha256"], size=size or None, progress=progress)

    return Item(name=name, size=size, bring=bring)


def _program(need: Requirement, sources: Sources, lock: ArtifactsLock) -> Item:
    program = lock["programs"][need.name][need.version][need.arch]
    archive = program["archive"]

    def bring(progress: Progress) -> object:
        known = sources.cache.path(program["sha256"])
        if known is not None:
            return known
        size = archive.get("size")
        path = sources.bring(archive["url"], archive["sha256"], size=size, progress=progress)
        digest, _ = unpack(sources.cache, path, program["member"], where=archive["url"])
        if digest != program["sha256"]:
            problem = f"{program['member']} in it has sha256 {digest}, and the lock says {program['sha256']}"
            hint = "run edgefleet artifacts lock --upgrade, and review the change"
            raise OutsideFailure(
                Problem(code="digest-mismatch", where=archive["url"], problem=problem, hint=hint)
            )
        return path

    return Item(name=str(need), size=archive.get("size", 0), bring=bring)


def _image(need: Requirement, sources: Sources, lock: ArtifactsLock) -> Item:
    image = lock["images"][need.name][need.arch]

    def bring(progress: Progress) -> object:
        return sources.archive(need.name, image["digest"], progress=progress)

    return Item(name=str(need), size=image["size"], bring=bring)


def fetch(wanted: Iterable[Item], *, at_once: int, told: Told) -> None:
    """Bring all of `wanted`; what fails does not keep the others from coming.

    Args:
        wanted: things.
        at_once: how many at a time.
        told: hears of progress, from several threads.

    Raises:
        OutsideFailure: some could not be brought; all of them are told.
    """
    problems: list[Problem] = []
    ended = Event()

    def hear(name: str, done: int, whole: int | None) -> None:
        if ended.is_set():  # what is under way stops at its next bytes, and goes on there another time
            problem = Problem(code="cancelled", where=name, problem="was stopped", hint="run again to resume")
            raise OutsideFailure(problem)
        told(name, done, whole)

    with ThreadPoolExecutor(at_once) as pool:
        under_way = [pool.submit(_one, item, hear) for item in wanted]
        try:
            for done in as_completed(under_way):
                problems += done.result()
        except BaseException:
            ended.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if problems:
        raise OutsideFailure(dict.fromkeys(problems))


def _one(item: Item, told: Told) -> tuple[Problem, ...]:
    try:
        item.bring(lambda done, whole: told(item.name, done, whole))
    except EdgefleetError as error:
        return error.problems
    told(item.name, item.size, item.size)
    return ()
