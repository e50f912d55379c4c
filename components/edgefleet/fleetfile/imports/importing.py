"""Turn a file of another tool into parts of a fleet file: `edgefleet import-config`.

A kind of file is a module here with a `KIND`. It lists what the file sets, each at its path in a fleet file,
and what cannot stand there. `imported` loads the result as a fleet file and lists what that refuses.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from edgefleet.errors import InvalidInput
from edgefleet.fleetfile.imports import cloud_init, image_builder, k3s, k3s_ansible, netplan, registries
from edgefleet.fleetfile.imports.documents import read
from edgefleet.fleetfile.imports.file_kind import Left, Place, rest
from edgefleet.fleetfile.imports.pruning import pruned
from edgefleet.io.yaml_text import to_yaml

KINDS = (
    image_builder.KIND,
    k3s_ansible.KIND,
    netplan.KIND,
    registries.KIND,
    cloud_init.KIND,
    k3s.KIND,
)
"""In the order in which they are tried."""


def imported(path: Path, shown: str, site: str) -> str:
    """The text of the parts of a fleet file that the file at `path` describes.

    Comments at its end list what is not in them, with reasons. Secrets are in neither.

    Args:
        path: a file, or a folder of Edge Image Builder.
        shown: its name in messages.
        site: the name of the site that gets what concerns one site alone.

    Raises:
        InvalidInput: the file is unreadable or of no known kind.
    """
    file, document = _document(path, shown)
    kind = next((kind for kind in KINDS if kind.fits(document)), None)
    if kind is None:
        known = ", ".join(kind.name for kind in KINDS)
        raise InvalidInput.at(
            shown, "unknown-kind", "the file is of no kind that can be imported", f"one of: {known}"
        )
    part: dict[str, Any] = {}
    left: list[Left] = []
    for item in kind.settings(document, Place(folder=file.parent, site=site)):
        if isinstance(item, Left):
            left.append(item)
        elif item.value is not None:
            replace(item, value=_present(item.value)).put(part)
    left += rest(document, why=kind.unread)
    refused = pruned(part)
    lines = [f"# From {kind.name}: parts of a fleet file.\n", to_yaml(part) if part else ""]
    if notes := sorted({str(note) for note in (*left, *refused)}):
        lines += ["# Not carried over, or to be added:\n", *(f"# - {note}\n" for note in notes)]
    return "".join(lines)


def _document(path: Path, shown: str) -> tuple[Path, Any]:
    if not path.is_dir():
        return path, read(path, shown)
    for file in sorted(path.glob("*.y*ml")):
        document = read(file, f"{shown}/{file.name}")
        if image_builder.KIND.fits(document):
            return file, document
    hint = f"name a file, or a folder with a definition of {image_builder.KIND.name}"
    raise InvalidInput.at(shown, "unknown-kind", "the folder holds nothing that can be imported", hint)


def _present(value: Any) -> Any:
    """`value` without the absent values in it."""
    if isinstance(value, dict):
        return {key: _present(inner) for key, inner in value.items() if inner is not None}
    return [_present(inner) for inner in value if inner is not None] if isinstance(value, list) else value
