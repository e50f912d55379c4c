"""Kind: a node that joins a cluster that exists, or that takes one over with its token.

Sources: k3s-io/k3s 3888 (a server with another token does not start on data that exists), k3s docs, cli/token
and cli/agent; inventory-sample.yml of k3s-io/k3s-ansible (``token``); k3s, pkg/clientaccess/token.go.
"""

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from tests.runtimes.test_k3s_server import config_of
from tests.site.conftest import KEY

from edgefleet.boot import firewall
from edgefleet.errors import Problem
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.model.cluster_tokens import password
from edgefleet.model.firstboot import Target
from edgefleet.model.stack_secrets import flaws, revealed
from edgefleet.rollout.cautions import cautions
from edgefleet.runtimes import runtime_of

API = "https://10.9.0.1:6443"
WHOLE = f"K10{'0a' * 32}::"
SERVERS, AGENTS = f"{WHOLE}server:of-servers", f"{WHOLE}node:of-agents"
TOKEN, AGENT_TOKEN = {"token": {"secret": "server"}}, {"agentToken": {"secret": "agent"}}
JOINING: dict[str, Any] = {"server": API, **AGENT_TOKEN}
NETWORK = {"gateway": "10.9.0.254", "dns": ["10.9.0.254"]}
PAIR = {
    "a": {"network": {"address": "10.9.0.10/24"}},
    "b": {"network": {"address": "10.9.0.11/24"}},
}


def shop(k3s: dict[str, Any], **settings: Any) -> str:
    """A fleet file's sites: one with two nodes."""
    site = {"network": NETWORK, "nodes": PAIR, "k3s": k3s, **settings}
    return yaml.safe_dump({"sites": {"shop": site}})


def nodes(load: Callable[..., Fleet], k3s: dict[str, Any], **secrets: str) -> dict[str, Target]:
    """dict[name -> node] of that site, with its secrets."""
    site = revealed(load(shop(k3s)).sites["shop"], {"server": SERVERS, "agent": AGENTS, **secrets})
    return {name: Target(site=site, name=name, key=KEY) for name in site.nodes}


def test_a_site_joins_a_cluster_with_agents_alone(load: Callable[..., Fleet]) -> None:
    """Each node has the token of agents as it is given, and nothing of a server."""
    made = [*nodes(load, JOINING).values()]
    configs = [config_of(node) for node in made]
    assert [(API, AGENTS)] * 2 == [(config["server"], config["token"]) for config in configs]
    assert ["k3s-agent"] * 2 == [node.node.runtime for node in made]
    paths = [file.path for node in made for file in runtime_of(node.node).configure(node).files]
    assert [] == [path for path in paths if "authorit" in path or "manifests" in path]


def test_a_node_admits_its_new_neighbours_alone(load: Callable[..., Fleet]) -> None:
    """Those of its LAN, where the API is."""
    node = nodes(load, JOINING)["a"]
    (rules,) = (file.content.decode() for file in firewall.plan(node).files if file.path == firewall.PATH)
    assert "ip saddr { 10.9.0.0/24 } udp dport 8472 accept" in rules
    assert "dport 6443" not in rules


def test_a_given_token_is_that_of_the_server_and_its_agents(load: Callable[..., Fleet]) -> None:
    """The server is configured with the password; agents verify the authority that the token names."""
    made = nodes(load, {**TOKEN, **AGENT_TOKEN})
    server, agent = config_of(made["a"]), config_of(made["b"])
    assert ("of-servers", "of-agents", AGENTS) == (server["token"], server["agent-token"], agent["token"])
    assert "https://10.9.0.10:6443" == agent["server"]


def test_k3s_keeps_the_authorities_of_a_cluster_that_exists(load: Callable[..., Fleet]) -> None:
    """Its own come from the datastore; a derived one beside them is an error. An agent then names none."""
    made = nodes(load, TOKEN)
    files = runtime_of(made["a"].node).configure(made["a"]).files
    assert [] == [file.path for file in files if "authorit" in file.path]
    assert config_of(made["a"])["agent-token"] == config_of(made["b"])["token"]


def test_an_agent_verifies_the_site_s_own_authority_with_a_given_agent_token(
    load: Callable[..., Fleet],
) -> None:
    made = nodes(load, AGENT_TOKEN, agent="short")
    assert "short" == config_of(made["a"])["agent-token"]
    assert config_of(made["b"])["token"].startswith("K10")
    assert config_of(made["b"])["token"].endswith("::node:short")


