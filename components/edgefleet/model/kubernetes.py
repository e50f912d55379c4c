"""Kubernetes objects as plain data: their kinds, names and scopes. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]
"""An object as in a manifest."""
DEFAULT_NAMESPACE = "default"
CRD = "CustomResourceDefinition"
_BUILT_IN = frozenset(
    {
        "",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "apps",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "flowcontrol.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
    }
)
"""API groups that every server has (Kubernetes API reference 1.37); the empty one is the core group."""
_IN_NO_NAMESPACE: Mapping[str, frozenset[str]] = {
    "": frozenset({"Namespace", "Node", "PersistentVolume"}),
    "admissionregistration.k8s.io": frozenset(
        {
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        }
    ),
    "apiextensions.k8s.io": frozenset({CRD}),
    "apiregistration.k8s.io": frozenset({"APIService"}),
    "certificates.k8s.io": frozenset({"CertificateSigningRequest", "ClusterTrustBundle"}),
    "flowcontrol.apiserver.k8s.io": frozenset({"FlowSchema", "PriorityLevelConfiguration"}),
    "networking.k8s.io": frozenset({"IngressClass", "IPAddress", "ServiceCIDR"}),
    "node.k8s.io": frozenset({"RuntimeClass"}),
    "rbac.authorization.k8s.io": frozenset({"ClusterRole", "ClusterRoleBinding"}),
    "resource.k8s.io": frozenset({"DeviceClass", "DeviceTaintRule", "ResourceSlice"}),
    "scheduling.k8s.io": frozenset({"PriorityClass"}),
    "storage.k8s.io": frozenset(
        {"CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"}
    ),
}
"""dict[API group -> its kinds that are in no namespace] (``kubectl api-resources --namespaced=false``)."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind in one version of its API group."""

    api_version: str
    """``apps/v1``, or ``v1`` of the core group."""
    name: str
    """``Deployment``."""

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> "Kind":
        """The kind of an object."""
        return cls(str(item.get("apiVersion", "")), str(item.get("kind", "")))

    @property
    def group(self) -> str:
        """The API group, empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def key(self) -> tuple[str, str]:
        """Group and kind, which all versions have in common."""
        return self.group, self.name

    @property
    def is_namespaced(self) -> bool | None:
        """Whether its objects are in namespaces; None for a kind that a CRD defines."""
        if self.group not in _BUILT_IN:
            return None
        return self.name not in _IN_NO_NAMESPACE.get(self.group, ())

    def __str__(self) -> str:
        return f"{self.api_version} {self.name}"


@dataclass(frozen=True, slots=True)
class Ref:
    """What names an object in its cluster."""

    kind: Kind
    name: str
    namespace: str = ""
    """Empty for an object in no namespace."""

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> "Ref":
        """The reference to an object."""
        name, namespace = at(item, "metadata", "name"), at(item, "metadata", "namespace")
        return cls(Kind.of(item), str(name or ""), str(namespace or ""))

    @property
    def id(self) -> str:
        """``namespace/name``, or the name of an object in no namespace."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    def __str__(self) -> str:
        return f"{self.kind.name} {self.id}"


def at(item: Any, *path: str | int) -> Any:
    """The value at `path`; None where there is none."""
    for part in path:
        try:
            item = item[part]
        except (KeyError, IndexError, TypeError):
            return None
    return item


def with_metadata(item: Mapping[str, Any], **metadata: str) -> Object:
    """The object with other values in its metadata."""
    return {**item, "metadata": {**item["metadata"], **metadata}}


def beside(item: Mapping[str, Any]) -> Object:
    """The object under another name, to be tried where its own is taken."""
    name = str(item["metadata"]["name"])
    return with_metadata(item, name=f"{name[:40].rstrip('.-')}-preview")


def is_secret(item: Mapping[str, Any]) -> bool:
    """Whether it is a Secret."""
    return Kind.of(item).key == ("", "Secret")


def annotation(item: Mapping[str, Any], name: str) -> str:
    """The value of an annotation, empty where there is none."""
    value = at(item, "metadata", "annotations", name)
    return value if isinstance(value, str) else ""
