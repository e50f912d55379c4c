"""The configuration of edgecore and of its containerd, for one node. Pure.

Source: KubeEdge 1.23, edgecore/v1alpha2 (types.go, default.go). edgecore accepts unknown fields without a
word, so tests compare with its schema. It completes what is given by its defaults, and writes its file at its
first start: the file is the program's, and it gets a copy of ours at each start.
"""

import json
from collections.abc import Iterator
from typing import Any

from edgefleet.errors import InvalidInput
from edgefleet.io.yaml_text import to_yaml
from edgefleet.model.edge import HTTPS, WEBSOCKET, MqttBroker
from edgefleet.model.firstboot import File, Secret, Step, Target
from edgefleet.model.programs import KUBEEDGE
from edgefleet.model.safety import KubeEdgeIdentity
from edgefleet.model.site import SiteSpec
from edgefleet.workloads.base.edge import TAINT
from edgefleet.workloads.base.modules import LABEL
from edgefleet.workloads.composing import handlers

PODS = "10.42.0.0/16"
"""Addresses of the Pods of a node; each node has the same, and nothing routes them to another one."""
PAUSE = "registry.k8s.io/pause:3.10"
"""The image that holds the namespaces of a Pod (Kubernetes 1.32, which KubeEdge 1.23 contains)."""
CA, CERTIFICATE, KEY = (
    "/etc/kubeedge/ca/rootCA.crt",
    "/etc/kubeedge/certs/server.crt",
    "/etc/kubeedge/certs/server.key",
)
"""Where edgecore has them by default (KubeEdge, common/constants/default.go)."""
EDGE_TAINT = {"key": TAINT, "effect": "NoSchedule"}
"""Keeps what is meant for the cloud away, DaemonSets above all; edgecore sets the label of this name."""
BROKERS: dict[MqttBroker, int] = {"none": 2, "internal": 0, "external": 2}
"""dict[broker -> mode of the event bus], which is off without one."""


def identity_of(target: Target) -> KubeEdgeIdentity:
    """What the node's site has for CloudCore.

    Raises:
        InvalidInput: its hub has none.
    """
    identity = target.site.identity
    if identity is None or identity.kubeedge is None or target.name not in identity.kubeedge.certificates:
        problem = f"{target.name} has no certificate for CloudCore"
        hint = "add controlPlane.kubeedge to the fleet file, which gives each node one"
        raise InvalidInput.at("", "no-cloudcore", problem, hint, path=f"sites.{target.site.name}.identity")
    return identity.kubeedge


def certificate(target: Target) -> Step:
    """The node's certificate and key, and the authority of CloudCore's."""
    from edgefleet.keys.certificates import key_pem  # validation alone does not load cryptography
    from edgefleet.keys.kubeedge_certificates import node_key

    identity = identity_of(target)
    key = key_pem(node_key(target.key, target.name))
    return Step(
        files=(
            File.text(CA, identity.authority),
            File.text(CERTIFICATE, identity.certificates[target.name]),
            File.text(KEY, key, mode=0o600, is_secret=True),
        )
    )


def secrets(site: SiteSpec, key: str) -> Iterator[Secret]:
    """The key of each node's certificate, by its first whole line."""
    from edgefleet.keys.certificates import key_pem
    from edgefleet.keys.kubeedge_certificates import node_key
    from edgefleet.keys.secret_scan import key_lines

    for name, node in site.nodes.items():
        if node.runtime == KUBEEDGE:
            yield f"the key of {name} for CloudCore", key_lines(key_pem(node_key(key, name)))[0]


def edgecore(target: Target) -> str:
    """The text of ``edgecore.yaml``; nothing in it is secret."""
    address = identity_of(target).address
    modules = {
        "deviceTwin": {"enable": True},
        "edgeHub": _hub(address),
        "edgeStream": {"enable": False},
        "edged": _edged(target),
        "eventBus": _event_bus(target.site.kubeedge.mqtt),
        "metaManager": {"enable": True, "metaServer": {"enable": False}},
        "serviceBus": {"enable": False},
        "taskManager": {"enable": target.site.kubeedge.upgradable},
    }
    return to_yaml(
        {
            "apiVersion": "edgecore.config.kubeedge.io/v1alpha2",
            "kind": "EdgeCore",
            "database": {"dataSource": "/var/lib/kubeedge/edgecore.db"},
            "modules": modules,
        }
    )


def network() -> str:
    """The network of Pods: a bridge, addresses of the node alone, and ports of the node that lead to Pods."""
    ranges = [[{"subnet": PODS}]]
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "ipMasq": True,
        "hairpinMode": True,
        # In memory: after a power cut no address stays taken by a Pod that is gone.
        "ipam": {
            "type": "host-local",
            "dataDir": "/run/cni",
            "ranges": ranges,
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    plugins = {"cniVersion": "1.0.0", "name": "edgefleet", "plugins": [bridge, ports]}
    return json.dumps(plugins, indent=2) + "\n"


def _hub(address: str) -> dict[str, Any]:
    """The connection to CloudCore, by the certificate that is in place: no token, and none is wanted."""
    return {
        "enable": True,
        "heartbeat": 15,
        "httpServer": f"https://{address}:{HTTPS}",
        "rotateCertificates": False,
        "tlsCaFile": CA,
        "tlsCertFile": CERTIFICATE,
        "tlsPrivateKeyFile": KEY,
        "websocket": {
            "enable": True,
            "handshakeTimeout": 30,
            "readDeadline": 15,
            "server": f"{address}:{WEBSOCKET}",
            "writeDeadline": 15,
        },
    }


def _edged(target: Target) -> dict[str, Any]:
    site, node = target.site, target.node
    modules = {f"{LABEL}{handler}": "true" for handler in handlers(site, target.name)}
    edged: dict[str, Any] = {
        "enable": True,
        "hostnameOverride": node.hostname,
        "nodeLabels": dict(sorted({**modules, **target.labels}.items())),
        "podSandboxImage": PAUSE,
        "registerSchedulable": True,
        "rootDirectory": "/var/lib/kubelet",
        "tailoredKubeletConfig": {
            "cgroupDriver": "systemd",
            "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
            "registerWithTaints": [EDGE_TAINT, *map(_taint, node.taints)],
        },
    }
    return edged | ({"nodeIP": node.network.ip} if node.network.ip else {})


def _taint(text: str) -> dict[str, str]:
    """``key=value:NoSchedule`` or ``key:NoSchedule`` as an object."""
    name, _, effect = text.rpartition(":")
    key, _, value = name.partition("=")
    return {"key": key, **({"value": value} if value else {}), "effect": effect}


def _event_bus(broker: MqttBroker) -> dict[str, Any]:
    return {
        "enable": broker != "none",
        "mqttMode": BROKERS[broker],
        "mqttServerExternal": "tcp://127.0.0.1:1883",
        "mqttServerInternal": "tcp://127.0.0.1:1884",
    }
