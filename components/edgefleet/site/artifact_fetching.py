"""Downloading the files of the artifacts lock into the cache, several at a time."""

from collections.abc import Callable, Collection, Iterable, Iterator
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

Report = Callable[[str, int, int | None], None]
"""Receives (name, bytes downloaded, bytes of the whole where known)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One file to download."""

    name: str
    size: int
    """Bytes to download for it, as far as known."""
    fetch: Callable[[Progress], object] = field(compare=False)


def items(
    needs: Collection[Requirement], bases: Iterable[Base], sources: Sources, lock: ArtifactsLock
) -> Iterator[Item]:
    """The files that images need; all `needs` are in the lock."""
    extensions = (Base(source=need.name, sha256=need.version) for need in needs if need.kind == "base")
    for base in (*bases, *extensions):
        locked = lock.get("bases", {}).get(base.sha256)
        asset = Asset(sha256=base.sha256, url=base.source)
        yield _file(base.source, asset, locked["size"] if locked else 0, sources)
    for need in needs:
        if need.kind == "k3s":
            asset = lock["k3s"][need.version][need.name]
            yield _file(f"{need.name} {need.version}", asset, asset.get("size", 0), sources)
        elif need.kind == "program":
            yield _program(need, sources, lock)
        elif need.kind == "image":
            yield _image(need, sources, lock)


def _file(name: str, asset: Asset, size: int, sources: Sources) -> Item:
    def download(progress: Progress) -> object:
        return sources.fetch(asset["url"], asset["sha256"], size=size or None, progress=progress)

    return Item(name=name, size=size, fetch=download)


def _program(need: Requirement, sources: Sources, lock: ArtifactsLock) -> Item:
    program = lock["programs"][need.name][need.version][need.arch]
    archive = program["archive"]

    def download(progress: Progress) -> object:
        known = sources.cache.path(program["sha256"])
        if known is not None:
            return known
        size = archive.get("size")
        path = sources.fetch(archive["url"], archive["sha256"], size=size, progress=progress)
        member = program.get("member")
        if member is None:
            return path
        digest, _ = unpack(sources.cache, path, member, where=archive["url"])
        if digest != program["sha256"]:
            problem = f"{member} in it has sha256 {digest}, and the lock says {program['sha256']}"
            raise _mismatch(archive["url"], problem)
        return path

    return Item(name=str(need), size=archive.get("size", 0), fetch=download)


def _image(need: Requirement, sources: Sources, lock: ArtifactsLock) -> Item:
    image = lock["images"][need.name][need.arch]

    def download(progress: Progress) -> object:
        known = sources.cache.path(image["sha256"])
        if known is not None:
            return known
        path = sources.archive(need.name, image["digest"], progress=progress)
        if path.name != image["sha256"]:
            problem = f"its archive has sha256 {path.name}, and the lock says {image['sha256']}"
            raise _mismatch(need.name, problem)
        return path

    return Item(name=str(need), size=image["size"], fetch=download)


def _mismatch(where: str, problem: str) -> OutsideFailure:
    hint = "run edgefleet artifacts lock -s STACK --upgrade, and review the change"
    return OutsideFailure.at(where, "digest-mismatch", problem, hint)


def fetch(items: Iterable[Item], *, at_once: int, report: Report) -> None:
    """Download all of `items`; a failure does not stop the others.

    `at_once` run at the same time, and `report` is called from several threads.

    Raises:
        OutsideFailure: some could not be downloaded; with all problems.
    """
    problems: list[Problem] = []
    ended = Event()

    def forward(name: str, done: int, whole: int | None) -> None:
        if ended.is_set():  # a running download stops at its next bytes, and is resumed by the next run
            problem = Problem(code="cancelled", where=name, problem="was stopped", hint="run again to resume")
            raise OutsideFailure(problem)
        report(name, done, whole)

    with ThreadPoolExecutor(at_once) as pool:
        under_way = [pool.submit(_one, item, forward) for item in items]
        try:
            for done in as_completed(under_way):
                problems += done.result()
        except BaseException:
            ended.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if problems:
        raise OutsideFailure(dict.fromkeys(problems))


def _one(item: Item, report: Report) -> tuple[Problem, ...]:
    try:
        item.fetch(lambda done, whole: report(item.name, done, whole))
    except EdgefleetError as error:
        return error.problems
    report(item.name, item.size, item.size)
    return ()
