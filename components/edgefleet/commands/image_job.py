"""`edgefleet image job`: the build of many sites as an Indexed Job of Kubernetes, to apply on the hub."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
import yaml

from edgefleet.commands import bulk, options
from edgefleet.commands.screen import say, show
from edgefleet.commands.session import session_of
from edgefleet.errors import InvalidInput, Problem
from edgefleet.io import disk
from edgefleet.report.human import counted
from edgefleet.site import build_plan as plans
from edgefleet.site.build_job import BuildJob, job_name, objects
from edgefleet.site.build_plan import SiteJob

SITES_PER_SHARD = 50
"""Sites of a shard where nobody says how many shards there are."""
KEEP = "it holds the sites' credentials: keep it private, and remove it once it is applied"


def job(  # noqa: PLR0913 - options
    context: typer.Context,
    *,
    stack: options.Stack,
    image: Annotated[
        str,
        typer.Option(
            "--image", metavar="IMAGE", help="Container image with edgefleet and the formats' tools."
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="Where to write the manifests; private.")
    ] = Path("build-job.yaml"),
    site: Annotated[
        list[str] | None, typer.Option("--site", metavar="SITE", help="Only these sites; all unless said.")
    ] = None,
    shards: Annotated[
        int,
        typer.Option("--shards", min=0, max=10_000, help="Pods to share the sites; one for 50 unless said."),
    ] = 0,
    parallelism: Annotated[
        int, typer.Option("--parallelism", min=1, max=1000, help="Pods at the same time.")
    ] = 8,
    namespace: Annotated[str, typer.Option("--namespace", help="Of Job and Secrets.")] = "edgefleet-builds",
    service_account: Annotated[
        str, typer.Option("--service-account", help="Whose rights in the cloud the pods have.")
    ] = "edgefleet-builder",
    disk: Annotated[
        str, typer.Option("--disk", help="Room of a pod, for a base, a payload and one image.")
    ] = "20Gi",
) -> None:
    """Write a Kubernetes Job that builds composed images."""
    session = session_of(context)
    wanted = bulk.order(session, stack, site or None)
    _check_store(wanted.fleet.images.store)
    described = BuildJob(
        name=job_name(stack),
        namespace=namespace,
        image=image,
        parallelism=parallelism,
        service_account=service_account,
        region=wanted.fleet.control_plane.cloud.region or "",
        disk=disk,
        sign_key=_key(wanted.fleet.images.sign_key),
    )
    count = _write(session.project / out, described, tuple(wanted.jobs), shards)
    show(session, [f"{out}  {counted(len(wanted.sites), 'site')} in {counted(count, 'shard')}"])
    say(session, f"{KEEP}; {_signed(described)}")


def _key(named: str | None) -> str:
    """The key that pods sign with: one that KMS keeps."""
    return named if named is not None and named.startswith("awskms:") else ""


def _signed(job: BuildJob) -> str:
    if job.sign_key:
        return f"its pods sign with {job.sign_key}"
    return "what it builds is not signed: its pods can sign with a key in AWS KMS (images.signKey)"


def _write(out: Path, job: BuildJob, sites: Sequence[SiteJob], shards: int) -> int:
    """Write the manifests; how many shards there are."""
    _check_sites(sites)
    count = min(shards or -(-len(sites) // SITES_PER_SHARD), len(sites))
    shared = [plans.to_bytes(plans.shard(sites, index, count)) for index in range(count)]
    disk.write(out, yaml.safe_dump_all(objects(job, shared), sort_keys=False).encode())
    return count


def _check_sites(sites: Sequence[SiteJob]) -> None:
    if not sites:
        problem, hint = "the fleet has no sites to build", "add one to the fleet file"
        raise InvalidInput(Problem(code="no-sites", path="sites", problem=problem, hint=hint))


def _check_store(uri: str) -> None:
    if not uri.startswith("s3:"):
        raise InvalidInput(
            Problem(
                code="job-store",
                path="images.store",
                problem=f"pods of a cluster cannot reach {uri}",
                hint="keep the images in a bucket: images.store: s3://BUCKET/PREFIX",
            )
        )
