"""Checking built images against the manifest beside them; all of it offline."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgefleet.errors import InvalidInput, OutsideFailure, Problem

MANIFEST = "manifest.json"
HINT = "build the image again, and write no medium from this one"


def verify(path: Path) -> dict[Path, str]:
    """dict[image -> digest] of the images at `path`, all as they were built.

    Raises:
        InvalidInput: there is no image or no manifest.
        OutsideFailure: an image differs; the first file in it that does is named.
    """
    folder = path if path.is_dir() else path.parent
    folders = [found.parent for found in sorted(folder.glob(f"*/{MANIFEST}"))] if path.is_dir() else []
    if (folder / MANIFEST).is_file():
        folders.insert(0, folder)
    if not folders or not path.exists():
        raise InvalidInput(
            Problem(
                code="no-manifest",
                where=str(path),
                problem=f"there is no {MANIFEST} beside an image here",
                hint="name an image or a folder that `edgefleet image build` made",
            )
        )
    checked: dict[Path, str] = {}
    problems: list[Problem] = []
    for each in folders:
        for name, promised in _promised(each).items():
            if path.is_dir() or path.name == name:
                problem = _difference(each / name, promised)
                problems += [problem] if problem else []
                checked[each / name] = str(promised["digest"])
    if problems:
        raise OutsideFailure(problems)
    if not checked:
        raise InvalidInput(
            Problem(code="no-manifest", where=str(path), problem=f"{MANIFEST} does not tell of it", hint=HINT)
        )
    return checked


def _promised(folder: Path) -> dict[str, dict[str, Any]]:
    from edgefleet.io import disk

    try:
        found: dict[str, dict[str, Any]] = json.loads(disk.read(folder / MANIFEST) or b"")["images"]
        if all(
            isinstance(each["digest"], str) and isinstance(each["files"], dict) for each in found.values()
        ):
            return found
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise InvalidInput(
        Problem(
            code="bad-manifest", where=str(folder / MANIFEST), problem="is no manifest of images", hint=HINT
        )
    )


def _difference(file: Path, promised: dict[str, Any]) -> Problem | None:
    from edgefleet.io import disk

    data = disk.read(file)
    if data is None:
        return Problem(code="image-missing", where=str(file), problem="the image is not there", hint=HINT)
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    if digest == promised["digest"]:
        return None
    what = first_difference(data, promised["files"], file.name)
    problem = f"is {digest}, not {promised['digest']}: {what}"
    return Problem(code="image-differs", where=str(file), problem=problem, hint=HINT)


def first_difference(data: bytes, files: Mapping[str, str], name: str = "") -> str:
    """The first file of a seed that is not as promised; salted digests cannot be told without the key."""
    from edgefleet.io.iso_reading import read_iso
    from edgefleet.io.tar_archive import read_tar

    if name.endswith((".ign", ".sh")):  # one file alone
        return f"{next(iter(files), name)} differs"
    try:
        there = read_tar(data) if name.endswith(".tar") else read_iso(data)
    except ValueError as error:
        return f"it cannot be read as an image ({error})"
    for path in sorted({*files, *there}):
        if path not in there:
            return f"{path} is missing"
        if path not in files:
            return f"{path} does not belong there"
        if files[path].startswith("sha256:") and files[path] != _sha256(there[path]):
            return f"{path} differs"
    return "the files that can be told apart are as promised, other bytes differ"


def _sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
