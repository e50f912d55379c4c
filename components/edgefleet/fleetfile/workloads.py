"""What runs on boxes, as far as their images must know: containers, runtimes, and where they run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Required

from pydantic import Field, with_config
from typing_extensions import TypedDict

from edgefleet.fleetfile.settings import STRICT
from edgefleet.model.names import LabelKey, LabelValue, Name
from edgefleet.model.programs import KUBEEDGE, Runtime
from edgefleet.model.references import ImageName
from edgefleet.model.syntax import matching

Release = Annotated[
    str,
    *matching(
        r"v\d+\.\d+\.\d+(-[A-Za-z0-9.]+)?",
        code="bad-version",
        what="a release",
        hint="write its whole name such as v0.6.0",
        longest=60,
    ),
]
MirrorOf = Annotated[
    str,
    *matching(
        r"https?://[^\s/@?#]+/([^\s?#]*/)?|[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?(:\d{1,5})?",
        code="bad-mirror",
        what="something that can be mirrored",
        hint="write the beginning of addresses such as https://github.com/, or a registry alone",
        longest=2000,
    ),
]
MirrorPlace = Annotated[
    str,
    *matching(
        r"(https?|oci|oci\+http)://[^\s/@?#]+(/[^\s?#]*)?|file:(?!.*\.\.)[A-Za-z0-9._/ +-]+",
        code="bad-mirror",
        what="a place of a mirror",
        hint="write https://mirror.example/path, oci://registry.example/path, or file: and a folder; a login "
        "goes into ~/.netrc or docker's file",
        longest=2000,
    ),
]


@with_config(STRICT)
class WherePart(TypedDict, total=False):
    """Which boxes: those for which all that is said here is so."""

    sites: tuple[Name, ...]
    """Boxes of these sites."""
    groups: tuple[Name, ...]
    """Boxes of the sites of these groups."""
    profiles: tuple[Name, ...]
    """Boxes of these hardware classes."""
    labels: dict[LabelKey, LabelValue]
    """Boxes with all of these labels."""


@with_config(STRICT)
class RuntimePart(TypedDict, total=False):
    """A runtime for WebAssembly: a shim that k3s finds when it starts."""

    name: Required[Runtime]
    """wasmtime, wasmedge, wasmer or spin."""
    version: Required[Release]
    """Release of the shim, v0.6.0."""


@with_config(STRICT)
class WorkloadPart(TypedDict, total=False):
    """Something that runs on boxes; so far, what their images need to know of it."""

    images: tuple[ImageName, ...]
    """Container images, each with a tag or a digest: registry.example/shop/till:1.4."""
    runtime: RuntimePart
    """The runtime that its modules need, if it is of WebAssembly."""
    kubeedge: Release
    """Release of KubeEdge whose edgecore its boxes run, v1.23.1."""
    where: WherePart
    """Which boxes; all of them unless said otherwise."""


@with_config(STRICT)
class ArtifactsPart(TypedDict, total=False):
    """How artifacts are found."""

    mirrors: dict[MirrorOf, Annotated[tuple[MirrorPlace, ...], Field(min_length=1)]]
    """Beginning of addresses, or a registry's host -> where that is looked for first: https://..., file: and
    a folder (of OCI layouts, for a registry), or oci://registry.example/path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One workload."""

    name: str
    images: tuple[str, ...] = ()
    """Whole names."""
    programs: tuple[tuple[str, str], ...] = ()
    """(key of `edgefleet.model.programs.PROGRAMS`, release) of what its boxes run for it."""
    sites: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    profiles: tuple[str, ...] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    def runs_on(self, site: str, group: str | None, profile: str, labels: Mapping[str, str]) -> bool:
        """Whether it runs on a box of that kind."""
        wanted = ((self.sites, site), (self.groups, group), (self.profiles, profile))
        return all(names is None or name in names for names, name in wanted) and (
            self.labels.items() <= labels.items()
        )


def workload(name: str, part: Mapping[str, Any]) -> Workload:
    """The workload that `part`, validated, describes."""
    programs: list[tuple[str, str]] = []
    if "runtime" in part:
        programs.append((part["runtime"]["name"], part["runtime"]["version"]))
    if "kubeedge" in part:
        programs.append((KUBEEDGE, part["kubeedge"]))
    return Workload(
        name=name, images=part.get("images", ()), programs=tuple(programs), **part.get("where", {})
    )
