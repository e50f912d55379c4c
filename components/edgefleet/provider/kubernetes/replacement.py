"""Differences between two versions of an object, and which of them need another object. Pure.

Source: the fields that the real plugin replaces on (pulumi-kubernetes 4.34, ``pkg/provider/diff.go``): those
that an API server refuses to change, and the data of a ConfigMap or Secret, so that what mounts it rolls.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal

from pulumi.runtime.proto import provider_pb2 as proto

from edgefleet.model.kubernetes import DEFAULT_NAMESPACE, Kind, Object, Ref
from edgefleet.model.paths import Part, format_path, parse_path
from edgefleet.model.unknown import UNKNOWN

Sort = Literal["ADD", "DELETE", "UPDATE"]
_IDENTITY = ("metadata.name", "metadata.namespace")
_SELECTOR = ("spec.selector",)
_POD = (
    "affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks hostAliases hostIPC "
    "hostNetwork hostPID hostname imagePullSecrets nodeName nodeSelector overhead preemptionPolicy "
    "priority priorityClassName readinessGates restartPolicy runtimeClassName schedulerName "
    "securityContext serviceAccount serviceAccountName shareProcessNamespace subdomain "
    "terminationGracePeriodSeconds volumes"
)
_CONTAINER = (
    "args command env image imagePullPolicy lifecycle livenessProbe ports readinessProbe resources "
    "securityContext stdin stdinOnce terminationMessagePath terminationMessagePolicy tty volumeDevices "
    "volumeMounts workingDir"
)
_VOLUME_SOURCES = (
    "awsElasticBlockStore azureDisk azureFile cephfs cinder csi fc flexVolume flocker gcePersistentDisk "
    "glusterfs hostPath iscsi local nfs photonPersistentDisk portworxVolume quobyte rbd scaleIO storageos "
    "vsphereVolume"
)
_FIXED: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("apps", "DaemonSet"): _SELECTOR,
    ("apps", "Deployment"): _SELECTOR,
    ("apps", "StatefulSet"): (
        *_SELECTOR,
        "spec.podManagementPolicy",
        "spec.revisionHistoryLimit",
        "spec.serviceName",
        "spec.volumeClaimTemplates",
    ),
    ("batch", "Job"): (*_SELECTOR, "spec.completions", "spec.parallelism", "spec.template"),
    ("", "PersistentVolume"): tuple(f"spec.{name}" for name in _VOLUME_SOURCES.split()),
    ("", "PersistentVolumeClaim"): (
        *_SELECTOR,
        "spec.accessModes",
        "spec.storageClassName",
        "spec.volumeName",
    ),
    ("", "Pod"): (
        *(f"spec.{name}" for name in _POD.split()),
        *(
            f"spec.{which}.*.{name}"
            for which in ("containers", "initContainers")
            for name in _CONTAINER.split()
        ),
    ),
    ("", "ResourceQuota"): ("spec.scopes",),
    ("", "Service"): ("spec.clusterIP",),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): ("roleRef",),
    ("rbac.authorization.k8s.io", "RoleBinding"): ("roleRef",),
    ("storage.k8s.io", "StorageClass"): ("parameters", "provisioner"),
}
"""dict[(group, kind) -> fields that no update changes]; ``*`` stands for any position."""
_SECRET, _CONFIG_MAP = ("", "Secret"), ("", "ConfigMap")


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that differs."""

    path: tuple[Part, ...]
    sort: Sort
    new: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutable:
    """Which objects are updated in place although their data changes."""

    config_maps: bool = False
    secrets: bool = False


def differences(old: Any, new: Any, path: tuple[Part, ...] = ()) -> Iterator[Difference]:
    """The values that differ, by their paths; null is no value."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from differences(old.get(key), new.get(key), (*path, key))
    elif isinstance(old, list) and isinstance(new, list):
        for index, (before, after) in enumerate(zip_longest(old, new)):
            yield from differences(before, after, (*path, index))
    elif old is None and new is not None:
        yield Difference(path, "ADD", new)
    elif old is not None and new is None:
        yield Difference(path, "DELETE")
    elif old != new or isinstance(old, bool) != isinstance(new, bool):
        yield Difference(path, "UPDATE", new)


def fixed_fields(item: Object, mutable: Mutable) -> tuple[str, ...]:
    """Paths of an object whose change needs another object."""
    kind, is_immutable = Kind.of(item), item.get("immutable") is True
    if kind.key == _SECRET:
        data = () if mutable.secrets and not is_immutable else ("stringData", "data")
        return (*_IDENTITY, "type", *data)
    if kind.key == _CONFIG_MAP:
        return (*_IDENTITY, *(() if mutable.config_maps and not is_immutable else ("binaryData", "data")))
    return (*_IDENTITY, *_FIXED.get(kind.key, ()))


def compare(old: Object, new: Object, mutable: Mutable, ignored: Iterable[str] = ()) -> proto.DiffResponse:
    """The answer to Diff: each difference by its path, what replaces, and whether the old one goes first.

    Args:
        old: the inputs that were applied last.
        new: the inputs now; they may be unknown in part.
        mutable: what is updated in place.
        ignored: paths that are not compared.
    """
    old, new = _in_one_namespace(old, new)
    patterns = [parse_path(path.replace("[*]", ".*")) for path in ignored]
    found = [item for item in differences(old, new) if not any(_begins(item.path, path) for path in patterns)]
    fixed = [tuple(path.split(".")) for path in fixed_fields(new, mutable)]
    detailed, replaces = {}, []
    for item in found:
        path, is_fixed = format_path(item.path), any(_touches(item, rule) for rule in fixed)
        sort = proto.PropertyDiff.Kind.Value(f"{item.sort}_REPLACE" if is_fixed else item.sort)
        detailed[path] = proto.PropertyDiff(kind=sort, inputDiff=item.sort == "DELETE")
        replaces += [path] if is_fixed else []
    is_named_so = Ref.of(old).id == Ref.of(new).id
    return proto.DiffResponse(
        changes=proto.DiffResponse.DIFF_SOME if found else proto.DiffResponse.DIFF_NONE,
        replaces=sorted(replaces),
        deleteBeforeReplace=bool(replaces) and is_named_so,
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )


def _in_one_namespace(old: Object, new: Object) -> tuple[Object, Object]:
    """Both with the default namespace where only one of them names a namespace."""
    if new.get("metadata") is UNKNOWN:
        return old, new
    ours, theirs = (dict(item.get("metadata") or {}) for item in (old, new))
    if bool(ours.get("namespace")) != bool(theirs.get("namespace")):
        ours["namespace"] = ours.get("namespace") or DEFAULT_NAMESPACE
        theirs["namespace"] = theirs.get("namespace") or DEFAULT_NAMESPACE
    return {**old, "metadata": ours}, {**new, "metadata": theirs}


def _touches(item: Difference, rule: tuple[str, ...]) -> bool:
    """Whether a difference is at or within the field `rule`, or a value that is new holds the field."""
    if _begins(item.path, rule):
        return True
    return _begins(rule, item.path) and _holds(item.new, rule[len(item.path) :])


def _begins(path: tuple[Part, ...], start: tuple[Part, ...]) -> bool:
    return len(start) <= len(path) and all(
        "*" in (one, other) or one == other for one, other in zip(path, start, strict=False)
    )


def _holds(value: Any, path: tuple[str, ...]) -> bool:
    if not path:
        return True
    if path[0] == "*":
        return isinstance(value, list) and any(_holds(child, path[1:]) for child in value)
    return isinstance(value, dict) and path[0] in value and _holds(value[path[0]], path[1:])
