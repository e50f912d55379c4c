"""A workload on nodes of the hub's cluster that are at a site: its objects there, from those at a site. Pure.

Nothing routes between such a node and others, and nothing serves names there: a Service, an Ingress, a
NetworkPolicy and a claim of a volume have no meaning. What a Service opens becomes a port of the Pod's own
node: at all of its addresses where the workload is exposed, at that of the bridge alone where another one on
the node needs it. A volume is a folder of the node. Pod Security has no level for either below ``privileged``
(Kubernetes docs, concepts/security/pod-security-standards).

The changes come after the patches of a workload, which are the same wherever it runs.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from edgefleet.model.kubernetes import at
from edgefleet.workloads.base.kind import Object, Place
from edgefleet.workloads.base.objects import CLUSTER, NEEDS
from edgefleet.workloads.base.shapes import pod_of

SITE = "edgefleet.dev/site"
"""Label of the nodes of a site, and of the namespaces of its workloads."""
VOLUMES = "/var/lib/kubelet/edgefleet-volumes"
"""Folder of a node whose folders are volumes; each Pod's user may write to its own."""
BRIDGE = "10.42.0.1"
"""Address of a node on the bridge of its Pods, the same on each node (`edgefleet.runtimes.base.edgecore`)."""
TAINT = "node-role.kubernetes.io/edge"
"""Key of the taint of such nodes."""
WITHOUT_MEANING = frozenset({"Ingress", "NetworkPolicy", "PersistentVolumeClaim", "RuntimeClass", "Service"})
"""Kinds of objects that such nodes do not know; KubeEdge gives them no RuntimeClass (KubeEdge issue 7106)."""
MODULES = "untrusted"
"""Handler of containerd for the Pods with `_AS_MODULE`, of which a node has one."""
_AS_MODULE = {"io.kubernetes.cri.untrusted-workload": "true"}
"""Annotation by which containerd chooses that handler without a RuntimeClass (``UntrustedWorkload`` of
containerd's CRI, 1.6 to 2.3; KubeEdge docs, setup/prerequisites/runtime, for Kata)."""
_ENDINGS = ("", ".svc", f".{CLUSTER}")


def at_edge(objects: Sequence[Object], place: Place, needs: Iterable[str]) -> Iterator[Object]:
    """`objects` of a workload as the hub's cluster has them; `needs` are the workloads that it talks to."""
    made = [_moved(each, objects, place, needs) for each in objects if each["kind"] not in WITHOUT_MEANING]
    for each in made:
        if each["kind"] == "Namespace":
            metadata = each["metadata"]
            # A label of needs would open the policies of workloads at the hub.
            labels = {key: of for key, of in metadata["labels"].items() if not key.startswith(NEEDS)}
            metadata["labels"] = labels | {SITE: place.edge}
            if any(_takes_of_node(pod_of(other) or {}) for other in made):
                metadata["labels"] |= {key: "privileged" for key in labels if key.startswith("pod-security.")}
    yield from made


def services(objects: Iterable[Object]) -> Iterator[tuple[bool, Mapping[str, Any], Mapping[str, str]]]:
    """(whether it is exposed, port, labels of the Pods) of each port of a Service."""
    for each in objects:
        if each["kind"] == "Service":
            spec = each["spec"]
            is_exposed = spec.get("type") == "LoadBalancer"
            yield from ((is_exposed, port, spec["selector"]) for port in spec["ports"])


def _moved(of: Object, objects: Sequence[Object], place: Place, needs: Iterable[str]) -> Object:
    """A copy of an object, whose Pods run at the site alone."""
    new = deepcopy(of)
    pod: Any = pod_of(new)
    metadata: Any = at(new, "spec", "jobTemplate", "spec", "template", "metadata") or at(
        new, "spec", "template", "metadata"
    )
    if pod is None or metadata is None:  # what others wrote is refused there
        return new
    pod["nodeSelector"] = {**pod.get("nodeSelector", {}), SITE: place.edge}
    edge = {"key": TAINT, "operator": "Exists", "effect": "NoSchedule"}
    pod["tolerations"] = [edge, *pod.get("tolerations", ())]
    pod["dnsPolicy"] = "Default"  # there is no DNS of the cluster
    names = [f"{need}.{need}{ending}" for need in sorted(needs) for ending in _ENDINGS]
    if names:
        pod["hostAliases"] = [*pod.get("hostAliases", ()), {"ip": BRIDGE, "hostnames": names}]
    _choose_runtime(pod, metadata, objects)
    # What is exposed comes first: all addresses include that of the bridge.
    for is_exposed, port, selector in sorted(services(objects), key=lambda of: not of[0]):
        if (is_exposed or place.is_needed) and selector.items() <= metadata["labels"].items():
            _open(pod, port, "" if is_exposed else BRIDGE)
    _keep_volumes(pod, new["spec"].pop("volumeClaimTemplates", ()), place)
    return new


def _choose_runtime(pod: Any, metadata: Any, objects: Iterable[Object]) -> None:
    """An annotation, and the nodes of the RuntimeClass, in its place."""
    for each in objects:
        if each["kind"] == "RuntimeClass" and pod.get("runtimeClassName") == each["metadata"]["name"]:
            del pod["runtimeClassName"]
            pod["nodeSelector"] |= each["scheduling"]["nodeSelector"]
            metadata["annotations"] = {**metadata.get("annotations", {}), **_AS_MODULE}


def _open(pod: Any, port: Mapping[str, Any], address: str) -> None:
    """Open a port of the node that leads to a container; each port of a container has one of the node."""
    for container in pod["containers"]:
        for listed in container.get("ports", ()):
            if port["targetPort"] in {listed.get("name"), listed["containerPort"]}:
                taken = {"hostPort": port["port"]} | ({"hostIP": address} if address else {})
                listed.update(taken if "hostPort" not in listed else {})


def _keep_volumes(pod: Any, templates: Iterable[Object], place: Place) -> None:
    """Folders of the node in place of claims; kubelet makes each with the rights of `VOLUMES`."""
    volumes = pod.get("volumes", [])
    claims = {each["metadata"]["name"]: each["metadata"]["name"] for each in templates}
    claims |= {
        each["name"]: each["persistentVolumeClaim"]["claimName"]
        for each in volumes
        if "persistentVolumeClaim" in each
    }
    if not claims:
        return
    folder = {"hostPath": {"path": VOLUMES, "type": "Directory"}}
    kept = [each for each in volumes if each["name"] not in claims]
    pod["volumes"] = [*kept, *({"name": name, **folder} for name in claims)]
    for container in (*pod.get("initContainers", ()), *pod["containers"]):
        for mount in container.get("volumeMounts", ()):
            if mount["name"] in claims:
                below = (place.namespace, claims[mount["name"]], mount.get("subPath"))
                mount["subPath"] = "/".join(filter(None, below))


def _takes_of_node(pod: Mapping[str, Any]) -> bool:
    ports = (port for each in pod.get("containers", ()) for port in each.get("ports", ()))
    return any("hostPort" in port for port in ports) or any("hostPath" in of for of in pod.get("volumes", ()))
