"""Kubernetes RBAC of the hub's kubeconfigs, revoked by leaving out a key generation. Pure.

A client certificate cannot be revoked in Kubernetes; the rights of its user can. The deployer edits the
declared namespaces alone. They admit no privileged pod, because a pod with a server's disk or network has
the hub's authority keys; for the same reason it has no HelmChart, which k3s installs with all rights, and no
Plan, whose pods are privileged. Sources: Kubernetes docs, "Using RBAC Authorization" (the roles ``edit`` and
``view``) and "Pod Security Standards".
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from edgefleet.keys.hub_pki import user_of

API = "rbac.authorization.k8s.io"
DEPLOYER, READ_ONLY = "edgefleet:deployer", "edgefleet:read-only"
LOOK = ["get", "list", "watch"]
RULES: dict[str, list[dict[str, Any]]] = {
    DEPLOYER: [{"apiGroups": [""], "resources": ["namespaces"], "verbs": LOOK}],
    READ_ONLY: [
        {"apiGroups": [""], "resources": ["nodes", "namespaces"], "verbs": LOOK},
        {"apiGroups": ["upgrade.cattle.io"], "resources": ["plans"], "verbs": LOOK},
    ],
}
"""dict[role -> what it may do in the whole cluster besides ``view``, or ``edit`` of its namespaces]."""
POD_SECURITY = {
    "pod-security.kubernetes.io/enforce": "baseline",
    "pod-security.kubernetes.io/warn": "restricted",
}


def access_manifests(
    key_generations: tuple[int, ...], namespaces: Iterable[str], objects: Sequence[Mapping[str, Any]] = ()
) -> tuple[Mapping[str, Any], ...]:
    """Namespaces, roles, and bindings of the users of these key generations and no others.

    Args:
        key_generations: those in use.
        namespaces: names of namespaces of the deployer.
        objects: further objects; the namespaces among them are the deployer's, too.
    """
    roles = [
        {"apiVersion": f"{API}/v1", "kind": "ClusterRole", "metadata": {"name": role}, "rules": rules}
        for role, rules in RULES.items()
    ]
    bindings = [
        _binding(f"{DEPLOYER}:own", DEPLOYER, DEPLOYER, key_generations),
        _binding(f"{READ_ONLY}:own", READ_ONLY, READ_ONLY, key_generations),
        _binding(f"{READ_ONLY}:base", "view", READ_ONLY, key_generations),
    ]
    declared = {_name(each): each for each in objects if each["kind"] == "Namespace"}
    spaces = {name: _namespace(name) for name in namespaces} | declared
    bindings += [
        _binding(DEPLOYER, "edit", DEPLOYER, key_generations, namespace=name) for name in sorted(spaces)
    ]
    others = [each for each in objects if each["kind"] != "Namespace"]
    return (*(spaces[name] for name in sorted(spaces)), *others, *roles, *bindings)


def _name(of: Mapping[str, Any]) -> str:
    return str(of["metadata"]["name"])


def _namespace(name: str) -> Mapping[str, Any]:
    metadata = {"name": name, "labels": POD_SECURITY}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def _binding(
    name: str, role: str, who: str, key_generations: tuple[int, ...], *, namespace: str = ""
) -> dict[str, Any]:
    """The binding of a cluster role to the users of `who`, in one namespace or everywhere."""
    subjects = [
        {"apiGroup": API, "kind": "User", "name": user_of(who.rpartition(":")[2], generation)}
        for generation in key_generations
    ]
    return {
        "apiVersion": f"{API}/v1",
        "kind": "RoleBinding" if namespace else "ClusterRoleBinding",
        "metadata": {"name": name, **({"namespace": namespace} if namespace else {})},
        "roleRef": {"apiGroup": API, "kind": "ClusterRole", "name": role},
        "subjects": subjects,
    }
