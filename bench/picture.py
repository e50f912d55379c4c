"""``make picture``: the picture in the README, taken from a real preview.

A copy of the project with a fixed fleet secret is brought up on the emulated cloud, two sites and an image
are edited, and the output of ``edgefleet preview`` becomes ``docs/preview.svg``. The time that planning took
is left out, so the same code draws the same picture.
"""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bench.processes import ROOT
from rich.console import Console
from rich.text import Text

from edgefleet.commands import secrets
from edgefleet.commands.session import Session

PICTURE = ROOT / "docs" / "preview.svg"
STACK = "dev"
COLUMNS = 80
COMMAND = Path(sys.executable).with_name("edgefleet")
SECRET = "cGljdHVyZXMgYXJlIGRyYXduIHdpdGggdGhpcyBzZWNyZXQ="  # noqa: S105 - public: it only draws the picture
SECRETS_OF_WORKLOADS = ("till-api", "damage-bucket", "scales-password", "orders-database")
EDITS = (
    (r"(de-muc-001: .*)10\.20\.3\.10/24", r"\g<1>10.20.3.77/24"),
    (r"  ro-clj-001: .*\n", ""),
    (r"/tally:0\.9\.2", "/tally:0.9.3"),
)
"""(pattern, replacement) in the fleet file: the first edit that the README describes."""
SVG = """\
<svg viewBox="0 0 {width} {height}" xml:space="preserve" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
 font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
 font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-family: arial; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""Rich's own template, without the fonts that it loads over the network."""


def edited(fleet: str) -> str:
    """The fleet file after the edits.

    Raises:
        ValueError: an edit does not match exactly once: the README describes another fleet.
    """
    for pattern, replacement in EDITS:
        fleet, count = re.subn(pattern, replacement, fleet)
        if count != 1:
            raise ValueError(f"{pattern} matches {count} times")
    return fleet


def terminal(project: Path) -> str:
    """Output of the preview in `project`, an empty directory, with ANSI colours."""
    environment = {
        **os.environ,
        "PATH": f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}",  # next commands are shown by name
        "PULUMI_CONFIG_PASSPHRASE": "picture",
        "FORCE_COLOR": "1",
        "COLORTERM": "truecolor",
        "COLUMNS": str(COLUMNS),
    }
    shutil.copytree(ROOT / "stacks", project / "stacks", ignore=shutil.ignore_patterns("Pulumi.*"))
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(ROOT / name, project)
    session = replace(Session.of_process(), project=project, environment=environment)
    of_workloads = json.dumps(dict.fromkeys(SECRETS_OF_WORKLOADS, SECRET))
    secrets.write(session, STACK, {secrets.FLEET_SECRET: SECRET, secrets.PASSPHRASES: of_workloads})
    fleet = project / "stacks" / f"{STACK}.fleet.yaml"
    committed(project)
    try:
        edgefleet(project, environment, "up", "-s", STACK, "-y", "--engine", "local")
        fleet.write_text(edited(fleet.read_text(encoding="utf-8")), encoding="utf-8")
        return edgefleet(project, environment, "preview", "-s", STACK, "--engine", "local")
    finally:
        edgefleet(project, environment, "emulator", "stop")


def committed(project: Path) -> None:
    """Put the project under version control: a preview looks up removed rows there."""
    author = ("-c", "user.name=edgefleet", "-c", "user.email=edgefleet@example.org")
    for command in (("init", "-q"), ("add", "stacks"), (*author, "commit", "-q", "-m", "Describe the fleet")):
        subprocess.run(["git", *command], cwd=project, check=True)


def edgefleet(project: Path, environment: Mapping[str, str], *arguments: str) -> str:
    """Output of one command.

    Raises:
        CalledProcessError: it failed; what it reported is on stderr.
    """
    command = [str(COMMAND), *arguments]
    return subprocess.run(
        command, cwd=project, env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def drawn(output: str) -> str:
    """An SVG of a terminal that shows the preview."""
    text = Text.from_ansi(f"$ edgefleet preview -s {STACK}\n{output.rstrip()}")
    if time := re.search(r" +planned in [\d.]+ m?s\b", text.plain):
        text = text[: time.start()] + text[time.end() :]
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(text)
    svg = console.export_svg(title="edgefleet", code_format=SVG, unique_id="preview")
    return "\n".join(line.rstrip() for line in svg.splitlines() if line.strip()) + "\n"


def main() -> None:
    """Draw the picture."""
    with tempfile.TemporaryDirectory() as folder:
        PICTURE.write_text(drawn(terminal(Path(folder).resolve())), encoding="utf-8")


if __name__ == "__main__":
    main()
