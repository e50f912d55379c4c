"""What is printed cannot steer a terminal, wherever its text comes from."""

import ast
import io
import json
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from edgefleet.commands.json_output import JsonFile
from edgefleet.commands.screen import source_line
from edgefleet.commands.session import Lines, Session

if TYPE_CHECKING:
    from tests.commands.conftest import World

ROOT = Path(__file__).resolve().parents[2] / "components" / "edgefleet"
HOSTILE = {
    "escape": "\x1b]0;title\x07",
    "C1": "\x9b31m",
    "bidi": "a\u202eb\u2066c\u200f",
    "backspace": "ok\x08\x08no",
    "return": "ok\rno",
    "line separator": "a\u2028b\x85c",
    "tag": "a\U000e0041",
}


def steering(text: str) -> set[str]:
    """The characters of `text` that a terminal may act upon."""
    return {char for char in text if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}} - {
        "\n",
        "\t",
    }


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from([*HOSTILE.values()])))
def test_whatever_is_printed_cannot_steer_a_terminal(texts: list[str]) -> None:
    """Plain texts and styled ones, of any characters; results and remarks have the same console."""
    stream = io.StringIO()
    console = Lines(file=stream, width=80, highlight=False, markup=False)
    for text in texts:
        console.print(text, soft_wrap=True)
        console.print(Text(text, "bold"), soft_wrap=True)
    assert set() == steering(stream.getvalue())


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_json_on_stdout_cannot_steer_a_terminal(hostile: str, tmp_path: Path) -> None:
    """It reads back as it was; letters of every language stay as they are."""
    stream = io.StringIO()
    session = Session.of_process().inside(tmp_path)
    file = JsonFile(session=_with_out(session, stream), path=Path("-"))
    document: dict[str, Any] = {"name": hostile, "city": "Zürich 東京"}
    file.write(document)
    assert document == json.loads(stream.getvalue())
    assert (set(), True) == (steering(stream.getvalue()), "Zürich 東京" in stream.getvalue())


def _with_out(session: Session, stream: io.StringIO) -> Session:
    return Session(
        project=session.project,
        out=Lines(file=stream),
        err=session.err,
        stdin=session.stdin,
        environment=session.environment,
    )


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_an_error_about_a_hostile_text_is_harmless(world: "World", hostile: str) -> None:
    """The names of a command line, of files and of the lines of these."""
    world.edit("berlin:", json.dumps(f"berlin{hostile}") + ":")
    for arguments in (
        ("validate", "stacks/dev.fleet.yaml"),
        ("explain", "-s", "dev", "--target", hostile),
        ("preview", "-s", hostile),
        (hostile,),
        ("sites", "ack", "-s", "dev", "--target", hostile),
        ("image", "verify", hostile.replace("\0", "")),
    ):
        ran = world.run(*arguments)
        assert (True, set()) == (ran.code > 0, steering(ran.out + ran.err)), arguments


def test_only_one_class_prints() -> None:
    """Another console, a bare `print` or a stream would be a second way to the terminal."""
    ways = {
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"print", "Console", "sys.stdout.write", "typer.echo"}
    }
    assert {"provider/serving.py"} == {way.partition(":")[0] for way in ways}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_source_line_ends_as_that_of_a_table(tmp_path: Path, end: str) -> None:
    """So that the line of an error is shown whatever wrote the file; bytes of no text are replaced."""
    file = tmp_path / "stores.csv"
    file.write_bytes(f"name{end}a \xff{end}".encode("latin-1"))
    assert ["name", "a \N{REPLACEMENT CHARACTER}", None] == [source_line(file, line) for line in (1, 2, 3)]
