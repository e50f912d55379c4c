"""Kubernetes RBAC of the hub's kubeconfigs, revoked by leaving out a key generation. Pure.

A client certificate cannot be revoked in Kubernetes; the rights of its user can. Sources: Kubernetes docs,
"Using RBAC Authorization" (the roles ``edit`` and ``view``).
"""

from typing import Any

from edgefleet.keys.hub_pki import ROLES, user_of

API = "rbac.authorization.k8s.io"
EXTRA_RULES = {
    "deployer": [
        {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get", "list", "create", "patch"]},
        {"apiGroups": ["helm.cattle.io"], "resources": ["*"], "verbs": ["*"]},
        {"apiGroups": ["upgrade.cattle.io"], "resources": ["plans"], "verbs": ["*"]},
    ],
    "read-only": [
        {"apiGroups": [""], "resources": ["nodes", "namespaces"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": ["upgrade.cattle.io"], "resources": ["plans"], "verbs": ["get", "list", "watch"]},
    ],
}
BASES = {"deployer": "edit", "read-only": "view"}


def access_manifests(key_generations: tuple[int, ...]) -> tuple[dict[str, Any], ...]:
    """Roles, and bindings of the users of these key generations and no others."""
    manifests: list[dict[str, Any]] = []
    for role in ROLES:
        name = f"edgefleet:{role}"
        manifests.append(
            {
                "apiVersion": f"{API}/v1",
                "kind": "ClusterRole",
                "metadata": {"name": name},
                "rules": EXTRA_RULES[role],
            }
        )
        subjects = [
            {"apiGroup": API, "kind": "User", "name": user_of(role, generation)}
            for generation in key_generations
        ]
        manifests.append(_binding(f"{name}:own", name, subjects))
        manifests.append(_binding(f"{name}:base", BASES[role], subjects))
    return tuple(manifests)


def _binding(name: str, role: str, subjects: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "apiVersion": f"{API}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": API, "kind": "ClusterRole", "name": role},
        "subjects": subjects,
    }
