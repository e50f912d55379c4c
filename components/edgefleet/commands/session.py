"""The surroundings of a command: the project, the streams, and the interfaces to the outside."""

import os
import re
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, TextIO

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from edgefleet.errors import InvalidInput
from edgefleet.io import disk
from edgefleet.report.layout import printable

if TYPE_CHECKING:  # `edgefleet --help` loads this module, and an engine takes a second
    from edgefleet.engine.api import Engine
    from edgefleet.io.emulator import Emulator

PRIVATE = ".edgefleet"
OWN = (PRIVATE, "stacks")
"""Folders of a project whose files commands name."""
DETAILED = "--detailed-exitcode"
EngineName = Literal["auto", "pulumi", "local"]


class Lines(Console):
    """The one way to a person's terminal: whatever text is printed, it cannot steer it.

    It lets the command line end as it should when the reader of a pipe goes away. A command in a text is one
    that works where this one was run.
    """

    called = "edgefleet"
    """How a shell calls this program, with the project's directory."""
    commands = re.compile("(?!)")
    """What to replace by it: the program's name before one of its commands."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Render as rich does, and make the texts of others printable; rich's own styles come later."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=self.worded(segment.text))

    def worded(self, text: str) -> str:
        """`text` as it is printed; a sentence that is then wrapped is worded before."""
        return self.commands.sub(lambda _: f"{self.called} ", printable(text))

    def on_broken_pipe(self) -> None:
        """Pass it on: rich would exit with the code of a wrong input."""
        raise BrokenPipeError


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One run of the command line."""

    project: Path
    """The project directory."""
    out: Lines
    """Results."""
    err: Lines
    """Progress and problems."""
    stdin: TextIO
    environment: MutableMapping[str, str]
    called: str = "edgefleet"
    """How a shell calls this program."""
    choose: "Callable[[EngineName], Engine] | None" = None
    """Name of an engine -> the engine; `None` for those of `edgefleet.engine`."""
    emulator: "Callable[[Path], Emulator] | None" = None
    """A project's directory -> its emulated cloud, running; `None` for the one of `edgefleet.io.emulator`."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep

    @classmethod
    def of_process(cls) -> Self:
        """The world of this process."""
        return cls(
            project=Path.cwd(),
            out=Lines(highlight=False),
            err=Lines(stderr=True, highlight=False),
            stdin=sys.stdin,
            environment=os.environ,
            called=_called(Path(sys.argv[0])),
        )

    def inside(self, project: Path) -> Self:
        """The same session in another project."""
        return replace(self, project=project)

    def writable(self, path: Path | str) -> Path:
        """A file to write, as `place` finds it; git leaves the folder with credentials out."""
        file = self.place(path)
        if Path(path).parts[0] == PRIVATE:
            disk.make_unversioned(self.project / PRIVATE)
        return file

    def place(self, path: Path | str) -> Path:
        """A file of the project, or one that the user names.

        Raises:
            OutsideFailure: it is below the project's own folders, and a link of the checkout leads elsewhere.
        """
        file = self.project / path
        if Path(path).parts[0] in OWN:
            disk.check_no_link(self.project, file)
        return file

    @property
    def is_interactive(self) -> bool:
        """Whether stdin is a terminal, so that questions can be asked."""
        return self.stdin.isatty()

    @property
    def is_animated(self) -> bool:
        """Whether progress may be drawn: a terminal alone decides, no variable of the environment."""
        return self.err.file.isatty()


def _called(program: Path) -> str:
    """The program's name where it is on PATH, else the path that it was called by."""
    is_found = shutil.which("edgefleet") is not None or program.name != "edgefleet"
    return "edgefleet" if is_found else shlex.quote(os.path.relpath(program))


def session_of(context: typer.Context) -> Session:
    """The session of a command's context."""
    session = context.obj
    if not isinstance(session, Session):
        raise TypeError("a command runs inside a session")
    return session


def enter(context: typer.Context, directory: Path | None, words: Iterable[str]) -> None:
    """Make `directory` the project of the command that follows; commands begin with one of `words`.

    Raises:
        InvalidInput: it is no directory.
    """
    session = session_of(context)
    place = "" if directory is None else f" -C {shlex.quote(str(directory))}"
    for lines in (session.out, session.err):
        lines.called = session.called + place
        lines.commands = re.compile(rf"(?<![\w/.-])edgefleet (?=(?:{'|'.join(words)})\b)")
    if directory is None:
        return
    project = session.project / directory
    if not project.is_dir():
        raise InvalidInput.at(
            directory, "no-project", "is not a directory", "name the project's directory with -C"
        )
    context.obj = session.inside(project.resolve())
