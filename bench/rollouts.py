"""A rollout of many sites in an emulated bucket: its start, a step, and a look at all statuses.

The peer of the start is the store alone: as many `put_object` of the same bytes. That of a step is a listing.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from bench.table import Row
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edgefleet.io import emulator
from edgefleet.io.aws import Aws
from edgefleet.io.signing import FileSigner
from edgefleet.io.store import ArtifactStore, BucketStore
from edgefleet.keys.channel_key import ChannelKey
from edgefleet.model import strict_json
from edgefleet.model.rollout import Policy
from edgefleet.model.rollout_resource import PublishedBundle, PublishedSite, PublishedWave, RolloutInputs
from edgefleet.rollout.publication import Publisher
from edgefleet.rollout.stepping import advance
from edgefleet.rollout.stored_statuses import written
from edgefleet.rollout.targets import merged

COUNT = 10_000
CHANGED = 100
"""Statuses that changed since the last look."""
CANARIES = 10
AT_ONCE = 8


@contextmanager
def store() -> Iterator[ArtifactStore]:
    """An empty bucket of an emulated cloud of its own."""
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        (at / "Pulumi.yaml").write_text("name: bench\nruntime: python\n")
        aws = Aws.emulated(emulator.ensure(at).url, "eu-central-1")
        try:
            aws.s3.create_bucket(
                Bucket="bench", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
            )
            yield BucketStore("bench", aws=aws)
        finally:
            command = [sys.executable, "-m", "edgefleet.cli", "emulator", "stop"]
            subprocess.run(command, cwd=at, check=False, capture_output=True)


def wanted(release: int, count: int) -> RolloutInputs:
    """The inputs for a release of `count` sites, ten of them canaries, and another one before it."""
    policy = {each.name: getattr(merged(), each.name) for each in fields(Policy)}
    bundle = {"n1": PublishedBundle(ciphertext=f"{release:064x}", size=100_000, part=f"{release:064x}")}
    digests = [f"sha256:{number:064x}" for number in (release, release - 1)]
    return RolloutInputs(
        fleet="bench",
        region="eu",
        store="s3://bench",
        roots=(),
        sign_key="file:release.key",
        expires=30,
        waves=tuple(PublishedWave(name=name, **policy) for name in ("canary", "others")),
        sites={
            f"site-{number:05d}": PublishedSite(
                release=digests[0],
                nodes=bundle,
                earlier={digests[1]: bundle} if release > 1 else {},
                wave="canary" if number < CANARIES else "others",
            )
            for number in range(count)
        },
    )


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    """(seconds, result)."""
    begin = time.perf_counter()
    result = run()
    return time.perf_counter() - begin, result


def rollout_rows(count: int = COUNT) -> list[Row]:
    """Each once: first pointers, a rollout of all sites, a step, a look at all statuses."""
    private = ec.generate_private_key(ec.SECP256R1())
    signer = FileSigner(key=private)
    with store() as there, tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "statuses"
        publisher = Publisher(store=there, key=key_of(private), signer=signer, now=lambda: int(time.time()))
        first, _ = timed(lambda: publisher.publish(wanted(1, count)))
        pointer = there.get("pointers/site-00000.json") or b""
        names = [f"bare/{number:05d}" for number in range(count)]
        bare, _ = timed(lambda: at_once(lambda name: there.put(name, pointer), names))
        there.clear("bare/")
        begun, (running, _) = timed(lambda: publisher.publish(wanted(2, count)))
        sites = {site.name: site for site in running.plan.sites}
        status = [status_of(name, site.sequence) for name, site in sites.items()]
        at_once(lambda of: there.put(*of), status)
        nodes = dict.fromkeys(sites, ("n1",))
        listing, _ = timed(lambda: there.list("status/"))
        whole, _ = timed(lambda: written(there, nodes, cache))
        at_once(lambda of: there.put(*of), [(key, data + b" ") for key, data in status[:CHANGED]])
        again, _ = timed(lambda: written(there, nodes, cache))
        step, _ = timed(lambda: advance(there, lambda: int(time.time()), cache))
    return [
        _row("first pointers signed and placed", first, count, bare, 1.5),
        Row(what=f"a rollout of {count:,} sites signed and started", ours=f"{begun:.1f} s"),
        Row(what=f"{count:,} statuses read for the first time", ours=f"{whole:.1f} s"),
        _look(f"the same again, {CHANGED} of them changed", again, listing),
        _look("a step that moves nothing", step, listing),
    ]


def key_of(private: ec.EllipticCurvePrivateKey) -> ChannelKey:
    """The public half."""
    der = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return ChannelKey.of_der(der)


def at_once(run: Callable[[Any], Any], of: list[Any]) -> None:
    """Run for each, several at a time."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(run, of))


def status_of(site: str, sequence: int) -> tuple[str, bytes]:
    """(key, document) of a node's status."""
    known = {"state": "healthy", "reason": "the release runs", "sequence": sequence, "part": "0" * 64}
    return f"status/{site}/n1.json", strict_json.write(known)


def _row(what: str, seconds: float, count: int, bare: float, aim: float) -> Row:
    ratio = seconds / bare
    return Row(
        what=f"{count:,} {what}",
        ours=f"{seconds:.1f} s",
        peer=f"bare put_object {bare:.1f} s",
        ratio=f"{ratio:.2f}",
        aim=f"{aim:g}",
        is_met=ratio <= aim,
    )


def _look(what: str, seconds: float, listing: float) -> Row:
    return Row(
        what=what,
        ours=f"{seconds:.1f} s",
        peer=f"a bare listing {listing:.1f} s",
        ratio=f"{seconds / listing:.2f}",
        aim="5 s",
        is_met=seconds <= 5,
    )
