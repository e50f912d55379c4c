"""Making the artifacts lock: from versions and names to addresses and digests.

A locked entry stays until an upgrade: a moved tag changes no image. Entries that are no longer needed are
dropped. A k3s that nodes already run unpinned is recorded: its bytes are the same, and a digest in the images
would be a visit to each site.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_args
from urllib.parse import quote

from edgefleet.errors import EdgefleetError, InvalidInput, OutsideFailure, Problem
from edgefleet.fleetfile.artifacts_lock import (
    API_VERSION,
    ArtifactsLock,
    Asset,
    LockedBase,
    LockedProgram,
)
from edgefleet.io.artifact_cache import unpack
from edgefleet.io.sourcing import Sources
from edgefleet.model.medium import Base
from edgefleet.model.programs import PROGRAMS
from edgefleet.model.references import parse_reference
from edgefleet.model.requirement import Requirement
from edgefleet.model.site import Arch
from edgefleet.runtimes.base.k3s import BINARIES, SUMS

Job = TypeVar("Job")
AT_ONCE = 8
"""Parallel lookups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockContents:
    """The contents of a lock."""

    needs: tuple[Requirement, ...]
    images: frozenset[str] = frozenset()
    """Whole names of the images that sites run without carrying them."""
    bases: tuple[Base, ...] = ()
    releases: Mapping[str, str] = field(default_factory=dict)
    """dict[k3s version -> address above ``<version>/<asset>``]."""
    unpinned: frozenset[str] = frozenset()
    """Versions of k3s that images of sites in the state install without a digest."""


def lock(contents: LockContents, sources: Sources, old: ArtifactsLock) -> ArtifactsLock:
    """The lock of `contents`; entries of `old` are reused.

    Raises:
        InvalidInput: an artifact does not exist.
        OutsideFailure: a lookup failed; with all problems.
    """
    locking = _Locking(contents, sources, old)
    releases = {(need.version, need.arch) for need in contents.needs if need.kind == "k3s"}
    _each(locking.add_sums, sorted(releases))
    carried = {need.name for need in contents.needs if need.kind == "image"}
    _each(locking.add_platforms, sorted(carried))
    _each(locking.add, contents.needs)
    _each(locking.try_platforms, sorted(contents.images - carried))
    _each(locking.add_base, contents.bases)
    return locking.lock


class _Locking:
    """Builds a lock; several threads add to it, each its own entries."""

    def __init__(self, contents: LockContents, sources: Sources, old: ArtifactsLock) -> None:
        self._contents, self._sources, self._old = contents, sources, old
        self._sums: dict[tuple[str, str], dict[str, str]] = {}
        self.lock: ArtifactsLock = {"api_version": API_VERSION}

    def add_sums(self, of: tuple[str, str]) -> None:
        """Read the digests of a release's files, unless all needed ones are locked."""
        version, arch = of
        needs = (
            need for need in self._contents.needs if (need.kind, need.version, need.arch) == ("k3s", *of)
        )
        if any(not self._known_asset(need) for need in needs):
            address = self._address(version, SUMS[arch])
            self._sums[of] = digests(self._sources.read(address).decode(errors="replace"), address)

    def add(self, need: Requirement) -> None:
        """Look `need` up."""
        {
            "k3s": self._add_asset,
            "program": self._add_program,
            "image": self._add_image,
            "base": self._add_extension,
        }[need.kind](need)

    def add_platforms(self, image: str) -> None:
        """Look up what the image is built for."""
        known = self._old.get("platforms", {}).get(image)
        form = self._old.get("forms", {}).get(image)
        if known is None:
            known = self._sources.architectures(parse_reference(image))
            form = self._sources.form(parse_reference(image)) if set(known) == {*get_args(Arch)} else None
        if form is not None:
            self.lock.setdefault("forms", {})[image] = form
        self.lock.setdefault("platforms", {})[image] = known

    def try_platforms(self, image: str) -> None:
        """`add_platforms` of an image that nodes download: its registry may be theirs alone."""
        with suppress(OutsideFailure):
            self.add_platforms(image)

    def add_base(self, base: Base) -> None:
        """Look up the size of a base."""
        locked = self._old.get("bases", {}).get(base.sha256)
        if locked is None or locked["source"] != base.source:
            size = self._sources.size(base.source)
            if size is None:
                size = self._sources.fetch(base.source, base.sha256).stat().st_size
            locked = LockedBase(source=base.source, size=size)
        self.lock.setdefault("bases", {})[base.sha256] = locked

    def _known_asset(self, need: Requirement) -> Asset | None:
        known = self._old.get("k3s", {}).get(need.version, {}).get(need.name)
        return known if known is not None and "size" in known else None

    def _add_asset(self, need: Requirement) -> None:
        asset, address = self._known_asset(need), self._address(need.version, need.name)
        if asset is not None:
            asset = asset | Asset(sha256=asset["sha256"], url=address)
        else:
            sums = self._sums[need.version, need.arch]
            if need.name not in sums:
                raise OutsideFailure(_unlisted(self._address(need.version, SUMS[need.arch]), need.name))
            size = self._sources.size(address)
            if size is None:
                size = self._sources.fetch(address, sums[need.name]).stat().st_size
            asset = Asset(sha256=sums[need.name], size=size, url=address)
            if need.version in self._contents.unpinned and need.name in BINARIES.values():
                asset["recorded"] = True
        self.lock.setdefault("k3s", {}).setdefault(need.version, {})[need.name] = asset

    def _add_program(self, need: Requirement) -> None:
        known = self._old.get("programs", {}).get(need.name, {}).get(need.version, {}).get(need.arch)
        program = known or self._program(need)
        releases = self.lock.setdefault("programs", {}).setdefault(need.name, {})
        releases.setdefault(need.version, {})[need.arch] = program

    def _program(self, need: Requirement) -> LockedProgram:
        address = need.url
        sha256, size = self._sources.learn(address)
        made = Asset(sha256=sha256, size=size, url=address)
        member = PROGRAMS[need.name].path(need.version, need.arch)
        if not member:
            return LockedProgram(archive=made, sha256=sha256, size=size)
        archive = self._sources.cache.root / "sha256" / sha256
        digest, bytes_ = unpack(self._sources.cache, archive, member, where=address)
        return LockedProgram(archive=made, member=member, sha256=digest, size=bytes_)

    def _add_image(self, need: Requirement) -> None:
        if need.arch not in self.lock["platforms"][need.name]:
            return  # an error of the fleet file, which has the line
        locked = self._old.get("images", {}).get(need.name, {}).get(need.arch)
        if locked is None:
            image = self._sources.resolve(parse_reference(need.name), need.arch)
            archive = self._sources.archive(need.name, image.manifest.digest)
            size = archive.stat().st_size
            locked = {"digest": image.manifest.digest, "sha256": archive.name, "size": size}
        self.lock.setdefault("images", {}).setdefault(need.name, {})[need.arch] = locked

    def _add_extension(self, need: Requirement) -> None:
        self.add_base(Base(source=need.name, sha256=need.version))

    def _address(self, version: str, asset: str) -> str:
        return f"{self._contents.releases[version].rstrip('/')}/{quote(version, safe='')}/{asset}"


