"""Whole processes, measured; and peers, which may be missing or fail without ending the bench."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[1]
Figures = TypeVar("Figures")


class RunError(Exception):
    """A measured program exited with another code than 0; the text is its command and its last words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One whole process."""

    seconds: float
    processor: float
    """Seconds of processor time, its own and that of what it starts: other load hardly counts."""
    peak_mb: float


def measured(command: list[str], *, at: Path, extra: Mapping[str, str] | None = None) -> Measured:
    """Run a program to its end; wall-clock seconds and peak resident memory in MB (10^6 bytes).

    Args:
        command: what to run; the memory is that of the largest of the processes that it starts.
        at: where.
        extra: variables beside those of this process.

    Raises:
        RunError: the program exited with another code than 0.
    """
    report = at / "bench.json"
    wrapper = (
        "import json, resource, subprocess, sys, time\n"
        "start = time.perf_counter()\n"
        "done = subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)\n"
        "spent = time.perf_counter() - start\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "taken = [spent, used.ru_utime + used.ru_stime, used.ru_maxrss]\n"
        "json.dump([done.returncode, done.stderr.decode(), *taken], open(sys.argv[1], 'w'))\n"
    )
    environment = {
        **os.environ,
        "PULUMI_CONFIG_PASSPHRASE": "bench",
        "PYTHONPATH": str(ROOT),
        **(extra or {}),
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # a user's second run finds its modules compiled
    subprocess.run(
        [sys.executable, "-c", wrapper, str(report), *command], cwd=at, check=True, env=environment
    )
    code, errors, seconds, processor, peak_kb = json.loads(report.read_text())
    if code != 0:
        raise RunError(_failure(command, code, errors))
    return Measured(seconds=seconds, processor=processor, peak_mb=peak_kb * 1024 / 1e6)


def prepare(command: list[str], *, at: Path) -> None:
    """Run what a peer needs before it is measured.

    Raises:
        RunError: the program exited with another code than 0.
    """
    ended = subprocess.run(command, cwd=at, check=False, capture_output=True, text=True)
    if ended.returncode:
        raise RunError(_failure(command, ended.returncode, ended.stderr))


def _failure(command: list[str], code: int, errors: str) -> str:
    lines = [line for line in errors.splitlines() if line.strip(" │╷╵")]
    return f"`{' '.join(command[:3])}` exited with {code}: {' '.join(lines[-3:])}"


def peer_figures(program: str, measure: Callable[[], Figures]) -> Figures | str:
    """What `measure` returns, or why there are no figures: the peer is not installed, or it failed.

    What a peer lacks (its installation, a network, an option) does not cost the bench our own figures.
    """
    if shutil.which(program) is None:
        return f"no {program} on PATH"
    try:
        return measure()
    except RunError as failure:
        return f"{program} failed: {failure}"
