"""What the objects of a workload take of the cluster that they are applied to. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from edgefleet.model.names import DOMAIN_RE
from edgefleet.model.site import SiteSpec
from edgefleet.workloads.base.kind import Object
from edgefleet.workloads.base.modules import handlers_of
from edgefleet.workloads.base.shapes import pod_of
from edgefleet.workloads.base.values import SITE_VALUES, filled, values_at

HOST = re.compile(rf"(?=.{{1,253}}$)(\*\.)?{DOMAIN_RE}")
"""A host name of an Ingress, or one with a first label for all (Kubernetes docs, ingress)."""


class NodePort(NamedTuple):
    """A port of nodes."""

    protocol: str
    """``TCP``, ``UDP`` or ``SCTP``."""
    number: int
    is_balanced: bool
    """Whether ``servicelb`` opens it at each node, not only where a Pod is."""


class Toleration(NamedTuple):
    """A taint, or several, on whose nodes Pods may run; an empty part matches all."""

    key: str
    value: str | None
    effect: str

    def covers(self, taint: str) -> bool:
        """Whether it is one for `taint`, ``key=value:effect``."""
        name, _, effect = taint.rpartition(":")
        key, _, value = name.partition("=")
        return self.key in {"", key} and self.value in {None, value} and self.effect in {"", effect}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What the objects of one workload take of their cluster."""

    hosts: tuple[tuple[str, str], ...] = ()
    """(host name, path) of its Ingresses."""
    ports: tuple[NodePort, ...] = ()
    tolerations: tuple[tuple[Toleration, ...], ...] = ()
    """Those of each kind of its Pods, but for daemons, which run where they can."""
    handlers: tuple[str, ...] = ()
    """Handlers of WebAssembly whose nodes run its Pods."""
    has_objects: bool = False
    is_listening: bool = False
    """Whether it has a Service, by itself or by the operator of its SpinApp."""

    def filled(self, site: SiteSpec) -> "Claims":
        """With the values of `site` in the host names."""
        if not any("{" in host for host, _ in self.hosts):
            return self
        values = values_at(site, SITE_VALUES)
        return replace(self, hosts=tuple((filled(host, values), path) for host, path in self.hosts))


def claims_of(objects: Iterable[Object]) -> Claims:
    """What `objects`, those of one workload, take."""
    objects = tuple(objects)
    return Claims(
        hosts=tuple(host for each in objects if each["kind"] == "Ingress" for host in _hosts(each)),
        ports=tuple(port for each in objects for port in (*_of_service(each), *_of_pod(each))),
        tolerations=tuple(
            (*tolerations_of(pod), *of_classes(objects))
            for each in objects
            if each["kind"] != "DaemonSet" and (pod := pod_of(each))
        ),
        handlers=handlers_of(objects),
        has_objects=bool(objects),
        is_listening=any(each["kind"] in {"Service", "SpinApp"} for each in objects),
    )


def _hosts(ingress: Object) -> Iterator[tuple[str, str]]:
    for rule in (ingress.get("spec") or {}).get("rules") or ():
        for path in (rule.get("http") or {}).get("paths") or ():
            yield rule.get("host") or "", path.get("path") or "/"


def _of_service(each: Object) -> Iterator[NodePort]:
    spec = each.get("spec") or {}
    for port in spec.get("ports") or () if each["kind"] == "Service" else ():
        protocol = port.get("protocol") or "TCP"
        if spec.get("type") == "LoadBalancer":
            yield NodePort(protocol, port["port"], is_balanced=True)
        if port.get("nodePort"):
            yield NodePort(protocol, port["nodePort"], is_balanced=False)


def _of_pod(each: Object) -> Iterator[NodePort]:
    pod = pod_of(each) or {}
    for container in (*(pod.get("initContainers") or ()), *pod.get("containers", ())):
        for port in container.get("ports") or ():
            number = port.get("hostPort") or (port["containerPort"] if pod.get("hostNetwork") else None)
            if number:
                yield NodePort(port.get("protocol") or "TCP", number, is_balanced=False)


def tolerations_of(pod: Mapping[str, Any]) -> tuple[Toleration, ...]:
    """Those of a Pod."""
    return tuple(map(_toleration, pod.get("tolerations") or ()))


def of_classes(objects: Iterable[Object]) -> tuple[Toleration, ...]:
    """Those that the RuntimeClasses of a workload give its Pods."""
    classes = (each for each in objects if each["kind"] == "RuntimeClass")
    return tuple(each for of in classes for each in tolerations_of(of.get("scheduling") or {}))


def _toleration(written: Mapping[str, str]) -> Toleration:
    value = None if written.get("operator") == "Exists" else written.get("value") or ""
    return Toleration(written.get("key") or "", value, written.get("effect") or "")
