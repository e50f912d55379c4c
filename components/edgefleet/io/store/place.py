"""Where a store is and how it is reached, as data that another process can be given; and its opening."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from edgefleet.errors import InvalidInput
from edgefleet.io.aws import Aws
from edgefleet.io.store.artifact import ArtifactStore, is_key
from edgefleet.io.store.bucket import BucketStore
from edgefleet.io.store.directory import DirectoryStore
from edgefleet.model.cloud import AMBIENT, Cloud


@dataclass(frozen=True, slots=True, kw_only=True)
class StorePlace:
    """A store that is not opened yet."""

    uri: str
    """``file:<directory in the project>`` or ``s3://<bucket>/<prefix>``."""
    root: Path
    """Directory that ``file:`` is relative to."""
    cloud: Cloud = AMBIENT
    emulator: str = ""
    """Address of the emulated cloud, which gets credentials that open nothing; empty for another one."""

    def open(self) -> ArtifactStore:
        """The store; see `open_store`."""
        return open_store(self.uri, aws=self._aws() if self.uri.startswith("s3:") else None, root=self.root)

    def _aws(self) -> Aws:
        return Aws.emulated(self.emulator, self.cloud.region) if self.emulator else Aws(self.cloud)


def open_store(uri: str, *, aws: Aws | None, root: Path) -> ArtifactStore:
    """The store at `uri`; nothing is contacted or made yet.

    Args:
        uri: ``file:<directory>`` inside `root`, or ``s3://<bucket>/<prefix>``.
        aws: where a bucket is reached.
        root: the project's directory.

    Raises:
        InvalidInput: `uri` names no store, or a directory outside the project.
    """
    kind, _, rest = uri.partition(":")
    if kind == "file" and rest.strip("/"):
        path = PurePosixPath(unquote(rest))
        if path.is_absolute() or ".." in path.parts:
            problem, hint = f"{uri!r} is outside the project", "move the images into the project's directory"
            raise InvalidInput.at("", "store-outside", problem, hint, path="store")
        return DirectoryStore(root / path, uri=uri.rstrip("/"), project=root)
    if kind == "s3" and rest.startswith("//"):
        bucket, _, prefix = rest.removeprefix("//").partition("/")
        if bucket and (not prefix.strip("/") or is_key(prefix.strip("/"))) and aws is not None:
            return BucketStore(bucket, prefix.strip("/"), aws=aws)
    hint = "use file:<directory in the project> or s3://<bucket>/<prefix>"
    raise InvalidInput.at("", "store-uri", f"{uri!r} names no store", hint, path="store")
