"""Another process that makes images: in another place, time and surrounding, or where there is no room."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = os.pathsep.join(map(str, (ROOT, ROOT / "components", sysconfig.get_path("purelib"))))
HERE = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0", "USER": "one"}
ELSEWHERE = {
    "TZ": "Pacific/Kiritimati",
    "LC_ALL": "C",
    "LANG": "tr_TR",
    "PYTHONHASHSEED": "4711",
    "USER": "b",
}
NOW, LATER = "2026-11-25 12:00:00", "2031-02-28 23:59:59"
ALONE = ["unshare", "--user", "--map-root-user", "--mount"]
"""A mount of its own, for any user."""
mounting = pytest.mark.skipif(
    0 != subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode,
    reason="needs user namespaces: unshare --user --mount is not permitted here",
)


def printed(  # noqa: PLR0913 - what can be different
    code: str,
    *arguments: str | Path,
    at: Path,
    around: Mapping[str, str] = HERE,
    umask: int = 0o022,
    date: str = "",
    python: str = sys.executable,
) -> str:
    """What Python code prints in a process of its own.

    Args:
        code: to run.
        arguments: its own.
        at: the folder that it runs in, and its home; made if missing.
        around: its environment beside that.
        umask: its.
        date: what it takes for the time (needs faketime); the right one where empty.
        python: the interpreter.
    """
    at.mkdir(exist_ok=True)
    done = subprocess.run(
        [*(["faketime", date] if date else []), python, "-c", code, *map(str, arguments)],
        cwd=at,
        env={"PATH": os.environ["PATH"], "HOME": str(at), "PYTHONPATH": MODULES, **around},
        umask=umask,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout


def without_room(code: str, *arguments: str | Path, at: Path, mebibytes: int) -> tuple[str, list[str]]:
    """(what Python code said, what it left) on a file system that is too small.

    Args:
        code: to run.
        arguments: its own, ``{}`` for a folder there.
        at: where the file system is.
        mebibytes: its size.
    """
    at.mkdir()
    script = (
        'mount -t tmpfs -o "size=$1m" small "$2"; mkdir "$2/work"; at=$2; shift 2; "$@"; ls -A "$at/work"'
    )
    said = [str(at / "work") if each == "{}" else str(each) for each in arguments]
    done = subprocess.run(
        [*ALONE, "sh", "-c", script, "sh", str(mebibytes), str(at), sys.executable, "-c", code, *said],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": MODULES},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr, done.stdout.split()


def replaced(image: Path, at: int, data: bytes) -> int:
    """Write over a part of a file."""
    with image.open("r+b") as file:
        file.seek(at)
        return file.write(data)
