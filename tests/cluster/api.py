"""What tests ask of the API server: a strict trial of an object, its application, why a pod is refused.

Objects are sent as the YAML that a node's manifests have: the server reads it with Kubernetes' own reader.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
from tests.processes import wait

from edgefleet.io.yaml_text import to_yaml

Object = Mapping[str, Any]
MANAGER = "edgefleet"
STRICT = {"fieldValidation": "Strict", "fieldManager": MANAGER}
ENFORCE = "pod-security.kubernetes.io/enforce"


class Refused(Exception):  # noqa: N818 - the server's word
    """The server's answer to what it does not take."""

    def __init__(self, answer: httpx.Response) -> None:
        status = answer.json()
        super().__init__(status["message"])
        self.code = answer.status_code
        self.reason = str(status.get("reason"))
        self.causes: list[dict[str, str]] = status.get("details", {}).get("causes", [])


class Cluster:
    """The API server, asked as an administrator."""

    def __init__(self, client: httpx.Client, kubeconfig: Path) -> None:
        self._client = client
        self._resources: dict[tuple[str, str], tuple[str, bool]] = {}
        self.kubeconfig = kubeconfig

    def get(self, path: str) -> dict[str, Any]:
        """What is at a path of the API."""
        return self._answer(self._client.get(path))

    def read(self, thing: Object) -> dict[str, Any]:
        """The object as the server has it."""
        return self.get(self.path(thing))

    def create_strictly(
        self, thing: Object, *, dry_run: bool = True, manager: str = MANAGER
    ) -> dict[str, Any]:
        """The object with the server's defaults.

        Raises:
            Refused: with all fields that the server does not know, or all values that it does not take.
        """
        query = STRICT | {"fieldManager": manager} | ({"dryRun": "All"} if dry_run else {})
        path, headers = self.path(thing, named=False), {"Content-Type": "application/yaml"}
        return self._answer(self._client.post(path, params=query, headers=headers, content=to_yaml(thing)))

    def apply(self, thing: Object, *, manager: str = MANAGER, force: bool = False) -> dict[str, Any]:
        """The object as it is after a server-side apply.

        Raises:
            Refused: what it is; the causes of a conflict name the other manager and the field.
        """
        query = STRICT | {"fieldManager": manager, "force": str(force).lower()}
        path, headers = self.path(thing), {"Content-Type": "application/apply-patch+yaml"}
        return self._answer(self._client.patch(path, params=query, headers=headers, content=to_yaml(thing)))

    def apply_twice(self, things: Sequence[Object]) -> tuple[list[int | None], list[int | None]]:
        """The generation of each object after an apply of all, each tried strictly before, and a second one.

        Raises:
            Refused: the trial names all fields that the server does not know.
        """
        for thing in things:
            if thing["kind"] != "Namespace":
                self.create_strictly(thing)
            self.apply(thing)
        first = [self.read(thing)["metadata"].get("generation") for thing in things]
        return first, [self.apply(thing)["metadata"].get("generation") for thing in things]

    def delete(self, thing: Object) -> None:
        """Delete the object with all that it owns, and return when it is gone."""
        path = self.path(thing)
        self._answer(self._client.delete(path, params={"propagationPolicy": "Foreground"}))
        wait(lambda: self._client.get(path).status_code == httpx.codes.NOT_FOUND, reason=lambda: path)

    def pod_security(self, template: Object, level: str = "restricted") -> list[str]:
        """Why Pod Security refuses a pod of the template; nothing where it accepts it."""
        labels = {ENFORCE: level, f"{ENFORCE}-version": "latest"}
        namespace = self.namespace(f"pod-security-{level}", labels)
        metadata = template.get("metadata", {}) | {"name": "pod", "namespace": namespace}
        pod = {"apiVersion": "v1", "kind": "Pod", **template, "metadata": metadata}
        try:
            self.create_strictly(pod)
        except Refused as refusal:
            _, violates, reasons = str(refusal).partition(f'violates PodSecurity "{level}:latest": ')
            if not violates:
                raise
            return [reason.removesuffix(")") + ")" for reason in reasons.split("), ")]
        return []

    def namespace(self, name: str, labels: Mapping[str, str] = {}) -> str:
        """A namespace with these labels, made where it is not there, with its default service account.

        A token of an account that is not there is deleted at once.
        """
        metadata = {"name": name, "labels": dict(labels)}
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
        path = f"/api/v1/namespaces/{name}/serviceaccounts/default"
        wait(lambda: self._client.get(path).status_code == httpx.codes.OK, reason=lambda: path)
        return name

    def node(
        self,
        name: str,
        labels: Mapping[str, str] = {},
        devices: Mapping[str, str] = {},
        *,
        taint: str = "",
    ) -> None:
        """Make a node with these labels and devices, which kwok plays, as a kubelet registers itself.

        Args:
            name: its host name.
            labels: dict[key -> value].
            devices: dict[resource -> how many].
            taint: key of a taint that keeps Pods away.
        """
        capacity = {"cpu": "64", "memory": "256Gi", "pods": "500", **devices}
        metadata, status = (
            {"name": name, "labels": dict(labels)},
            {"capacity": capacity, "allocatable": capacity},
        )
        spec = {"taints": [{"key": taint, "effect": "NoSchedule"}]} if taint else {}
        node = {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": spec, "status": status}
        self.create_strictly(node, dry_run=False)

    def events(self, namespace: str) -> list[str]:
        """What controllers report about the objects of a namespace."""
        return [event["message"] for event in self.get(f"/api/v1/namespaces/{namespace}/events")["items"]]

    def path(self, thing: Object, *, named: bool = True) -> str:
        """Where the object is, or its collection."""
        metadata = thing["metadata"]
        plural, is_namespaced = self._resource(thing["apiVersion"], thing["kind"])
        place = f"/namespaces/{metadata.get('namespace', 'default')}" if is_namespaced else ""
        return f"{_root(thing['apiVersion'])}{place}/{plural}" + (f"/{metadata['name']}" if named else "")

    def _resource(self, version: str, kind: str) -> tuple[str, bool]:
        """Name of the kind in paths, and whether it is in namespaces."""
        if (version, kind) not in self._resources:
            for resource in self.get(_root(version))["resources"]:
                if "/" not in resource["name"]:
                    self._resources[version, resource["kind"]] = (resource["name"], resource["namespaced"])
        return self._resources[version, kind]

    @staticmethod
    def _answer(answer: httpx.Response) -> dict[str, Any]:
        if answer.is_error:
            raise Refused(answer)
        found: dict[str, Any] = answer.json()
        return found


def _root(version: str) -> str:
    return f"/apis/{version}" if "/" in version else f"/api/{version}"
