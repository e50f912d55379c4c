"""Make two OCI archives of a module: NAME.tar, an image for each architecture, and NAME.artifact.tar.

Usage: python3 image.py NAME IMAGE. It needs Python alone, and equal modules give equal archives.

The image is an ordinary one for Linux whose entrypoint is the module: the shims of containerd run it, and so
does crun. The artifact is the form that CNCF defines for WebAssembly, without a file system: shims on runwasi
run it, where a workload names the module in its command. No wasm layer has a diff ID.
"""

import gzip
import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path
from typing import Any

OCI = "application/vnd.oci.image"
ARCHITECTURES = ("amd64", "arm64")
Blobs = dict[str, bytes]


def digest(data: bytes) -> str:
    """The digest of `data`, as OCI writes it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def packed(files: dict[str, bytes], mode: int) -> bytes:
    """A tar archive that follows from its files alone."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, content in sorted(files.items()):
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
    return archive.getvalue()


def stored(blobs: Blobs, media_type: str, content: bytes | dict[str, Any]) -> dict[str, Any]:
    """The descriptor of a blob, which is added to `blobs`."""
    data = content if isinstance(content, bytes) else json.dumps(content, sort_keys=True).encode()
    blobs[f"blobs/sha256/{digest(data).removeprefix('sha256:')}"] = data
    return {"mediaType": media_type, "digest": digest(data), "size": len(data)}


def manifest(blobs: Blobs, config: dict[str, Any], layer: dict[str, Any]) -> dict[str, Any]:
    """The descriptor of an image with one layer."""
    media_type = f"{OCI}.manifest.v1+json"
    whole = {"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": [layer]}
    return stored(blobs, media_type, whole)


def image(blobs: Blobs, name: str, module: bytes) -> dict[str, Any]:
    """The descriptor of an index with an image for each architecture; they share the layer."""
    files = packed({f"{name}.wasm": module}, 0o755)
    layer = stored(blobs, f"{OCI}.layer.v1.tar+gzip", gzip.compress(files, mtime=0))
    manifests = []
    for architecture in ARCHITECTURES:
        platform = {"architecture": architecture, "os": "linux"}
        config = {
            **platform,
            "config": {"Entrypoint": [f"/{name}.wasm"], "WorkingDir": "/"},
            "rootfs": {"type": "layers", "diff_ids": [digest(files)]},
        }
        of_config = stored(blobs, f"{OCI}.config.v1+json", config)
        manifests.append({**manifest(blobs, of_config, layer), "platform": platform})
    media_type = f"{OCI}.index.v1+json"
    return stored(blobs, media_type, {"schemaVersion": 2, "mediaType": media_type, "manifests": manifests})


def artifact(blobs: Blobs, module: bytes) -> dict[str, Any]:
    """The descriptor of a module as an artifact."""
    config = {
        "architecture": "wasm",
        "os": "wasip1",
        "layerDigests": [digest(module)],
        "rootfs": {"type": "layers", "diff_ids": []},
    }
    of_config = stored(blobs, "application/vnd.wasm.config.v0+json", config)
    platform = {"architecture": "wasm", "os": "wasip1"}
    return {**manifest(blobs, of_config, stored(blobs, "application/wasm", module)), "platform": platform}


def written(path: Path, name: str, blobs: Blobs, top: dict[str, Any]) -> None:
    """An OCI archive of `blobs`, whose one image is `name`."""
    names = {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name.rpartition(":")[2]}
    index = {"schemaVersion": 2, "manifests": [{**top, "annotations": names}]}
    files = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}', "index.json": json.dumps(index).encode()}
    path.write_bytes(packed({**blobs, **files}, 0o644))


def main(name: str, reference: str) -> None:
    """Write both archives beside the module."""
    module = Path(f"{name}.wasm").read_bytes()
    of_image: Blobs = {}
    of_artifact: Blobs = {}
    tops = image(of_image, name, module), artifact(of_artifact, module)
    for suffix, blobs, top in zip(("tar", "artifact.tar"), (of_image, of_artifact), tops, strict=True):
        written(Path(f"{name}.{suffix}"), reference, blobs, top)
        sys.stdout.write(f"{name}.{suffix}  {top['digest']}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
