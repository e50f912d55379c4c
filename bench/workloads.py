"""Workloads: composing against writing the same objects as JSON; previews against their own floors.

A fleet of 1,000 sites runs ten workloads of five kinds; three of them have a value of the site in their
texts, so that their objects differ at each site. Composing, previews and publishing are compared by processor
time, which other load on the machine hardly changes.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import process_time

from bench import fleets, peers
from bench.preview import medians
from bench.processes import Measured, measured, peer_figures, prepare
from bench.table import Row

from edgefleet.fleetfile.load import load_fleet
from edgefleet.io import emulator
from edgefleet.io.aws import Aws
from edgefleet.io.store import BucketStore
from edgefleet.keys.derivation import site_key
from edgefleet.site import stored_release
from edgefleet.site.release import Release
from edgefleet.site.render import rendered
from edgefleet.workloads import composing

COUNT = 1_000
LARGE = 5_000
PUBLISHED = 300
THREADS = 16
WRITTEN = 100
"""Sites whose objects Terraform writes, too."""
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
OBJECTS = """\
resource "aws_s3_object" "all" {
  for_each = fileset("objects", "**")
  bucket   = aws_s3_bucket.artifacts.bucket
  key      = each.value
  source   = "objects/${each.value}"
  etag     = filemd5("objects/${each.value}")
}
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
    return [*composing_rows(), *preview_rows(), *publishing_rows(), *terraform_rows(), large_row()]


def composing_rows() -> list[Row]:
    """Composing from nothing beside writing the same objects as JSON, in turn in one process."""
    with project(COUNT) as at:
        sites = load_fleet(at / "stacks/bench.fleet.yaml", at).sites.values()
    composed, written, size = [], [], 0
    for _ in range(ROUNDS):
        composing.composed.cache_clear()
        start = process_time()
        objects = [composing.objects_of(site) for site in sites]
        composed.append(process_time() - start)
        start = process_time()
        size = sum(len(json.dumps(of_site)) for of_site in objects)
        written.append(process_time() - start)
    ours, peer = statistics.median(composed), statistics.median(written)
    what = f"compose the objects of {COUNT:,} sites x 10 workloads ({size / 1e6:.0f} MB as JSON)"
    return [_compared(what, ours, ("json.dumps of them", peer), 3)]


def preview_rows(*, times: int = 3) -> list[Row]:
    """Previews with nothing changed, without workloads too, and with one image changed everywhere."""
    with project(COUNT, "") as bare, project(COUNT) as whole:
        for at in (bare, whole):
            _up(at)
        without, unchanged = _in_turn(times, bare, whole)
        state = max(_bytes_a_site(whole))
        file = whole / "stacks/bench.fleet.yaml"
        text = file.read_text()
        rounds = []
        for _ in range(times):
            file.write_text(text.replace(TAG, "till:1.5"))
            rounds.append(_preview(whole))
        changed = medians(rounds)
    return [
        _compared(
            f"preview, {COUNT:,} unchanged sites, 10 workloads",
            unchanged.processor,
            ("the same without workloads", without.processor),
            1.3,
        ),
        _compared(
            f"preview, one image changed at {COUNT:,} sites, 10 workloads",
            changed.processor,
            ("unchanged", unchanged.processor),
            2,
        ),
        Row(
            what="state of a site with 10 workloads",
            ours=f"{state / 1024:.1f} KB",
            aim="at most 8 KB",
            is_met=state <= 8 * 1024,
        ),
    ]


def _compared(what: str, ours: float, peer: tuple[str, float], aim: float) -> Row:
    """Seconds against those of a peer, of which they are `aim` times as many at most."""
    name, theirs = peer
    ratio = ours / theirs
    return Row(
        what=what,
        ours=f"{ours:.2f} s",
        peer=f"{name} {theirs:.2f} s",
        ratio=f"{ratio:.2f}",
        aim=f"at most {aim}",
        is_met=ratio <= aim,
    )


