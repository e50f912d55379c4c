"""Where nodes without an orchestrator pull images from: mirrors, logins and certificates of registries. Pure.

containerd's client reads a hosts.toml, and has one login for all hosts of a pull. So each place that images
of a registry may come from has a folder of its own, and the node tries one after the other, as with k3s.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from edgefleet.errors import Problem
from edgefleet.model.firstboot import File, Step
from edgefleet.model.paths import format_path
from edgefleet.model.references import parse_reference
from edgefleet.model.registries import Registry
from edgefleet.model.site import SiteSpec
from edgefleet.runtimes.base.registry_hosts import check_rewrites, hosts_files, places_of

FOLDER = "/etc/edgefleet/registries"
PLACES = f"{FOLDER}/places.json"


def registries(settings: Mapping[str, Registry], images: Iterable[str]) -> Step:
    """A folder for each place of each registry that `images` name, and the list of these places (0600)."""
    places: dict[str, list[dict[str, str]]] = {}
    files: list[File] = []
    for host in sorted({parse_reference(image).registry for image in images}):
        places[host] = []
        for number, place in enumerate(places_of(settings, host)):
            name = f"{re.sub('[^A-Za-z0-9.-]', '_', host)}-{number}"
            files += hosts_files(f"{FOLDER}/{name}/_default", place)
            places[host].append({"folder": name, "login": place.registry.credentials or ""})
    has_login = any(place["login"] for each in places.values() for place in each)
    text = json.dumps(places, indent=1, sort_keys=True) + "\n"
    return Step(files=(*files, File.text(PLACES, text, mode=0o600, is_secret=has_login)))


def check(site: SiteSpec) -> Iterator[Problem]:
    """Settings of registries that containerd's client does not have."""
    yield from check_rewrites(site)
    for path, settings in site.parts:
        for host, registry in settings.registries.items():
            if registry.identity_token is not None:
                where = f"{path}{format_path(('registries', host, 'identityToken'))}"
                problem = "containerd's client takes a token on its command line alone, where all may read it"
                yield Problem.of_value(where, "no-registry", problem, "write credentials in its place")
