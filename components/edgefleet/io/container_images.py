"""Container images: which of several platforms a node runs, and one image as one file.

The file is an OCI layout in a tar, which k3s, containerd and docker import. ``index.json`` names the image as
Kubernetes asks for it (``io.containerd.image.name``); ``manifest.json`` states the same for docker. Order,
owners, modes and times are fixed: the same bytes always.
"""

import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from edgefleet.errors import InvalidInput, OutsideFailure
from edgefleet.io import disk
from edgefleet.io.manifests import (
    LARGEST,
    Descriptor,
    Manifest,
    Platform,
    manifest_of,
    one_platform,
    platform_of,
)
from edgefleet.io.registry import Registry
from edgefleet.model.programs import ModuleForm
from edgefleet.model.references import Reference
from edgefleet.model.site import Arch

VARIANTS: dict[Arch, tuple[tuple[str, str], ...]] = {
    "amd64": (("amd64", ""), ("amd64", "v1")),
    "arm64": (("arm64", ""), ("arm64", "v8")),
    "armhf": (("arm", "v7"), ("arm", ""), ("arm", "v6"), ("arm", "v5")),
}
"""dict[architecture of a node -> (architecture, variant) of images that it runs, the best first]."""
WASM = frozenset({"wasm", "wasm32"})
"""Architectures of images that every node with a runtime for them runs."""
FORMS: dict[str, ModuleForm] = {
    "application/vnd.bytecodealliance.wasm.component.layer.v0+wasm": "image",
    "application/wasm": "artifact",
    "application/vnd.wasm.content.layer.v1+wasm": "spin",
}
"""dict[type of a layer that is a module -> form of its image]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformImage:
    """An image for one platform."""

    manifest: Manifest

    @property
    def config(self) -> Descriptor:
        """Its configuration."""
        assert self.manifest.config is not None  # noqa: S101 - an index is no image of one platform
        return self.manifest.config

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """Its configuration, then its layers, each once."""
        return tuple({part.digest: part for part in (self.config, *self.manifest.layers)}.values())


def resolved(images: "Images", repository: str, reference: Reference, arch: Arch) -> PlatformImage:
    """The image that a node of architecture `arch` runs, by tag or digest.

    Raises:
        InvalidInput: there is none for it.
        OutsideFailure: the registry does not answer, or answers with something else.
    """
    found = images.manifest(repository, reference.wanted)
    if found.is_index:
        digest = _chosen(found, arch)
        if digest is None:
            raise _absent(reference, arch, [entry.platform or Platform() for entry in found.entries])
        return by_digest(images, repository, digest, str(reference))
    image = PlatformImage(manifest=found)
    platform = platform_of(images.read(repository, image.config.digest), where=str(reference))
    if not _fits(platform, arch):
        raise _absent(reference, arch, [platform])
    return image


def architectures(images: "Images", repository: str, reference: Reference) -> tuple[Arch, ...]:
    """The architectures of nodes that an image is built for.

    Raises:
        OutsideFailure: the registry does not answer, or answers with something else.
    """
    found = images.manifest(repository, reference.wanted)
    if found.is_index:
        return tuple(arch for arch in VARIANTS if _chosen(found, arch) is not None)
    assert found.config is not None  # noqa: S101 - else it were an index
    platform = platform_of(images.read(repository, found.config.digest), where=str(reference))
    return tuple(arch for arch in VARIANTS if _fits(platform, arch))


def form(images: "Images", repository: str, reference: Reference) -> ModuleForm | None:
    """The form of an image that is a module itself; `None` of a container.

    Raises:
        OutsideFailure: the registry does not answer, or answers with something else.
    """
    found = images.manifest(repository, reference.wanted)
    if found.is_index:
        entries = [entry for entry in found.entries if (entry.platform or Platform()).architecture in WASM]
        if not entries:
            return None
        found = images.manifest(repository, entries[0].digest)
    types = [layer.media_type for layer in found.layers]
    return next((FORMS[media_type] for media_type in types if media_type in FORMS), None)


def by_digest(images: "Images", repository: str, digest: str, name: str) -> PlatformImage:
    """The image of one platform whose manifest has `digest`.

    Raises:
        InvalidInput: it is an index.
        OutsideFailure: the registry does not have it.
    """
    found = images.manifest(repository, digest)
    return PlatformImage(manifest=one_platform(found, where=name, meant="a platform"))


def _fits(platform: Platform, arch: Arch) -> bool:
    """Whether a node of `arch` runs an image of one platform, which may state none."""
    return platform.architecture in {"", *WASM, *(name for name, _ in VARIANTS[arch])}


def _chosen(index: Manifest, arch: Arch) -> str | None:
    """Digest of the entry for `arch`; `None` if there is none."""
    entries = [(entry.digest, entry.platform or Platform()) for entry in index.entries]
    for wanted in VARIANTS[arch]:
        for digest, platform in entries:
            if ("linux", *wanted) == (platform.os, platform.architecture, platform.variant):
                return digest
    return next((digest for digest, platform in entries if platform.architecture in WASM), None)


def _absent(reference: Reference, arch: Arch, there: list[Platform]) -> InvalidInput:
    names = sorted({str(each) for each in there if each.os != "unknown" and str(each)})
    problem = f"has no image for {arch}; there is {', '.join(names[:20]) or 'none with a stated platform'}"
    hint = "use an image that is built for it, or place the workload on other nodes (where)"
    return InvalidInput.at(reference, "no-platform", problem, hint)


class Layouts:
    """A folder of OCI layouts, one for each repository: ``FOLDER/library/nginx/index.json``.

    ``skopeo copy docker://nginx:1.27 oci:FOLDER/library/nginx:1.27`` fills it. What is not there raises
    OutsideFailure.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def manifest(self, repository: str, reference: str) -> Manifest:
        """The manifest or index that `reference` names."""
        if reference.startswith("sha256:"):
            return manifest_of(self.read(repository, reference), where=str(self._folder / repository))
        index = self._folder / repository / "index.json"
        listed = disk.read(index, limit=LARGEST)
        for entry in manifest_of(listed, where=str(index)).entries if listed else ():
            if entry.note("org.opencontainers.image.ref.name") == reference:
                return manifest_of(self.read(repository, entry.digest), where=str(index))
        raise _no_layout(index, f"lists no image with the tag {reference}")

    def read(self, repository: str, digest: str) -> bytes:
        """A small blob; the caller verifies it against its digest."""
        path = self._blob(repository, digest)
        data = disk.read(path, limit=LARGEST)
        if data is None:
            raise _no_layout(path, "there is no such file")
        return data

    def source(self, repository: str, digest: str) -> str:
        """Its file."""
        return f"file:{self._blob(repository, digest)}"

    def _blob(self, repository: str, digest: str) -> Path:
        return self._folder / repository / "blobs" / digest.replace(":", "/")


