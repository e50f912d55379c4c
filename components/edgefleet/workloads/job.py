"""job: a program that ends, once or by schedule: training, batches, analytics."""

from collections.abc import Iterator
from typing import Annotated, Literal

from edgefleet.errors import Problem
from edgefleet.model.quantities import Quantity
from edgefleet.model.references import ImageName
from edgefleet.model.spec import Written, spec
from edgefleet.workloads.base import objects as of
from edgefleet.workloads.base.accelerators import Accelerator, check_accelerator
from edgefleet.workloads.base.kind import Kind, Object, Place
from edgefleet.workloads.base.pods import Container, template
from edgefleet.workloads.base.runs import Runs, check_runs, run
from edgefleet.workloads.base.spec import Storage
from edgefleet.workloads.base.values import ContainerText


@spec
class Job(Runs):
    """A program that ends, once or by schedule: training, batches, analytics."""

    kind: Annotated[Literal["job"], Written()] = "job"
    """job."""
    image: ImageName
    """Container image with a tag or a digest, registry.example/shop/report:1.4."""
    command: tuple[ContainerText, ...] = ()
    """Program of the container instead of its image's own."""
    args: tuple[ContainerText, ...] = ()
    """Arguments of the program."""
    accelerator: Accelerator | None = None
    """What each Pod takes of the node's accelerators."""
    storage: Storage | None = None
    """Folder that later runs find as earlier ones left it; all runs are on one node then."""
    scratch: Quantity = "64Mi"
    """Most bytes in each of the folders of `writable`."""


def objects(job: Job, place: Place, part: str = "") -> Iterator[Object]:
    """A Job or a CronJob, and its storage; `part` is what it is of another workload."""
    name = f"{place.name}-{part}" if part else place.name
    yield from of.secrets_of(place, job.secrets, name)
    if job.storage is not None:
        yield of.claim(place, name, job.storage.size)
    yield run(place, job, _pod(job, place, name, part), part=part)
    yield of.network_policy(place, needs=job.needs, egress=job.egress)


def _pod(job: Job, place: Place, name: str, part: str) -> Object:
    devices = job.accelerator
    container = Container(
        name=name[:63].rstrip("-"),
        image=job.image,
        command=job.command,
        args=job.args,
        environment=job.environment,
        secrets={variable: variable for variable in job.secrets},
        secret_name=name,
        resources=job.resources,
        extended=devices.request if devices else {},
        mounts={job.storage.path: "data"} if job.storage else {},
        writable=job.writable,
        scratch=job.scratch,
    )
    data = {"name": "data", "persistentVolumeClaim": {"claimName": name}}
    runtime = devices.runtime_class if devices else None
    volumes = [data] if job.storage else []
    return template(place, job, container, volumes=volumes, part=part, runtimeClassName=runtime)


def check(job: Job) -> Iterator[Problem]:
    """Fields of a schedule without one, and nodes without an accelerator."""
    yield from check_runs(job)
    yield from check_accelerator(job.accelerator, job.where)


KIND = Kind(name="job", spec=Job, objects=objects, cloud=objects, check=check)
