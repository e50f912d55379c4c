"""`edgefleet image job`: the build of many sites as an Indexed Job of Kubernetes, to apply on the hub."""

from pathlib import Path
from typing import Annotated

import typer
import yaml

from edgefleet.commands import bulk, options
from edgefleet.commands.screen import say, show
from edgefleet.commands.session import session_of
from edgefleet.io import disk as files
from edgefleet.report.human import counted
from edgefleet.site.build_job import BuildJob, check_store, job_name, key_of_pods, objects, shards_of

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
    check_store(wanted.fleet.images.store)
    described = BuildJob(
        name=job_name(stack),
        namespace=namespace,
        image=image,
        parallelism=parallelism,
        service_account=service_account,
        region=wanted.fleet.control_plane.cloud.region or "",
        disk=disk,
        sign_key=key_of_pods(wanted.fleet.images.sign_key),
    )
    plans = shards_of(tuple(wanted.jobs()), shards)
    text = yaml.safe_dump_all(objects(described, plans), sort_keys=False)
    files.write(session.project / out, text.encode())
    show(session, [f"{out}  {counted(len(wanted.sites), 'site')} in {counted(len(plans), 'shard')}"])
    say(session, f"{KEEP}; {_signed(described)}")


def _signed(job: BuildJob) -> str:
    if job.sign_key:
        return f"its pods sign with {job.sign_key}"
    return "what it builds is not signed: its pods can sign with a key in AWS KMS (images.signKey)"
