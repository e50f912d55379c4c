"""Differences between two finished images: by their manifests, and of plain files by their contents.

Files with a secret, and those with every secret of a node (``user-data``, a configuration of Ignition, a
script), are compared and never shown.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from edgefleet.errors import InvalidInput
from edgefleet.images import FORMATS
from edgefleet.images.base.format import Contents
from edgefleet.io import disk
from edgefleet.model import strict_json
from edgefleet.model.listing import SEED_FOLDER, Entry, sha256
from edgefleet.model.spec import adapter, spec
from edgefleet.site.attestations import BILL
from edgefleet.site.manifest import CARRIED, Manifest
from edgefleet.site.verification import Find, Opened, has_seed, manifest_beside, opened, seed_of

ABOUT = ("fleet", "region", "site", "node", "recipe", "format", "arch", "size", "share")
CONTEXT = 2
LONGEST = 200
"""Lines of a diff."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two images."""

    manifest: Manifest
    medium: Mapping[str, bytes] = field(repr=False)
    """dict[path -> content] of the readable files of the seed."""
    on_node: Mapping[str, bytes] = field(repr=False)
    parts: Mapping[str, tuple[str, str]]
    """dict[name -> (release, hex SHA-256)] of third-party parts."""


@spec
class Value:
    """One property of an image."""

    name: str
    old: str | None
    new: str | None


@spec
class Change:
    """One file."""

    path: str
    kind: Annotated[Literal["added", "removed", "changed"], Field(alias="change")]
    is_secret: Annotated[bool, Field(alias="secret")]
    """Whether it holds a secret, so that its content is not shown."""
    old: Entry | None
    new: Entry | None
    diff: tuple[str, ...] = ()
    """Lines of a unified diff, of text that may be shown."""


@spec
class Difference:
    """All differences; empty for the same bytes."""

    about: tuple[Value, ...] = ()
    parts: tuple[Value, ...] = ()
    """Third-party parts, with releases or digests."""
    tools: tuple[Value, ...] = ()
    medium: tuple[Change, ...] = ()
    node_files: tuple[Change, ...] = ()

    @property
    def is_none(self) -> bool:
        """Whether the images are the same."""
        return not (self.about or self.parts or self.tools or self.medium or self.node_files)


def side(image: Path, find: Find) -> Side:
    """An image to compare; only its manifest if the image is gone.

    Raises:
        InvalidInput: there is no manifest, or it is of another image.
    """
    manifest = manifest_beside(image)
    if not image.exists():
        return Side(manifest=manifest, medium={}, on_node={}, parts=_parts(image))
    image_file = opened(image, manifest, find)
    medium = {path: data for path, (_, data) in _seed(image_file).items()}
    on_node = (
        image_file.format.read_back({path.removeprefix(SEED_FOLDER): data for path, data in medium.items()})
        or {}
    )
    return Side(
        manifest=manifest,
        medium=medium,
        on_node={path: file.content for path, file in on_node.items()},
        parts=_parts(image),
    )


def _seed(image: Opened) -> Contents:
    """The files of the seed, once its bytes have the digest in the manifest."""
    if not has_seed(image):
        raise _other(image, "its bytes differ")
    try:
        return seed_of(image) or {}
    except ValueError as error:
        raise _other(image, str(error)) from error


def _other(image: Opened, what: str) -> InvalidInput:
    problem, hint = f"does not match its manifest: {what}", "run edgefleet image verify on it"
    return InvalidInput.at(image.path, "image-differs", problem, hint)


def _parts(image: Path) -> dict[str, tuple[str, str]]:
    """The parts in the bill beside an image; none without one."""
    try:
        plain = strict_json.parse(disk.read(image.with_name(f"{image.name}{BILL}")) or b"")
        return {
            each["name"]: (each.get("version", ""), each.get("hashes", [{"content": ""}])[0]["content"])
            for each in plain["components"]
        }
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return {}


def compare(old: Side, new: Side) -> Difference:
    """The differences from `old` to `new`."""
    before, after = old.manifest, new.manifest
    if before.digest == after.digest and before.node_files == after.node_files:
        return Difference()
    return Difference(
        about=tuple(_values(_about(before), _about(after))),
        parts=tuple(_values(_named(old.parts), _named(new.parts))),
        tools=tuple(_values(before.tools, after.tools)),
        medium=tuple(_changes((before.files, old.medium), (after.files, new.medium), _shown(before, after))),
        node_files=tuple(_changes((before.node_files, old.on_node), (after.node_files, new.on_node), None)),
    )


def _shown(one: Manifest, other: Manifest) -> Callable[[str], bool]:
    """Whether a file on the media may be shown: one of the formats states that it holds no secret."""
    formats = (FORMATS[one.format], FORMATS[other.format])
    return lambda path: any(format_.shows(path) for format_ in formats)


def _about(manifest: Manifest) -> dict[str, str]:
    values = {name: str(getattr(manifest, name)) for name in (*ABOUT, "digest")}
    base = manifest.base
    return values | ({} if base is None else {"base": f"{base.source} sha256:{base.sha256}"})


def _named(parts: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    return {
        name: " ".join(word for word in (release, f"sha256:{sha256}" if sha256 else "") if word)
        for name, (release, sha256) in parts.items()
    }


def _values(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Value]:
    for name in dict.fromkeys([*old, *new]):
        if old.get(name) != new.get(name):
            yield Value(name=name, old=old.get(name), new=new.get(name))


Files = tuple[tuple[Entry, ...], Mapping[str, bytes]]
"""(entries, dict[path -> content])."""


def _changes(old: Files, new: Files, may_be_shown: Callable[[str], bool] | None) -> Iterator[Change]:
    """Files that differ, in the order of their paths.

    Args:
        old: files of the old image.
        new: files of the new image.
        may_be_shown: whether the file at a path holds no secret; `None` if each entry states it.
    """
    before, after = ({each.path: each for each in entries} for entries, _ in (old, new))
    for path in sorted({*before, *after}):
        left, right = before.get(path), after.get(path)
        if left == right:
            continue
        is_secret = any(each is not None and each.is_secret for each in (left, right))
        if may_be_shown is not None and not may_be_shown(path):
            is_secret = is_secret or not path.startswith(CARRIED)
        texts = [_text(entry, contents.get(path)) for entry, (_, contents) in ((left, old), (right, new))]
        yield Change(
            path=path,
            kind="added" if left is None else "removed" if right is None else "changed",
            old=left,
            new=right,
            is_secret=is_secret,
            diff=() if is_secret else _diff(texts[0], texts[1]),
        )


def _text(entry: Entry | None, content: bytes | None) -> list[str] | None:
    """Lines of a file; none of a missing one, `None` if it is not text or differs from its entry."""
    if entry is None:
        return []
    if content is None or sha256(content) != entry.digest or b"\0" in content:
        return None
    try:
        lines = content.decode().splitlines()
    except UnicodeDecodeError:
        return None
    return ["".join(each if each.isprintable() else " " for each in line) for line in lines]


def _diff(old: list[str] | None, new: list[str] | None) -> tuple[str, ...]:
    if old is None or new is None:
        return ()
    found = [*unified_diff(old, new, lineterm="", n=CONTEXT)][2:]
    more = len(found) - LONGEST
    return (*found[:LONGEST], *([f"({more:,} more lines)"] if more > 0 else []))


def plain(difference: Difference) -> dict[str, Any]:
    """The differences as JSON."""
    return {
        "same": difference.is_none,
        **adapter(Difference).dump_python(difference, mode="json", by_alias=True),
    }
