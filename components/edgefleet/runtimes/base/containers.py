"""From the Kubernetes objects of a workload to what `templates/containers/containers.py.j2` runs. Pure.

A node without an orchestrator has one Pod of a workload, on the node's own network. What it cannot keep of
the objects is a problem, never left out silently; what a NetworkPolicy closes, the node's firewall closes
towards others, and nothing does between workloads of a node.
Sources: Kubernetes API reference, v1.37; OCI runtime specification 1.0.2.
"""

import json
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from math import ceil
from typing import Any, NamedTuple

from edgefleet.model.programs import CRUN, RUNWASI
from edgefleet.model.quantities import amount
from edgefleet.model.references import parse_reference
from edgefleet.model.requirement import Requirement
from edgefleet.model.site import Node
from edgefleet.workloads.base import objects as of
from edgefleet.workloads.base.kind import Object
from edgefleet.workloads.base.shapes import pod_of
from edgefleet.workloads.base.values import NODE_NAME

CONTROLLERS = frozenset({"Deployment", "StatefulSet"})
HANDLERS = (CRUN, *RUNWASI)
"""What runs modules there: crun, and shims that containerd starts by their names."""
_KEPT = CONTROLLERS | {
    "ConfigMap",
    "Namespace",
    "NetworkPolicy",
    "PriorityClass",
    "RuntimeClass",
    "Secret",
    "Service",
}
_POD = frozenset(
    (
        *("affinity", "automountServiceAccountToken", "containers", "dnsConfig", "enableServiceLinks"),
        *("initContainers", "priorityClassName", "securityContext"),
        *("terminationGracePeriodSeconds", "tolerations", "topologySpreadConstraints", "volumes"),
    )
)
_CONTAINER = frozenset(
    (
        *("args", "command", "env", "image", "imagePullPolicy", "livenessProbe", "name", "ports"),
        *("readinessProbe", "resources", "securityContext", "startupProbe", "volumeMounts"),
    )
)
_VOLUMES = frozenset({"configMap", "emptyDir", "secret"})
RESERVED_PORTS = 1024
"""Ports below it need a capability, and containers have none."""


class Unkept(NamedTuple):
    """What a node without an orchestrator cannot keep of a workload."""

    problem: str
    hint: str
    field: str
    """Where a fleet file writes it, below the workload; empty for the workload as a whole."""


def pods(objects: Iterable[Object]) -> Iterator[Object]:
    """The objects with Pods."""
    return (each for each in objects if each["kind"] in CONTROLLERS)


def unkept(objects: Sequence[Object]) -> Iterator[Unkept]:
    """What cannot be kept of the objects of a workload."""
    for each in objects:
        if each["kind"] == "Ingress":
            problem, hint = "nothing serves host names there", "remove host, and write port: 8080 or the like"
            yield Unkept(problem, hint, "expose.host")
        elif each["kind"] == "RuntimeClass" and each["handler"] not in HANDLERS:
            problem = f"crun and shims on runwasi run modules there, and that of {each['handler']} does not"
            hint = "write runtime: {name: crun-wasm}, or let where choose other nodes"
            yield Unkept(problem, hint, "runtime")
        elif each["kind"] not in _KEPT:
            yield Unkept(f"a {each['kind']} has no meaning there", "let where choose other nodes", "")
    classes = {each["metadata"]["name"] for each in objects if each["kind"] == "RuntimeClass"}
    for each in pods(objects):
        yield from _of_controller(each, classes)
    yield from _of_services(objects)


def _of_controller(of_pods: Object, classes: Container[str]) -> Iterator[Unkept]:
    pod = of_pods["spec"]["template"]["spec"]
    if (count := of_pods["spec"].get("replicas", 1)) != 1:
        yield Unkept(f"it runs once at a node, not {count} times", "remove replicas", "replicas")
    if pod.get("securityContext", {}).get("runAsUser") is None:
        yield Unkept("its containers have no user of their own", "keep runAsUser of the Pod", "patches")
    volumes = [{*volume} - {"name"} for volume in pod.get("volumes", ())]
    kept = _POD | {"runtimeClassName"} if pod.get("runtimeClassName") in classes else _POD
    odd = sorted({*pod} - kept | {key for keys in volumes for key in keys - _VOLUMES})
    for container in (*pod.get("initContainers", ()), *pod["containers"]):
        odd += sorted({*container} - _CONTAINER)
        if container.get("args") and not container.get("command"):
            problem = "arguments without a command follow the program of the image, which only the node knows"
            yield Unkept(problem, "write command: too", "args")
    if odd:
        problem = f"{', '.join(dict.fromkeys(odd))} of its Pods cannot be kept"
        yield Unkept(problem, "remove the patch, or let where choose other nodes", "patches")


def _of_services(objects: Sequence[Object]) -> Iterator[Unkept]:
    for each in (each for each in objects if each["kind"] == "Service"):
        for port in each["spec"]["ports"]:
            target = ports_of(objects).get(port["targetPort"], port["targetPort"])
            if target != port["port"]:
                problem = f"a workload is reached at its own port alone, which is {target}"
                yield Unkept(problem, f"write {target}, or change the port of the workload", "expose.port")
    for port in ports_of(objects).values():
        if port < RESERVED_PORTS:
            problem = f"port {port} needs rights that containers do not have there"
            yield Unkept(problem, "choose a port from 1024 on, such as 8080", "port")


def ports_of(objects: Sequence[Object]) -> dict[str, int]:
    """dict[name -> port] of the containers of a workload."""
    containers = (each for of_pods in pods(objects) for each in (pod_of(of_pods) or {})["containers"])
    return {port["name"]: port["containerPort"] for each in containers for port in each.get("ports", ())}


