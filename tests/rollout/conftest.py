"""The stores of tests of rollouts: a directory, and a bucket of the emulated cloud."""

from pathlib import Path

import pytest
from tests.cloud.conftest import aws, bucket, moto_url

from edgefleet.io.store import ArtifactStore, BucketStore, DirectoryStore

__all__ = ["aws", "bucket", "moto_url", "store"]


@pytest.fixture(params=["directory", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    """Each kind in turn."""
    if request.param == "directory":
        return DirectoryStore(tmp_path / "images", uri="file:images")
    request.getfixturevalue("bucket")
    return BucketStore("images", "fleet", aws=request.getfixturevalue("aws"))
