"""manifests: Kubernetes objects of your own, as files or as a kustomize folder."""

from collections.abc import Iterator
from dataclasses import field, replace
from typing import Annotated, Literal

from edgefleet.errors import InvalidInput, OutsideFailure, Problem
from edgefleet.io.rendering import kustomized
from edgefleet.model.paths import format_path
from edgefleet.model.releases import FILE_RE
from edgefleet.model.spec import Written, spec
from edgefleet.model.syntax import FILE, Grammar, shown, wrong
from edgefleet.workloads.base import foreign
from edgefleet.workloads.base.foreign import Foreign, Rendering, kept, substituted
from edgefleet.workloads.base.kind import Kind, Object, Place
from edgefleet.workloads.base.spec import Variable
from edgefleet.workloads.base.values import Text


def _has_object(text: str) -> str:
    if "apiVersion" not in text:
        hint = "write whole objects, with apiVersion, kind and metadata.name"
        raise wrong("bad-manifest", f"{shown(text)} has no Kubernetes object", hint)
    return text


_OBJECTS = Grammar(
    r"(?!file:)[^\r]*",
    "bad-manifest",
    "text of Kubernetes objects",
    "write YAML without control characters, or file: and a path in the project",
    4 * 1024**2,
    _has_object,
    is_ascii=False,
    has_lines=True,
    may_be_file=True,
)
_FOLDER = Grammar(
    FILE_RE, "bad-path", "a folder in the project", "write it like file:kustomize/overlays/stores", 400
)


@spec
class Manifests(Foreign):
    """Kubernetes objects of your own."""

    kind: Annotated[Literal["manifests"], Written()] = "manifests"
    """manifests."""
    files: tuple[Annotated[str, _OBJECTS], ...] = ()
    """YAML of whole objects, or file:<path in the project>; several objects have --- between them."""
    kustomize: Annotated[str, _FOLDER] | None = None
    """Folder with a kustomization.yaml, file:<path in the project>. kustomize or kubectl renders it."""
    values: dict[Variable, Text] = field(default_factory=dict)
    """Name -> text that stands for ${NAME} in the texts of its objects: {STORE: "{site.name}"}."""


def render(manifests: Manifests, rendering: Rendering) -> Manifests:
    """`manifests` with the digest of its objects.

    Raises:
        InvalidInput: they are wrong.
        OutsideFailure: kustomize is missing.
    """
    if manifests.rendered is not None:
        return manifests
    if not manifests.files and manifests.kustomize is None:
        problem, hint = (
            "it has no objects",
            "add files: [file:manifests/NAME.yaml], or kustomize: file:FOLDER",
        )
        raise InvalidInput(Problem.of_value("", "no-objects", problem, hint))
    texts = {format_path(("files", index)): text for index, text in enumerate(manifests.files)}
    if manifests.kustomize is not None:
        texts["kustomize"] = _kustomized(manifests.kustomize, rendering)
    unused = [name for name in manifests.values if not any(f"${{{name}}}" in text for text in texts.values())]
    if unused:
        hint = f"write ${{{unused[0]}}} in a text of an object, or remove it"
        path = format_path(("values", unused[0]))
        raise InvalidInput(Problem.of_value(path, "unused-value", "no object has it in a text", hint))
    return replace(manifests, files=(), rendered=kept(manifests, rendering, texts))


def _kustomized(folder: str, rendering: Rendering) -> str:
    try:
        return kustomized(rendering.project / folder.removeprefix(FILE))
    except OutsideFailure as error:
        if error.problem.code != "not-rendered":
            raise
        problem, hint = error.problem.problem, error.problem.hint
        raise InvalidInput(Problem.of_value("kustomize", "not-rendered", problem, hint)) from error


def objects(manifests: Manifests, place: Place) -> Iterator[Object]:
    """Its objects, with its values in them."""
    values = manifests.values
    return (substituted(each, values) for each in foreign.objects(manifests, place))


KIND = Kind(name="manifests", spec=Manifests, objects=objects, cloud=objects, render=render)
