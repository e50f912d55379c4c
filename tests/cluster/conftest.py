"""What tests of this tier run on: a control plane, one for all tests of a worker, and networks of Pods."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cluster.api import Cluster
from tests.cluster.control_plane import control_plane
from tests.cluster.lan import Lan
from tests.cluster.pods import Pod, servers


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A real API server, where nodes and pods become ready by kwok."""
    with control_plane(tmp_path_factory.mktemp("cluster")) as started:
        yield started


@pytest.fixture
def lan() -> Iterator[Lan]:
    """Networks for the hosts of a test."""
    servers()  # skips where there can be none
    made = Lan()
    yield made
    made.close()


@pytest.fixture
def pod(lan: Lan, tmp_path: Path) -> Iterator[Callable[..., Pod]]:
    """Start Pods: ``pod("carts.carts", objects)``, and by keyword the other fields of `Pod`."""
    started: list[Pod] = []

    def start(name: str, objects: Any, **fields: Any) -> Pod:
        made = Pod(
            objects=list(objects), root=servers(), lan=lan, name=name, folder=tmp_path / name, **fields
        )
        started.append(made)
        made.start()
        return made

    yield start
    for each in started:
        each.stop()
