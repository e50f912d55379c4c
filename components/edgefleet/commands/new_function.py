"""`edgefleet new-function`: a module of WebAssembly that builds with Go, and its images without docker."""

import shlex
import shutil
from pathlib import Path
from typing import Annotated

import typer

from edgefleet.commands import new
from edgefleet.commands.screen import remark
from edgefleet.commands.session import session_of

PARTS = ("go.mod", "main.go", "image.py", "Makefile", "README.md", "gitignore")
"""Files among the templates; that with a dot in a project has none there."""
HIDDEN = "gitignore"


def command(
    context: typer.Context,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to create.")],
    *,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the function; default: DIR's name.")
    ] = None,
) -> None:
    """Create a WebAssembly function that builds with Go."""
    session = session_of(context)
    root = (session.project / directory).resolve()
    words = {"name": new.label(name or new.label_of(root), "--name")}
    files = {f".{part}" if part == HIDDEN else part: new.text_of(f"function/{part}", words) for part in PARTS}
    new.check_free(root, files)
    new.write(session.inside(root), files)
    remark(session, f"created {directory}; README.md has what a fleet file says of it")
    if shutil.which("go", path=session.environment.get("PATH", "")) is None:
        remark(session, "make needs Go 1.21 or newer, which is not on PATH: apt-get install golang-go")
    remark(session, f"next: make -C {shlex.quote(str(directory))}")