Images = Registry | Layouts
"""Where images are."""


def _no_layout(path: Path, problem: str) -> OutsideFailure:
    hint = "fill the folder: skopeo copy --all docker://IMAGE:TAG oci:FOLDER/REPOSITORY:TAG"
    return OutsideFailure.at(path, "not-found", problem, hint)


SUFFIX = ".tar"
_LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'
_FOLDERS = ("blobs", "blobs/sha256")


def write_archive(file: BinaryIO, image: PlatformImage, name: str, blobs: Mapping[str, Path]) -> None:
    """Write the archive of `image` under `name`; `blobs` is dict[``sha256:<hex>`` -> its file]."""
    with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for path, data in _described(image, name).items():
            tar.addfile(_entry(path, len(data)), io.BytesIO(data))
        for path in _FOLDERS:
            tar.addfile(_entry(path, 0, is_folder=True))
        for digest, size in _blobs(image):
            if digest == image.manifest.digest:
                tar.addfile(_entry(_path(digest), size), io.BytesIO(image.manifest.data))
                continue
            with blobs[digest].open("rb") as blob:
                tar.addfile(_entry(_path(digest), size), blob)


def _described(image: PlatformImage, name: str) -> dict[str, bytes]:
    """dict[path -> content] of the archive's own metadata."""
    tag = name.rpartition(":")[2] if "@" not in name else ""
    notes = {"io.containerd.image.name": name}
    notes |= {"org.opencontainers.image.ref.name": tag} if tag else {}
    index = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [
            {
                "mediaType": image.manifest.media_type,
                "digest": image.manifest.digest,
                "size": len(image.manifest.data),
                "annotations": notes,
            }
        ],
    }
    layers = [_path(layer.digest) for layer in image.manifest.layers]
    docker = [{"Config": _path(image.config.digest), "RepoTags": [name] if tag else [], "Layers": layers}]
    return {"oci-layout": _LAYOUT, "index.json": _json(index), "manifest.json": _json(docker)}


def _blobs(image: PlatformImage) -> Iterable[tuple[str, int]]:
    """(digest, bytes) of all that is in the archive, in its order."""
    parts = {blob.digest: blob.size for blob in image.blobs}
    return sorted((parts | {image.manifest.digest: len(image.manifest.data)}).items())


def _path(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _entry(path: str, size: int, *, is_folder: bool = False) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(path)
    entry.size = size
    entry.mode = 0o755 if is_folder else 0o644
    entry.type = tarfile.DIRTYPE if is_folder else tarfile.REGTYPE
    return entry
