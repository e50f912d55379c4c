"""Step `runtime_install`: each node gets the programs and units of its own runtime."""

from tests.boot.conftest import Targets

from edgefleet.boot import runtime_install
from edgefleet.runtimes import RUNTIMES, runtime_of


def test_a_node_gets_the_units_of_its_runtime(target: Targets) -> None:
    """A server and an agent of one site, and one of three servers."""
    names = set()
    for site, name in (("server-and-agent", "srv"), ("server-and-agent", "cam"), ("three-servers", "a")):
        node = target(site, name)
        runtime = runtime_of(node.node)
        assert [runtime.installer, runtime.unit] == [unit.name for unit in runtime_install.plan(node).units]
        names.add(runtime.name)
    assert set(RUNTIMES) == names
