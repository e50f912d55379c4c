"""Step: k3s's configuration file; all of k3s's settings stand here, none on a command line.

Sources: k3s docs, cli/server, cli/agent, installation/configuration. Zone and region labels are ones a
kubelet may set on itself; other labels below ``kubernetes.io`` would keep the node from starting.
"""

from typing import Any

from edgefleet.model.firstboot import Box, File, Step
from edgefleet.model.yaml_text import to_yaml
from edgefleet.planning.derivation import token

PATH = "/etc/rancher/k3s/config.yaml"


def plan(box: Box) -> Step:
    """``config.yaml``, mode 0600: it holds the site's token."""
    own = _server(box) if box.node.role == "server" else _agent(box)
    config = {**own, **_node(box)}
    further = {name: value for name, value in sorted(box.site.k3s.config.items()) if name not in config}
    return Step(
        files=(File(path=PATH, content=to_yaml({**config, **further}).encode(), mode=0o600, is_secret=True),)
    )


def _server(box: Box) -> dict[str, Any]:
    names = [box.node.hostname, *([box.node.network.ip] if box.node.network.ip else [])]
    config: dict[str, Any] = {
        "token": token(box.key, "k3s-server-token"),
        "agent-token": token(box.key, "k3s-agent-token"),
        "tls-san": names,
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
