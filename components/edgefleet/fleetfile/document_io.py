"""Read the text of a hand-written file, with a specific problem for each failure."""

import errno
from collections.abc import Callable
from functools import cache
from pathlib import Path

from edgefleet.errors import InvalidInput
from edgefleet.model.releases import project_path
from edgefleet.model.syntax import wrong

LARGEST = 64 * 1024**2
"""Bytes that a file may have; 100,000 sites are about 25 MB."""
TABLE = ".csv"
LONGEST_LINE = 64 * 1024
"""Characters that a line may have."""


def shown_path(path: Path, root: Path) -> str:
    """`path` for messages: relative to `root` if it is under it."""
    absolute, base = path.absolute(), root.absolute()
    return str(absolute.relative_to(base)) if absolute.is_relative_to(base) else str(path)


def included_texts(root: Path) -> Callable[[str], str]:
    """The function from a path in the project at `root` to the text of that file.

    It raises the errors of validators.
    """

    @cache
    def read(path: str) -> str:
        try:
            return read_text(root / project_path(path), path)
        except InvalidInput as error:
            problem = error.problem
            raise wrong(problem.code, f"{path}: {problem.problem}", problem.hint) from None

    return read


def read_text(path: Path, name: str) -> str:
    """The text of `path`, called `name` in messages, without a byte order mark.

    Raises:
        InvalidInput: it is unreadable, too large, empty or not UTF-8.
    """
    data = _bytes(path, name)
    if len(data) > LARGEST:
        problem = f"the file is larger than {LARGEST // 1024**2} MiB"
        raise InvalidInput.at(name, "too-large", problem, "split it into several regions")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_text(data, name, error.start) from error
    _check_lines(text, name)
    if not text.strip():
        raise InvalidInput.at(name, "empty", "the file is empty", _begun(path))
    return text


def _bytes(path: Path, name: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except IsADirectoryError as error:
        raise InvalidInput.at(
            name, "is-directory", "this is a directory, not a file", _inside(path)
        ) from error
    except FileNotFoundError as error:
        raise InvalidInput.at(name, "no-file", "there is no such file", _beside(path)) from error
    except PermissionError as error:
        hint = "change its permissions, or run as its owner"
        raise InvalidInput.at(name, "unreadable", "you may not read this file", hint) from error
    except (OSError, ValueError) as error:
        number = getattr(error, "errno", None)
        reason = errno.errorcode.get(number, str(number)) if number else str(error)
        raise InvalidInput.at(
            name, "unreadable", f"the file cannot be read ({reason})", "check the path"
        ) from error


def _begun(path: Path) -> str:
    if path.suffix == TABLE:
        return "write a heading line such as name,profile,network.address, then a line for each site"
    return "create a starting point with edgefleet new DIR"


def _inside(path: Path) -> str:
    if path.suffix == TABLE:
        return "name a CSV file"
    names = sorted(child.name for child in path.glob("*.fleet.yaml"))
    return f"name a file in it: {', '.join(names[:5])}" if names else "name one such as stacks/dev.fleet.yaml"


def _beside(path: Path) -> str:
    try:
        names = sorted(child.name for child in path.parent.glob(f"*{''.join(path.suffixes[-2:])}"))
    except (OSError, ValueError):
        names = []
    return f"beside it there is {', '.join(names[:5])}" if names else "check the path"


def _check_lines(text: str, name: str) -> None:
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > LONGEST_LINE:
            problem = f"this line has {len(line):,} characters, at most {LONGEST_LINE:,} are read"
            hint = "check that this is the file you meant; break the line otherwise"
            raise InvalidInput.at(f"{name}:{number}:1", "long-line", problem, hint)


def _not_text(data: bytes, name: str, start: int) -> InvalidInput:
    line = data.count(b"\n", 0, start) + 1
    column = len(data[data.rfind(b"\n", 0, start) + 1 : start].decode("utf-8", "replace")) + 1
    is_wide = data[:2] in {b"\xff\xfe", b"\xfe\xff"}
    problem = "the file is UTF-16" if is_wide else f"byte 0x{data[start]:02x} is not UTF-8"
    return InvalidInput.at(f"{name}:{line}:{column}", "not-utf8", problem, "save the file as UTF-8")
