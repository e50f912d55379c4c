"""Scripts that root runs on a node write nothing where a user could have put a link."""

import re
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
SCRIPTS = sorted(
    path
    for path in TEMPLATES.rglob("*")
    if path.is_file()
    and (
        ".sh" in path.suffixes
        or path.read_text(encoding="utf-8").startswith(("#!/bin/sh", "[Unit]", "[Service]"))
    )
)
AS_USER = re.compile(r"setpriv --reuid=[^\n]*<<'AS-USER'\n.*?^AS-USER$", re.DOTALL | re.MULTILINE)
"""What a script does with the rights of a user."""
PROSE = re.compile(r'(^|\s)#.*?$|\b(say|fail) "[^"]*"', re.MULTILINE)
FORBIDDEN = {
    r"\.ssh\b|authorized_keys|/home\b": "the home of a user, without the rights of that user",
    r"\bch(own|mod|grp) (-\w*R|--recursive)": "a recursive change of owners or modes",
    r"\bmktemp(?! -d (\"\$prefix)?/run/)": "a temporary file outside /run, which TMPDIR may name",
    r"(?<![\w}])/(var/)?tmp\b|/dev/shm": "a directory that every user may write to",
}
"""dict[regular expression -> what it finds]."""


def flaws(text: str) -> list[str]:
    """What a script does where a user could have put a link."""
    bare = PROSE.sub("", AS_USER.sub("", text))
    return [finding for pattern, finding in FORBIDDEN.items() if re.search(pattern, bare)]


def test_scripts_are_looked_at() -> None:
    assert len(SCRIPTS) > 15


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_root_writes_nothing_where_a_user_may(script: Path) -> None:
    """A link there would lead root to any file."""
    assert [] == flaws(script.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        'echo "$key" >>"$home/.ssh/authorized_keys"',
        "chown -R ops /srv",
        "work=$(mktemp -d)",
        "echo x >/tmp/x",
        "echo x >/var/tmp/x",
    ],
)
def test_each_flaw_is_found(text: str) -> None:
    assert 1 == len(flaws(text))
