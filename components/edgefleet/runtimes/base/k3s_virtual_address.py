"""The virtual address of the API of several servers, which one of them has at a time: kube-vip, in ARP mode.

Each kube-vip asks the API of its own server, so a server whose API is away loses the lease and with it the
address. It runs as a DaemonSet, as in kube-vip's instructions for k3s, whose API is there before the address;
it takes the interface of the default route (kube-vip 1.2, pkg/manager and cmd/kube-vip.go).
"""

from typing import Any

from edgefleet.io.yaml_text import to_yaml
from edgefleet.model.addresses import Address, parsed_address
from edgefleet.model.site import SiteSpec
from edgefleet.runtimes.base import k3s_cluster

IMAGE = "ghcr.io/kube-vip/kube-vip:v1.2.3"
NAME = "edgefleet-virtual-address"
NAMESPACE = "kube-system"
LEASE, DEADLINE, RETRY = 15, 10, 2
"""Seconds in which another server takes the address; kube-vip's 5 are short for a board under load."""


def manifests(site: SiteSpec) -> dict[str, str]:
    """dict[name of a manifest -> its text]; empty at a site without a virtual address."""
    if site.k3s.virtual_address is None:
        return {}
    objects = (*_rights(), _daemons(site, parsed_address(site.k3s.virtual_address)))
    return {NAME: "---\n".join(map(to_yaml, objects))}


def _rights() -> tuple[dict[str, Any], ...]:
    """A service account that may hold leases of its namespace, and see nodes."""
    account = {"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}
    leases = ("coordination.k8s.io", "leases", ["get", "list", "watch", "create", "update"])
    nodes = ("", "nodes", ["get", "list", "watch"])
    made = [_object("v1", "ServiceAccount")]
    for kind, (group, resource, verbs) in {"Role": leases, "ClusterRole": nodes}.items():
        rule = {"apiGroups": [group], "resources": [resource], "verbs": verbs}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": NAME}
        made.append(_object("rbac.authorization.k8s.io/v1", kind, rules=[rule]))
        made.append(
            _object("rbac.authorization.k8s.io/v1", f"{kind}Binding", roleRef=role, subjects=[account])
        )
    return tuple(made)


def _object(version: str, kind: str, **more: Any) -> dict[str, Any]:
    named = {"name": NAME} | ({} if kind.startswith("Cluster") else {"namespace": NAMESPACE})
    return {"apiVersion": version, "kind": kind, "metadata": named, **more}


def _daemons(site: SiteSpec, address: Address) -> dict[str, Any]:
    port = k3s_cluster.api_port(site)
    settings = {
        "KUBERNETES_SERVICE_HOST": "127.0.0.1",
        "KUBERNETES_SERVICE_PORT": port,
        "address": address,
        "port": port,
        "vip_subnet": address.max_prefixlen,
        "vip_arp": "true",
        "cp_enable": "true",
        "cp_namespace": NAMESPACE,
        "svc_enable": "false",
        "vip_leaderelection": "true",
        "vip_leasename": NAME,
        "vip_leaseduration": LEASE,
        "vip_renewdeadline": DEADLINE,
        "vip_retryperiod": RETRY,
    }
    name = {"name": "vip_nodename", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}
    capabilities = {"add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"]}
    container = {
        "name": "kube-vip",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "args": ["manager"],
        "env": [name, *({"name": key, "value": str(value)} for key, value in settings.items())],
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "96Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": capabilities},
    }
    pod = {
        "serviceAccountName": NAME,
        "hostNetwork": True,
        "priorityClassName": "system-node-critical",
        "nodeSelector": {"node-role.kubernetes.io/control-plane": "true"},
        "tolerations": [{"operator": "Exists"}],
        "containers": [container],
    }
    labels = {"app.kubernetes.io/name": NAME}
    spec = {
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    return _object("apps/v1", "DaemonSet", spec=spec)
