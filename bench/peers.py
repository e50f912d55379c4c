"""Whole operations on 1,000 sites against the peers: the Pulumi CLI, and Terraform with the AWS provider.

All keep the same number of objects in a bucket of the same emulated cloud (moto, which answers one call at
a time). The Pulumi CLI runs the same program as the embedded engine; Terraform keeps one object a site,
a file of a seed's size. A peer that is not on PATH, or that fails, has no figures, and its rows state why. A
mirror of Terraform's provider is named in its own configuration (TF_CLI_CONFIG_FILE).
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import fleets, floor
from bench.processes import Measured, RunError, measured, peer_figures, prepare
from bench.table import Row

from edgefleet.io import emulator

COUNT = 1_000
OPERATIONS = (
    "up from nothing",
    "preview, nothing changed",
    "up, nothing changed",
    "one site changed",
    "destroy",
)
BUCKET = "bench-artifacts"
PROVIDER = """\
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "%(token)s"
  secret_key                  = "emulated"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  s3_use_path_style           = true
  endpoints {
    s3 = "%(url)s"
  }
}
resource "aws_s3_bucket" "artifacts" {
  bucket        = "terraform-%(bucket)s"
  force_destroy = true
}
"""
TERRAFORM = f"""\
{PROVIDER}resource "aws_s3_object" "site" {{
  count   = %(count)d
  bucket  = aws_s3_bucket.artifacts.bucket
  key     = format("sites/site-%%05d/n1.iso", count.index)
  source  = format("seeds/%%05d.iso", count.index)
  etag    = filemd5(format("seeds/%%05d.iso", count.index))
}}
"""
SEED_BYTES = 75_000
"""Size of an object, about that of a seed."""
Runner = Callable[[str], Measured]
"""Runs the operation of that name."""


@contextmanager
def project(count: int) -> Iterator[Path]:
    """A project whose images are kept in a bucket of its emulated cloud."""
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        file = fleets.write_project(at, count)
        text = file.read_text()
        text = text.replace(
            "  cloud: {region: eu-central-1}",
            f"  cloud: {{region: eu-central-1, endpoint: emulated}}\n  bucket: {BUCKET}",
        )
        file.write_text(text.replace("file:.edgefleet/images/bench", f"s3://{BUCKET}/images"))
        try:
            yield at
        finally:
            edgefleet(at, "emulator", "stop")


def edgefleet(at: Path, *arguments: str) -> None:
    """Run a command line in a project, whatever comes of it."""
    command = [sys.executable, "-m", "edgefleet.cli", *arguments]
    subprocess.run(command, cwd=at, check=False, capture_output=True)


def address(at: Path) -> str:
    """Where the emulated cloud of a project answers."""
    found = emulator.find(at)
    if found is None:
        raise RunError("the emulated cloud of the bench did not start")
    return found.url


def _engine(at: Path, engine: str) -> Runner:
    """`edgefleet`, with one of its two engines."""
    command = [sys.executable, "-m", "edgefleet.cli"]
    ends = ["-s", "bench", "--engine", engine]

    def run(operation: str) -> Measured:
        file = at / "stacks" / "bench.fleet.yaml"
        if operation.startswith("one"):
            old, new = f"{fleets.address(7)}/24", f"{fleets.address(7, offset=5)}/24"
            file.write_text(file.read_text().replace(old, new))
        if operation.startswith("preview"):
            return measured([*command, "preview", *ends, "--json", "-"], at=at)
        verb = "destroy" if operation == "destroy" else "up"
        return measured([*command, verb, *ends, "-y", "--json", "-"], at=at)

    return run


def _terraform(at: Path, url: str, count: int) -> Runner:
    folder = at / "terraform"
    folder.mkdir()
    address, token = emulator.parted(url)
    values = {"url": address, "token": token, "bucket": BUCKET, "count": count}
    (folder / "main.tf").write_text(TERRAFORM % values)
    prepare(["terraform", "init", "-input=false"], at=folder)
    seeds = folder / "seeds"
    seeds.mkdir()
    for number in range(count):
        (seeds / f"{number:05d}.iso").write_bytes(str(number).encode().zfill(SEED_BYTES))
    apply = ["terraform", "apply", "-auto-approve", "-input=false", "-parallelism=16"]

    def run(operation: str) -> Measured:
        if operation.startswith("one"):
            (seeds / "00007.iso").write_bytes(b"changed".zfill(SEED_BYTES))
        commands = {
            "preview, nothing changed": ["terraform", "plan", "-input=false", "-parallelism=16"],
            "destroy": ["terraform", "destroy", "-auto-approve", "-input=false", "-parallelism=16"],
        }
        return measured(commands.get(operation, apply), at=folder)

    return run


def engine_rows(count: int = COUNT) -> list[Row]:
    """Each operation once, ours and the peers' one after the other."""
    floor_of = measured_floor(count)
    with project(count) as at:
        ours = _all(_engine(at, "local"))
    peers = {
        "pulumi": peer_figures("pulumi", lambda: _pulumi_figures(count)),
        "terraform": peer_figures("terraform", lambda: _terraform_figures(count)),
    }
    return [_row(operation, ours[operation], peers, floor_of, count) for operation in OPERATIONS]


def _all(run: Runner) -> dict[str, Measured]:
    return {operation: run(operation) for operation in OPERATIONS}


def _pulumi_figures(count: int) -> dict[str, Measured]:
    with project(count) as at:
        return _all(_engine(at, "pulumi"))


def _terraform_figures(count: int) -> dict[str, Measured]:
    with project(1) as at:
        edgefleet(at, "up", "-s", "bench", "-y", "--engine", "local")
        return _all(_terraform(at, address(at), count))


def measured_floor(count: int) -> Measured:
    """The SDK's own floor for as many resources."""
    with tempfile.TemporaryDirectory() as folder:
        return measured([sys.executable, "-m", floor.__name__, str(count)], at=Path(folder))


def _row(
    operation: str,
    ours: Measured,
    peers: dict[str, dict[str, Measured] | str],
    floor_of: Measured,
    count: int,
) -> Row:
    """One operation against each peer that has figures of it; of another the reason stands in its place."""
    seconds = {name: taken[operation].seconds for name, taken in peers.items() if not isinstance(taken, str)}
    figures = [
        taken if isinstance(taken, str) else f"{name} {seconds[name]:.1f} s" for name, taken in peers.items()
    ]
    aim, is_met = "-", None
    if operation.startswith("preview"):
        aim, is_met = "at most 1.5 floors", ours.seconds / floor_of.seconds <= 1.5
        figures.append(f"floor {floor_of.seconds:.1f} s")
    if operation.startswith("up from") and "pulumi" in seconds:
        aim, is_met = "5 times pulumi", seconds["pulumi"] / ours.seconds >= 5
    return Row(
        what=f"{operation}, {count:,} sites",
        ours=f"{ours.seconds:.1f} s, {ours.peak_mb:.0f} MB",
        peer=", ".join(figures),
        ratio=" / ".join(f"{theirs / ours.seconds:.1f}" for theirs in seconds.values()) or "-",
        aim=aim,
        is_met=is_met,
    )
