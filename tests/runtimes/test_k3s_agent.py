"""Runtime `k3s-agent`: how it finds its server, and what it needs less of."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

from tests.runtimes.test_k3s_server import config_of

from edgefleet.model.firstboot import Target
from edgefleet.runtimes import k3s_agent, k3s_server, runtime_of
from edgefleet.runtimes.base import k3s

Targets = Callable[..., Target]


def test_an_agent_joins_its_server_with_the_servers_agent_token(target: Targets) -> None:
    """The server's own token opens everything, so an agent, the easier node to steal, never has it."""
    server, agent = config_of(target("server-and-agent", "srv")), config_of(target("server-and-agent", "cam"))
    assert agent["token"].endswith(f"::node:{server['agent-token']}")
    assert server["token"] != server["agent-token"]
    assert "https://10.3.0.10:6443" == agent["server"]
    assert server["token"] not in agent.values()
    assert "agent-token" not in agent


def test_an_agent_verifies_its_server_at_its_first_join(target: Targets) -> None:
    """Its token names the digest of the server's authority, which only the server's seed holds."""
    server, agent = (runtime_of(one.node).configure(one) for one in both(target))
    held = {file.path: file.content for file in server.files if file.path.startswith(k3s.AUTHORITIES)}
    pem = held[f"{k3s.AUTHORITIES}/server-ca.pem"]
    digest = hashlib.sha256(pem[pem.index(b"-----BEGIN CERTIFICATE") :]).hexdigest()
    assert config_of(both(target)[1])["token"].startswith(f"K10{digest}::node:")
    whole = b"".join(file.content for file in agent.files)
    assert 6 == len(held)
    assert [] == [path for path, content in held.items() if content in whole]
    assert b"PRIVATE KEY" not in whole


def both(target: Targets) -> tuple[Target, Target]:
    """A server and its agent."""
    return target("server-and-agent", "srv"), target("server-and-agent", "cam")


def test_an_agent_finds_a_server_of_the_newer_address_family(target: Targets) -> None:
    """An IPv6 address stands in brackets in a URL."""
    site = target("vlan").site
    agent = replace(site.nodes["n1"], hostname="other", runtime="k3s-agent")
    made = config_of(target("vlan", "n2", nodes={**site.nodes, "n2": agent}))
    assert "https://[2001:db8:2::10]:6443" == made["server"]


def test_an_agent_needs_less_than_a_server_and_waits_longer_for_it() -> None:
    """It runs no API, and its server has to be there first."""
    agent, server = k3s_agent.RUNTIME, k3s_server.RUNTIME
    assert agent.minimum.cpus < server.minimum.cpus
    assert agent.minimum.memory < server.minimum.memory
    assert agent.healthy_within > server.healthy_within
    assert (False, True) == (agent.runs_api, server.runs_api)


def test_both_carry_the_same_files_of_k3s(target: Targets) -> None:
    """k3s is one binary; the archive has the images of either role."""
    site = target("server-and-agent", "srv").site
    node = site.nodes["srv"]
    assert k3s_server.RUNTIME.carries(site, node) == k3s_agent.RUNTIME.carries(site, node)
    assert ("bin/k3s", "images/k3s-airgap-images-amd64.tar.zst") == tuple(
        file.path for file in k3s_agent.RUNTIME.carries(site, node)
    )
