"""Pods that pass Pod Security's level "restricted" and stay where they are while a link flaps. Pure.

Sources: Kubernetes docs, concepts/security/pod-security-standards and concepts/scheduling-eviction. A
toleration without a time is for ever: a node that the API server has not heard of for days keeps its Pods.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from edgefleet.workloads.base import modules
from edgefleet.workloads.base.kind import Object, Place
from edgefleet.workloads.base.objects import CRITICAL, a, claim_spec, labels
from edgefleet.workloads.base.spec import Pods, Probe, Resources
from edgefleet.workloads.base.values import NODE_NAME

_UNREACHABLE = [
    {"key": f"node.kubernetes.io/{state}", "operator": "Exists", "effect": "NoExecute"}
    for state in ("not-ready", "unreachable")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container of a Pod."""

    name: str
    image: str
    command: Sequence[str] = ()
    args: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    """dict[variable -> key in the Secret `secret_name`]."""
    secret_name: str = ""
    ports: Mapping[str, int] = field(default_factory=dict)
    """dict[name -> port]."""
    probe: Probe | None = None
    probe_port: str = ""
    """Name of the port that is probed; empty without a probe."""
    probe_command: Sequence[str] = ()
    """The program that probes, instead of a connection."""
    startup: Object | None = None
    """The startup probe, where it is another one than the others."""
    resources: Resources = field(default_factory=Resources)
    extended: Mapping[str, int] = field(default_factory=dict)
    """dict[resource of a device plugin -> how many], ``nvidia.com/gpu``."""
    mounts: Mapping[str, str] = field(default_factory=dict)
    """dict[path in the container -> volume, or volume/path below it]."""
    writable: Sequence[str] = ()
    """Paths of folders that are empty at each start."""
    scratch: str = "64Mi"
    """Most bytes in each of these."""


def resources(of: Resources, extended: Mapping[str, int] | None = None) -> Object:
    """Requests and limits."""
    devices = {name: str(count) for name, count in (extended or {}).items()}
    limits = {"memory": of.memory_limit or of.memory} | ({"cpu": of.cpu_limit} if of.cpu_limit else {})
    return {"requests": {"cpu": of.cpu, "memory": of.memory} | devices, "limits": limits | devices}


