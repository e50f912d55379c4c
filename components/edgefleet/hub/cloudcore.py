"""CloudCore in the hub's cluster: the objects that nodes with KubeEdge join, by certificates of ours. Pure.

Sources: KubeEdge 1.23.1, manifests/charts/cloudcore (rules, ports, images) and cloudcore/v1alpha1. CloudCore
accepts unknown fields without a word, so tests compare with its schema. NodeGroup and EdgeApplication are
reconciled by a second program, ``controllermanager``.

`authorization` makes CloudCore compare the name in a node's certificate with the one that the node gives, and
act for it as that node (impersonation): without it the image of one node would open the others.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from edgefleet.io.yaml_text import to_yaml
from edgefleet.model.edge import HTTPS, WEBSOCKET, HubKubeEdge
from edgefleet.workloads.base import objects as of
from edgefleet.workloads.base.kind import Object, Place

NAMESPACE = "kubeedge"
CRDS = Path(__file__).with_name("kubeedge_crds")
CERTIFICATES = "edgefleet.dev/kubeedge"
"""Type of the Secret with the authority and the certificate of CloudCore."""
PARTS = ("rootCA.crt", "rootCA.key", "server.crt", "server.key")
"""Keys of that Secret."""
PLACE = Place(name=NAMESPACE, side="hub")
CORE, MANAGER = "cloudcore", "kubeedge-controller-manager"
USER = 10001
_RBAC = "rbac.authorization.k8s.io"
_LOOK = ["get", "list", "watch"]
EDITED = {"apps.kubeedge.io": ["edgeapplications"], "devices.kubeedge.io": ["devicemodels", "devices"]}
"""dict[API group -> KubeEdge's kinds that who edits a namespace edits in it]."""
_OPERATIONS = ("nodeupgradejobs", "imageprepulljobs", "configupdatejobs")
Rule = tuple[str, Sequence[str], Sequence[str]]
"""(API group, resources, verbs)."""


def _with_status(*resources: str) -> list[str]:
    return [name for resource in resources for name in (resource, f"{resource}/status")]


RULES: dict[str, tuple[Rule, ...]] = {
    CORE: (
        (
            "",
            (
                *("configmaps", "endpoints", "nodes", "nodes/status", "persistentvolumeclaims"),
                *("persistentvolumes", "pods", "pods/status", "secrets", "serviceaccounts/token", "services"),
            ),
            [*_LOOK, "create", "update"],
        ),
        ("", ("namespaces",), [*_LOOK, "create"]),
        ("", ("events",), ["create", "update", "patch"]),
        ("", ("nodes", "nodes/status", "pods/status"), ["patch"]),
        ("", ("configmaps", "pods"), ["delete"]),
        ("", ("groups", "users"), ["impersonate"]),
        ("storage.k8s.io", ("volumeattachments",), _LOOK),
        ("coordination.k8s.io", ("leases",), [*_LOOK, "create", "update"]),
        ("devices.kubeedge.io", _with_status("devices", "devicemodels", "devicestatuses"), of.EDIT),
        ("reliablesyncs.kubeedge.io", _with_status("objectsyncs", "clusterobjectsyncs"), of.EDIT),
        ("rules.kubeedge.io", _with_status("rules", "ruleendpoints"), of.EDIT),
        ("apiextensions.k8s.io", ("customresourcedefinitions",), _LOOK),
        ("operations.kubeedge.io", _with_status(*_OPERATIONS), [*_LOOK, "update", "patch"]),
    ),
    MANAGER: (
        ("apps.kubeedge.io", _with_status("nodegroups", "edgeapplications"), ["*"]),
        ("", ("nodes",), [*_LOOK, "patch"]),
        ("", ("pods",), [*_LOOK, "delete"]),
        ("apps", ("deployments",), of.EDIT),
        ("", ("services",), of.EDIT),
        ("operations.kubeedge.io", _with_status(*_OPERATIONS), [*_LOOK, "update", "patch"]),
    ),
}
"""dict[program -> what it may do in the whole cluster], the chart's rules, and those of `authorization`."""


def cloudcore_objects(kubeedge: HubKubeEdge) -> tuple[Object, ...]:
    """The objects, with placeholders in the Secret of `CERTIFICATES`."""
    config = cloudcore_yaml(kubeedge)
    secret = of.a("Secret", PLACE, CORE, type=CERTIFICATES, stringData={key: f"<{key}>" for key in PARTS})
    ports = {"cloudhub": WEBSOCKET, "https": HTTPS}
    return (
        *definitions(),
        of.namespace(PLACE),
        *(each for program in RULES for each in _account(program)),
        of.editing(PLACE, EDITED),
        secret,
        of.config_map(PLACE, CORE, {"cloudcore.yaml": config}, part=CORE),
        _core(kubeedge, config),
        _deployment(MANAGER, {**_container(MANAGER, "controller-manager", kubeedge)}, {}, ()),
        of.service(PLACE, CORE, ports, part=CORE, type="LoadBalancer"),
    )


@cache
def definitions() -> tuple[Object, ...]:
    """The definitions of KubeEdge's kinds, by their names."""
    return tuple(_brief(yaml.safe_load(file.read_text())) for file in sorted(CRDS.glob("*.yaml")))


def _brief(value: Any) -> Any:
    """A definition without what explains it to people, which is half of it."""
    if isinstance(value, dict):
        explained = {key for key, text in value.items() if key == "description" and isinstance(text, str)}
        return {key: _brief(inner) for key, inner in value.items() if key not in explained}
    return [*map(_brief, value)] if isinstance(value, list) else value


def cloudcore_yaml(kubeedge: HubKubeEdge) -> str:
    """The text of ``cloudcore.yaml``; nothing in it is secret."""
    address, folder = kubeedge.address, "/etc/kubeedge"
    hub = {
        "advertiseAddress": [address],
        "authorization": {"enable": True, "debug": False, "modes": [{"node": {"enable": True}}]},
        "dnsNames": [address],
        "enable": True,
        "https": {"enable": True, "port": HTTPS},
        "tlsCAFile": f"{folder}/certificates/{PARTS[0]}",
        "tlsCAKeyFile": f"{folder}/certificates/{PARTS[1]}",
        "tlsCertFile": f"{folder}/certificates/{PARTS[2]}",
        "tlsPrivateKeyFile": f"{folder}/certificates/{PARTS[3]}",
        "unixsocket": {"address": "unix:///var/lib/kubeedge/kubeedge.sock", "enable": False},
        "websocket": {"enable": True, "port": WEBSOCKET},
    }
    modules = {
        "cloudHub": hub,
        "cloudStream": {"enable": False},
        "deviceController": {"enable": True},
        "dynamicController": {"enable": False},
        "edgeController": {"enable": True},
        "iptablesManager": {"enable": False},
        "router": {"enable": False},
        "syncController": {"enable": True},
        "taskManager": {"enable": bool(kubeedge.upgrades)},
    }
    return to_yaml(
        {
            "apiVersion": "cloudcore.config.kubeedge.io/v1alpha1",
            "kind": "CloudCore",
            "kubeAPIConfig": {"kubeConfig": "", "master": ""},
            "modules": modules,
        }
    )


def _account(program: str) -> Iterator[Object]:
    """A service account with its rights."""
    yield of.a("ServiceAccount", PLACE, program)
    metadata = {"name": f"edgefleet:{program}", "labels": of.labels(PLACE) | of.MANAGER}
    rules = [
        {"apiGroups": [group], "resources": [*resources], "verbs": [*verbs]}
        for group, resources, verbs in RULES[program]
    ]
    yield {"apiVersion": f"{_RBAC}/v1", "kind": "ClusterRole", "metadata": metadata, "rules": rules}
    yield {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": metadata["name"]},
        "subjects": [{"kind": "ServiceAccount", "name": program, "namespace": NAMESPACE}],
    }


def _core(kubeedge: HubKubeEdge, config: str) -> Object:
    mounts = {"config": "/etc/kubeedge/config", "certificates": "/etc/kubeedge/certificates"}
    mounts["data"] = "/var/lib/kubeedge"
    ports = {"cloudhub": WEBSOCKET, "https": HTTPS}
    container = _container(CORE, CORE, kubeedge) | {
        "ports": [{"name": name, "containerPort": port} for name, port in ports.items()],
        "readinessProbe": {"httpGet": {"path": "/ca.crt", "port": HTTPS, "scheme": "HTTPS"}},
        "volumeMounts": [{"name": name, "mountPath": path} for name, path in mounts.items()],
    }
    volumes: tuple[dict[str, Any], ...] = (
        {"name": "config", "configMap": {"name": CORE}},
        {"name": "certificates", "secret": {"secretName": CORE, "defaultMode": 0o440}},
        {"name": "data", "emptyDir": {"sizeLimit": "16Mi"}},
    )
    return _deployment(CORE, container, of.digest({"cloudcore.yaml": config}), volumes)


def _container(program: str, image: str, kubeedge: HubKubeEdge) -> dict[str, Any]:
    capabilities = {"drop": ["ALL"]}
    return {
        "name": program,
        "image": f"docker.io/kubeedge/{image}:{kubeedge.version}",
        "imagePullPolicy": "IfNotPresent",
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "1Gi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": capabilities,
            "readOnlyRootFilesystem": True,
        },
    }


def _deployment(
    program: str,
    container: dict[str, Any],
    annotations: dict[str, str],
    volumes: Sequence[dict[str, Any]],
) -> Object:
    """One Pod, away from the nodes of sites: two of CloudCore would each know a part of them."""
    edge = {"matchExpressions": [{"key": "node-role.kubernetes.io/edge", "operator": "DoesNotExist"}]}
    selected = of.labels(PLACE, program)
    pod = {
        "serviceAccountName": program,
        "affinity": {
            "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [edge]}}
        },
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        **({"volumes": [*volumes]} if volumes else {}),
    }
    metadata = {"labels": selected, **({"annotations": annotations} if annotations else {})}
    spec = {
        "replicas": 1,
        "strategy": {"type": "Recreate"},
        "selector": {"matchLabels": selected},
        "template": {"metadata": metadata, "spec": pod},
    }
    return of.a("Deployment", PLACE, program, api="apps/v1", part=program, spec=spec)
