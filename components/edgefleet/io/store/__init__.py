"""Where images and small records are kept: a private directory, or a bucket.

`open_store` turns the URI of a fleet file into one of them; both keep `ArtifactStore`'s promises.
"""

from pathlib import Path
from urllib.parse import unquote

from edgefleet.errors import InvalidInput
from edgefleet.io.aws import Aws
from edgefleet.io.store.artifact import ArtifactStore, Stored, check_key, is_key
from edgefleet.io.store.bucket import BucketStore
from edgefleet.io.store.directory import DirectoryStore

__all__ = ["ArtifactStore", "BucketStore", "DirectoryStore", "Stored", "check_key", "is_key", "open_store"]


def open_store(uri: str, *, aws: Aws | None, root: Path) -> ArtifactStore:
    """The store at `uri`; nothing is contacted or made yet.

    Args:
        uri: ``file:<directory>``, relative to `root` or absolute, or ``s3://<bucket>/<prefix>``.
        aws: where a bucket is reached.
        root: the project's directory.

    Raises:
        InvalidInput: `uri` names no store.
    """
    kind, _, rest = uri.partition(":")
    if kind == "file" and rest.strip("/"):
        path = unquote(rest.removeprefix("//"))
        return DirectoryStore(root / path, uri=uri.rstrip("/"))
    if kind == "s3" and rest.startswith("//"):
        bucket, _, prefix = rest.removeprefix("//").partition("/")
        if bucket and (not prefix.strip("/") or is_key(prefix.strip("/"))) and aws is not None:
            return BucketStore(bucket, prefix.strip("/"), aws=aws)
    raise InvalidInput.at(
        "",
        "store-uri",
        f"{uri!r} names no store",
        "use file:<directory in the project> or s3://<bucket>/<prefix>",
        path="store",
    )
