"""``hosts.toml``: where containerd pulls the images of a registry from, and how it connects there. Pure.

Source: containerd docs, hosts.md. Each file is in the folder of its registry, beside the certificates that it
names. The mirrors are tried in their order, and then the registry itself. k3s writes such files of its own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from edgefleet.errors import Problem
from edgefleet.io.templates import render
from edgefleet.model.firstboot import File
from edgefleet.model.paths import format_path
from edgefleet.model.registries import ANY, Registry
from edgefleet.model.site import SiteSpec
from edgefleet.runtimes.base.k3s_registries import certificate_files


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A host that images of a registry come from."""

    server: str
    """Its address; empty for the registry itself."""
    is_root: bool
    """Whether the address is that of the API, to which ``/v2`` is not added."""
    host: str
    registry: Registry
    """How nodes connect to it."""


def places_of(settings: Mapping[str, Registry], host: str) -> tuple[Place, ...]:
    """The mirrors of a registry in their order, each once, and the registry itself."""
    mirrors = (_mirror(settings, endpoint) for endpoint in _of(settings, host).endpoints)
    places = {place.server: place for place in mirrors}
    return (*places.values(), Place(server="", is_root=False, host=host, registry=_of(settings, host)))


def _mirror(settings: Mapping[str, Registry], endpoint: str) -> Place:
    """A mirror; a path of its address is that of the API (k3s, pkg/agent/containerd/config.go)."""
    parts = urlsplit(endpoint)
    is_root = parts.path not in {"", "/", "/v2"}
    return Place(
        server=endpoint if is_root else f"{parts.scheme}://{parts.netloc}",
        is_root=is_root,
        host=parts.netloc,
        registry=_of(settings, parts.netloc),
    )


def _of(settings: Mapping[str, Registry], host: str) -> Registry:
    return settings.get(host, settings.get(ANY, Registry()))


def hosts_files(folder: str, *places: Place) -> tuple[File, ...]:
    """The ``hosts.toml`` of a folder, with `places` in the order of trials, and the certificates."""
    *mirrors, last = places
    files: dict[str, File] = {}
    tables = []
    for place in (last, *mirrors):
        own = certificate_files(folder, place.host, place.registry)
        files |= {file.path: file for file in own.values()}
        tables.append((place, {key: file.path.removeprefix(f"{folder}/") for key, file in own.items()}))
    text = render("containers/hosts.toml.j2", places=tables)
    return (File.text(f"{folder}/hosts.toml", text), *files.values())


def check_rewrites(site: SiteSpec) -> Iterator[Problem]:
    """Names that containerd would have to rewrite."""
    for path, settings in site.parts:
        for host, registry in settings.registries.items():
            if registry.rewrite:
                where = f"{path}{format_path(('registries', host, 'rewrite'))}"
                problem = "containerd rewrites no names; that of k3s does"
                hint = "remove it, and have the mirror keep images by their own names"
                yield Problem.of_value(where, "no-registry", problem, hint)
