"""Texts that are no fleet file, or not the one that was meant."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgefleet.errors import InvalidInput, Problem
from edgefleet.fleetfile.load import load_fleet
from edgefleet.fleetfile.source import Source

Read = Callable[[bytes], list[Problem]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """The problems of a file with these bytes."""

    def found(data: bytes) -> list[Problem]:
        file = tmp_path / "x.fleet.yaml"
        file.write_bytes(data)
        with pytest.raises(InvalidInput) as caught:
            load_fleet(file, tmp_path)
        return list(caught.value.problems)

    return found


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 10)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
TEXTS = {
    "empty": (b"", "empty", ""),
    "comment": (b"# nothing\n", "empty", ""),
    "scalar": (b"hello\n", "wrong-type", ":1:1"),
    "list": (b"- a\n", "wrong-type", ":1:1"),
    "tab": (b"fleet:\n\tx: 1\n", "broken-yaml", ":2:1"),
    "unclosed": (b"fleet: [a, b\nregion: x\n", "broken-yaml", ":2:7"),
    "colons": (b"fleet: a: b\n", "broken-yaml", ":1:9"),
    "alias": (b"fleet: *nobody\n", "broken-yaml", ":1:8"),
    "two documents": (b"fleet: a\n---\nfleet: b\n", "broken-yaml", ":2:1"),
    "latin-1": ("fleet: caf\xe9\n".encode("latin-1"), "not-utf8", ":1:11"),
    "utf-16": ("fleet: x\n".encode("utf-16"), "not-utf8", ":1:1"),
    "control character": (b"fleet: x\nregion: a\x07b\n", "broken-yaml", ":2:10"),
    "10 MB line": (b"fleet: x\nregion: " + b"x" * 10_000_000, "long-line", ":2:1"),
    "deep": (b"fleet: " + b"[" * 30_000 + b"]" * 30_000, "broken-yaml", ":1:46"),
    "deep list": (b"fleet:\n" + b"- " * 30_000 + b"x\n", "broken-yaml", ":2:77"),
    "bomb": (BOMB.encode(), "too-many-values", ":7:4"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_cannot_be_read_is_one_clear_problem(read: Read, name: str) -> None:
    """Where, what and what to do; never a traceback, a hang or a crash of the process."""
    data, code, place = TEXTS[name]
    (problem,) = read(data)
    assert code == problem.code
    assert f"x.fleet.yaml{place}" == problem.where
    assert problem.hint


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("fleet: !!python/object/apply:os.system [id]\n", "bad-tag"),
        ("fleet: !secret x\n", "bad-tag"),
        ("fleet: &a [*a]\n", "endless"),
        ("fleet: a\nfleet: b\n", "duplicate-key"),
        ("? [a]\n: b\n", "bad-key"),
        ("<<: {fleet: a}\n", "merge-key"),
    ],
)
def test_parts_of_yaml_that_nobody_needs_are_refused_where_they_stand(
    read: Read, text: str, code: str
) -> None:
    """No tag constructs anything, and nothing is dropped in silence."""
    found = [problem for problem in read(text.encode()) if problem.code not in {"missing", "wrong-type"}]
    assert [code] == [problem.code for problem in found]
    assert found[0].where.startswith("x.fleet.yaml:")


def test_a_directory_and_an_unreadable_file(tmp_path: Path) -> None:
    """Each has its own words."""
    (tmp_path / "dev.fleet.yaml").write_text("x")
    with pytest.raises(InvalidInput) as directory:
        load_fleet(tmp_path, tmp_path)
    assert "this is a directory, not a file; name a file in it: dev.fleet.yaml" in str(directory.value)
    with pytest.raises(InvalidInput) as strange:
        load_fleet(tmp_path / ("x" * 300), tmp_path)
    assert "the file cannot be read (ENAMETOOLONG)" in str(strange.value)


def test_a_byte_order_mark_is_no_part_of_the_text(read: Read) -> None:
    """Some editors write one."""
    problems = read(b"\xef\xbb\xbffleet: x\n")
    missing = {problem.path for problem in problems if problem.code == "missing"}
    assert ({"apiVersion", "region", "recipe", "profiles", "sites"}, set()) == (
        missing,
        {problem.path for problem in problems} - missing,
    )


@given(st.text(max_size=200))
def test_no_text_makes_anything_but_problems(text: str) -> None:
    """Whatever is in the file, reading it gives data or says what is wrong."""
    problems: list[Problem] = []
    try:
        plain = Source(text, "x.yaml").plain(problems)
    except InvalidInput as error:
        problems, plain = list(error.problems), None
        assert problems
    assert isinstance(plain, dict | list | str | None)
    assert [] == [problem for problem in problems if not problem.where.startswith("x.yaml")]
