"""Programs in Go beside tests, which read with other projects' own code what edgefleet writes."""

import shutil
import subprocess
from pathlib import Path

import pytest


def built(source: Path, program: Path) -> Path:
    """`program`, built from the Go module `source`; the test is skipped without Go or its modules."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("needs go: apt-get install golang-go, 1.24 or newer")
    done = subprocess.run(
        [go, "build", "-o", str(program), "."],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if done.returncode and "dial tcp" in done.stderr + done.stdout:
        pytest.skip(f"needs the modules of {source.name}/go.mod: no module proxy answers")
    assert 0 == done.returncode, done.stderr
    return program
