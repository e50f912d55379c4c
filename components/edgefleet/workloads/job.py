"""job: a program that ends, once or by schedule: training, batches, analytics.

A Job's template cannot change (Kubernetes docs, concepts/workloads/controllers/job), so the name of one
that runs once ends in a digest of the Job: a changed one is another object, and runs. Finished Jobs have no
time to live: k3s applies its manifests at each start, and would run again what Kubernetes had removed.
"""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import Field

from edgefleet.errors import Problem
from edgefleet.model.geography import time_zone
from edgefleet.model.quantities import Quantity
from edgefleet.model.references import ImageName
from edgefleet.model.schedules import Cron, Duration, seconds_of
from edgefleet.model.spec import Unset, Written, spec, to_plain
from edgefleet.model.syntax import Grammar
from edgefleet.workloads.base import objects as of
from edgefleet.workloads.base.kind import Kind, Object, Place
from edgefleet.workloads.base.pods import Container, job_spec, template
from edgefleet.workloads.base.spec import Accelerator, Pods, Storage
from edgefleet.workloads.base.values import ContainerText

OWN_ZONE = "{site.timezone}"
LONGEST_NAME = 52
"""Characters of the name of a CronJob, whose Jobs add 11 (Kubernetes docs, CronJob)."""
_ZONE = Grammar(
    rf"{{site\.timezone}}|{time_zone.pattern}",
    time_zone.code,
    time_zone.what,
    f'write a name such as Europe/Berlin, or "{OWN_ZONE}"',
    60,
    lambda text: text if text == OWN_ZONE else time_zone(text),
)
Zone = Annotated[str, _ZONE]


@spec
class Job(Pods):
    """A program that ends, once or by schedule: training, batches, analytics."""

    kind: Annotated[Literal["job"], Written()] = "job"
    """job."""
    image: ImageName
    """Container image with a tag or a digest, registry.example/shop/report:1.4."""
    command: tuple[ContainerText, ...] = ()
    """Program of the container instead of its image's own."""
    args: tuple[ContainerText, ...] = ()
    """Arguments of the program."""
    schedule: Cron | None = None
    """When it runs, as a cron expression: 0 3 * * 0. Without one it runs once, and again when it
    changes."""
    time_zone: Annotated[Zone | None, Unset("Etc/UTC")] = None
    """Time zone of the schedule, Europe/Berlin or "{site.timezone}"; by default Etc/UTC."""
    starts_within: Annotated[Duration | None, Unset("1h")] = None
    """How late a run of the schedule may begin where the node was off at its time; by default 1h. A run that
    is later than that is left out."""
    history: Annotated[int | None, Field(ge=0, le=20), Unset("1")] = None
    """How many finished runs of the schedule are kept, and how many failed ones; by default 1 of each."""
    retries: Annotated[int, Field(ge=0, le=20)] = 3
    """How often a run that fails is repeated, with growing pauses."""
    deadline: Duration = "1h"
    """Longest duration of a run with its retries; then Kubernetes ends it as failed."""
    accelerator: Accelerator | None = None
    """What each Pod takes of the node's accelerators."""
    storage: Storage | None = None
    """Folder that later runs find as earlier ones left it; all runs are on one node then."""
    scratch: Quantity = "64Mi"
    """Most bytes in each of the folders of `writable`."""


def objects(job: Job, place: Place) -> Iterator[Object]:
    """A Job, or a CronJob where there is a schedule."""
    yield from of.secrets_of(place, job.secrets)
    if job.storage is not None:
        yield of.claim(place, place.name, job.storage.size)
    spec = job_spec(_pod(job, place), retries=job.retries, seconds=seconds_of(job.deadline))
    if job.schedule is None:
        yield of.a("Job", place, f"{_name(place)}-{_digest(job, spec)}", api="batch/v1", spec=spec)
    else:
        yield of.a("CronJob", place, _name(place), api="batch/v1", spec=_scheduled(job, job.schedule, spec))
    yield of.network_policy(place, needs=job.needs, egress=job.egress)


def _name(place: Place) -> str:
    return place.name[:LONGEST_NAME].rstrip("-")


def _digest(job: Job, spec: Object) -> str:
    """A part of a name that differs where the Job does, after its patches."""
    patches = [to_plain(patch) for patch in job.patches]
    return sha256(json.dumps([spec, patches], sort_keys=True).encode()).hexdigest()[:10]


def _pod(job: Job, place: Place) -> Object:
    devices = job.accelerator
    container = Container(
        name=place.name,
        image=job.image,
        command=job.command,
        args=job.args,
        environment=job.environment,
        secrets={name: name for name in job.secrets},
        secret_name=place.name,
        resources=job.resources,
        extended={devices.resource: devices.count} if devices else {},
        mounts={job.storage.path: "data"} if job.storage else {},
        writable=job.writable,
        scratch=job.scratch,
    )
    data = {"name": "data", "persistentVolumeClaim": {"claimName": place.name}}
    runtime = devices.runtime_class if devices else None
    volumes = [data] if job.storage else []
    return template(place, job, container, volumes=volumes, runtimeClassName=runtime)


def _scheduled(job: Job, schedule: str, spec: Object) -> Object:
    """The specification of a CronJob; a run never starts beside another one."""
    kept = 1 if job.history is None else job.history
    return {
        "schedule": schedule,
        "timeZone": job.time_zone or "Etc/UTC",
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": seconds_of(job.starts_within or "1h"),
        "successfulJobsHistoryLimit": kept,
        "failedJobsHistoryLimit": kept,
        "jobTemplate": {"spec": spec},
    }


def check(job: Job) -> Iterator[Problem]:
    """Fields of a schedule without one."""
    written = {"timeZone": job.time_zone, "startsWithin": job.starts_within, "history": job.history}
    for key, value in written.items() if job.schedule is None else ():
        if value is not None:
            problem = f"{key} belongs to a schedule, and this job runs once"
            yield Problem.of_value(key, "no-schedule", problem, f"set schedule, or remove {key}")


KIND = Kind(name="job", spec=Job, objects=objects, cloud=objects, check=check)
