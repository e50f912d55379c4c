"""Projects for the scenarios, one for each engine, on one cluster."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from tests.cluster.api import Cluster
from tests.cluster.parity.playing import Playground, make_project
from tests.cluster.parity.scenarios import SCENARIOS
from tests.go_programs import programs
from tests.inline_programs import InlineCli, require_cli
from tests.pulumi_embedded.conftest import ENVIRON

from edgefleet.engine.api import Engine
from edgefleet.engine.embedded import EmbeddedEngine


@pytest.fixture(scope="module")
def node(cluster: Cluster, request: pytest.FixtureRequest) -> Cluster:
    """The cluster with a node, which kwok plays."""
    cluster.node(f"of-{request.module.__name__.rpartition('_')[2]}")
    return cluster


@pytest.fixture(params=SCENARIOS)
def name(request: pytest.FixtureRequest) -> str:
    """Each scenario's name in turn."""
    return str(request.param)


Make = Callable[[str, Callable[[], Engine]], Playground]


@pytest.fixture
def make(node: Cluster, name: str, tmp_path: Path, request: pytest.FixtureRequest) -> Make:
    """Makes the project of an engine, and a namespace for it."""

    def made(of: str, engine_at: Callable[[], Engine]) -> Playground:
        namespace = node.namespace(f"{name}-{of}-{request.module.__name__.rpartition('_')[2]}"[:40])
        return Playground(make_project(tmp_path / of), namespace, node, engine_at)

    return made


@pytest.fixture
def local(make: Make) -> Playground:
    """A project of the embedded engine, with the small provider."""
    return make("local", lambda: EmbeddedEngine(environ=ENVIRON))


@pytest.fixture
def cli(make: Make, tmp_path: Path) -> Playground:
    """A project of the Pulumi CLI with the real plugin; the test is skipped where there is neither."""
    command = require_cli()
    (plugin,) = programs("pulumi-resource-kubernetes")
    path = os.pathsep.join([str(plugin.parent), os.environ["PATH"]])
    environ = {**ENVIRON, "PULUMI_HOME": str(tmp_path / "home"), "PATH": path}
    return make("cli", partial(InlineCli, command=command, environ=environ))
