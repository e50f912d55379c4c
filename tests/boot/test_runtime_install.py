"""Step `runtime_install`: each node gets the programs and units of its own runtime."""

from tests.boot.conftest import Targets

from edgefleet.boot import runtime_install
from edgefleet.runtimes import RUNTIMES, runtime_of


def test_a_node_gets_the_units_of_its_runtime(target: Targets) -> None:
    """A server and an agent of one site, one of three servers, and nodes without k3s."""
    names = set()
    nodes = (("server-and-agent", "srv"), ("server-and-agent", "cam"), ("three-servers", "a"))
    for site, name in (*nodes, ("no-orchestrator", "n1"), ("joined-hub", "n1"), ("old-modules", "old")):
        node = target(site, name)
        runtime = runtime_of(node.node)
        # The unit of a runtime of Debian packages is in its package.
        own = () if runtime.packages else (runtime.unit,)
        assert [runtime.installer, *own] == [unit.name for unit in runtime_install.plan(node).units][
            : 1 + len(own)
        ]
        names.add(runtime.name)
    assert set(RUNTIMES) == names
