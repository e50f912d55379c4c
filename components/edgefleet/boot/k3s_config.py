"""Step: k3s's configuration file; all of k3s's settings stand here, none on a command line.

Sources: k3s docs, cli/server, cli/agent, installation/configuration. Zone and region labels are ones a
kubelet may set on itself; other labels below ``kubernetes.io`` would keep the node from starting.
"""

from typing import Any

from edgefleet.errors import InvalidInput, Problem
from edgefleet.io.yaml_text import to_yaml
from edgefleet.keys.derivation import token
from edgefleet.model.firstboot import Box, File, Step
from edgefleet.model.hardening import check_hardening, hardened
from edgefleet.model.releases import OWNED

PATH = "/etc/rancher/k3s/config.yaml"


def plan(box: Box) -> Step:
    """``config.yaml`` with the hardening settings, mode 0600: it holds the site's token.

    Raises:
        InvalidInput: the fleet file contradicts hardening, as a spec may come from another program.
    """
    own = _server(box) if box.node.role == "server" else _agent(box)
    config = {**own, **_node(box), **_further(box)}
    problems = [
        Problem(
            code=each.code, path=f"sites.{box.site.name}.{each.path}", problem=each.problem, hint=each.hint
        )
        for each in check_hardening(box.site)
    ]
    if problems:
        raise InvalidInput(problems)
    content = to_yaml(hardened(config, box.node.role) if box.site.hardening else config).encode()
    return Step(files=(File(path=PATH, content=content, mode=0o600, is_secret=True),))


def _further(box: Box) -> dict[str, Any]:
    """What the fleet file adds to k3s's configuration, or says otherwise than edgefleet would.

    Raises:
        InvalidInput: it says something that edgefleet writes from another part of the fleet file.
    """
    further = dict(sorted(box.site.k3s.config.items()))
    taken = sorted(name for name in further if name.rstrip("+") in OWNED)
    if taken:
        raise InvalidInput(
            Problem(
                code="reserved-k3s-config",
                path=f"sites.{box.site.name}.k3s.config.{taken[0]}",
                problem=f"{taken[0]} is written by edgefleet",
                hint="remove it; hostname, role, labels, taints, network and disable have keys of their own",
            )
        )
    more = further.get("tls-san")
    if more is not None and box.node.role == "server":
        further["tls-san"] = [*_names(box), *(more if isinstance(more, list) else [str(more)])]
    return further


def _names(box: Box) -> list[str]:
    """What the server's certificate is asked for by."""
    return [box.node.hostname, *([box.node.network.ip] if box.node.network.ip else [])]


def _server(box: Box) -> dict[str, Any]:
    config: dict[str, Any] = {
        "token": token(box.key, "k3s-server-token"),
        "agent-token": token(box.key, "k3s-agent-token"),
        "tls-san": _names(box),
        "write-kubeconfig-mode": "0600",
        "secrets-encryption": True,
        "protect-kernel-defaults": True,
    }
    if box.site.k3s.disable:
        config["disable"] = sorted(box.site.k3s.disable)
    return config


def _agent(box: Box) -> dict[str, Any]:
    address = box.server.network.ip or box.server.hostname
    host = f"[{address}]" if ":" in address else address
    return {
        "server": f"https://{host}:6443",
        "token": token(box.key, "k3s-agent-token"),
        "protect-kernel-defaults": True,
    }


def _node(box: Box) -> dict[str, Any]:
    site, node = box.site, box.node
    labels = {
        "edgefleet.dev/fleet": site.fleet,
        "edgefleet.dev/site": site.name,
        "topology.kubernetes.io/region": site.region,
        "topology.kubernetes.io/zone": site.name,
        **node.labels,
    }
    config: dict[str, Any] = {"node-name": node.hostname}
    if node.network.ip:
        config["node-ip"] = node.network.ip
    config["node-label"] = [f"{name}={value}" for name, value in sorted(labels.items())]
    if node.taints:
        config["node-taint"] = list(node.taints)
    return config
