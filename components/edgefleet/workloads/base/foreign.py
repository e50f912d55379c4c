"""Objects that others wrote: read, checked, given a namespace, and kept by digest.

They are rendered when the fleet file is read, so that the preview has each of them. A workload's spec and the
entries of sites have the digest of their text (`edgefleet.io.rendered_texts`), not the text: a chart may have
megabytes, and an entry is in the state of each site.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic_core import PydanticCustomError

from edgefleet.errors import InvalidInput, Problem
from edgefleet.io import rendered_texts
from edgefleet.model import strict_json, system
from edgefleet.model.names import SecretName
from edgefleet.model.references import image_name
from edgefleet.model.releases import Digest
from edgefleet.model.spec import At, spec
from edgefleet.model.syntax import Grammar, shown
from edgefleet.workloads.base import objects as of
from edgefleet.workloads.base import shapes
from edgefleet.workloads.base.kind import Object, Place
from edgefleet.workloads.base.spec import Composed, Egress

DEEPEST = 200
"""Levels of maps and lists: the schema in a CustomResourceDefinition has many."""
LARGEST = 64 * 1024**2
RULES = 2
"""Raised with each change of what is checked here: what was accepted before is read again."""
SYSTEM = "kube-system"
RENDERED = "rendered"
"""Field, and key of entries, with the digest of the objects."""
CLUSTER_WIDE = frozenset(
    {
        "APIService",
        "CertificateSigningRequest",
        "ClusterRole",
        "ClusterRoleBinding",
        "ClusterTrustBundle",
        "CSIDriver",
        "CSINode",
        "CustomResourceDefinition",
        "DeviceClass",
        "FlowSchema",
        "IngressClass",
        "IPAddress",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "PriorityLevelConfiguration",
        "ResourceSlice",
        "RuntimeClass",
        "ServiceCIDR",
        "StorageClass",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "VolumeAttachment",
        "VolumeAttributesClass",
    }
)
"""Kubernetes' own kinds without a namespace (its API reference); of others a CustomResourceDefinition or
`cluster_wide` states it."""
_KIND = Grammar(
    "[A-Z][A-Za-z0-9]*", "bad-kind", "a kind of Kubernetes objects", "write it like ClusterIssuer", 63
)
_KEY = Grammar(r"[A-Za-z0-9._-]+", "bad-key", "a key of a Secret", "write it like admin-password", 253)
"""Kubernetes docs, concepts/configuration/secret."""


@spec
class Foreign(Composed):
    """What a workload of objects that others wrote has."""

    security: Literal["restricted", "baseline", "privileged"] = "restricted"
    """Level of Pod Security that its namespace admits; raise it only for what needs it."""
    secrets: dict[Annotated[str, _KEY], SecretName] = field(default_factory=dict)
    """Keys of a Secret with the workload's name -> names of secrets of the stack; the objects refer to it."""
    egress: tuple[Egress, ...] = ()
    """What its Pods may reach besides each other, the workloads that it needs, and DNS; {port: 6443} is the
    Kubernetes API of k3s."""
    cluster_wide: tuple[Annotated[str, _KIND], ...] = ()
    """Kinds of its custom resources that have no namespace, where it does not define them itself:
    [ClusterIssuer]."""
    rendered: Annotated[Digest | None, At()] = None
    """Hex SHA-256 of the text of its objects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """What a kind renders its objects with when a fleet file is read."""

    name: str
    """Name of the workload."""
    project: Path
    kubernetes: str
    """Version of the cluster, 1.36.4."""
    fetch: Callable[[str, str], Path]
    """The file at an address, of this machine's cache or from there, with this hex SHA-256."""


def kept(workload: Foreign, rendering: Rendering, texts: Mapping[str, str]) -> str:
    """The digest of the checked objects of `texts`, dict[path below the workload -> YAML documents].

    Raises:
        InvalidInput: with all problems of the objects.
    """

    def text() -> str:
        reading = _Reading(workload, rendering.name)
        for path, documents in texts.items():
            reading.add(path, documents)
        if reading.problems:
            raise InvalidInput(reading.problems)
        return json.dumps(reading.objects, sort_keys=True, ensure_ascii=False)

    parts = [RULES, rendering.name, sorted(workload.secrets), sorted(workload.cluster_wide), dict(texts)]
    return rendered_texts.made(parts, text)


