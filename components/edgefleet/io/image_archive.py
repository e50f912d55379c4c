"""A container image as one file that k3s, containerd and docker take: an OCI layout in a tar.

``index.json`` names the image as Kubernetes will ask for it (``io.containerd.image.name``);
``manifest.json`` says the same to docker. Order, owners, modes and times are fixed: the same bytes always.
"""

import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

from edgefleet.io.platforms import PlatformImage

SUFFIX = ".tar"
_LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'
_FOLDERS = ("blobs", "blobs/sha256")


def archive_size(image: PlatformImage, name: str) -> int:
    """Bytes of the archive of `image` under `name`, before any of its layers is here."""
    small = [len(data) for data in _described(image, name).values()]
    sizes = [0 for _ in _FOLDERS] + small + [size for _, size in _blobs(image)]
    blocks = sum(1 + -(-size // tarfile.BLOCKSIZE) for size in sizes) + 2
    records = -(-blocks * tarfile.BLOCKSIZE // tarfile.RECORDSIZE)
    return records * tarfile.RECORDSIZE


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
    """dict[path -> content] of what says what the blobs are."""
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
    plain = image.manifest.plain
    docker = [
        {
            "Config": _path(plain["config"]["digest"]),
            "RepoTags": [name] if tag else [],
            "Layers": [_path(layer["digest"]) for layer in plain.get("layers", ())],
        }
    ]
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
    made = tarfile.TarInfo(path)
    made.size = size
    made.mode = 0o755 if is_folder else 0o644
    made.type = tarfile.DIRTYPE if is_folder else tarfile.REGTYPE
    return made
