"""Upgrades of k3s on the hub's servers: Rancher's system-upgrade-controller and its Plan, as manifests.

The servers pull these from the bucket and k3s applies them. Servers are upgraded one at a time, each
cordoned. `edgefleet.model.version_skew` checks a Plan beforehand, as the controller checks nothing.
Sources: k3s docs, upgrades/automated; system-upgrade-controller, pkg/apis/upgrade.cattle.io/v1.
"""

from collections.abc import Iterable
from typing import Any

NAMESPACE = "system-upgrade"
NAME = "system-upgrade-controller"
CONTROLLER = "rancher/system-upgrade-controller:v0.17.0"
UPGRADE_IMAGE = "rancher/k3s-upgrade"
"""Its tag is the release with ``-`` for ``+``; the controller derives it from the Plan's version."""
CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
DRAIN_SECONDS = 300


def manifests(version: str) -> tuple[dict[str, Any], ...]:
    """The controller, and the Plan that upgrades the servers to `version`."""
    return (*_controller(), plan(version))


def plan(version: str) -> dict[str, Any]:
    """The Plan of the servers."""
    return {
        "apiVersion": "upgrade.cattle.io/v1",
        "kind": "Plan",
        "metadata": {"name": "hub-servers", "namespace": NAMESPACE},
        "spec": {
            "concurrency": 1,
            "version": version,
            "cordon": True,
            "nodeSelector": {
                "matchExpressions": [{"key": CONTROL_PLANE, "operator": "In", "values": ["true"]}]
            },
            "serviceAccountName": NAME,
            "tolerations": [{"operator": "Exists"}],
            "jobActiveDeadlineSecs": 3 * DRAIN_SECONDS,
            "upgrade": {"image": UPGRADE_IMAGE},
        },
    }


def _controller() -> Iterable[dict[str, Any]]:
    yield _definition()
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    yield _named("v1", "ServiceAccount")
    # The controller drains nodes and creates privileged jobs on them, which needs all of this.
    yield {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": NAME},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}],
    }
    yield _deployment()


def _named(version: str, kind: str) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": NAME, "namespace": NAMESPACE}}


def _definition() -> dict[str, Any]:
    """The kind Plan; the controller validates its content."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"type": "object", "properties": {"spec": anything, "status": anything}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "plans.upgrade.cattle.io"},
        "spec": {
            "group": "upgrade.cattle.io",
            "names": {"kind": "Plan", "plural": "plans", "singular": "plan"},
            "scope": "Namespaced",
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "schema": {"openAPIV3Schema": schema},
                }
            ],
        },
    }


def _deployment() -> dict[str, Any]:
    fields = {
        "SYSTEM_UPGRADE_CONTROLLER_NAME": "metadata.labels['upgrade.cattle.io/controller']",
        "SYSTEM_UPGRADE_CONTROLLER_NAMESPACE": "metadata.namespace",
        "SYSTEM_UPGRADE_CONTROLLER_NODE_NAME": "spec.nodeName",
    }
    labels = {"upgrade.cattle.io/controller": NAME}
    container = {
        "name": NAME,
        "image": CONTROLLER,
        "env": [
            {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in fields.items()
        ],
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
    }
    return {
        **_named("apps/v1", "Deployment"),
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "serviceAccountName": NAME,
                    "nodeSelector": {CONTROL_PLANE: "true"},
                    "tolerations": [{"operator": "Exists"}],
                    "containers": [container],
                },
            },
        },
    }