def publishing_rows(*, times: int = 3) -> list[Row]:
    """Releases to a bucket of the emulated cloud, and their bytes by boto3, in turn, from as many threads."""
    with project(PUBLISHED) as at:
        releases = _releases(at)
        cloud = emulator.ensure(at)
        try:
            aws = Aws.emulated(cloud.url, "eu-central-1")
            place = {"LocationConstraint": "eu-central-1"}
            aws.s3.create_bucket(Bucket="bench", CreateBucketConfiguration=place)  # type: ignore[arg-type]  # a constant
            store = BucketStore("bench", "edgefleet", aws=aws)

            def publish(item: tuple[str, Release]) -> None:
                stored_release.published(store, *item, None)

            def put(item: tuple[str, Release]) -> None:
                key = f"boto3/{stored_release.key(item[0], item[1].digest)}"
                aws.s3.put_object(Bucket="bench", Key=key, Body=item[1].data)

            rounds = [(_processor(publish, releases), _processor(put, releases)) for _ in range(times)]
        finally:
            peers.edgefleet(at, "emulator", "stop")
    ours, peer = (statistics.median(column) for column in zip(*rounds, strict=True))
    size = sum(len(release.data) for _, release in releases) / len(releases) / 1e3
    what = f"publish {PUBLISHED} releases of {size:.0f} kB, {THREADS} threads"
    return [_compared(what, ours, ("boto3 put_object of the same bytes", peer), 1.5)]


def _releases(at: Path) -> list[tuple[str, Release]]:
    """(site, its release) of each site."""
    fleet = load_fleet(at / "stacks/bench.fleet.yaml", at)
    found = []
    for name, site in fleet.sites.items():
        key = site_key(
            fleets.SECRET, fleet=site.fleet, region=site.region, site=name, generation=site.key_generation
        )
        found.append((name, rendered(site, key, {}).release))
    return found


def _processor(act: Callable[[tuple[str, Release]], None], items: list[tuple[str, Release]]) -> float:
    """Processor time of this process, whose threads do `act` for each of `items`."""
    start = process_time()
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(act, items):
            pass
    return process_time() - start


def terraform_rows() -> list[Row]:
    """Images and releases of sites to a bucket of the emulated cloud, and the same objects by Terraform."""
    with peers.project(WRITTEN) as at:
        file = at / "stacks/bench.fleet.yaml"
        file.write_text(file.read_text() + WORKLOADS)
        ours = measured([*COMMAND, "up", "-s", "bench", "-y", "--engine", "local"], at=at)
        theirs = peer_figures("terraform", lambda: _terraform(at))
    return [
        Row(
            what=f"up from nothing, {WRITTEN} sites with 10 workloads",
            ours=f"{ours.seconds:.1f} s",
            peer=theirs if isinstance(theirs, str) else f"terraform {theirs.seconds:.1f} s",
            ratio="-" if isinstance(theirs, str) else f"{theirs.seconds / ours.seconds:.1f}",
        )
    ]


def _terraform(at: Path) -> Measured:
    """Terraform writes all objects of the project's bucket to one of its own."""
    folder = at / "terraform"
    url = peers.address(at)
    store = BucketStore(peers.BUCKET, "images", aws=Aws.emulated(url, "eu-central-1"))
    for key in store.list(""):
        path = folder / "objects" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(store.get(key) or b"")
    address, token = emulator.parted(url)
    values = {"url": address, "token": token, "bucket": peers.BUCKET}
    (folder / "main.tf").write_text(peers.PROVIDER % values + OBJECTS)
    prepare(["terraform", "init", "-input=false", "-no-color"], at=folder)
    return measured(["terraform", "apply", "-auto-approve", "-input=false", "-parallelism=16"], at=folder)


def large_row() -> Row:
    """Peak memory of a preview of many sites that are all new."""
    with project(LARGE) as at:
        spent = _preview(at)
    return Row(
        what=f"preview, {LARGE:,} new sites with 10 workloads",
        ours=f"{spent.seconds:.1f} s, {spent.peak_mb:.0f} MB",
        aim="under 1,000 MB",
        is_met=spent.peak_mb < 1_000,
    )


def _in_turn(times: int, *projects: Path) -> tuple[Measured, ...]:
    """The median preview of each, all of them in turn so that they see the same machine."""
    rounds = [[_preview(at) for at in projects] for _ in range(times)]
    return tuple(medians([*column]) for column in zip(*rounds, strict=True))


def _up(at: Path) -> None:
    command = [*COMMAND, "up", "-s", "bench", "-y", "--engine", "local"]
    environment = {**os.environ, "PULUMI_CONFIG_PASSPHRASE": "bench"}
    subprocess.run(command, cwd=at, check=True, stdout=subprocess.DEVNULL, env=environment)


def _preview(at: Path) -> Measured:
    return measured([*COMMAND, "preview", "-s", "bench", "--engine", "local", "--json", "-"], at=at)


def _bytes_a_site(at: Path) -> Iterator[int]:
    """Bytes of the state of each site's resource, inputs and outputs, as JSON."""
    (file,) = (at / ".pulumi").rglob("bench.json")
    for resource in json.loads(file.read_text())["checkpoint"]["latest"]["resources"]:
        if resource["type"] == "edgefleet:index:Site":
            yield len(json.dumps(resource, separators=(",", ":")))
