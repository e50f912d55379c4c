"""Problems as text: code, description, place with the source line and a caret, and a fix.

Equal problems are shown once, with a count and their places; so are many of one kind, which differ in a value
and the name of a site. On the way through Pulumi's protocol a problem
becomes one line, ``where: path: problem; hint``; parsed again, equal causes at a thousand sites are one.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from operator import itemgetter
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from edgefleet.errors import Problem
from edgefleet.model.steps import STACK, Diagnostic
from edgefleet.report.human import counted
from edgefleet.report.layout import COLUMNS, listed, printable, wrapped

SourceLine = Callable[[str, int], str | None]
"""(file, line from 1) -> the line, or `None` if it is not readable."""
PLACES = 5
"""Places named of equal problems."""
OF_A_KIND = 10
"""Problems of one kind up to which each is shown with its own value."""
NAMES = re.compile(r"(?<=\bsites\.)[^.]+|(?<=\bnodes\.)[^.]+")
"""Names in a path that tell problems of one kind apart."""
VALUE = re.compile(r"'[^']*'|\S*\d\S*|\S*-\S*")
"""What may differ between the texts of one kind: quoted, or a word with a digit or a hyphen."""
WHERE = re.compile(r"(?:[\w+.-]*:)?[^\s:\[\"]*/[^\s:\[\"]*(?::\d+){0,2}|[^\s:\[\"]+(?::\d+){1,2}")
"""A file with or without a line, or the address of something stored."""
PATH = re.compile(r"[\w-]+(?:[.\[][^\s:]*)+")
STRING = r""" "(?:\\.|[^"\\])*"? | '[^']*'? """
VALUES = {
    True: re.compile(STRING, re.VERBOSE),
    False: re.compile(
        rf"""{STRING} | (?!-\s)[^\s\[\]{{}},"':][^\[\]{{}},]*?(?=\s*(?: :\s | :?$ | [\[\]{{}},] | \s\# ))""",
        re.VERBOSE,
    ),
}
"""dict[whether a file is a program -> what may be a secret in its lines: a string, or any text of YAML]."""
KEY = re.compile(r"[\w.+/*-]+(?=\s*:(?:\s|$))")
RESOURCE = re.compile(r"(\w+ (\S+)(?: \([^)]*\))?): ")
"""The resource that a problem of the cloud begins with: kind, name and id."""
INPUT = re.compile(
    r"duplicate resource urn|edgefleet has no resource "
    r"|property '?[\w.\[\]-]+'?(?: with value .*)?(?: has a problem)?: ",
    re.IGNORECASE | re.DOTALL,
)
"""An engine's messages about wrong input of the program: a duplicate name, an unknown type, a value that the
provider does not accept."""


def lines(problems: Iterable[Problem], source_line: SourceLine) -> Iterator[Text]:
    """All of `problems`, equal ones as one."""
    alike_ones = grouped(problems)
    for alike in alike_ones:
        yield from _one(alike, source_line)
        yield Text()
    total = sum(map(len, alike_ones))
    if total > 1:
        yield Text(counted(total, "error"), "bold red")


def grouped(problems: Iterable[Problem]) -> list[tuple[Problem, ...]]:
    """Problems of one cause together, and many of one kind, in the order of the first problem of each."""
    causes: dict[tuple[str, str, str], dict[Problem, None]] = {}
    for problem in problems:
        causes.setdefault((problem.code, problem.problem, problem.hint), {})[problem] = None
    kinds: dict[tuple[str, ...], list[tuple[int, tuple[Problem, ...]]]] = {}
    for number, alike in enumerate(map(tuple, causes.values())):
        kinds.setdefault(_kind(alike[0]), []).append((number, alike))
    folded = (
        [(alikes[0][0], tuple(chain.from_iterable(alike for _, alike in alikes)))]
        if len(alikes) > OF_A_KIND
        else alikes
        for alikes in kinds.values()
    )
    return [alike for _, alike in sorted(chain.from_iterable(folded), key=itemgetter(0))]


def _kind(problem: Problem) -> tuple[str, ...]:
    """What problems of one kind have in common; the path of an engine's problem is a resource's name."""
    path = NAMES.sub("*", problem.path) if "." in problem.path else "*"
    names = [*NAMES.findall(problem.path), "\0"]
    value = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b|{VALUE.pattern}")
    return problem.code, path, value.sub("*", problem.problem), value.sub("*", problem.hint)


