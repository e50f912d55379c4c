"""A hub and 1,000 objects in its bucket, brought up, previewed, refreshed and destroyed, against Terraform.

Both make the same on the same emulated cloud: network, servers behind a load balancer and a name, role, 13
secret parameters, bucket with its settings, site identity, logs. Calls are counted by the emulated cloud.
What differs: Terraform starts three machines and does not ask whether they joined a cluster.
"""

import base64
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from bench import hub_terraform
from bench.processes import Measured, measured, peer_figures, prepare
from bench.table import Row

from edgefleet.io import emulator

COUNT = 1_000
OPERATIONS = ("up from nothing", "preview, nothing changed", "refresh", "destroy")
PULUMI_YAML = """\
name: bench
runtime: python
stackConfigDir: stacks
backend: {url: "file://."}
"""
PROGRAM = """\
import pulumi
import edgefleet
from edgefleet.fleet import aws

provider = edgefleet.Provider("cloud", {"region": "eu-central-1", "endpoint": "emulated"})
hub = edgefleet.ControlPlane(
    "hub",
    {
        "hub": %(hub)s,
        "fleet": "bench",
        "region": "eu",
        "secret": edgefleet.fleet_secret(),
    },
    pulumi.ResourceOptions(providers=[provider]),
)
for number in range(%(count)d):
    aws.BucketObject(
        f"object-{number}",
        {"bucket": hub.bucket.id, "key": f"objects/{number:05d}", "content": f"object {number}"},
        pulumi.ResourceOptions(provider=provider),
    )
"""
HUB: dict[str, Any] = {
    "kind": "k3s",
    "cloud": {"region": "eu-central-1", "endpoint": "emulated"},
    "bucket": "bench-hub",
    "dns": {"name": "hub.bench.example", "zone": "bench.example"},
    "image": hub_terraform.IMAGE,
    "k3s": {"version": "v1.36.4+k3s1"},
    "protect": False,
}
FLEET = """\
apiVersion: edgefleet.dev/v1
fleet: bench
region: eu
recipe: 1
controlPlane: {kind: none, cloud: {region: eu-central-1, endpoint: emulated}}
profiles: {box: {arch: amd64, cpus: 4, memory: 8Gi, disk: 64Gi}}
defaults: {profile: box, k3s: {version: v1.36.4+k3s1}}
sites: {}
"""
Runner = Callable[[str], Measured]


@contextmanager
def project(count: int) -> Iterator[Path]:
    """A project of the hub and its objects."""
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        (at / "stacks").mkdir()
        (at / "Pulumi.yaml").write_text(PULUMI_YAML)
        (at / "__main__.py").write_text(PROGRAM % {"hub": repr(HUB), "count": count})
        (at / "stacks" / "bench.fleet.yaml").write_text(FLEET)
        secret = base64.b64encode(b"a secret of the bench, 32 bytes.").decode()
        (at / "stacks" / "Pulumi.bench.yaml").write_text(f"config:\n  fleet:secret: {secret}\n")
        try:
            yield at
        finally:
            _edgefleet(at, "emulator", "stop")


def _edgefleet(at: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "edgefleet.cli", *arguments]
    subprocess.run(command, cwd=at, check=False, capture_output=True)


def _ours(at: Path) -> Runner:
    command, ends = [sys.executable, "-m", "edgefleet.cli"], ["-s", "bench", "--engine", "local"]
    verbs = {
        "up from nothing": ["up", "-y"],
        "preview, nothing changed": ["preview"],
        "refresh": ["refresh", "-y"],
        "destroy": ["destroy", "-y"],
    }
    return lambda operation: measured([*command, *verbs[operation], *ends], at=at)


def _terraform(at: Path, url: str, count: int) -> Runner:
    folder = at / "terraform"
    folder.mkdir()
    config = hub_terraform.configuration(url, count)
    (folder / "main.tf.json").write_text(json.dumps(config, indent=1))
    prepare(["terraform", "init", "-input=false"], at=folder)
    ends = ["-auto-approve", "-input=false", "-parallelism=16"]
    commands = {
        "up from nothing": ["terraform", "apply", *ends],
        "preview, nothing changed": ["terraform", "plan", "-refresh=false", *ends[1:]],
        "refresh": ["terraform", "apply", "-refresh-only", *ends],
        "destroy": ["terraform", "destroy", *ends],
    }
    return lambda operation: measured(commands[operation], at=folder)


def calls(url: str) -> int:
    """Calls since it was last asked."""
    address, token = emulator.parted(url)
    request = Request(  # noqa: S310 - our own address
        f"{address}/edgefleet-emulator/calls", method="DELETE", headers={emulator.TOKEN_HEADER: token}
    )
    with urlopen(request) as answer:  # noqa: S310 - the same
        found: dict[str, int] = json.load(answer)
    return sum(found.values())


def _all(run: Runner, url: str) -> dict[str, tuple[Measured, int]]:
    """dict[operation -> (measured, calls)]."""
    calls(url)
    found = {}
    for operation in OPERATIONS:
        took = run(operation)
        found[operation] = (took, calls(url))
    return found


def hub_rows(count: int = COUNT) -> list[Row]:
    """Each operation once: ours, then Terraform's, each on an emulated cloud of its own."""
    with project(count) as at:
        ours = _all(_ours(at), emulator.ensure(at).url)
    theirs = peer_figures("terraform", lambda: _terraform_figures(count))
    return [
        _row(operation, ours[operation], theirs if isinstance(theirs, str) else theirs[operation], count)
        for operation in OPERATIONS
    ]


def _terraform_figures(count: int) -> dict[str, tuple[Measured, int]]:
    with project(count) as at:
        url = emulator.ensure(at).url
        return _all(_terraform(at, url, count), url)


def _row(operation: str, ours: tuple[Measured, int], theirs: tuple[Measured, int] | str, count: int) -> Row:
    """One operation against Terraform's, or against the reason why there is no figure of it."""
    took, asked = ours
    what = f"hub and {count:,} objects: {operation}"
    shown = f"{took.seconds:.1f} s, {asked:,} calls"
    if isinstance(theirs, str):
        return Row(what=what, ours=shown, peer=theirs)
    their, theirs_asked = theirs
    is_met = took.seconds <= their.seconds and asked <= theirs_asked
    return Row(
        what=what,
        ours=shown,
        peer=f"terraform {their.seconds:.1f} s, {theirs_asked:,} calls",
        ratio=f"{their.seconds / took.seconds:.1f}",
        aim="faster, with no more calls",
        is_met=is_met,
    )
