"""Where a thing is looked for: in its mirrors in their order, then where it comes from.

A mirror is an address to put in place of the beginning of another (``https://mirror.example/github``), a
folder (``file:vendor``) or a registry (``oci://registry.example/mirror``). In a registry the file
``<prefix>/<version>/<asset>`` is the layer of the artifact ``<prefix>:<version>`` whose title is
``<asset>``, as ``oras push`` makes it, with ``-`` for ``+``.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote

from edgefleet.errors import EdgefleetError, InvalidInput, OutsideFailure, Problem
from edgefleet.io import container_images, disk
from edgefleet.io.artifact_cache import ArtifactCache
from edgefleet.io.container_images import Images, Layouts, PlatformImage, write_archive
from edgefleet.io.downloading import Progress, silent
from edgefleet.io.registry import base_of, is_registry, place_of
from edgefleet.io.web import Request, require_tls
from edgefleet.model.programs import ModuleForm
from edgefleet.model.references import Reference, parse_reference
from edgefleet.model.site import Arch

T = TypeVar("T")
TITLE = "org.opencontainers.image.title"
_LOCAL = frozenset({"disk-full", "no-permission", "read-only", "cancelled", "bad-netrc", "bad-docker-config"})
"""Codes of problems that no other mirror solves."""


class Sources:
    """Downloads files and images into a cache, from the nearest place that has them.

    Each method raises InvalidInput where a place cannot be queried or an image is not for one platform, and
    OutsideFailure, with the answer of each, where no place has it.

    Args:
        cache: where they are stored.
        mirrors: dict[beginning of addresses, or a registry's name -> places, the first one first].
    """

    def __init__(self, cache: ArtifactCache, mirrors: Mapping[str, Sequence[str]]) -> None:
        self.cache = cache
        self._mirrors = mirrors

    def fetch(
        self, address: str, sha256: str, *, size: int | None = None, progress: Progress = silent
    ) -> Path:
        """The file at `address`, by its digest."""
        known = self.cache.path(sha256)
        if known is not None:
            return known
        return self._first(
            address, lambda place: self.cache.fetch(_repository(place), sha256, size=size, progress=progress)
        )

    def learn(self, address: str) -> tuple[str, int]:
        """(hex SHA-256, bytes) of the file at `address`, which is downloaded."""
        return self._first(address, self._learn)

    def read(self, address: str) -> bytes:
        """A small file."""
        return self._first(address, self._read)

    def size(self, address: str) -> int | None:
        """Bytes of the file at `address`; `None` where no server states it."""
        return self._first(address, self._size)

    def resolve(self, reference: Reference, arch: Arch) -> PlatformImage:
        """The image that a node of `arch` runs, by tag or digest."""
        return self._of_image(
            reference,
            lambda images, repository: container_images.resolved(images, repository, reference, arch),
        )

    def architectures(self, reference: Reference) -> tuple[Arch, ...]:
        """The architectures of nodes that an image is built for."""
        return self._of_image(
            reference,
            lambda images, repository: container_images.architectures(images, repository, reference),
        )

    def form(self, reference: Reference) -> ModuleForm | None:
        """The form of an image that is a module itself; `None` of a container."""
        return self._of_image(
            reference,
            lambda images, repository: container_images.form(images, repository, reference),
        )

    def archive(self, name: str, digest: str, *, progress: Progress = silent) -> Path:
        """An image of one platform as a file, made of its layers; the same bytes always.

        Args:
            name: the image's whole name.
            digest: ``sha256:<hex>`` of the platform's manifest.
            progress: receives the number of bytes.
        """
        return self._of_image(
            parse_reference(name),
            lambda images, repository: self._archive(images, repository, (name, digest), progress),
        )

    def _archive(self, images: Images, repository: str, wanted: tuple[str, str], progress: Progress) -> Path:
        name, digest = wanted
        image = container_images.by_digest(images, repository, digest, name)
        whole, before, blobs = sum(blob.size for blob in image.blobs), 0, {}
        for blob in image.blobs:

            def report(done: int, _: int | None, before: int = before) -> None:
                progress(before + done, whole)

            source = images.source(repository, blob.digest)
            blobs[blob.digest] = self.cache.fetch(source, blob.digest, size=blob.size, progress=report)
            before += blob.size
        made = self.cache.scratch()
        with disk.writing(made) as file:
            write_archive(file, image, name, blobs)
        sha256, _ = self.cache.adopt(made)
        return self.cache.root / "sha256" / sha256

    def _of_image(self, reference: Reference, ask: Callable[[Images, str], T]) -> T:
        def at(place: str) -> T:
            if place.startswith("file:"):
                return ask(Layouts(self.cache.project / place.removeprefix("file:")), reference.repository)
            registry, prefix = self.cache.registry(place_of(place))
            return ask(registry, f"{prefix}/{reference.repository}".strip("/"))

        return _tried([*self._mirrors.get(reference.registry, ()), base_of(reference.registry)], at)

    def _first(self, address: str, ask: Callable[[str], T]) -> T:
        return _tried(self.places(address), ask)

    def places(self, address: str) -> list[str]:
        """Where the file at `address` is looked for, in this order."""
        beginnings = [each for each in self._mirrors if "/" in each and address.startswith(each)]
        longest = max(beginnings, key=len, default="")
        mirrors = self._mirrors.get(longest, ())
        return [*(_in_mirror(each, address.removeprefix(longest)) for each in mirrors), address]

    def _read(self, place: str) -> bytes:
        if place.startswith("file:"):
            path = self.cache.file(place)
            if path.stat().st_size > self.cache.web.policy.answer:
                problem = f"has more than {self.cache.web.policy.answer:,} bytes where a list was expected"
                raise OutsideFailure.at(path, "bad-answer", problem, "check the file")
            return path.read_bytes()
        if is_registry(place):
            digest, _ = self._titled(place)
            return self._registry(place)[0].read(self._registry(place)[1], digest)
        require_tls(place)
        return self.cache.web.get(Request(address=place)).body

    def _size(self, place: str) -> int | None:
        if place.startswith("file:"):
            return self.cache.file(place).stat().st_size
        return self._titled(place)[1] if is_registry(place) else self.cache.web.size(place)

    def _learn(self, place: str) -> tuple[str, int]:
        if not is_registry(place):
            if not place.startswith("file:"):
                require_tls(place)
            return self.cache.learn(place)
        digest, size = self._titled(place)
        self.cache.fetch(_repository(place), digest, size=size)
        return digest.removeprefix("sha256:"), size

    def _registry(self, place: str) -> tuple[Images, str]:
        return self.cache.registry(place_of(_repository(place)))

    def _titled(self, place: str) -> tuple[str, int]:
        """(digest, bytes) of the file that ``oci://host/repository:tag#title`` names."""
        tag, _, title = place[len(_repository(place)) + 1 :].partition("#")
        registry, repository = self._registry(place)
        found = registry.manifest(repository, tag)
        for layer in found.layers:
            if layer.note(TITLE) == title:
                return layer.digest, layer.size
        hint = f"push it: oras push {repository}:{tag} {title} ..."
        raise OutsideFailure.at(place, "not-found", f"the artifact has no file whose title is {title}", hint)


def _in_mirror(mirror: str, rest: str) -> str:
    if mirror.startswith("file:"):
        return f"{mirror.rstrip('/')}/{unquote(rest)}"
    if is_registry(mirror):
        *before, title = unquote(rest).split("/")
        *folders, tag = before or ["latest"]
        return "/".join([mirror.rstrip("/"), *folders]) + f":{tag.replace('+', '-')}#{title}"
    return f"{mirror.rstrip('/')}/{rest}"


def _repository(place: str) -> str:
    """`place` without tag and title, where it is a registry's."""
    if not is_registry(place):
        return place
    head, _, last = place.partition("#")[0].rpartition("/")
    return f"{head}/{last.partition(':')[0]}"


def _tried(places: Sequence[str], ask: Callable[[str], T]) -> T:
    """The answer of the first of `places` that has one.

    Raises:
        InvalidInput: a place found the request wrong.
        OutsideFailure: no place has it; with the answer of each.
    """
    problems: list[Problem] = []
    for place in places:
        try:
            return ask(place)
        except InvalidInput:
            raise
        except EdgefleetError as error:
            if error.problem.code in _LOCAL:
                raise
            problems += error.problems
    raise OutsideFailure(problems)
