"""What Check refuses: types and fields that are not handled, each with what to use instead. Pure."""

import re
from collections.abc import Iterator, Mapping

from edgefleet.errors import Problem
from edgefleet.model.kubernetes import Kind, Object, annotation
from edgefleet.model.unknown import UNKNOWN

PACKAGE = "kubernetes"
_CLI = "or use the Pulumi CLI (--engine pulumi)"
_RENDER = "render its objects and declare them as resources: in a fleet file with a workload of kind"
_INSTEAD: Mapping[str, str] = {
    "helm.sh": f"{_RENDER} chart, elsewhere with helm template; {_CLI}",
    "kustomize": f"{_RENDER} manifests, elsewhere with kubectl kustomize; {_CLI}",
    "yaml": f"{_RENDER} manifests, elsewhere one by one; {_CLI}",
}
"""dict[module of a type or function that is no object of an API -> what to use instead]."""
_ANNOTATIONS = {
    "pulumi.com/waitFor": "leave it out: readiness is awaited by the object's kind",
    "pulumi.com/replaceUnready": "leave it out, and delete what is not ready",
    "pulumi.com/patchFieldManager": "leave it out: the field manager is the resource's own",
}
"""dict[annotation of the real plugin that changes what a run does -> what to do]."""
_NOT_IN_NAMES = re.compile(r"[/%\s\x00-\x1f\x7f]|^\.\.?$")
"""What no name has (Kubernetes docs, "Object Names and IDs", path segment names)."""


def instead_of(token: str) -> str:
    """What to use in place of a type or function that only the real plugin has; empty for others."""
    module = token.partition(":")[2].partition("/")[0].partition(":")[0]
    return _INSTEAD.get(module, "")


def kind_of(token: str) -> Kind:
    """The kind of a type token: ``kubernetes:core/v1:Secret`` is ``v1 Secret``."""
    _, module, name = f"{token}::".split(":")[:3]
    return Kind(module.removeprefix("core/"), name)


def problems(token: str, item: Object) -> Iterator[Problem]:
    """All reasons for which an object is refused.

    Args:
        token: the resource's type.
        item: the object; it may be unknown in part.
    """
    instead, kind = instead_of(token), kind_of(token)
    if instead:
        yield _problem("", f"{token} is not supported by the embedded engine", instead)
        return
    if kind.name == f"{item.get('kind')}Patch":
        hint = f"declare the whole {item.get('kind')}, or import it; {_CLI}"
        yield _problem("", f"{kind.name} patches an object of others, which is not supported", hint)
        return
    if "items" in item and kind.name.endswith("List"):
        yield _problem("items", f"a {kind.name} cannot be created", "declare its items one by one")
    for name, given, right in (
        ("apiVersion", item.get("apiVersion"), kind.api_version),
        ("kind", item.get("kind"), kind.name),
    ):
        if given not in (right, UNKNOWN):
            yield _problem(name, f"is {given!r} in a resource of type {token}", f"write {right}")
    yield from _metadata_problems(kind, item)


def _metadata_problems(kind: Kind, item: Object) -> Iterator[Problem]:
    metadata = item.get("metadata")
    if metadata is UNKNOWN:
        return
    metadata = metadata if isinstance(metadata, dict) else {}
    name, namespace = metadata.get("name"), metadata.get("namespace")
    if metadata.get("generateName"):
        yield _problem(
            "metadata.generateName", "is not supported with server-side apply", "write metadata.name"
        )
    elif not name:
        hint = "write it, so that it is known before the object exists and stays the same"
        yield _problem("metadata.name", f"this {kind.name} has no name, and none is made up here", hint)
    for field, value in (("name", name), ("namespace", namespace)):
        if isinstance(value, str) and _NOT_IN_NAMES.search(value):
            yield _problem(f"metadata.{field}", f"{value!r} is no name", "use letters, digits, '-' and '.'")
    for noted, hint in _ANNOTATIONS.items():
        if annotation(item, noted):
            yield _problem(
                "metadata.annotations", f"{noted} is not supported by the embedded engine", f"{hint}, {_CLI}"
            )


def _problem(path: str, problem: str, hint: str) -> Problem:
    return Problem(path=path, code="unsupported-object", problem=problem, hint=hint)
