"""Validate the parts of a fleet file one by one, so that an invalid one does not hide the others."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from edgefleet.errors import Problem
from edgefleet.fleetfile.partial import DOCUMENT, PROFILE, SETTINGS, SITE
from edgefleet.fleetfile.provenance import Provenance
from edgefleet.fleetfile.vocabulary import problems_of
from edgefleet.model.names import Name
from edgefleet.model.paths import Part, format_path
from edgefleet.model.site import RECIPES

KINDS: dict[str, Any] = {
    "document": DOCUMENT,
    "profile": PROFILE,
    "settings": SETTINGS,
    "site": SITE,
    "name": Name,
}
_APART = ("profiles", "groups", "defaults", "sites")
"""Keys whose values are validated one by one."""


@cache
def _adapter(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(KINDS[kind])


class Parts:
    """The valid parts of one file, and the problems of the others."""

    def __init__(self, provenance: Provenance, problems: list[Problem]) -> None:
        self.provenance = provenance
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
        self.problems.append(
            Problem(where=where, path=format_path(path), code=code, problem=problem, hint=hint)
        )

    def head(self, plain: Mapping[str, Any]) -> dict[str, Any]:
        """The settings of the whole region; empty if any is invalid."""
        head = {key: {} if key in _APART else value for key, value in plain.items()}
        try:
            settings: dict[str, Any] = _adapter("document").validate_python(head)
        except ValidationError as error:
            self.problems += problems_of(error, head, (), self.provenance)
            return {}
        if settings["recipe"] not in RECIPES:
            recipes = ", ".join(map(str, RECIPES))
            self.report(
                ("recipe",),
                "unknown-recipe",
                f"there is no recipe {settings['recipe']}",
                f"this version knows: {recipes}",
            )
        self._check_cloud(settings)
        return settings

    def _check_cloud(self, head: Mapping[str, Any]) -> None:
        plane = head.get("control_plane", {})
        store = head.get("images", {}).get("store", "")
        if "cloud" in plane or ("bucket" not in plane and not store.startswith("s3://")):
            return
        self.report(
            ("controlPlane",),
            "no-cloud",
            "a bucket is named, but not the cloud account that it is in",
            "add controlPlane.cloud, such as {region: eu-central-1}",
            of_key=True,
        )

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
            part: dict[str, Any] = _adapter(kind).validate_python(plain)
        except ValidationError as error:
            self.problems += problems_of(error, plain, path, self.provenance)
            return None
        return part
