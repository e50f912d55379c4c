"""Where images and small records are kept: a private directory, or a bucket; both are an `ArtifactStore`."""

from edgefleet.io.store.artifact import ArtifactStore, Stored, check_key, is_key
from edgefleet.io.store.bucket import BucketStore
from edgefleet.io.store.directory import DirectoryStore
from edgefleet.io.store.place import StorePlace, open_store

__all__ = [
    "ArtifactStore",
    "BucketStore",
    "DirectoryStore",
    "StorePlace",
    "Stored",
    "check_key",
    "is_key",
    "open_store",
]
