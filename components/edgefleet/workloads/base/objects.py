"""Kubernetes objects that kinds are made of, but for Pods. Pure; each call gives new data."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from edgefleet.model.syntax import reference
from edgefleet.workloads.base.kind import Object, Place
from edgefleet.workloads.base.spec import Egress, Expose

NAME = "app.kubernetes.io/name"
MANAGER = {"app.kubernetes.io/managed-by": "edgefleet"}
NEEDS = "needs.edgefleet.dev/"
"""Prefix of the labels of a namespace that state what its Pods talk to."""
LOCAL_STORAGE = "local-path"
"""The storage class of k3s for folders of the node's own disk (k3s docs, storage)."""
CRITICAL = "edgefleet-critical"
CLUSTER = "svc.cluster.local"
"""Domain of Services in a cluster of k3s, unless cluster-domain is set."""
CERTIFICATE = "edgefleet.dev/certificate"
"""Type of a Secret with a certificate."""
CERTIFICATE_PARTS = {"tls.crt": "certificate", "tls.key": "its key", "ca.crt": "authority"}
"""dict[key of such a Secret -> what it has]."""
EDIT = ["get", "list", "watch", "create", "update", "patch", "delete"]
HOST = "edgefleet.dev/host"
"""Annotation with the name in the certificate of a server."""


def labels(place: Place, part: str = "") -> dict[str, str]:
    """Labels by which the Pods of a part of a workload are selected."""
    return {NAME: place.name} | ({"app.kubernetes.io/component": part} if part else {})


def editing(place: Place, kinds: Mapping[str, Sequence[str]]) -> Object:
    """Lets who edits a namespace, as the deployer of a hub of k3s, edit other kinds in it.

    Args:
        place: whose it is.
        kinds: dict[API group -> plurals of its kinds].
    """
    aggregated = {"rbac.authorization.k8s.io/aggregate-to-edit": "true"}
    metadata = {"name": f"edgefleet:{place.name}-edit", "labels": labels(place) | MANAGER | aggregated}
    rules = [
        {"apiGroups": [group], "resources": [*resources], "verbs": EDIT} for group, resources in kinds.items()
    ]
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": metadata,
        "rules": rules,
    }


def a(kind: str, place: Place, name: str, *, api: str = "v1", part: str = "", **fields: Any) -> Object:
    """An object in the workload's namespace."""
    metadata = {"name": name, "namespace": place.namespace, "labels": labels(place, part) | MANAGER}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **fields}


def namespace(place: Place, needs: Iterable[str] = (), *, level: str = "restricted") -> Object:
    """The namespace of a workload, which admits Pods of a level of Pod Security alone."""
    security = {f"pod-security.kubernetes.io/{mode}": level for mode in ("enforce", "warn")}
    wired = {f"{NEEDS}{need}": "true" for need in sorted(needs)}
    metadata = {"name": place.namespace, "labels": labels(place) | MANAGER | security | wired}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def priority_class() -> Object:
    """The priority of critical workloads, above every other of the site's own."""
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": CRITICAL, "labels": dict(MANAGER)},
        "value": 1_000_000,
        "description": "Workloads of the fleet file with critical: true.",
    }


def config_map(place: Place, name: str, files: Mapping[str, str], *, part: str = "") -> Object:
    """Files of configuration; a Pod that mounts them states their digest, see `digest`."""
    return a("ConfigMap", place, name, part=part, data=dict(files))


def digest(files: Mapping[str, str]) -> dict[str, str]:
    """The annotation of a Pod by which a change of its configuration restarts it."""
    text = json.dumps(files, sort_keys=True)
    return {"edgefleet.dev/configuration": sha256(text.encode()).hexdigest()[:16]}


def secret(place: Place, name: str, texts: Mapping[str, str]) -> Object:
    """A Secret; its texts refer to secrets of the stack until they are rendered."""
    return a("Secret", place, name, type="Opaque", stringData=dict(texts))


def secrets_of(place: Place, secrets: Mapping[str, str], name: str = "") -> Iterator[Object]:
    """The Secret with a variable for each of `secrets`, dict[variable -> name of a secret of the stack]."""
    if secrets:
        yield secret(place, name or place.name, {name: reference(of) for name, of in secrets.items()})


