"""Step `runtime_config`: each node gets the configuration of its own runtime."""

from tests.boot.conftest import Targets

from edgefleet.boot import runtime_config
from edgefleet.runtimes import k3s_agent, k3s_server


def test_a_node_gets_the_configuration_of_its_runtime(target: Targets) -> None:
    """A server and an agent of one site."""
    server, agent = target("server-and-agent", "srv"), target("server-and-agent", "cam")
    assert k3s_server.RUNTIME.configure(server) == runtime_config.plan(server)
    assert k3s_agent.RUNTIME.configure(agent) == runtime_config.plan(agent)
    assert runtime_config.plan(server) != runtime_config.plan(agent)
