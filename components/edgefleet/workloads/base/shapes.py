"""The parts that edgefleet reads of objects which others wrote, or which patches changed.

What is of the wrong type there is an error when the fleet file is read; the API server checks the rest of an
object. Source: Kubernetes API reference, v1.37.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from edgefleet.errors import Problem
from edgefleet.model.kubernetes import at
from edgefleet.model.pydantic_errors import translated

S = TypeVar("S")


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", alias_generator=to_camel)


class _Metadata(_Part):
    name: str
    namespace: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class _Object(_Part):
    api_version: str
    kind: str
    metadata: _Metadata


class _ContainerPort(_Part):
    container_port: int
    host_port: int | None = None
    protocol: str | None = None


class _Resources(_Part):
    limits: dict[str, str | int | float] | None = None
    requests: dict[str, str | int | float] | None = None


class _Container(_Part):
    name: str
    image: str
    image_pull_policy: str | None = None
    ports: list[_ContainerPort] | None = None
    resources: _Resources | None = None


class _EmptyDir(_Part):
    medium: str | None = None


class _ClaimOfVolume(_Part):
    claim_name: str


class _Volume(_Part):
    empty_dir: _EmptyDir | None = None
    persistent_volume_claim: _ClaimOfVolume | None = None


class _Toleration(_Part):
    key: str | None = None
    operator: str | None = None
    value: str | None = None
    effect: str | None = None


class _Pod(_Part):
    containers: list[_Container]
    init_containers: list[_Container] | None = None
    volumes: list[_Volume] | None = None
    tolerations: list[_Toleration] | None = None
    host_network: bool | None = None


class _Template(_Part):
    spec: _Pod


class _ClaimSpec(_Part):
    resources: _Resources | None = None


class _Claim(_Part):
    spec: _ClaimSpec


class _Controller(_Part):
    replicas: int | None = None
    template: _Template
    volume_claim_templates: list[_Claim] | None = None


class _JobTemplate(_Part):
    spec: _Controller


class _CronJob(_Part):
    job_template: _JobTemplate


class _ServicePort(_Part):
    port: int
    node_port: int | None = None
    protocol: str | None = None


class _Service(_Part):
    type: str | None = None
    ports: list[_ServicePort] | None = None


class _HttpPath(_Part):
    path: str | None = None


class _Http(_Part):
    paths: list[_HttpPath] | None = None


class _Rule(_Part):
    host: str | None = None
    http: _Http | None = None


class _Ingress(_Part):
    rules: list[_Rule] | None = None


class _Custom(_Part):
    template: _Template


class _SpinApp(_Part):
    image: str
    replicas: int | None = None
    resources: _Resources | None = None
    volumes: list[_Volume] | None = None


class _Scheduling(_Part):
    node_selector: dict[str, str] | None = None


class _RuntimeClass(_Object):
    scheduling: _Scheduling | None = None


class _Required(_Object, Generic[S]):
    spec: S


class _Optional(_Object, Generic[S]):
    spec: S | None = None


_READ: Mapping[str, type[_Object]] = {
    "Ingress": _Optional[_Ingress],
    "PersistentVolumeClaim": _Required[_ClaimSpec],
    "RuntimeClass": _RuntimeClass,
    "Service": _Optional[_Service],
    "SpinApp": _Required[_SpinApp],
}
_WITH_PODS: Mapping[str, type[_Object]] = {
    "CronJob": _Required[_CronJob],
    "Pod": _Required[_Pod],
    **dict.fromkeys(
        ("DaemonSet", "Deployment", "Job", "ReplicaSet", "ReplicationController", "StatefulSet"),
        _Required[_Controller],
    ),
}
_CUSTOM = _Required[_Custom]
_GROUPS = frozenset({"", "apps", "batch"})
"""Of the kinds with Pods that Kubernetes has itself; other groups have kinds of these names, too."""


def problems(item: Mapping[str, Any]) -> Iterator[Problem]:
    """What is of the wrong type in an object, of what edgefleet reads; paths are in the object."""
    try:
        _shape(item).model_validate(item)
    except ValidationError as error:
        for each in translated(error, item, keys=lambda _: ()):
            yield replace(each.problem, hint="write what the Kubernetes API has there")


def _shape(item: Mapping[str, Any]) -> type[_Object]:
    kind = str(item.get("kind"))
    if kind in _READ:
        return _READ[kind]
    group = str(item.get("apiVersion")).rpartition("/")[0]
    if kind in _WITH_PODS and (group in _GROUPS or pod_of(item)):
        return _WITH_PODS[kind]
    return _CUSTOM if pod_of(item) else _Object


def pod_of(item: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The specification of the Pods that an object makes, also of a custom kind; `None` if it makes none.

    A SpinApp is the one container of its Pods (`edgefleet.workloads.base.spinkube`).
    """
    if item.get("kind") == "SpinApp":
        app = {"name": at(item, "metadata", "name"), **(item.get("spec") or {})}
        return {"containers": [app], "volumes": app.pop("volumes", None) or []}
    way = {"Pod": ("spec",), "CronJob": ("spec", "jobTemplate", "spec", "template", "spec")}
    pod = at(item, *way.get(str(item.get("kind")), ("spec", "template", "spec")))
    return pod if isinstance(pod, dict) and isinstance(pod.get("containers"), list) else None
