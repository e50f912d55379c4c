"""Validate the parts of a fleet file one by one, so that an invalid one does not hide the others.

An unknown key is answered with the keys that may stand at its path.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from edgefleet.errors import Problem
from edgefleet.fleetfile.partial import DOCUMENT, NODE, PROFILE, SETTINGS, SITE, WORKLOAD, WORKLOADS, limited
from edgefleet.fleetfile.provenance import Provenance
from edgefleet.model.names import Name
from edgefleet.model.network import Network
from edgefleet.model.paths import Part, Path, format_path
from edgefleet.model.pydantic_errors import names_secret, translated
from edgefleet.model.site import RECIPES
from edgefleet.model.spec import Level
from edgefleet.model.syntax import READER, nearest
from edgefleet.model.type_introspection import at, fields_of

_HOMES: tuple[tuple[Any, str], ...] = (
    (SITE, "a site"),
    (NODE, "a node"),
    (PROFILE, "a profile"),
    (SETTINGS, "defaults or a group"),
    (DOCUMENT, "the top level"),
)
_KINDS = tuple((form, f"the kind {name}") for name, form in WORKLOADS.items())
_WORDS = {
    "ip": "network.address",
    "ntpServers": "ntp",
    "nameservers": "network.dns",
    "ram": "memory",
    "cores": "cpus",
    "cpu": "cpus",
    "ssh_keys": "sshKeys",
    "authorized_keys": "sshKeys",
    "lat": "latitude",
    "lon": "longitude",
    "lng": "longitude",
    "tz": "timezone",
    "ssid": "network.wifi.ssid",
}
"""dict[key of other tools -> key here]."""

OF_ONE_NODE = limited(Network, Level.SITE, Level.NODE)
"""dict[field of a network that is unique to a node -> its key]."""


def keys_below(root: Any, path: Sequence[Part]) -> list[str]:
    """Keys at `path` below `root`; empty if any name is allowed, or none."""
    shape = at(root, path)
    return [] if shape is None else list(fields_of(shape.bare))


def document_keys(path: Sequence[Part], kind: str = "") -> list[str]:
    """Keys at `path` of a fleet file; `kind` is that of a workload there, as it is written."""
    match path:
        case ("sites", _, *below):
            return keys_below(SITE, below)
        case ("workloads", _, *below) if kind in WORKLOADS:
            return keys_below(WORKLOADS[kind], below)
    return keys_below(DOCUMENT, path)


def suggestion(path: Sequence[Part], kind: str = "") -> str:
    """The hint for the unknown key at the end of `path` of a fleet file; see `document_keys`."""
    parent, key = tuple(path[:-1]), str(path[-1])
    keys = document_keys(parent, kind)
    word = _WORDS.get(key)
    if word in keys or (word and word.split(".")[0] in keys):
        return f"did you mean {word}?"
    deeper = [f"{name}.{key}" for name in keys if key in document_keys((*parent, name), kind)]
    if deeper:
        return f"did you mean {' or '.join(deeper)}?"
    if key in OF_ONE_NODE.values() and {"gateway", "network"} & set(keys):
        return f"it belongs to one node: set network.{key} under sites"
    homes = [home for form, home in (_KINDS if kind else _HOMES) if key in fields_of(form)]
    close = nearest(key, keys)
    if homes and not close.startswith("did you mean"):
        return f"{key} belongs to {' or '.join(homes)}"
    return close


def problems_of(
    error: ValidationError, plain: Any, prefix: Path, provenance: Provenance
) -> Iterator[Problem]:
    """A problem for each of pydantic's errors of `plain`, the part of a fleet file at `prefix`."""
    written = plain.get("kind") if prefix[:1] == ("workloads",) and isinstance(plain, Mapping) else None
    kind = written if isinstance(written, str) else ""
    translations = translated(
        error,
        plain,
        keys=lambda path: document_keys((*prefix, *path), kind),
        suggest=lambda path: suggestion((*prefix, *path), kind),
        is_private=lambda path: names_secret((*prefix, *path)),
    )
    for translation in translations:
        path = (*prefix, *translation.path)
        where = provenance.near(path, of_key=translation.of_key)
        yield replace(translation.problem, path=format_path(path), where=where)