def digests(text: str, address: str) -> dict[str, str]:
    """dict[asset -> hex SHA-256] of a release's list (``sha256sum``'s form).

    Raises:
        OutsideFailure: it is not such a list.
    """
    lines = [line.split() for line in text.splitlines() if line.strip()]
    pair = 2
    assets = {line[1].lstrip("*"): line[0] for line in lines if len(line) == pair and len(line[0]) == 64}  # noqa: PLR2004 - digits of a SHA-256
    if len(assets) < len(lines) or not assets:
        problem, hint = "is not a list of digests", "check the version and the address (k3s.releaseUrl)"
        raise OutsideFailure.at(address, "bad-answer", problem, hint)
    return assets


def _unlisted(address: str, asset: str) -> Problem:
    hint = "check the version; this release may not exist for that architecture"
    return Problem(code="not-listed", where=address, problem=f"has no line for {asset}", hint=hint)


def _each(work: Callable[[Job], None], jobs: Iterable[Job]) -> None:
    """Do all of `jobs`, several at a time.

    Raises:
        InvalidInput: all problems are errors of input.
        OutsideFailure: another problem occurred; with all of them.
    """
    problems: list[Problem] = []
    is_input = True
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done in [pool.submit(work, job) for job in jobs]:
            try:
                done.result()
            except EdgefleetError as error:
                problems += error.problems
                is_input &= isinstance(error, InvalidInput)
    if problems:
        raise (InvalidInput if is_input else OutsideFailure)(dict.fromkeys(problems))


def pinned(lock: ArtifactsLock) -> ArtifactsLock:
    """`lock` without recorded files: images pin all."""
    k3s = {
        version: {name: _pinned(asset) for name, asset in assets.items()}
        for version, assets in lock.get("k3s", {}).items()
    }
    return {**lock, "k3s": k3s}


def _pinned(asset: Asset) -> Asset:
    return Asset(sha256=asset["sha256"], size=asset["size"]) if "size" in asset else asset


def recorded(lock: ArtifactsLock) -> list[str]:
    """Versions of k3s that images do not pin although their digest is known, sorted."""
    return sorted(
        version
        for version, assets in lock.get("k3s", {}).items()
        if any(asset.get("recorded") for asset in assets.values())
    )


def changes(old: ArtifactsLock, new: ArtifactsLock) -> dict[str, str]:
    """dict[name of an entry -> ``added``, ``changed`` or ``removed``], sorted."""
    before, after = _flat(old), _flat(new)
    words = {
        name: "added" if name not in before else "changed"
        for name in after
        if before.get(name) != after[name]
    }
    return dict(sorted((words | {name: "removed" for name in before if name not in after}).items()))


def _flat(lock: ArtifactsLock) -> dict[str, Any]:
    """dict[name of an entry -> entry]."""
    entries: dict[str, Any] = {}
    for version, assets in lock.get("k3s", {}).items():
        entries |= {f"{name} {version}": asset for name, asset in assets.items()}
    for name, releases in lock.get("programs", {}).items():
        for version, archs in releases.items():
            entries |= {f"{name} {version} for {arch}": program for arch, program in archs.items()}
    known = dict(lock.get("platforms", {}))
    for image, platforms in lock.get("images", {}).items():
        built_for = known.pop(image, ())
        entries |= {f"{image} for {arch}": (platform, built_for) for arch, platform in platforms.items()}
    entries |= {f"platforms of {image}": built_for for image, built_for in known.items()}
    entries |= {f"form of {image}": form for image, form in lock.get("forms", {}).items()}
    return entries | {f"base {base['source']}": base for base in lock.get("bases", {}).values()}
