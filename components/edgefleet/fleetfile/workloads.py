"""What runs on nodes, as far as their images must know: containers, runtimes, and where they run."""

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated

from pydantic import Field

from edgefleet.model.names import HOST_RE, PATH_RE, LabelKey, LabelValue, Name, reachable
from edgefleet.model.programs import KUBEEDGE, Runtime
from edgefleet.model.references import ImageName
from edgefleet.model.spec import spec
from edgefleet.model.syntax import Grammar

_RELEASE = Grammar(
    r"v\d+\.\d+\.\d+(-[A-Za-z0-9.]+)?", "bad-version", "a release", "write its whole name such as v0.6.0", 60
)
Release = Annotated[str, _RELEASE]
_MIRROR_OF = Grammar(
    rf"https?://{HOST_RE}(:\d{{1,5}})?/(([A-Za-z0-9._~+,=:@-]|%[0-9A-Fa-f]{{2}})*/)*|{HOST_RE}(:\d{{1,5}})?",
    "bad-mirror",
    "something that can be mirrored",
    "write the beginning of addresses with its slash, as in https://github.com/, or a registry",
    2000,
    reachable,
)
MirrorOf = Annotated[str, _MIRROR_OF]
_MIRROR_PLACE = Grammar(
    rf"(https?|oci|oci\+http)://{HOST_RE}(:\d{{1,5}})?{PATH_RE}|file:(?!.*\.\.)[A-Za-z0-9._/ +-]+",
    "bad-mirror",
    "a place of a mirror",
    "write https://mirror.example/path, oci://registry.example/path, or file: and a folder; a login "
    "goes into ~/.netrc or docker's file",
    2000,
    reachable,
)
MirrorPlace = Annotated[str, _MIRROR_PLACE]


@spec
class Where:
    """Which nodes: those for which all listed conditions hold."""

    sites: tuple[Name, ...] | None = None
    """Nodes of these sites."""
    groups: tuple[Name, ...] | None = None
    """Nodes of the sites of these groups."""
    profiles: tuple[Name, ...] | None = None
    """Nodes of these hardware classes."""
    labels: dict[LabelKey, LabelValue] = field(default_factory=dict)
    """Nodes with all of these labels."""


@spec
class WasmRuntime:
    """A runtime for WebAssembly: a shim that k3s finds when it starts."""

    name: Runtime
    """wasmtime, wasmedge, wasmer or spin."""
    version: Release
    """Release of the shim, v0.6.0."""


@spec
class Workload:
    """Something that runs on nodes; so far, what their images need to know of it."""

    name: Name
    """Name of the workload."""
    images: tuple[ImageName, ...] = ()
    """Container images, each with a tag or a digest: registry.example/shop/till:1.4."""
    runtime: WasmRuntime | None = None
    """The runtime that its modules need, if it is of WebAssembly."""
    kubeedge: Release | None = None
    """Release of KubeEdge whose edgecore its nodes run, v1.23.1."""
    where: Where = Where()
    """Which nodes. By default it is all of them."""

    @property
    def programs(self) -> tuple[tuple[str, str], ...]:
        """(key of `edgefleet.model.programs.PROGRAMS`, release) of what its nodes run for it."""
        shim = () if self.runtime is None else ((self.runtime.name, self.runtime.version),)
        return (*shim, *(() if self.kubeedge is None else ((KUBEEDGE, self.kubeedge),)))

    def runs_on(self, site: str, group: str | None, profile: str, labels: Mapping[str, str]) -> bool:
        """Whether it runs on a node of that kind."""
        conditions = ((self.where.sites, site), (self.where.groups, group), (self.where.profiles, profile))
        return all(names is None or name in names for names, name in conditions) and (
            self.where.labels.items() <= labels.items()
        )


@spec
class Artifacts:
    """How artifacts are found."""

    mirrors: dict[MirrorOf, Annotated[tuple[MirrorPlace, ...], Field(min_length=1)]] = field(
        default_factory=dict
    )
    """Beginning of addresses, or a registry's host -> where that is looked for first: https://..., file: and
    a folder (of OCI layouts, for a registry), or oci://registry.example/path."""
