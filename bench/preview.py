"""Preview with nothing changed, against the SDK's own floor; and loading, at 100, 1,000 and 5,000 sites."""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from bench import fleets
from bench.processes import Measured, measured
from bench.table import Row

SIZES = (100, 1_000, 5_000)
LARGEST = 10_000
LIMITS_MB = {5_000: 400, LARGEST: 1_000}
"""Aims for the peak memory of a preview, MB (10^6 bytes)."""


def medians(runs: list[Measured]) -> Measured:
    """Median time and highest peak."""
    return Measured(
        seconds=statistics.median(run.seconds for run in runs),
        processor=statistics.median(run.processor for run in runs),
        peak_mb=max(run.peak_mb for run in runs),
    )


def load_rows() -> list[Row]:
    """How long reading, resolving and checking a fleet file takes, in this process's seconds."""
    rows = []
    for count in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            fleets.write_project(Path(folder), count)
            spent = measured(
                [sys.executable, "-m", "edgefleet.cli", "validate", "stacks/bench.fleet.yaml"],
                at=Path(folder),
            )
        rows.append(
            Row(
                what=f"`edgefleet validate`, {count:,} sites",
                ours=f"{spent.seconds:.2f} s, {spent.peak_mb:.0f} MB",
            )
        )
    return rows


def preview_rows(*, times: int = 3) -> list[Row]:
    """A preview of unchanged sites beside the floor, in turn, so that both see the same machine."""
    found: dict[int, Measured] = {}
    floor_of: dict[int, Measured] = {}
    rows = []
    for count in (*SIZES, LARGEST):
        with tempfile.TemporaryDirectory() as folder:
            at = Path(folder)
            fleets.write_project(at, count)
            ours = [sys.executable, "-m", "edgefleet.cli"]
            start = perf_counter()
            subprocess.run(
                [*ours, "up", "-s", "bench", "-y", "--engine", "local"],
                cwd=at,
                check=True,
                stdout=subprocess.DEVNULL,
                env={**os.environ, "PULUMI_CONFIG_PASSPHRASE": "bench"},
            )
            up = perf_counter() - start
            floors, previews = [], []
            for _ in range(times):
                floors.append(measured([sys.executable, "-m", "bench.floor", str(count)], at=at))
                previews.append(
                    measured([*ours, "preview", "-s", "bench", "--engine", "local", "--json", "-"], at=at)
                )
        floor, preview = medians(floors), medians(previews)
        found[count], floor_of[count] = preview, floor
        ratio = preview.seconds / floor.seconds
        rows.append(
            Row(
                what=f"preview, {count:,} unchanged sites",
                ours=f"{preview.seconds:.2f} s, {preview.peak_mb:.0f} MB (up from nothing {up:.1f} s)",
                peer=f"SDK floor {floor.seconds:.2f} s",
                ratio=f"{ratio:.2f}",
                aim="at most 2" if count == 1_000 else "-",
                is_met=ratio <= 2 if count == 1_000 else None,
            )
        )
    for larger, smaller, aim in ((5_000, 1_000, 5.5), (LARGEST, 1_000, 11.0)):
        growth = found[larger].seconds / found[smaller].seconds
        rows.append(
            Row(
                what=f"preview, {larger:,} sites against {smaller:,}",
                ours=f"{found[larger].seconds:.2f} s",
                peer=f"{found[smaller].seconds:.2f} s",
                ratio=f"{growth:.2f}",
                aim=f"at most {aim:g}",
                is_met=growth <= aim,
            )
        )
    for count, limit in LIMITS_MB.items():
        peak = found[count].peak_mb
        rows.append(
            Row(
                what=f"peak memory of a preview, {count:,} sites",
                ours=f"{peak:.0f} MB",
                peer=f"SDK floor {floor_of[count].peak_mb:.0f} MB",
                ratio=f"{peak / floor_of[count].peak_mb:.2f}",
                aim=f"under {limit:,} MB",
                is_met=peak < limit,
            )
        )
    return rows
