"""Many images of one region: seeds against cloud-localds, 1,000 raw images of one base, and all again."""

import os
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from bench import image_projects
from bench.image_projects import MIB, Project
from bench.seeds import SECRET
from bench.table import Row

from edgefleet.fleetfile.load import load_fleet
from edgefleet.io import sparse_file
from edgefleet.keys.derivation import site_key
from edgefleet.site.render import render_site

WORKERS = 2
ROUNDS = 3
SEEDS = 1_000
PEERS = 40
"""Seeds that cloud-localds makes in a round."""
IMAGES = 1_000
BASE, BASE_DATA, PAYLOAD = 64 * MIB, 16 * MIB, 8 * MIB
"""Of the 1,000: small, as what is measured is what an image costs beside its base."""
COPIES = 50
"""Images by reflink, where the file system can."""


def bulk_rows() -> list[Row]:
    """Seeds of a region; then raw images that share a base."""
    return [*_seed_rows(), *_sharing_rows()]


def _seed_rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        project = image_projects.write_project(Path(folder), SEEDS)
        made, theirs = [], []
        peer = _localds(project) if shutil.which("cloud-localds") else None
        for _ in range(ROUNDS):
            shutil.rmtree(project.at / "out", ignore_errors=True)
            os.sync()
            made.append(SEEDS / project.build("--all", "-j", str(WORKERS)).seconds)
            if peer is not None:
                theirs.append(PEERS / _seconds(peer))
    ours, what = statistics.median(made), f"`image build --all`, {SEEDS:,} seeds by {WORKERS} workers"
    if not theirs:
        return [Row(what=what, ours=f"{ours:,.0f}/s", peer="cloud-localds is not installed")]
    against = statistics.median(theirs)
    return [
        Row(
            what=what,
            ours=f"{ours:,.0f}/s",
            peer=f"cloud-localds, {WORKERS} at a time {against:,.0f}/s (ISO only)",
            ratio=f"{ours / against:.1f}",
        )
    ]


def _localds(project: Project) -> Callable[[], None]:
    """cloud-localds with the files of one seed, which are there already."""
    folder = project.at / "files"
    folder.mkdir()
    fleet = load_fleet(project.at / "stacks" / "bench.fleet.yaml", project.at)
    spec = fleet.sites["site-00000"]
    key = site_key(
        SECRET, fleet=spec.fleet, region=spec.region, site=spec.name, generation=spec.key_generation
    )
    for name, content in render_site(spec, key, {})["n1"].contents.items():
        (folder / name).write_bytes(content)

    def make(number: int) -> None:
        network = ["--network-config", str(folder / "network-config")]
        out = str(project.at / f"localds-{number}.iso")
        files = [str(folder / "user-data"), str(folder / "meta-data")]
        subprocess.run(["cloud-localds", *network, out, *files], check=True, capture_output=True)

    def run() -> None:
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(make, range(PEERS)))

    return run


def _seconds(run: Callable[[], None]) -> float:
    start = perf_counter()
    run()
    return perf_counter() - start


@contextmanager
def raw_project(count: int) -> Iterator[Project]:
    """Sites with a raw image of one small base, and a payload."""
    with tempfile.TemporaryDirectory() as folder:
        yield image_projects.raw_project(Path(folder), count, size=BASE, data=BASE_DATA, payload=PAYLOAD)


def _sharing_rows() -> list[Row]:
    with raw_project(IMAGES) as project:
        ways = ["--all", "-j", str(WORKERS), "--share", "reference"]
        spent = project.build(*ways).seconds
        beside, shared = room(project)
        again = statistics.median(project.build(*ways).seconds for _ in range(ROUNDS))
        one = project.build("--target", "site-00000", "--share", "reference").seconds
    whole = image_size(BASE)
    return [
        Row(
            what=f"{IMAGES:,} raw images of one profile by reference: disk beside base and payload",
            ours=f"{beside / 1e6:,.1f} MB, {beside / IMAGES / 1e3:,.1f} KB each",
            peer=f"as files of their own at least {IMAGES * (BASE_DATA + PAYLOAD) / 1e6:,.0f} MB",
            ratio=f"{IMAGES * (BASE_DATA + PAYLOAD) / beside:,.0f}",
        ),
        Row(
            what="the same: payload, which all have in common",
            ours=f"{shared / 1e6:,.1f} MB",
        ),
        Row(
            what=f"the same: time per image (of {whole / 1e6:,.0f} MB, all of which are digested)",
            ours=f"{spent / IMAGES * 1e3:,.1f} ms, {IMAGES / spent:,.1f}/s",
        ),
        Row(
            what=f"`image build --all` again, {IMAGES:,} finished images",
            ours=f"{again / IMAGES * 1e3:,.2f} ms an image, {again:.1f} s in all",
            peer=f"one site again {one:.1f} s",
        ),
        _copy_row(),
    ]


def image_size(base: int) -> int:
    """Bytes of an image, its table and seed apart."""
    return base + PAYLOAD


def room(project: Project) -> tuple[int, int]:
    """(bytes on disk of the images, of what they share), as ``du`` counts them."""
    os.sync()
    shared = _used(project.at / "out" / ".shared")
    return _used(project.at / "out") - shared, shared


def _used(folder: Path) -> int:
    counted = subprocess.run(["du", "-s", "-B1", str(folder)], check=True, capture_output=True, text=True)
    return int(counted.stdout.split()[0])


def _copy_row() -> Row:
    what = f"{COPIES} raw images of one profile by copy: disk beside base and payload"
    with raw_project(COPIES) as project:
        if not can_share(project.at):
            return Row(what=what, ours="not measured: this file system shares no blocks (Btrfs and XFS do)")
        os.sync()
        free = shutil.disk_usage(project.at).free
        project.build("--all", "-j", str(WORKERS))
        os.sync()
        _, shared = room(project)
        beside = free - shutil.disk_usage(project.at).free - shared
    return Row(what=what, ours=f"{beside / 1e6:,.1f} MB, {beside / COPIES / 1e3:,.1f} KB each")


def can_share(folder: Path) -> bool:
    """Whether files there can have blocks in common."""
    with (folder / "one").open("w+b") as one, (folder / "other").open("w+b") as other:
        one.write(bytes(sparse_file.BLOCK))
        one.flush()
        return sparse_file.NewFile(other.fileno()).share(0, one.fileno(), 0, sparse_file.BLOCK)
