"""Programs in Go beside tests: other projects' own code, which reads or runs what edgefleet writes."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PLACES = ("/usr/local/go/bin", "/usr/lib/go/bin")
"""Where Go is beside PATH."""
NO_GO = "needs go 1.21 or newer: apt-get install golang-go, or unpack it to /usr/local/go"
OFFLINE = (
    "dial tcp",
    "no such host",
    "connection refused",
    "proxyconnect",
    "i/o timeout",
    "module lookup disabled",
)
TOO_OLD = ("invalid go version", "note: module requires Go", "toolchain not available")


class NotBuilt(Exception):  # noqa: N818 - no error of the tests: the machine lacks something
    """This machine has no Go, or no module proxy answers."""


def build(source: Path, program: Path, *arguments: str) -> Path:
    """`program`, built from the Go module `source`, with these arguments of ``go build``.

    Raises:
        NotBuilt: this machine cannot.
    """
    go = shutil.which("go", path=os.pathsep.join([os.environ.get("PATH", ""), *PLACES]))
    if go is None:
        raise NotBuilt(NO_GO)
    done = subprocess.run(
        [go, "build", "-o", str(program), *(arguments or ["."])],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
    )
    said = done.stderr + done.stdout
    if done.returncode and any(text in said for text in OFFLINE):
        raise NotBuilt(f"needs the modules of {source.name}/go.mod: no module proxy answers")
    if done.returncode and any(text in said for text in TOO_OLD):
        raise NotBuilt(NO_GO)
    assert 0 == done.returncode, said
    return program


def built(source: Path, program: Path) -> Path:
    """The same for a test, which is skipped where it cannot be built."""
    try:
        return build(source, program)
    except NotBuilt as reason:
        pytest.skip(str(reason))
