"""systemd's units, drop-ins and environment files (systemd.syntax, systemd.service, systemd.exec)."""

import re

from edgefleet.model.writers.written import LINE, Syntax

UNIT = Syntax(
    "a systemd unit",
    *("*.service", "*.timer", "*.path", "*.mount"),
    *("hardware/needs-disk.conf", "hardware/timesyncd.conf", "hub/k3s.conf", "safety/ssh-socket.conf"),
)
ENVIRONMENT = Syntax("an environment file of systemd")
PLAIN = r"[A-Za-z0-9/._:@+=,-]+"
"""Words that mean themselves in a command line."""


@UNIT.writer
def value(text: str) -> str:
    """What follows ``Description=`` or the sign of a comment."""
    return UNIT.check(text, rf"(?!\s){LINE}(?<!\s)(?<!\\)").replace("%", "%%")


@UNIT.writer
def name(text: str) -> str:
    """A unit, a host, a time or another word of a list."""
    return UNIT.check(text, "[A-Za-z0-9@._:-]+")


names = UNIT.words(name, "names")


@UNIT.writer
def argument(text: str) -> str:
    """One word of a command line, but not its first, which may begin with special characters."""
    escaped = (
        UNIT.check(text, LINE).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    )
    return text if re.fullmatch(PLAIN, text) else f'"{escaped}"'


@ENVIRONMENT.writer
def quoted(text: str) -> str:
    """The value of a variable."""
    return '"' + re.sub(r'["\\`$]', r"\\\g<0>", ENVIRONMENT.check(text, LINE)) + '"'
