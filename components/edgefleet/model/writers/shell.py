"""POSIX shell (POSIX.1-2017, XCU 2.2 Quoting, 2.7.4 Here-Document)."""

import shlex

from edgefleet.model.writers.written import LINE, Syntax

SHELL = Syntax("a shell script", "*.sh")
TEXT = r"[^\x00\ud800-\udfff]*"


@SHELL.writer
def sh(value: str) -> str:
    """One word."""
    return shlex.quote(SHELL.check(value, TEXT))


command = SHELL.words(sh, "command")


@SHELL.writer
def comment(value: str) -> str:
    """The rest of a comment."""
    return SHELL.check(value, LINE)


@SHELL.writer
def variable(value: str) -> str:
    """The name of a variable."""
    return SHELL.check(value, "[a-z_][a-z0-9_]*")


@SHELL.writer
def field(value: str) -> str:
    """A field of a line in a quoted here-document, which `read -r` splits at blanks."""
    return SHELL.check(value, rf"(?!.*\s)(?=.){LINE}")


@SHELL.writer
def rest(value: str) -> str:
    """The last field of such a line, which may hold blanks."""
    return SHELL.check(value, rf"(?!\s)(?=.){LINE}(?<!\s)")


@SHELL.writer
def here(value: str, end: str) -> str:
    """The lines of a quoted here-document; it may have none."""
    SHELL.check(value, TEXT)
    if end in value.split("\n") or not f"\n{value}".endswith("\n"):
        raise SHELL.refusal(value, "only whole lines may stand there, none of them the delimiter")
    return value


@SHELL.writer
def delimiter(value: str) -> str:
    """The delimiter of a here-document."""
    return SHELL.check(value, "[A-Z-]+")
