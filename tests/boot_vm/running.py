"""Tools that make what machines are started with."""

import subprocess
from pathlib import Path

PLACES = "/usr/sbin:/sbin:/usr/bin:/bin"


def tool(*command: str | Path, stdin: str = "", cwd: Path | None = None) -> str:
    """Run a tool that makes something; what it printed."""
    done = subprocess.run(
        [*map(str, command)],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={"PATH": PLACES, "LC_ALL": "C"},
    )
    assert 0 == done.returncode, f"{' '.join(map(str, command))}: {done.stderr}{done.stdout}"
    return done.stdout