def container(of: Container) -> Object:
    """The container as Kubernetes has it."""
    environment: list[Object] = [{"name": name, "value": text} for name, text in of.environment.items()]
    environment += [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": of.secret_name, "key": key}}}
        for name, key in of.secrets.items()
    ]
    if any(f"$({NODE_NAME})" in text for text in (*of.environment.values(), *of.args)):
        environment.insert(0, {"name": NODE_NAME, "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}})
    mounts = [_mount(path, volume) for path, volume in of.mounts.items()]
    mounts += [{"name": _scratch(of, index), "mountPath": path} for index, path in enumerate(of.writable)]
    whole = {
        "name": of.name,
        "image": of.image,
        "imagePullPolicy": "IfNotPresent",
        "command": list(of.command),
        "args": list(of.args),
        "env": environment,
        "ports": [
            {"name": name, "containerPort": port, "protocol": "TCP"} for name, port in of.ports.items()
        ],
        "resources": resources(of.resources, of.extended),
        "volumeMounts": mounts,
        **_probes(of),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    return {key: value for key, value in whole.items() if value != []}


def _mount(path: str, volume: str) -> Object:
    name, _, below = volume.partition("/")
    return {"name": name, "mountPath": path} | ({"subPath": below} if below else {})


def _scratch(of: Container, index: int) -> str:
    return f"{of.name[:50]}-tmp-{index}"


def _probes(of: Container) -> Object:
    probe = of.probe or Probe()
    if of.probe_command:
        action: Object = {"exec": {"command": list(of.probe_command)}}
    elif not of.probe_port:
        return {}
    elif probe.path is None:
        action = {"tcpSocket": {"port": of.probe_port}}
    else:
        action = {"httpGet": {"path": probe.path, "port": of.probe_port}}
    timing = {"periodSeconds": probe.period, "timeoutSeconds": 5}
    return {
        "startupProbe": of.startup
        or {**action, "periodSeconds": 5, "timeoutSeconds": 5, "failureThreshold": 60},
        "readinessProbe": {**action, **timing, "failureThreshold": 2},
        "livenessProbe": {**action, **timing, "failureThreshold": probe.failures},
    }


def template(
    place: Place,
    spec: Pods,
    *containers: Container,
    volumes: Sequence[Object] = (),
    part: str = "",
    annotations: Mapping[str, str] | None = None,
    **more: Any,
) -> Object:
    """The template of a workload's Pods.

    Args:
        place: where they run.
        spec: the workload.
        containers: theirs.
        volumes: what they mount, beside folders that are empty at each start.
        part: the part of the workload, where it has several.
        annotations: of the Pods.
        more: further fields of the Pod's specification.
    """
    metadata: Object = {"labels": labels(place, part)}
    if noted := {**modules.annotations(spec), **(annotations or {})}:
        metadata["annotations"] = noted
    if modules.runtime_of(spec) is not None:
        more |= {"runtimeClassName": modules.class_name(place)}
    pod = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "priorityClassName": CRITICAL if spec.critical else None,
        "terminationGracePeriodSeconds": 30,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": spec.user,
            "runAsGroup": spec.user,
            "fsGroup": spec.user,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "affinity": _affinity(place),
        "tolerations": _tolerations(place, spec),
        "containers": [container(each) for each in containers],
        "volumes": [*volumes, *_empty_folders(containers)],
        **more,
    }
    return {
        "metadata": metadata,
        "spec": {key: value for key, value in pod.items() if value not in (None, [])},
    }


def _empty_folders(containers: Sequence[Container]) -> list[Object]:
    return [
        {"name": _scratch(each, index), "emptyDir": {"sizeLimit": each.scratch}}
        for each in containers
        for index, _ in enumerate(each.writable)
    ]


def _affinity(place: Place) -> Object | None:
    """Only the nodes that the placement chose."""
    if not place.nodes:
        return None
    hosts = {"key": "kubernetes.io/hostname", "operator": "In", "values": list(place.nodes)}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [hosts]}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


def _tolerations(place: Place, spec: Pods) -> list[Object]:
    steady = [dict(each) for each in _UNREACHABLE] if place.side == "site" else []
    return steady + [{"key": key, "operator": "Exists"} for key in spec.tolerates]


def deployment(place: Place, pod: Object, *, name: str = "", replicas: int = 1, part: str = "") -> Object:
    """A Deployment. It ends an old Pod before it starts the new one, as a small node has no room for both."""
    selector = labels(place, part)
    _spread(pod, selector, replicas)
    spec = {
        "replicas": replicas,
        "revisionHistoryLimit": 2,
        "selector": {"matchLabels": selector},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
        "template": pod,
    }
    return a("Deployment", place, name or place.name, api="apps/v1", part=part, spec=spec)


def stateful_set(
    place: Place, pod: Object, volumes: Mapping[str, str], *, part: str = "", replicas: int = 1
) -> Object:
    """A StatefulSet of Pods, each with `volumes`, dict[name -> size], on its node's own disk.

    Its Pods do not wait for each other: else one that never becomes ready also stops the change that would
    correct it (Kubernetes docs, concepts/workloads/controllers/statefulset, "Forced rollback").
    """
    name = f"{place.name}-{part}" if part else place.name
    claims = [
        {"metadata": {"name": of, "labels": labels(place, part)}, "spec": claim_spec(place, size)}
        for of, size in volumes.items()
    ]
    selector = labels(place, part)
    _spread(pod, selector, replicas)
    spec = {
        "replicas": replicas,
        "revisionHistoryLimit": 2,
        "podManagementPolicy": "Parallel",
        "serviceName": name,
        "selector": {"matchLabels": selector},
        "template": pod,
        "volumeClaimTemplates": claims,
    }
    return a("StatefulSet", place, name, api="apps/v1", part=part, spec=spec)


def _spread(pod: Object, selector: Mapping[str, str], replicas: int) -> None:
    """Spread the Pods of a template over the nodes, if there are several."""
    constraint = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": dict(selector)},
    }
    if replicas > 1:
        pod["spec"]["topologySpreadConstraints"] = [constraint]
