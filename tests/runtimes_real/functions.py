"""A function as `edgefleet new-function` writes it, built for real."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.go_programs import NO_GO, PLACES

from edgefleet import cli

NAME = "prices"


def built(folder: Path) -> Path:
    """The folder of a function, its module and archives built; the test is skipped without Go or make."""
    path = os.pathsep.join([os.environ["PATH"], *PLACES])
    if shutil.which("go", path=path) is None or shutil.which("make") is None:
        pytest.skip(NO_GO if shutil.which("make") else "needs make: apt-get install make")
    root = folder / NAME
    assert 0 == cli.run(["new-function", str(root)])
    environment = {**os.environ, "PATH": path, "GOTOOLCHAIN": "local"}
    done = subprocess.run(
        ["make", "-C", str(root)], capture_output=True, text=True, check=False, timeout=900, env=environment
    )
    assert 0 == done.returncode, done.stderr
    return root