def plain(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Problems as JSON, not grouped."""
    names = ("code", "where", "path", "problem", "hint")
    return [{name: getattr(problem, name) for name in names} for problem in problems]


def _one(alike: tuple[Problem, ...], source_line: SourceLine) -> Iterator[Text]:
    first, *others = alike
    yield from _labelled(
        f"error[{first.code}]", "bold red", ": ".join(filter(None, (first.path, first.problem)))
    )
    yield from _place(first, source_line)
    if others:
        yield Text(f"  and {counted(len(others), 'more place')}:")
        yield from listed(_places(others), indent=4)
    if first.hint:
        yield from _labelled("  help", "bold cyan", first.hint)


def _labelled(label: str, style: str, words: str) -> Iterator[Text]:
    """``label: words`` over as many lines as it needs; line breaks in `words` stay."""
    for index, part in enumerate(words.splitlines() or [""]):
        start = f"{label}: {part}" if index == 0 else f"  {part}"
        for number, line in enumerate(wrapped(start)):
            if index == number == 0:
                line.stylize(style, 0, len(label))
            yield line


def _places(others: list[Problem]) -> Iterator[str]:
    for other in others[:PLACES]:
        yield other.where or other.path
    if len(others) > PLACES:
        yield f"and {len(others) - PLACES:,} more"


def _place(problem: Problem, source_line: SourceLine) -> Iterator[Text]:
    if not problem.where:
        return
    yield Text(f"  --> {problem.where}", "blue")
    file, line, column = split(problem.where)
    text = source_line(file, line) if line else None
    if text is None:
        return
    number = str(line)
    stated = "" if problem.code == "plain-secret" else problem.problem
    clean = masked(text, column, stated, is_program=file.endswith(".py"))
    shown, caret = window(clean, column, COLUMNS - len(number) - 5)
    yield Text.assemble((f"  {number} | ", "blue"), shown)
    if column:
        yield Text.assemble((f"  {' ' * len(number)} | ", "blue"), " " * caret, ("^", "bold red"))


def split(where: str) -> tuple[str, int, int]:
    """``file:line:column`` taken apart; 0 for a number that is not there."""
    head, _, last = where.rpartition(":")
    file, _, middle = head.rpartition(":")
    if file and middle.isdecimal() and last.isdecimal():
        return file, int(middle), int(last)
    if head and last.isdecimal():
        return head, int(last), 0
    return where, 0, 0


def masked(text: str, column: int, stated: str, *, is_program: bool) -> str:
    """A line with ``*`` in place of its values, but for one at `column` that the problem itself has `stated`.

    Any line may have a secret in the clear, whatever is wrong with it. Keys remain, and show the place.
    """

    def value(match: re.Match[str]) -> str:
        is_here = match.start() < column <= match.end()
        if (is_here and match[0].strip("\"'") in stated) or KEY.match(text, match.start()):
            return match[0]
        return re.sub(r"\S", "*", match[0])

    return VALUES[is_program].sub(value, text)


def window(text: str, column: int, width: int) -> tuple[str, int]:
    """The part of a line around `column` (from 1) that fits `width`, and the caret's offset in cells."""
    clean = printable(text.replace("\t", " "))
    at = max(min(column - 1, len(clean)), 0)
    start = 0 if cell_len(clean[: at + 1]) < width else max(at - width // 2, 0)
    shown = clean[start : start + width]
    while cell_len(shown) > width:
        shown = shown[:-1]
    return shown.rstrip(), cell_len(clean[start:at])


def code_of(message: str) -> str:
    """``input`` where the user's input is at fault, else ``engine``."""
    return "input" if INPUT.search(message) else "engine"


def diagnosed(diagnostics: Iterable[Diagnostic]) -> Iterator[Problem]:
    """The problems in the errors among `diagnostics`; an engine's own message stays as it is.

    For a partly created resource, an engine repeats the failures as a list below the error.
    """
    reported: set[Problem] = set()
    for diagnostic in diagnostics:
        message = diagnostic.message.strip()
        if diagnostic.severity == "error" and message:
            name = _resource(diagnostic)
            causes = [_parsed(line.removeprefix("* "), name) for line in message.splitlines()]
            if all(problem.hint for problem in causes):
                yield from (problem for problem in dict.fromkeys(causes) if problem not in reported)
                reported.update(causes)
            else:
                yield Problem(code=code_of(message), path=name, problem=message, hint="")


def _resource(diagnostic: Diagnostic) -> str:
    """Name of the resource that an error is about; empty for the stack itself."""
    return "" if STACK in diagnostic.urn else diagnostic.urn.rsplit("::", 1)[-1]


def _parsed(line: str, name: str) -> Problem:
    where, path = "", ""
    head, colon, rest = line.partition(": ")
    if colon and WHERE.fullmatch(head):
        where, line = head, rest
    head, colon, rest = line.partition(": ")
    if colon and PATH.fullmatch(head):
        path, line = head, rest
    text, _, hint = line.rpartition("; ")
    what = RESOURCE.match(text)  # one missing login is one problem, whatever the resource
    if what and name and what[2] == name:
        path, text = what[1], text[what.end() :]
    return Problem(
        code=code_of(line), where=where, path=path or name, problem=text or hint, hint=hint if text else ""
    )
