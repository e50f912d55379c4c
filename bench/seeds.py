"""Seed images: rendered, written as an ISO, digested and stored, against cloud-localds and genisoimage.

The peers get the finished user-data, meta-data and network-config and only write the ISO to a file; all
run on one core, in turn, in the same minutes.
"""

import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from bench import fleets, floor
from bench.table import Row

from edgefleet.io.store import open_store
from edgefleet.keys.derivation import site_key
from edgefleet.model.site import SiteSpec
from edgefleet.model.spec import from_plain
from edgefleet.site.render import render_site, render_tree

SECRET = "YSBzZWNyZXQgb2YgdGhlIGJlbmNoLCAzMiBieXRlcy4="  # noqa: S105 - made up, of the bench
ROUNDS = 5
OURS_EACH = 200
PEERS_EACH = 20


def sites(count: int) -> list[tuple[SiteSpec, str]]:
    """(spec, key) of `count` sites that differ in name and address."""
    found = []
    for number in range(count):
        plain = {key: value for key, value in floor.inputs(number).items() if key not in ("store", "key")}
        plain["nodes"]["n1"]["network"]["address"] = f"{fleets.address(number)}/24"
        plain["nodes"]["n1"]["network"]["gateway"] = fleets.address(number, offset=-9)
        plain["users"] = [
            {
                "name": "ops",
                "sshKeys": [
                    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJUih2m0S0xtVfFz8eAXmhmAoYZaPT+6pAQavvo1hGvt ops"
                ],
            }
        ]
        spec = from_plain(SiteSpec, plain)
        key = site_key(SECRET, fleet=spec.fleet, region=spec.region, site=spec.name, generation=1)
        found.append((spec, key))
    return found


def seed_rows() -> list[Row]:
    """Seeds per second and core, ours against each peer that is installed."""
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        peers = {
            name: make(at)
            for name, make in (("cloud-localds", _cloud_localds), ("genisoimage", _genisoimage))
            if shutil.which(name)
        }
        made: list[float] = []
        ours: list[float] = []
        theirs: dict[str, list[float]] = {name: [] for name in peers}
        subjects = sites(OURS_EACH)
        for turn in range(ROUNDS):
            made.append(_made(subjects))
            ours.append(_ours(subjects, at / f"store-{turn}"))
            for name, run in peers.items():
                theirs[name].append(_each(run, PEERS_EACH))
    return [
        row
        for what, figures, is_aimed in (
            ("seeds: rendered, ISO, digest, stored (two fsyncs each)", ours, True),
            ("seeds: rendered, ISO, digest, not stored", made, False),
        )
        for row in _rows(what, statistics.median(figures), theirs, is_aimed=is_aimed)
    ]


def _rows(what: str, rate: float, theirs: dict[str, list[float]], *, is_aimed: bool) -> list[Row]:
    rows = [
        _row(what, rate, (name, statistics.median(figures)), is_aimed=is_aimed and name == "cloud-localds")
        for name, figures in theirs.items()
    ]
    return rows or [Row(what=what, ours=f"{rate:,.0f}/s", peer="neither peer is installed")]


def _row(what: str, rate: float, against: tuple[str, float], *, is_aimed: bool) -> Row:
    name, peer = against
    return Row(
        what=what,
        ours=f"{rate:,.0f}/s",
        peer=f"{name} {peer:,.0f}/s (ISO only)",
        ratio=f"{rate / peer:.1f}",
        aim="at least 10" if is_aimed else "-",
        is_met=rate / peer >= 10 if is_aimed else None,
    )


def _made(subjects: list[tuple[SiteSpec, str]]) -> float:
    """Seeds per second without a store."""
    start = perf_counter()
    for spec, key in subjects:
        render_site(spec, key, {})
    return len(subjects) / (perf_counter() - start)


def _ours(subjects: list[tuple[SiteSpec, str]], folder: Path) -> float:
    """Seeds per second, each synced to the disk by the store."""
    store = open_store(f"file:{folder.name}", aws=None, root=folder.parent)
    start = perf_counter()
    for spec, key in subjects:
        for node, image in render_site(spec, key, {}).items():
            store.put(f"sites/{spec.name}/{node}.iso", image.data)
    return len(subjects) / (perf_counter() - start)


def _each(run: Callable[[], None], times: int) -> float:
    start = perf_counter()
    for _ in range(times):
        run()
    return times / (perf_counter() - start)


def _inputs(at: Path) -> Path:
    ((spec, key),) = sites(1)
    folder = at / "inputs"
    folder.mkdir(exist_ok=True)
    for path, content in render_tree(spec, key, {}, shows_secrets=True)["n1"].items():
        if path.startswith("cidata/"):
            (folder / Path(path).name).write_bytes(content)
    return folder


def _cloud_localds(at: Path) -> Callable[[], None]:
    folder = _inputs(at)
    command = [
        "cloud-localds",
        "--network-config",
        str(folder / "network-config"),
        str(at / "localds.iso"),
        str(folder / "user-data"),
        str(folder / "meta-data"),
    ]
    return lambda: _run(command)


def _genisoimage(at: Path) -> Callable[[], None]:
    folder, out = _inputs(at), str(at / "gen.iso")
    command = ["genisoimage", "-quiet", "-output", out, "-volid", "cidata", "-joliet", "-rock", str(folder)]
    return lambda: _run(command)


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)
