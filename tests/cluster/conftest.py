"""One control plane for all tests of a worker."""

from collections.abc import Iterator

import pytest
from tests.cluster.api import Cluster
from tests.cluster.control_plane import control_plane


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A real API server, where nodes and pods become ready by kwok."""
    with control_plane(tmp_path_factory.mktemp("cluster")) as started:
        yield started
