"""Where nodes without an orchestrator pull images from: mirrors, logins and certificates of registries. Pure.

containerd's client reads a hosts.toml (containerd docs, hosts.md), and has one login for all hosts of a pull.
So each place that images of a registry may come from has a folder of its own, and the node tries one after
the other: the mirrors in their order, then the registry itself, as with k3s.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from edgefleet.errors import Problem
from edgefleet.io.templates import render
from edgefleet.model.firstboot import File, Step
from edgefleet.model.paths import format_path
from edgefleet.model.references import parse_reference
from edgefleet.model.registries import Registry
from edgefleet.model.site import SiteSpec
from edgefleet.runtimes.base.k3s_registries import certificate_files

FOLDER = "/etc/edgefleet/registries"
PLACES = f"{FOLDER}/places.json"
_ANY = "*"


def registries(settings: Mapping[str, Registry], images: Iterable[str]) -> Step:
    """A folder for each place of each registry that `images` name, and the list of these places (0600)."""
    places: dict[str, list[dict[str, str]]] = {}
    files: list[File] = []
    for registry in sorted({parse_reference(image).registry for image in images}):
        places[registry] = []
        for number, endpoint in enumerate((*_of(settings, registry).endpoints, "")):
            name = f"{re.sub('[^A-Za-z0-9.-]', '_', registry)}-{number}"
            host = urlsplit(endpoint).netloc or registry
            own = _of(settings, host)
            files += _place(f"{FOLDER}/{name}/_default", endpoint, host=host, registry=own)
            places[registry].append({"folder": name, "login": own.credentials or ""})
    has_login = any(place["login"] for each in places.values() for place in each)
    text = json.dumps(places, indent=1, sort_keys=True) + "\n"
    return Step(files=(*files, File.text(PLACES, text, mode=0o600, is_secret=has_login)))


def _of(settings: Mapping[str, Registry], host: str) -> Registry:
    return settings.get(host, settings.get(_ANY, Registry()))


def _place(folder: str, server: str, *, host: str, registry: Registry) -> tuple[File, ...]:
    """The hosts.toml of a place, and the certificates beside it, which it names without a folder."""
    certificates = certificate_files(folder, host, registry)
    names = {key: file.path.removeprefix(f"{folder}/") for key, file in certificates.items()}
    text = render(
        "containers/hosts.toml.j2",
        server=server,
        ca=names.get("ca_file", ""),
        certificate=names.get("cert_file", ""),
        key=names.get("key_file", ""),
        skip_verify="yes" if registry.skip_verify else "",
    )
    return (File.text(f"{folder}/hosts.toml", text), *certificates.values())


def check(site: SiteSpec) -> Iterator[Problem]:
    """Settings of registries that containerd's client does not have."""
    for path, settings in site.parts:
        for host, registry in settings.registries.items():
            where = f"{path}{format_path(('registries', host))}"
            if registry.rewrite:
                problem = "containerd rewrites no names; that of k3s does"
                hint = "remove it, and have the mirror keep images by their own names"
                yield Problem.of_value(f"{where}.rewrite", "no-registry", problem, hint)
            if registry.identity_token is not None:
                problem = "containerd's client takes a token on its command line alone, where all may read it"
                hint = "write credentials in its place"
                yield Problem.of_value(f"{where}.identityToken", "no-registry", problem, hint)
