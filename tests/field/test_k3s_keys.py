"""Kind: a key of k3s's config.yaml that k3s does not know, that others decide, or that a role does not have.

Sources: k3s-io/k3s issue 6565 (an agent ends with "flag provided but not defined: -disable", from a
config.yaml that servers share), 4510 (a server skips an unknown key with a warning), pull requests 12669 and
14185 (flags of some patch releases alone); kubernetes, pkg/kubelet/apis/well_known_labels.go.
"""

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from edgefleet.errors import Problem
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.model.firstboot import Target
from edgefleet.model.k3s_config import OWNED
from edgefleet.model.k3s_flags import KINDS, MINORS, SINCE, first_release
from edgefleet.model.version_skew import release
from edgefleet.runtimes import runtime_of
from edgefleet.runtimes.base.k3s import CONFIG

Problems = Callable[..., list[Problem]]
KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
STATIC = {"gateway": "10.20.90.1"}


def sites(site: dict[str, Any]) -> str:
    return yaml.safe_dump({"sites": {"shop": site}})


def two(*, server: Any = (), agent: Any = (), **site: Any) -> dict[str, Any]:
    """A site with a server and an agent, and what each has of its own."""
    nodes = {
        "a": {"network": {"address": "10.20.90.10/24"}, **dict(server)},
        "b": {"network": {"address": "10.20.90.11/24"}, **dict(agent)},
    }
    return {"network": STATIC, "nodes": nodes, **site}


def config(fleet: Fleet, node: str) -> dict[str, Any]:
    """k3s's configuration of a node."""
    target = Target(site=fleet.sites["shop"], name=node, key=KEY)
    files = {file.path: file.content for file in runtime_of(target.node).configure(target).files}
    found: dict[str, Any] = yaml.safe_load(files[CONFIG])
    return found


def test_an_agent_gets_no_key_of_servers(load: Callable[..., Fleet]) -> None:
    """It would not start; a key of both roles reaches both."""
    written = {"cluster-cidr": "10.52.0.0/16", "kube-apiserver-arg": ["v=2"], "kubelet-arg": ["max-pods=50"]}
    fleet = load(sites(two(k3s={"config": written})))
    server, agent = config(fleet, "a"), config(fleet, "b")
    assert "10.52.0.0/16" == server["cluster-cidr"]
    assert {"cluster-cidr", "kube-apiserver-arg", "secrets-encryption"}.isdisjoint(agent)
    assert "max-pods=50" in server["kubelet-arg"]
    assert "max-pods=50" in agent["kubelet-arg"]


def test_a_node_has_keys_of_its_own(load: Callable[..., Fleet]) -> None:
    """Beside those of its site, and before them."""
    site = two(
        k3s={"config": {"snapshotter": "native", "v": 1}},
        server={"k3s": {"config": {"node-external-ip": "192.0.2.1"}}},
        agent={"k3s": {"config": {"node-external-ip": "192.0.2.2", "v": 2, "flannel-iface": "eth1"}}},
    )
    fleet = load(sites(site))
    server, agent = config(fleet, "a"), config(fleet, "b")
    assert ("192.0.2.1", 1, "native") == tuple(
        server[key] for key in ("node-external-ip", "v", "snapshotter")
    )
    assert ("192.0.2.2", 2, "native") == tuple(agent[key] for key in ("node-external-ip", "v", "snapshotter"))
    assert ("eth1", False) == (agent["flannel-iface"], "flannel-iface" in server)


