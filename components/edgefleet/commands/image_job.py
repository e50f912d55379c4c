"""`edgefleet image job`: the build of many sites as an Indexed Job of Kubernetes, to apply on the hub."""

from pathlib import Path
from typing import Annotated

import typer
import yaml

from edgefleet.commands import bulk, options
from edgefleet.commands.screen import remark, show
from edgefleet.commands.selection import Selector, selecting
from edgefleet.commands.session import session_of
from edgefleet.io import disk as files
from edgefleet.report.human import counted
from edgefleet.site.build_job import BuildJob, check_store, job_name, key_of_pods, objects, shards_of

KEEP = "it contains the sites' credentials: keep it private, and remove it after you applied it"
Image = Annotated[
    str,
    typer.Option("--image", metavar="IMAGE", help="Container image with edgefleet and the formats' tools."),
]
Out = Annotated[
    Path, typer.Option("--out", metavar="FILE", help="Where to write the manifests, with mode 0600.")
]
Shards = Annotated[
    int,
    typer.Option("--shards", min=0, max=10_000, help="Pods that share the sites; default: one per 50 sites."),
]
Parallelism = Annotated[
    int, typer.Option("--parallelism", min=1, max=1000, help="Pods that run at the same time.")
]
Namespace = Annotated[str, typer.Option("--namespace", help="Namespace of the Job and the Secrets.")]
Account = Annotated[
    str,
    typer.Option("--service-account", help="The service account of the pods, for their rights in the cloud."),
]
Room = Annotated[str, typer.Option("--disk", help="Disk space of a pod: a base, a payload and one image.")]


@selecting
def job(  # noqa: PLR0913 - options
    context: typer.Context,
    *,
    stack: options.Stack,
    image: Image,
    out: Out = Path(".edgefleet/build-job.yaml"),
    which: Selector,
    shards: Shards = 0,
    parallelism: Parallelism = 8,
    namespace: Namespace = "edgefleet-builds",
    service_account: Account = "edgefleet-builder",
    disk: Room = "20Gi",
) -> None:
    """Write a Kubernetes Job that builds composed images."""
    session = session_of(context)
    assembly = bulk.order(session, stack, which, is_all=not which)
    check_store(assembly.fleet.images.store)
    build_job = BuildJob(
        name=job_name(stack),
        namespace=namespace,
        image=image,
        parallelism=parallelism,
        service_account=service_account,
        region=assembly.fleet.control_plane.cloud.region or "",
        disk=disk,
        sign_key=key_of_pods(assembly.fleet.images.sign_key),
    )
    plans = shards_of(tuple(assembly.all_inputs()), shards)
    text = yaml.safe_dump_all(objects(build_job, plans), sort_keys=False)
    files.write(session.writable(out), text.encode())
    show(session, [f"{out}  {counted(len(assembly.sites), 'site')} in {counted(len(plans), 'shard')}"])
    remark(session, f"{KEEP}; {_signed(build_job)}")


def _signed(job: BuildJob) -> str:
    if job.sign_key:
        return f"its pods sign with {job.sign_key}"
    return "its images are not signed; pods can sign with a key in AWS KMS only (images.signKey)"
