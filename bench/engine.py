"""The embedded engine's own cost: a preview with nothing changed, against the SDK's floor.

Both register the same resources, of a provider that does nothing; the floor with Pulumi's own mocks. Each
figure is the median of processes of its own, timed inside, after imports.
"""

import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from bench import floor
from bench.processes import ROOT, RunError
from bench.table import Row
from pulumi.runtime import mocks, stack
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from edgefleet.engine.api import Options
from edgefleet.engine.embedded import EmbeddedEngine

SIZES = (100, 1_000, 10_000)
FLOORS = 1.5
LINEAR = 11
AIMED = (1_000, 10_000)
PASSPHRASE = "bench"  # noqa: S105 - of a stack that is thrown away
PROGRAM = """\
import pulumi
from bench import floor

class Site(pulumi.CustomResource):
    def __init__(self, name, number):
        super().__init__("edgefleet:index:Site", name, floor.inputs(number))

for number in range({count}):
    Site(f"site-{{number:05d}}", number)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Figures of one size; times in seconds, memory in MB (10^6 bytes)."""

    count: int
    floor: float
    preview: float
    up: float
    """From nothing, to a checkpoint on the disk."""
    peak_mb: float
    """Of the process that previews."""

    @property
    def ratio(self) -> float:
        """Preview over floor."""
        return self.preview / self.floor


class Idle(provider_pb2_grpc.ResourceProviderServicer):
    """A provider that takes everything as it comes."""

    def CheckConfig(self, request: Any, _context: Any) -> Any:  # noqa: N802 - the protocol's names
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True, acceptResources=True)

    def Check(self, request: Any, _context: Any) -> Any:  # noqa: N802
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Create(self, request: Any, _context: Any) -> Any:  # noqa: N802
        return provider_pb2.CreateResponse(id=f"{request.name}-id", properties=request.properties)


def run_floor(count: int) -> float:
    """Register with the SDK's mocks; return seconds."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    mocks.set_mocks(floor.Nothing(), project="bench", stack="bench")

    def program() -> None:
        for number in range(count):
            floor.Site(f"site-{number:05d}", number)

    started = perf_counter()
    loop.run_until_complete(stack.run_pulumi_func(program))
    return perf_counter() - started


def run_engine(operation: Any, project: Path) -> float:
    """Run the embedded engine; return seconds."""
    engine = EmbeddedEngine(factories={"edgefleet": Idle}, environ={"PULUMI_CONFIG_PASSPHRASE": PASSPHRASE})
    started = perf_counter()
    outcome = engine.run(operation, Options(stack="bench", project=project))
    seconds = perf_counter() - started
    wanted = "create" if operation == "up" else "same"
    ops = {step.op for step in outcome.steps}
    if outcome.result != "succeeded" or ops != {wanted}:
        raise RunError(f"{operation}: {outcome.result}, {ops}, {outcome.diagnostics}")
    return seconds


def write_project(into: Path, count: int) -> None:
    """Write a project whose program registers `count` resources."""
    (into / "Pulumi.yaml").write_text("name: bench\nruntime: python\nbackend: {url: 'file://.'}\n")
    (into / "Pulumi.bench.yaml").write_text("config: {}\n")
    (into / "__main__.py").write_text(PROGRAM.format(count=count))


def measure(sizes: tuple[int, ...] = SIZES, *, times: int = 3) -> list[Measured]:
    """Measure each size in one run, in processes of their own; median of `times`."""
    rows = []
    for count in sizes:
        with tempfile.TemporaryDirectory() as folder:
            write_project(Path(folder), count)
            up, _ = _child("up", folder)
            floors = [_child("floor", str(count))[0] for _ in range(times)]
            previews = [_child("preview", folder) for _ in range(times)]
        rows.append(
            Measured(
                count=count,
                floor=statistics.median(floors),
                preview=statistics.median(seconds for seconds, _ in previews),
                up=up,
                peak_mb=max(peak for _, peak in previews),
            )
        )
    return rows


def _child(what: str, argument: str) -> tuple[float, float]:
    command = [sys.executable, "-m", "bench.engine", what, argument]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RunError(f"{' '.join(command)} exited with {done.returncode}: {done.stderr[-300:]}")
    seconds, peak = json.loads(done.stdout.splitlines()[-1])
    return seconds, peak


def engine_rows() -> list[Row]:
    """The engine alone at each size, and how its cost grows."""
    found = {row.count: row for row in measure()}
    rows = [
        Row(
            what=f"engine alone: preview, {count:,} resources of a provider that does nothing",
            ours=f"{row.preview:.2f} s, {row.peak_mb:.0f} MB (up from nothing {row.up:.1f} s)",
            peer=f"SDK floor {row.floor:.2f} s",
            ratio=f"{row.ratio:.2f}",
            aim=f"at most {FLOORS}" if count in AIMED else "-",
            is_met=row.ratio <= FLOORS if count in AIMED else None,
        )
        for count, row in found.items()
    ]
    small, large = found[1_000], found[10_000]
    growth = large.preview / small.preview
    rows.append(
        Row(
            what="engine alone: preview, 10,000 resources against 1,000",
            ours=f"{large.preview:.2f} s",
            peer=f"{small.preview:.2f} s (the floor grows {large.floor / small.floor:.1f} times)",
            ratio=f"{growth:.1f}",
            aim="linear: at most 11",
            is_met=growth <= LINEAR,
        )
    )
    return rows


def main(arguments: list[str]) -> None:
    """Be one of the processes that are measured."""
    what, argument = arguments
    seconds = run_floor(int(argument)) if what == "floor" else run_engine(what, Path(argument))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(json.dumps([seconds, peak]))


if __name__ == "__main__":
    main(sys.argv[1:])