@pytest.mark.parametrize(
    ("site", "path", "code", "hint"),
    [
        (
            {"k3s": {"config": {"kubelet-args": ["v=2"]}}},
            "k3s.config.kubelet-args",
            "bad-k3s-config",
            "did you mean kubelet-arg",
        ),
        (
            {"k3s": {"config": {"flanel-backend": "none"}}},
            "k3s.config.flanel-backend",
            "bad-k3s-config",
            "did you mean flannel-backend",
        ),
        (
            {"k3s": {"config": {"node-name-from-cloud-provider-metadata": True}}},
            "k3s.config.node-name-from-cloud-provider-metadata",
            "bad-k3s-config",
            "k3s server --help",
        ),
        (
            {"k3s": {"version": "v1.36.2+k3s1", "config": {"helm-controller-arg": "v=2"}}},
            "k3s.config.helm-controller-arg",
            "bad-k3s-config",
            "raise k3s.version",
        ),
        ({"k3s": {"version": "v1.28.9+k3s1"}}, "k3s.version", "unknown-k3s", "v1.36.4+k3s1"),
        ({"k3s": {"version": "v1.99.0+k3s1"}}, "k3s.version", "unknown-k3s", "allowUnknown"),
        (
            two(agent={"k3s": {"config": {"flannel-backend": "none"}}}),
            "nodes.b.k3s.config.flannel-backend",
            "site-only",
            "move it to the k3s.config of the site",
        ),
        (
            two(k3s={"config": {"node-external-ip": "192.0.2.1"}}),
            "nodes.b.k3s.config.node-external-ip",
            "one-node-only",
            "set it in each node",
        ),
        (
            two(
                server={"k3s": {"config": {"node-external-ip": "192.0.2.1"}}},
                agent={"k3s": {"config": {"node-external-ip+": ["192.0.2.1"]}}},
            ),
            'nodes.b.k3s.config["node-external-ip+"]',
            "one-node-only",
            "set it in each node",
        ),
        (
            two(agent={"k3s": {"config": {"kubelet-arg+": ["node-ip=10.1.1.1"]}}}),
            'nodes.b.k3s.config["kubelet-arg+"]',
            "repeated-k3s-config",
            "network.address",
        ),
        (
            two(agent={"k3s": {"config": {"protect-kernel-defaults": False}}}),
            "nodes.b.k3s.config.protect-kernel-defaults",
            "hardening",
            "hardening: false",
        ),
        (
            {"labels": {"kubernetes.io/hostname": "x"}},
            'labels["kubernetes.io/hostname"]',
            "reserved-label",
            "hostname",
        ),
        (
            {"taints": ["node.kubernetes.io/unreachable:NoExecute"]},
            "taints[0]",
            "reserved-taint",
            "a key of your own",
        ),
    ],
)
def test_what_k3s_would_skip_or_refuse_is_an_error(
    problems: Problems, site: dict[str, Any], path: str, code: str, hint: str
) -> None:
    """With the place, and what to write."""
    (problem,) = problems(sites(site))
    assert (f"sites.shop.{path}", code) == (problem.path, problem.code)
    assert hint in problem.hint
    assert problem.where


@pytest.mark.parametrize(
    "site",
    [
        {"k3s": {"allowUnknown": True, "config": {"new-flag": True}}},
        {"k3s": {"allowUnknown": True, "version": "v1.99.0+k3s1"}},
        {"k3s": {"version": "v1.36.3+k3s1", "config": {"helm-controller-arg": "v=2"}}},
        {"k3s": {"config": {"cluster-init": True}}},
        {"taints": ["node-role.kubernetes.io/control-plane=true:NoSchedule", "CriticalAddonsOnly:NoExecute"]},
        {
            "labels": {
                "topology.kubernetes.io/zone": "aisle-3",
                "node.kubernetes.io/instance-type": "nuc",
                "shop.node.kubernetes.io/till": "yes",
            }
        },
    ],
)
def test_what_k3s_takes_is_taken(problems: Problems, site: dict[str, Any]) -> None:
    """Taints are not restricted, and a kubelet may set labels below node.kubernetes.io."""
    assert [] == problems(sites(site))


def test_each_reserved_key_names_what_does_the_same(problems: Problems) -> None:
    """Not one hint for all."""
    site = {"k3s": {"config": dict.fromkeys(OWNED, "x")}}
    hints = {problem.path.rpartition(".")[2]: problem.hint for problem in problems(sites(site))}
    assert OWNED == hints


def test_a_flag_is_known_from_its_first_release_on() -> None:
    """In each minor that has it, and in all later ones."""
    assert SINCE.keys() <= KINDS.keys()
    for key, first in SINCE.items():
        assert sorted(first, key=release) == list(first)
        assert {release(text).minor for text in first} <= {*MINORS}
        for text in first:
            assert first_release(key, f"{text}+k3s1") is None
        assert first_release(key, f"v1.{MINORS[-1]}.0+k3s1") is None
    assert "v1.33.4" == first_release("etcd-s3-retention", "v1.33.3+k3s1")
    assert "v1.33.13" == first_release("helm-controller-arg", "v1.32.20+k3s1")
    assert first_release("etcd-s3-bucket-lookup-type", "v1.35.0+k3s1") is None
