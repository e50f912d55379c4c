"""Workloads: composing against writing the same objects as JSON; previews against their own floors.

A fleet of 1,000 sites runs ten workloads of five kinds; three of them have a value of the site in their
texts, so that their objects differ at each site.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from bench import fleets
from bench.processes import Measured, measured
from bench.table import Row

from edgefleet.fleetfile.load import load_fleet
from edgefleet.workloads import composing

COUNT = 1_000
LARGE = 5_000
ROUNDS = 5
TAG = "till:1.4"
IMAGE = "registry.bench.example"
WEB = f"kind: web, port: 8080, image: {IMAGE}"
WORKLOADS = f"""\
workloads:
  till: {{{WEB}/{TAG}, environment: {{STORE: "{{site.name}}"}}, critical: true}}
  display: {{{WEB}/display:2.0, environment: {{STORE: "{{site.name}}"}}}}
  prices: {{{WEB}/prices:1.0, args: ["--site={{site.name}}"]}}
  stock: {{{WEB}/stock:1.0, needs: [carts]}}
  labels: {{{WEB}/labels:1.0}}
  doors: {{{WEB}/doors:1.0, resources: {{memory: 32Mi}}}}
  menu: {{kind: cache, origin: "https://menu.bench.example", size: 1Gi}}
  carts: {{kind: session, size: 128Mi}}
  report: {{kind: job, image: "{IMAGE}/report:1.0", schedule: "0 3 * * *"}}
  tools: {{kind: payload, images: ["{IMAGE}/tools:1.0"]}}
"""
COMMAND = (sys.executable, "-m", "edgefleet.cli")


@contextmanager
def project(count: int, workloads: str = WORKLOADS) -> Iterator[Path]:
    """A project of `count` sites with `workloads`."""
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        file = fleets.write_project(at, count)
        file.write_text(file.read_text() + workloads)
        yield at


def workload_rows() -> list[Row]:
    """Every figure of workloads."""
    return [*composing_rows(), *preview_rows(), large_row()]


def composing_rows() -> list[Row]:
    """Composing from nothing beside writing the same objects as JSON, in turn in one process."""
    with project(COUNT) as at:
        sites = load_fleet(at / "stacks/bench.fleet.yaml", at).sites.values()
    composed, written, size = [], [], 0
    for _ in range(ROUNDS):
        composing.composed.cache_clear()
        start = perf_counter()
        objects = [composing.objects_of(site) for site in sites]
        composed.append(perf_counter() - start)
        start = perf_counter()
        size = sum(len(json.dumps(each)) for each in objects)
        written.append(perf_counter() - start)
    ours, peer = statistics.median(composed), statistics.median(written)
    return [
        Row(
            what=f"compose the objects of {COUNT:,} sites x 10 workloads ({size / 1e6:.0f} MB as JSON)",
            ours=f"{ours:.2f} s",
            peer=f"json.dumps of them {peer:.2f} s",
            ratio=f"{ours / peer:.2f}",
            aim="at most 3",
            is_met=ours / peer <= 3,
        )
    ]


def preview_rows(*, times: int = 3) -> list[Row]:
    """Previews with nothing changed, without workloads too, and with one image changed everywhere."""
    with project(COUNT, "") as bare, project(COUNT) as whole:
        for at in (bare, whole):
            _up(at)
        without, unchanged = _in_turn(times, lambda: _preview(bare), lambda: _preview(whole))
        state = max(_bytes_a_site(whole))
        file = whole / "stacks/bench.fleet.yaml"
        file.write_text(file.read_text().replace(TAG, "till:1.5"))
        changed, again = _in_turn(times, lambda: _preview(whole), lambda: _preview(bare))
    slower, load = unchanged / without, again / without
    return [
        Row(
            what=f"preview, {COUNT:,} unchanged sites with 10 workloads",
            ours=f"{unchanged:.2f} s",
            peer=f"the same without workloads {without:.2f} s",
            ratio=f"{slower:.2f}",
            aim="at most 1.3",
            is_met=slower <= 1.3,
        ),
        Row(
            what=f"preview, one image changed at {COUNT:,} sites",
            ours=f"{changed:.2f} s",
            peer=f"unchanged {unchanged * load:.2f} s",
            ratio=f"{changed / (unchanged * load):.2f}",
            aim="at most 2",
            is_met=changed / (unchanged * load) <= 2,
        ),
        Row(
            what="state of a site with 10 workloads",
            ours=f"{state / 1024:.1f} KB",
            aim="at most 8 KB",
            is_met=state <= 8 * 1024,
        ),
    ]


def large_row() -> Row:
    """Peak memory of a preview of many sites that are all new."""
    with project(LARGE) as at:
        spent = _preview_measured(at)
    return Row(
        what=f"preview, {LARGE:,} new sites with 10 workloads",
        ours=f"{spent.seconds:.1f} s, {spent.peak_mb:.0f} MB",
        aim="under 1,000 MB",
        is_met=spent.peak_mb < 1_000,
    )


def _in_turn(times: int, *runs: Callable[[], float]) -> tuple[float, ...]:
    """The median seconds of each, all of them in turn so that they see the same machine."""
    rounds = [[run() for run in runs] for _ in range(times)]
    return tuple(statistics.median(column) for column in zip(*rounds, strict=True))


def _up(at: Path) -> None:
    command = [*COMMAND, "up", "-s", "bench", "-y", "--engine", "local"]
    environment = {**os.environ, "PULUMI_CONFIG_PASSPHRASE": "bench"}
    subprocess.run(command, cwd=at, check=True, stdout=subprocess.DEVNULL, env=environment)


def _preview_measured(at: Path) -> Measured:
    return measured([*COMMAND, "preview", "-s", "bench", "--engine", "local", "--json", "-"], at=at)


def _preview(at: Path) -> float:
    return _preview_measured(at).seconds


def _bytes_a_site(at: Path) -> Iterator[int]:
    """Bytes of the state of each site's resource, inputs and outputs, as JSON."""
    (file,) = (at / ".pulumi").rglob("bench.json")
    for resource in json.loads(file.read_text())["checkpoint"]["latest"]["resources"]:
        if resource["type"] == "edgefleet:index:Site":
            yield len(json.dumps(resource, separators=(",", ":")))
