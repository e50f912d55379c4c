"""`edgefleet new`: a project of the user's own, ready for `edgefleet up` and for `pulumi up`."""

import re
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Annotated

import typer

from edgefleet.commands import init, schema
from edgefleet.commands.screen import remark
from edgefleet.commands.session import Session, session_of
from edgefleet.errors import InvalidInput
from edgefleet.io import disk
from edgefleet.io.templates import template_root
from edgefleet.io.version import version

NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
PARTS = {
    "Pulumi.yaml": "Pulumi.yaml",
    "__main__.py": "main.py",
    "stacks/$region.fleet.yaml": "fleet.yaml",
    ".gitignore": "gitignore",
    "README.md": "README.md",
}
"""dict[file in the new project -> file among the templates]."""


def command(
    context: typer.Context,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to create.")],
    *,
    region: Annotated[
        str, typer.Option(metavar="NAME", help="Name of the first region and its stack.")
    ] = "dev",
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the fleet; default: DIR's name.")
    ] = None,
) -> None:
    """Create a project, ready for `edgefleet up` and `pulumi up`."""
    session = session_of(context)
    root = (session.project / directory).resolve()
    fleet = label(name or label_of(root), "--name")
    words = {"fleet": fleet, "region": label(region, "--region"), "version": version()}
    files = {
        Template(file).substitute(words): text_of(f"project/{part}", words) for file, part in PARTS.items()
    }
    files[f"stacks/{schema.FLEET}"] = schema.text()
    check_free(root, files)
    project = session.inside(root)
    write(project, files)
    init.initialise(project, region)
    _tell(session, directory, region)


def label_of(root: Path) -> str:
    """A label that is like the name of a folder."""
    return re.sub(r"[^a-z0-9]+", "-", root.name.lower()).strip("-")


def label(name: str, option: str) -> str:
    """`name`, where it is an RFC 1123 label.

    Raises:
        InvalidInput: it is none.
    """
    if NAME.fullmatch(name):
        return name
    raise InvalidInput.at(
        "",
        "bad-name",
        f"{name!r} is not an RFC 1123 label",
        "use lower-case letters, digits and hyphens, 63 at most",
        path=option,
    )


def text_of(part: str, words: dict[str, str]) -> str:
    """The template `part` with `words` in the place of its names."""
    return Template((template_root() / part).read_text(encoding="utf-8")).substitute(words)


def check_free(root: Path, files: dict[str, str]) -> None:
    """Refuse to write over anything.

    Raises:
        InvalidInput: one of `files` is in `root` already, or `root` is a file.
    """
    if root.exists() and not root.is_dir():
        there = ["."]
    else:
        there = [name for name in files if (root / name).exists()]
    if there:
        raise InvalidInput.at(
            root, "is-there", f"already contains {', '.join(there)}", "name a new or an empty folder"
        )


def write(session: Session, files: dict[str, str]) -> None:
    """Write dict[path in the project -> text] into the project."""
    places = {session.writable(name): text for name, text in files.items()}
    with disk.explaining(session.project, "cannot be created"):
        for place in places:
            place.parent.mkdir(parents=True, exist_ok=True)
    for place, text in places.items():
        disk.write(place, text.encode(), mode=0o644)


def _tell(session: Session, directory: Path, region: str) -> None:
    quoted = shlex.quote(str(directory))
    remark(session, f"created {directory}; stacks/{region}.fleet.yaml describes the fleet")
    if shutil.which("edgefleet", path=session.environment.get("PATH", "")) is None:
        for folder in _with_command([Path(sys.argv[0]).absolute().parent, Path(sys.executable).parent]):
            remark(session, f'put edgefleet on PATH first: export PATH={shlex.quote(str(folder))}:"$PATH"')
    remark(
        session,
        "nothing is locked: to have images pin k3s, lock it before the first up: "
        f"{session.called} -C {quoted} artifacts lock -s {region}",
    )
    remark(
        session,
        f"next: {session.called} -C {quoted} preview -s {region}   "
        f"{session.called} -C {quoted} up -s {region}",
    )


def _with_command(folders: Sequence[Path]) -> list[Path]:
    """The first of `folders` that has the command: a virtual environment's, or where pip installed it."""
    return [folder for folder in folders if (folder / "edgefleet").is_file()][:1]
