"""Step `runtime_config`: each node gets the configuration of its own runtime."""

from tests.boot.conftest import Boxes

from edgefleet.boot import runtime_config
from edgefleet.runtimes import k3s_agent, k3s_server


def test_a_node_gets_the_configuration_of_its_runtime(box: Boxes) -> None:
    """A server and an agent of one site."""
    server, agent = box("server-and-agent", "srv"), box("server-and-agent", "cam")
    assert k3s_server.configure(server) == runtime_config.plan(server)
    assert k3s_agent.configure(agent) == runtime_config.plan(agent)
    assert runtime_config.plan(server) != runtime_config.plan(agent)