def certificate(place: Place, name: str, host: str = "") -> Object:
    """The Secret of a certificate: of the site, or of a server at `host` of the hub.

    Rendering puts the texts in (`edgefleet.workloads.composing.certified`).
    """
    texts = {key: f"<{what}>" for key, what in CERTIFICATE_PARTS.items()}
    made = a("Secret", place, name, type=CERTIFICATE, stringData=texts)
    if host:
        made["metadata"]["annotations"] = {HOST: host}
    return made


def host_of(of: Object) -> str:
    """The host of the server whose certificate a Secret has."""
    host: str = of["metadata"]["annotations"][HOST]
    return host


def service(place: Place, name: str, ports: Mapping[str, int], *, part: str = "", **spec: Any) -> Object:
    """A Service of Pods; `ports` is dict[name -> port]."""
    listed = [
        {"name": key, "port": port, "targetPort": key, "protocol": "TCP"} for key, port in ports.items()
    ]
    return a(
        "Service", place, name, part=part, spec={"selector": labels(place, part), "ports": listed, **spec}
    )


def whole_name(host: str, needs: Iterable[str]) -> str:
    """The name of a workload in `needs` for programs without the cluster's search domains; others stay."""
    return f"{host}.{CLUSTER}" if host in {f"{need}.{need}" for need in needs} else host


def claim(place: Place, name: str, size: str) -> Object:
    """A volume claim: of the node's own disk at a site, of the cluster's default class at the hub."""
    return a("PersistentVolumeClaim", place, name, spec=claim_spec(place, size))


def claim_spec(place: Place, size: str) -> Object:
    """What a claim asks for."""
    local = {"storageClassName": LOCAL_STORAGE} if place.side == "site" else {}
    return {"accessModes": ["ReadWriteOnce"], **local, "resources": {"requests": {"storage": size}}}


def exposed(place: Place, expose: Expose | None, name: str, port: int, *, part: str = "") -> Iterator[Object]:
    """The Ingress by host name, and the Service at a port of the nodes, that `expose` asks for."""
    if expose is not None and expose.host is not None:
        backend = {"service": {"name": name, "port": {"number": port}}}
        paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
        rules = [{"host": expose.host, "http": {"paths": paths}}]
        yield a("Ingress", place, name, api="networking.k8s.io/v1", part=part, spec={"rules": rules})
    if expose is not None and expose.port is not None:
        listed = [{"name": "exposed", "port": expose.port, "targetPort": port, "protocol": "TCP"}]
        spec = {"type": "LoadBalancer", "selector": labels(place, part), "ports": listed}
        yield a("Service", place, f"{name}-exposed", part=part, spec=spec)


def network_policy(
    place: Place,
    *,
    ports: Sequence[int] = (),
    expose: Expose | None = None,
    needs: Iterable[str] = (),
    egress: Iterable[Egress] = (),
) -> Object:
    """The only traffic of a workload's namespace: nothing else comes in or leaves.

    Its own Pods and those of workloads that need it reach `ports`, and so do the ingress controller or
    everybody where it is exposed. Out go DNS, what it needs, and `egress`.
    """
    listed = [{"port": port, "protocol": "TCP"} for port in ports]
    sources: list[Object] = [
        {"podSelector": {}},
        {"namespaceSelector": {"matchLabels": {f"{NEEDS}{place.name}": "true"}}},
    ]
    if expose is not None and expose.host is not None:
        sources.append({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}})
    if expose is not None and expose.port is not None:
        sources += [{"ipBlock": {"cidr": everywhere}} for everywhere in ("0.0.0.0/0", "::/0")]
    peers = [
        {"to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": need}}}]}
        for need in sorted(needs)
    ]
    own: list[Object] = [{"to": [{"podSelector": {}}]}] if listed else []
    out = [
        {"to": [{"ipBlock": {"cidr": each.to}}], "ports": [{"port": each.port, "protocol": "TCP"}]}
        for each in egress
    ]
    spec = {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
        **({"ingress": [{"from": sources, "ports": listed}]} if listed else {}),
        "egress": [_dns(), *own, *peers, *out],
    }
    return a("NetworkPolicy", place, place.name, api="networking.k8s.io/v1", spec=spec)


def _dns() -> Object:
    """Queries of the cluster's DNS."""
    namespace_of = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}
    return {
        "to": [{**namespace_of, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}],
        "ports": [{"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")],
    }
