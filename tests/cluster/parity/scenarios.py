"""What both providers are put through: runs of a program, with changes behind its back between them.

``NAMESPACE`` stands for the namespace of one playing of a scenario, so that no two meet.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from tests.cluster.api import Cluster
from tests.processes import wait

Object = Mapping[str, Any]
Outside = Callable[[Cluster, str], object]
"""Changes a cluster; gets the namespace, too."""
LABELS = {"app": "till"}
NONE: Object = MappingProxyType({})
OTHERS = "autoscaler"
"""Another field manager."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of a program."""

    object: Object
    options: Mapping[str, Any] = field(default_factory=dict)
    """Of `pulumi.ResourceOptions`."""


Resources = Mapping[str, Resource]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run."""

    operation: Literal["up", "refresh", "destroy"] = "up"
    resources: Resources = field(default_factory=dict)
    outside: Outside | None = None
    """Comes before it."""
    fails: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    """Runs of one stack."""

    runs: tuple[Run, ...]
    provider: Mapping[str, str] = field(default_factory=dict)
    """Inputs of the provider beside its kubeconfig and namespace."""
    refused: str = ""
    """Words with which the small provider refuses, on purpose, what the real one takes in the only run."""


def item(version: str, kind: str, name: str, metadata: Object = NONE, **more: Any) -> dict[str, Any]:
    """An object."""
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **metadata}, **more}


def one(of: Object, **options: Any) -> Resources:
    """A program of one resource, ``it``."""
    return {"it": Resource(of, options)}


def config_map(metadata: Object = NONE, *, immutable: bool | None = None, **data: str) -> Object:
    more = {} if immutable is None else {"immutable": immutable}
    return item("v1", "ConfigMap", "settings", metadata, data=data, **more)


def secret(**texts: str) -> Object:
    return item("v1", "Secret", "login", stringData=texts)


def pod(image: str = "till:1", **spec: Any) -> dict[str, Any]:
    return {"containers": [{"name": "till", "image": image}], **spec}


def template(image: str = "till:1", labels: Object = LABELS, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"labels": labels}, "spec": pod(image, **spec)}


def deployment(
    image: str = "till:1",
    metadata: Object = NONE,
    *,
    labels: Object = LABELS,
    replicas: int = 1,
    of_pod: Object = NONE,
) -> Object:
    described = {"selector": {"matchLabels": labels}, "template": template(image, labels, **of_pod)}
    return item("apps/v1", "Deployment", "till", metadata, spec={"replicas": replicas, **described})


def workload(kind: str, image: str, **spec: Any) -> Object:
    described = {"selector": {"matchLabels": LABELS}, "template": template(image), **spec}
    return item("apps/v1", kind, "till", spec=described)


def job(image: str = "till:1", **spec: Any) -> Object:
    return item("batch/v1", "Job", "till", spec={"template": template(image, restartPolicy="Never", **spec)})


def service(port: int = 80, **spec: Any) -> Object:
    return item("v1", "Service", "till", spec={"ports": [{"port": port}], **spec})


def binding(role: str, **more: Any) -> Object:
    group = "rbac.authorization.k8s.io"
    reference = {"apiGroup": group, "kind": "ClusterRole", "name": role}
    return item(f"{group}/v1", "RoleBinding", "till", roleRef=reference, **more)


def annotated(**annotations: str) -> Object:
    return {"annotations": {f"pulumi.com/{name}": value for name, value in annotations.items()}}


def placed(of: Object, namespace: str) -> dict[str, Any]:
    return {**of, "metadata": {**of["metadata"], "namespace": namespace}}


def created(of: Object) -> Outside:
    """Others create it, as kubectl does."""
    return lambda cluster, namespace: cluster.create_strictly(
        placed(of, namespace), dry_run=False, manager="kubectl-create"
    )


def applied(of: Object) -> Outside:
    """Others apply it, by force."""
    return lambda cluster, namespace: cluster.apply(placed(of, namespace), manager=OTHERS, force=True)


def deleted(of: Object) -> Outside:
    """Others delete it."""
    return lambda cluster, namespace: cluster.delete(placed(of, namespace))


def drifted(cluster: Cluster, namespace: str) -> None:
    """Others scale the Deployment, which is ready again when this returns, and change the settings."""
    applied(REPLICAS)(cluster, namespace)
    till = placed(REPLICAS, namespace)
    wait(lambda: _is_rolled_out(cluster.read(till)), reason=lambda: str(cluster.read(till)["status"]))
    applied(config_map({"labels": LABELS}, color="green", size="big"))(cluster, namespace)


def _is_rolled_out(deployment: Object) -> bool:
    """Whether its controller saw this generation and every replica of it is ready."""
    status, generation = deployment["status"], deployment["metadata"]["generation"]
    ready = (status.get("observedGeneration"), status.get("readyReplicas"), status.get("updatedReplicas"))
    return ready == (generation, *2 * (deployment["spec"]["replicas"],))


STUCK: dict[str, Any] = {"nodeSelector": {"nowhere": "yes"}}
SOON = {"custom_timeouts": {"create": "8s", "update": "8s", "delete": "4s"}}
GROUP = "NAMESPACE.example.com"
GATES = item(
    "apiextensions.k8s.io/v1",
    "CustomResourceDefinition",
    f"gates.{GROUP}",
    spec={
        "group": GROUP,
        "scope": "Namespaced",
        "names": {"kind": "Gate", "plural": "gates", "singular": "gate"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
                        },
                    }
                },
            }
        ],
    },
)


def gates(depth: float) -> Resources:
    gate = item(f"{GROUP}/v1", "Gate", "north", spec={"open": True, "depth": depth})
    return {"gates": Resource(GATES), "it": Resource(gate, {"depends_on": ["gates"]})}


MUTABLE = {"enableConfigMapMutable": "true", "enableSecretMutable": "true"}
REPLICAS = item("apps/v1", "Deployment", "till", spec={"replicas": 3})
RED, BLUE = config_map(color="red"), config_map(color="blue")
GONE = Run(operation="destroy")

SCENARIOS: Mapping[str, Scenario] = {
    "config-map": Scenario(
        (
            Run(resources=one(RED)),
            Run(resources=one(config_map({"labels": LABELS}, color="red"))),
            Run(resources=one(BLUE)),
            Run(resources=one(config_map(color="blue", immutable=True))),
            Run(resources=one(config_map(color="red", immutable=True))),
            GONE,
        )
    ),
    "config-map-mutable": Scenario(
        (
            Run(resources=one(RED)),
            Run(resources=one(config_map(color="blue", size="big"))),
            Run(resources=one(config_map(color="blue", immutable=True))),
            Run(resources=one(config_map(color="red", immutable=True))),
            GONE,
        ),
        MUTABLE,
    ),
    "secret": Scenario(
        (
            Run(resources=one(secret(key="p4ssw0rd"))),
            Run(resources=one(secret(key="other"))),
            Run(operation="refresh", resources=one(secret(key="other"))),
            Run(resources=one(item("v1", "Secret", "login", data={"key": "b3RoZXI="}, type="example/x"))),
            GONE,
        )
    ),
    "secret-mutable": Scenario(
        (Run(resources=one(secret(key="p4ssw0rd"))), Run(resources=one(secret(key="x", more="y")))), MUTABLE
    ),
    "deployment": Scenario(
        (
            Run(resources=one(deployment())),
            Run(resources=one(deployment("till:2", replicas=2))),
            Run(resources=one(deployment("till:2", labels={"app": "other"}))),
            Run(resources=one(deployment("till:2", {"name": "renamed"}, labels={"app": "other"}))),
            GONE,
        )
    ),
    "daemon-set": Scenario(
        (
            Run(resources=one(workload("DaemonSet", "till:1"))),
            Run(resources=one(workload("DaemonSet", "till:2"))),
        )
    ),
    "stateful-set": Scenario(
        (Run(resources=one(workload("StatefulSet", "till:1", serviceName="till"))), GONE),
    ),
    "pod": Scenario(
        (
            Run(resources=one(item("v1", "Pod", "till", spec=pod()))),
            Run(resources=one(item("v1", "Pod", "till", spec=pod("till:2")))),
            GONE,
        )
    ),
    "job": Scenario(
        (
            Run(resources=one(job())),
            Run(resources=one(job("till:2"))),
            Run(operation="refresh", resources=one(job("till:2"))),
            GONE,
        )
    ),
    "job-that-fails": Scenario(
        (
            Run(
                resources=one(
                    item(
                        "batch/v1",
                        "Job",
                        "late",
                        spec={
                            "activeDeadlineSeconds": 1,
                            "template": template(restartPolicy="Never", **STUCK),
                        },
                    )
                ),
                fails=True,
            ),
            Run(resources=one(job())),
        )
    ),
    "service": Scenario(
        (
            Run(resources=one(service())),
            Run(resources=one(service(81))),
            Run(resources=one(service(81, clusterIP="None"))),
            GONE,
        )
    ),
    "claim": Scenario(
        (
            Run(
                resources={
                    "volume": Resource(
                        item(
                            "v1",
                            "PersistentVolume",
                            "NAMESPACE",
                            spec={
                                "capacity": {"storage": "1Gi"},
                                "accessModes": ["ReadWriteOnce"],
                                "hostPath": {"path": "/srv"},
                                "storageClassName": "NAMESPACE",
                            },
                        )
                    ),
                    "it": Resource(
                        item(
                            "v1",
                            "PersistentVolumeClaim",
                            "till",
                            spec={
                                "accessModes": ["ReadWriteOnce"],
                                "storageClassName": "NAMESPACE",
                                "resources": {"requests": {"storage": "1024Mi"}},
                            },
                        ),
                        {"depends_on": ["volume"]},
                    ),
                }
            ),
            Run(operation="refresh"),
        )
    ),
    "roles": Scenario(
        (
            Run(
                resources=one(
                    binding(
                        "view",
                        subjects=[{"kind": "ServiceAccount", "name": "till", "namespace": "NAMESPACE"}],
                    )
                )
            ),
            Run(resources=one(binding("edit"))),
        )
    ),
    "namespace": Scenario(
        (
            Run(
                resources={
                    "space": Resource(item("v1", "Namespace", "NAMESPACE-own")),
                    "it": Resource(
                        config_map({"namespace": "NAMESPACE-own"}, color="red"), {"depends_on": ["space"]}
                    ),
                }
            ),
            Run(
                resources={
                    "space": Resource(item("v1", "Namespace", "NAMESPACE-own")),
                    "it": Resource(RED),
                }
            ),
            GONE,
        )
    ),
    "custom-resource": Scenario((Run(resources=gates(1)), Run(resources=gates(1.5)), GONE)),
    "not-ready": Scenario(
        (
            Run(resources=one(deployment(of_pod=STUCK), **SOON), fails=True),
            Run(operation="refresh", resources=one(deployment(of_pod=STUCK), **SOON)),
            Run(resources=one(deployment("till:2", of_pod=STUCK), **SOON), fails=True),
            Run(resources=one(deployment("till:2"), **SOON)),
            GONE,
        )
    ),
    "not-awaited": Scenario(
        (
            Run(resources=one(deployment(metadata=annotated(skipAwait="true"), of_pod=STUCK))),
            Run(
                operation="refresh",
                resources=one(deployment(metadata=annotated(skipAwait="true"), of_pod=STUCK)),
            ),
            GONE,
        )
    ),
    "drift": Scenario(
        (
            Run(resources={"it": Resource(deployment(replicas=2)), "settings": Resource(RED)}),
            Run(
                operation="refresh",
                resources={"it": Resource(deployment(replicas=2)), "settings": Resource(RED)},
                outside=drifted,
            ),
        )
    ),
    "gone": Scenario(
        (
            Run(resources=one(RED)),
            Run(operation="refresh", resources=one(RED), outside=deleted(RED)),
            Run(resources=one(RED)),
            Run(operation="destroy", outside=deleted(RED)),
        )
    ),
    "gone-before-an-update": Scenario(
        (
            Run(resources=one(RED)),
            Run(resources=one(config_map({"labels": LABELS}, color="red")), outside=deleted(RED), fails=True),
        )
    ),
    "import": Scenario(
        (
            Run(resources=one(RED, import_="NAMESPACE/settings"), outside=created(RED)),
            Run(resources=one(config_map({"labels": LABELS}, color="red"))),
            GONE,
        )
    ),
    "import-of-something-else": Scenario(
        (Run(resources=one(BLUE, import_="NAMESPACE/settings"), outside=created(RED), fails=True),)
    ),
    "import-of-nothing": Scenario((Run(resources=one(BLUE, import_="NAMESPACE/settings"), fails=True),)),
    "exists": Scenario((Run(resources=one(BLUE), outside=created(RED), fails=True),)),
    "exists-and-may-be-taken-over": Scenario(
        (Run(resources=one(BLUE), outside=created(RED), fails=True),), {"upsertExistingObjects": "true"}
    ),
    "conflict": Scenario(
        (
            Run(resources=one(deployment())),
            Run(resources=one(deployment(replicas=2)), outside=applied(REPLICAS), fails=True),
            Run(resources=one(deployment("till:2", replicas=2), ignore_changes=["spec.replicas"])),
            Run(resources=one(deployment("till:2", annotated(patchForce="true"), replicas=2))),
        )
    ),
    "finalizer": Scenario(
        (
            Run(resources=one(config_map({"finalizers": ["example.com/hold"]}, color="red"), **SOON)),
            Run(operation="destroy", resources=one(RED), fails=True),
        )
    ),
    "orphans": Scenario(
        (
            Run(resources=one(deployment(metadata=annotated(deletionPropagationPolicy="orphan")))),
            GONE,
        )
    ),
    "no-name": Scenario(
        (Run(resources=one({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}})),),
        refused="this ConfigMap has no name, and none is made up here",
    ),
    "misspelt-field": Scenario(
        (
            Run(
                resources=one(
                    item("apps/v1", "Deployment", "till", spec={**deployment()["spec"], "replcas": 2})
                )
            ),
        ),
        refused="spec.replcas: there is no such field",
    ),
    "invalid-value": Scenario((Run(resources=one(deployment(replicas=-1)), fails=True),)),
}
