"""A kind of configuration file of another tool, and what one sets."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgefleet.fleetfile.imports.documents import records
from edgefleet.model.paths import Part, format_path

UNREAD = "a fleet file has no such setting"


@dataclass(frozen=True, slots=True)
class Setting:
    """One value of a fleet file; lists at the same path are joined."""

    path: tuple[str, ...]
    value: Any

    def put(self, part: dict[str, Any]) -> None:
        """Set it in `part` of a fleet file."""
        *parents, last = self.path
        for key in parents:
            part = part.setdefault(key, {})
        if isinstance(self.value, list) and isinstance(part.get(last), list):
            part[last] += [value for value in self.value if value not in part[last]]
        else:
            part[last] = self.value


@dataclass(frozen=True, slots=True)
class Left:
    """Something of the file that is not carried over."""

    what: str
    """Its key in the file."""
    why: str
    """The reason, or what to do instead; it repeats no value that may be a secret."""

    def __str__(self) -> str:
        """One line."""
        return f"{self.what}: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a file is, and what it concerns."""

    folder: Path
    site: str

    @property
    def of_site(self) -> tuple[str, ...]:
        """The path of the site's settings."""
        return ("sites", self.site)


Settings = Iterator[Setting | Left]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKind:
    """A kind of file."""

    name: str
    """As its tool calls it."""
    fits: Callable[[Any], bool]
    """Whether a document is of this kind."""
    settings: Callable[[Any, Place], Settings]
    """What it sets. It removes from the document what it reads, and `rest` lists what is then left."""
    unread: str = UNREAD
    """Why the rest is not carried over."""


def secret(path: tuple[str, ...], name: str, what: str, form: str) -> Settings:
    """A reference at `path` to the stack's secret `name`, and a note that its text is to be set.

    Args:
        path: a path in a fleet file.
        name: the secret's.
        what: the key in the other tool's file, which has the text.
        form: what the secret must be, in words.
    """
    yield Setting(path, {"secret": name})
    yield Left(what, f"set {form} as a secret: edgefleet init -s STACK --passphrase {name}")


def rest(value: Any, path: tuple[Part, ...] = (), why: str = UNREAD) -> Iterator[Left]:
    """Each value that is left in a document, without the value: it may be a secret."""
    if isinstance(value, dict) or records(value):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from rest(inner, (*path, key), why)
    elif value not in (None, []):
        yield Left(format_path(path), why)