KINDS: dict[str, Any] = {
    "document": DOCUMENT,
    "profile": PROFILE,
    "settings": SETTINGS,
    "site": SITE,
    "workload": WORKLOAD,
    "name": Name,
}
_APART = ("profiles", "groups", "defaults", "sites", "workloads")
"""Keys whose values are validated one by one."""


@cache
def _adapter(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(KINDS[kind])


class Parts:
    """The valid parts of one file, and the problems of the others."""

    def __init__(self, provenance: Provenance, problems: list[Problem], texts: Callable[[str], str]) -> None:
        self.provenance = provenance
        self._context = {READER: texts}
        self.problems = problems
        self.left_out: dict[str, set[str]] = {section: set() for section in _APART}
        """dict[section -> names of its invalid parts]."""
        self.unread: set[str] = set()
        """Sections whose names could not be read."""

    def report(
        self, path: Sequence[Part], code: str, problem: str, hint: str, *, of_key: bool = False
    ) -> None:
        """Add a problem of the value at `path` of the file."""
        where = self.provenance.near(path, of_key=of_key)
        self.problems.append(replace(Problem.of_value(format_path(path), code, problem, hint), where=where))

    def head(self, plain: Mapping[str, Any]) -> dict[str, Any]:
        """The settings of the whole region; empty if any is invalid."""
        head = {key: {} if key in _APART else value for key, value in plain.items()}
        try:
            settings: dict[str, Any] = _adapter("document").validate_python(head, context=self._context)
        except ValidationError as error:
            self.problems += problems_of(error, head, (), self.provenance)
            return {}
        if settings["recipe"] not in RECIPES:
            problem = f"there is no recipe {settings['recipe']}"
            hint = f"this version knows: {', '.join(map(str, RECIPES))}"
            self.report(("recipe",), "unknown-recipe", problem, hint)
        self._check_cloud(settings)
        return settings

    def _check_cloud(self, head: Mapping[str, Any]) -> None:
        plane = head.get("control_plane", {})
        store = head.get("images", {}).get("store", "")
        if "cloud" in plane or ("bucket" not in plane and not store.startswith("s3://")):
            return
        problem = "a bucket is named, but not the cloud account that it is in"
        hint = "add controlPlane.cloud, such as {region: eu-central-1}"
        self.report(("controlPlane",), "no-cloud", problem, hint, of_key=True)

    def settings(self, section: str, plain: Any) -> dict[str, Any]:
        """The settings at `section`; empty if they are invalid."""
        part = self._part((section,), plain, "settings")
        if part is None:
            self.left_out[section].add(section)
        return part or {}

    def named(self, section: str, plain: Any, kind: str) -> dict[str, dict[str, Any]]:
        """dict[name -> part] of a section, without the invalid ones."""
        if not isinstance(plain, Mapping):
            self._part((section,), plain, kind)
            self.unread.add(section)
            return {}
        valid: dict[str, dict[str, Any]] = {}
        for name, value in plain.items():
            part = self._part((section, name), value, kind)
            if part is None or not self._is_name((section, name)):
                self.left_out[section].add(name)
            else:
                valid[name] = part
        return valid

    def _is_name(self, path: tuple[str, str]) -> bool:
        try:
            _adapter("name").validate_python(path[1])
        except ValidationError as error:
            for problem in problems_of(error, path[1], path, self.provenance):
                where = self.provenance.near(path, of_key=True)
                self.problems.append(replace(problem, where=where, path=format_path(path)))
            return False
        return True

    def _part(self, path: tuple[str, ...], plain: Any, kind: str) -> dict[str, Any] | None:
        try:
            part: dict[str, Any] = _adapter(kind).validate_python(plain, context=self._context)
        except ValidationError as error:
            self.problems += problems_of(error, plain, path, self.provenance)
            return None
        return part