@pytest.mark.parametrize(
    ("text", "is_server", "is_agent"),
    [
        (SERVERS, True, True),
        ("changeme!", True, True),
        ("abcdef.0123456789abcdef", False, True),
        (f"{WHOLE}abcdef.0123456789abcdef", False, True),
        ("K10::server:a", False, False),
        ("a b", False, False),
    ],
)
def test_a_token_has_a_form_that_k3s_reads(
    load: Callable[..., Fleet], text: str, *, is_server: bool, is_agent: bool
) -> None:
    """A bootstrap token is one of agents."""
    for k3s, is_right in ((TOKEN, is_server), (JOINING, is_agent)):
        site = load(shop(k3s)).sites["shop"]
        codes = [code for _, code, _ in flaws(site, {"server": text, "agent": text})]
        assert codes == ([] if is_right else ["bad-passphrase"])


def test_a_password_is_the_end_of_a_token() -> None:
    assert ["of-servers", "a:b", "K10a"] == [password(text) for text in (SERVERS, "a:b", "K10a")]


MANIFEST = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n"
DARK = {"link": {"class": "dark"}}


@pytest.mark.parametrize(
    ("k3s", "settings", "path", "code"),
    [
        ({"server": API}, {}, "k3s.server", "no-agent-token"),
        ({**JOINING, **TOKEN}, {}, "k3s.token", "server-token"),
        (JOINING | {"disable": ["traefik"]}, {}, "k3s.disable", "no-server"),
        (JOINING | {"manifests": {"a": MANIFEST}}, {}, "k3s.manifests", "no-server"),
        (JOINING | {"config": {"tls-san": "a"}}, {}, "k3s.config.tls-san", "no-server"),
        (JOINING, {"time": {"serve": True}}, "time.serve", "no-server"),
        (JOINING | {"server": "https://10.8.0.1:6443"}, DARK, "k3s.server", "server-away"),
        (JOINING | {"server": "https://api.example:6443"}, DARK, "k3s.server", "server-away"),
        (JOINING, {"nodes": {"a": {**PAIR["a"], "runtime": "k3s-server"}}}, "nodes.a.runtime", "servers"),
        (JOINING | {"server": "http://10.9.0.1:6443"}, {}, "k3s.server", "bad-url"),
        (JOINING | {"agentToken": "hunter2"}, {}, "k3s.agentToken", "plain-secret"),
    ],
)
def test_what_cannot_work_is_refused(
    problems: Callable[..., list[Problem]], k3s: dict[str, Any], settings: Any, path: str, code: str
) -> None:
    """At the key that is wrong, and without the secret."""
    (problem,) = problems(shop(k3s, **settings))
    assert (f"sites.shop.{path}", code) == (problem.path, problem.code)
    assert "hunter2" not in str(problem)


@pytest.mark.parametrize(
    ("k3s", "settings"),
    [
        (JOINING, DARK),
        (JOINING | {"config": {"service-cidr": "10.99.0.0/16", "kubelet-arg": ["max-pods=20"]}}, {}),
        (JOINING | {"server": "https://api.example:6443"}, {}),
    ],
)
def test_what_works_is_taken(
    problems: Callable[..., list[Problem]], k3s: dict[str, Any], settings: Any
) -> None:
    """A cluster in the LAN serves without a link; the fleet file describes the subnets of the cluster."""
    assert [] == problems(shop(k3s, **settings))


def test_a_site_with_a_token_of_its_own_that_ends(load: Callable[..., Fleet]) -> None:
    """As `k3s token create --ttl` prints it: nothing is derived from it, and no other site has it."""
    ending = f"{WHOLE}abcdef.0123456789abcdef"
    configs = [config_of(node) for node in nodes(load, JOINING, agent=ending).values()]
    assert [ending] * 2 == [config["token"] for config in configs]


def test_what_a_site_needs_another_cluster_for_is_noted(load: Callable[..., Fleet]) -> None:
    """A site with a server of its own starts without anyone."""
    note = "nodes of shop join another cluster: after a restart they run nothing until they reach it"
    assert note in cautions(load(shop(JOINING)))
    assert note not in cautions(load(shop({})))