def exposed(objects: Iterable[Object]) -> Iterator[int]:
    """The ports at which others than the node reach a workload."""
    for each in objects:
        if each["kind"] == "Service" and each["spec"].get("type") == "LoadBalancer":
            yield from (port["port"] for port in each["spec"]["ports"])


def names_of(objects: Iterable[Object]) -> Iterator[str]:
    """The names of the Services of a workload, as its own containers and those of others write them."""
    for each in objects:
        if each["kind"] == "Service" and each["spec"].get("type") != "LoadBalancer":
            name, namespace = each["metadata"]["name"], each["metadata"]["namespace"]
            yield from (f"{name}.{namespace}{ending}" for ending in ("", ".svc", f".{of.CLUSTER}"))


def documents(objects: Sequence[Object], hosts: Iterable[str], node: Node) -> dict[str, str]:
    """dict[name of a Pod -> its document]; `hosts` are the names of all Services of the node."""
    texts = {
        (each["kind"], each["metadata"]["name"]): each.get("data") or each.get("stringData") or {}
        for each in objects
        if each["kind"] in {"ConfigMap", "Secret"}
    }
    shim = next((each["handler"] for each in objects if each["kind"] == "RuntimeClass"), CRUN)
    whole = {"hosts": sorted(hosts), "shim": "" if shim == CRUN else f"io.containerd.{shim}.v1"}
    return {
        each["metadata"]["name"]: json.dumps(_document(each, texts, node) | whole, indent=1, sort_keys=True)
        + "\n"
        for each in pods(objects)
    }


Texts = Mapping[tuple[str, str], Mapping[str, str]]
"""dict[(kind, name) of a ConfigMap or Secret -> its texts]."""


def _document(of_pods: Object, texts: Texts, node: Node) -> dict[str, Any]:
    spec = of_pods["spec"]
    pod = spec["template"]["spec"]
    volumes = {volume["name"]: volume for volume in pod.get("volumes", ())}
    claims = [claim["metadata"]["name"] for claim in spec.get("volumeClaimTemplates", ())]
    probes = [each.get("livenessProbe", {}) for each in pod["containers"]]
    options = pod.get("dnsConfig", {}).get("options", ())
    return {
        "user": pod["securityContext"]["runAsUser"],
        # Those by which crun knows a module.
        "annotations": {
            key: text
            for key, text in spec["template"]["metadata"].get("annotations", {}).items()
            if key.startswith("module.wasm.image/")
        },
        "isCritical": pod.get("priorityClassName") == of.CRITICAL,
        "before": [_container(each, texts, volumes, node) for each in pod.get("initContainers", ())],
        "containers": [_container(each, texts, volumes, node) for each in pod["containers"]],
        "volumes": claims,
        "memory": {
            name: ceil(amount(volume["emptyDir"].get("sizeLimit", "64Mi")))
            for name, volume in volumes.items()
            if "emptyDir" in volume
        },
        "files": {
            name: files for name, volume in volumes.items() if (files := _files(volume, texts)) is not None
        },
        "resolver": [f"{option['name']}:{option['value']}" for option in options],
        "patience": max(each.get("periodSeconds", 10) * each.get("failureThreshold", 6) for each in probes),
    }


def _files(volume: Mapping[str, Any], texts: Texts) -> Mapping[str, str] | None:
    if "configMap" in volume:
        return texts["ConfigMap", volume["configMap"]["name"]]
    return texts["Secret", volume["secret"]["secretName"]] if "secret" in volume else None


def _container(
    container: Mapping[str, Any], texts: Texts, volumes: Mapping[str, Mapping[str, Any]], node: Node
) -> dict[str, Any]:
    image = str(parse_reference(container["image"]))
    resources = container.get("resources", {})
    requests, limits = resources.get("requests", {}), resources.get("limits", {})
    whole = 100_000
    return {
        "name": container["name"],
        "image": image,
        "archive": Requirement.image(image, node.arch).path.removeprefix("images/"),
        "command": [*container.get("command", ()), *container.get("args", ())],
        "environment": dict(_variables(container, texts, node)),
        "memory": ceil(amount(limits["memory"])),
        "shares": max(2, ceil(amount(requests.get("cpu", "50m")) * 1024)),
        "quota": ceil(amount(limits["cpu"]) * whole) if "cpu" in limits else 0,
        "mounts": {mount["mountPath"]: _mount(mount, volumes) for mount in container.get("volumeMounts", ())},
        "probe": _probe(container),
    }


def _variables(container: Mapping[str, Any], texts: Texts, node: Node) -> Iterator[tuple[str, str]]:
    for variable in container.get("env", ()):
        source = variable.get("valueFrom", {})
        if "secretKeyRef" in source:
            reference = source["secretKeyRef"]
            yield variable["name"], texts["Secret", reference["name"]][reference["key"]]
        elif "fieldRef" in source:
            yield variable["name"], node.hostname
        else:
            yield variable["name"], variable["value"].replace(f"$({NODE_NAME})", node.hostname)


def _mount(mount: Mapping[str, Any], volumes: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    volume = volumes.get(mount["name"], {})
    kind = "memory" if "emptyDir" in volume else "files" if volume else "volumes"
    return {"kind": kind, "volume": mount["name"], "below": mount.get("subPath", "")}


def _probe(container: Mapping[str, Any]) -> dict[str, Any]:
    probe = container.get("livenessProbe", {})
    ports = {port["name"]: port["containerPort"] for port in container.get("ports", ())}
    if "exec" in probe:
        return {"command": probe["exec"]["command"]}
    if "httpGet" in probe:
        port = probe["httpGet"]["port"]
        return {"path": probe["httpGet"]["path"], "port": ports.get(port, port)}
    if "tcpSocket" in probe:
        port = probe["tcpSocket"]["port"]
        return {"port": ports.get(port, port)}
    return {}