class _Reading:
    """The objects of a workload so far, and what is wrong with them."""

    def __init__(self, workload: Foreign, name: str) -> None:
        self.objects: list[Object] = []
        self.problems: list[Problem] = []
        self._workload, self._name = workload, name
        self._seen: set[tuple[str, str, str]] = {
            ("NetworkPolicy", name, name),
            *([("Secret", name, name)] if workload.secrets else []),
        }

    def add(self, path: str, text: str) -> None:
        """Take the objects of a text."""
        try:
            documents = [*_flat(system.objects(text, DEEPEST))]
            json.dumps(documents, allow_nan=False)
        except PydanticCustomError as error:
            context = error.context or {}
            self._report(path, context["code"], context["problem"], context["hint"])
            return
        except (TypeError, ValueError):
            problem = "a value of these objects is a date, a key that is no text, or no finite number"
            self._report(path, "bad-value", problem, "put it in quotes")
            return
        wide = {*CLUSTER_WIDE, *self._workload.cluster_wide, *_defined_wide(documents)}
        for document in documents:
            if self._is_object(path, document):
                self._take(path, document, is_wide=document["kind"] in wide)

    def _is_object(self, path: str, document: Any) -> bool:
        if isinstance(document, dict) and isinstance(document.get("metadata"), dict):
            texts = (document.get("apiVersion"), document.get("kind"), document["metadata"].get("name"))
            if all(isinstance(text, str) for text in texts):
                return True
        problem = "a document is no Kubernetes object: it lacks apiVersion, kind or metadata.name"
        self._report(path, "no-object", problem, "write whole objects, with --- between them")
        return False

    def _take(self, path: str, document: Object, *, is_wide: bool) -> None:
        kind, metadata = document["kind"], document["metadata"]
        called = f"{kind} {shown(metadata['name'])}"
        if kind == "Namespace":
            hint = "leave it out; security sets its level, patches its labels"
            self._report(path, "own-namespace", f"{called}: edgefleet makes the workload's namespace", hint)
            return
        wrong = [*shapes.problems(document)]
        for each in wrong:
            self._report(path, each.code, f"{called}: {each.path}: {each.problem}", each.hint)
        if wrong:
            return
        namespace = "" if is_wide else metadata.get("namespace") or self._name
        if namespace not in {"", self._name, SYSTEM}:
            problem = f"{called} is in the namespace {shown(namespace)}, which is another workload's"
            hint = "leave metadata.namespace out, or make it a workload of that name"
            self._report(path, "other-namespace", problem, hint)
        if (kind, namespace, metadata["name"]) in self._seen:
            self._report(path, "duplicate-object", f"{called} is there twice", "give each a name of its own")
        self._seen.add((kind, namespace, metadata["name"]))
        for image in system.pod_images_of(document):
            self._check_image(path, called, image)
        plain = {key: value for key, value in metadata.items() if key != "namespace"}
        self.objects.append({**document, "metadata": plain | ({"namespace": namespace} if namespace else {})})

    def _check_image(self, path: str, called: str, image: system.PodImage) -> None:
        try:
            image_name(image.name)
        except PydanticCustomError as error:
            context = error.context or {}
            self._report(path, context["code"], f"{called}: {context['problem']}", context["hint"])
        if image.pull == "Always":
            problem = (
                f"{called} asks a registry for {shown(image.name)} at each start, with a link or without"
            )
            self._report(
                path,
                "pull-without-link",
                problem,
                "set imagePullPolicy: IfNotPresent, in a chart by its values",
            )

    def _report(self, path: str, code: str, problem: str, hint: str) -> None:
        self.problems.append(Problem.of_value(path, code, problem, hint))


def _flat(documents: Iterable[Any]) -> Iterator[Any]:
    """`documents` with the items of a List in its place."""
    for document in documents:
        items = document.get("items") if isinstance(document, dict) else None
        if isinstance(items, list) and str(document.get("kind", "")).endswith("List"):
            yield from items
        else:
            yield document


def _defined_wide(documents: Iterable[Any]) -> Iterator[str]:
    """Kinds without a namespace that CustomResourceDefinitions among `documents` declare."""
    for document in documents:
        spec = document.get("spec") if isinstance(document, dict) else None
        if isinstance(spec, dict) and spec.get("scope") == "Cluster" and isinstance(spec.get("names"), dict):
            yield str(spec["names"].get("kind", ""))


def rendered_in(entries: Mapping[str, Any]) -> set[str]:
    """The digests of rendered texts in dict[workload -> its entry], which may be of another release."""
    digests = (entry.get(RENDERED) for entry in entries.values() if isinstance(entry, Mapping))
    return {digest for digest in digests if isinstance(digest, str)}


def objects(workload: Foreign, place: Place) -> Iterator[Object]:
    """The rendered objects, with the Secret and the NetworkPolicy of their namespace."""
    written: list[Object] = strict_json.parse(
        rendered_texts.read(workload.rendered or "").encode(), limit=LARGEST, levels=DEEPEST + 4
    )
    yield from of.secrets_of(place, workload.secrets)
    yield from written
    yield _policy(workload, place, written)


def _policy(workload: Foreign, place: Place, written: Iterable[Object]) -> Object:
    """The only traffic: among its Pods, from what needs it, and from outside as its objects ask for it."""
    policy = of.network_policy(place, needs=workload.needs, egress=workload.egress)
    within: Object = {"podSelector": {}}
    sources = [within, {"namespaceSelector": {"matchLabels": {f"{of.NEEDS}{place.name}": "true"}}}]
    kinds = {each["kind"] for each in written}
    if kinds & {"Ingress", "HTTPRoute", "IngressRoute", "IngressRouteTCP", "IngressRouteUDP"}:
        sources.append({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": SYSTEM}}})
    if any(
        each["kind"] == "Service" and (each.get("spec") or {}).get("type") in {"LoadBalancer", "NodePort"}
        for each in written
    ):
        sources += [{"ipBlock": {"cidr": everywhere}} for everywhere in ("0.0.0.0/0", "::/0")]
    policy["spec"]["ingress"] = [{"from": sources}]
    policy["spec"]["egress"].append({"to": [within]})
    return policy


def substituted(value: Any, values: Mapping[str, str]) -> Any:
    """Plain data with ``${NAME}`` in its texts replaced by `values`; ``$${NAME}`` is the text ``${NAME}``."""
    if not values:
        return value
    names = "|".join(map(re.escape, sorted(values)))
    pattern = re.compile(rf"\$(\$?)\{{({names})\}}")

    def replaced(inner: Any) -> Any:
        if isinstance(inner, str):
            return pattern.sub(lambda found: found[0][1:] if found[1] else values[found[2]], inner)
        if isinstance(inner, dict):
            return {key: replaced(each) for key, each in inner.items()}
        return [*map(replaced, inner)] if isinstance(inner, list) else inner

    return replaced(value)
