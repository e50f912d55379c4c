"""Programs that end: the fields of their runs, and the Job or CronJob that runs them. Pure.

A Job's template cannot change (Kubernetes docs, concepts/workloads/controllers/job), so the name of one
that runs once ends in a digest of the Job: a changed one is another object, and runs. Finished Jobs have no
time to live: k3s applies its manifests at each start, and would run again what Kubernetes had removed.
"""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Annotated

from pydantic import Field

from edgefleet.errors import Problem
from edgefleet.model.geography import time_zone
from edgefleet.model.schedules import Cron, Duration, seconds_of
from edgefleet.model.spec import Unset, spec, to_plain
from edgefleet.model.syntax import Grammar
from edgefleet.workloads.base.kind import Object, Place
from edgefleet.workloads.base.modules import Modular
from edgefleet.workloads.base.objects import a

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
class Runs(Modular):
    """What a workload that ends has."""

    schedule: Cron | None = None
    """When it runs, as a cron expression: 0 3 * * 0. Without one it runs once, and again when it changes."""
    time_zone: Annotated[Zone | None, Unset("Etc/UTC")] = None
    """Time zone of the schedule, Europe/Berlin or "{site.timezone}"; by default Etc/UTC."""
    starts_within: Annotated[Duration | None, Unset("1h")] = None
    """How late a run of the schedule may begin where the node was off at its time; by default 1h. A run that
    is later than that is left out."""
    history: Annotated[Annotated[int, Field(ge=0, le=20)] | None, Unset("1")] = None
    """How many finished runs of the schedule are kept, and how many failed ones; by default 1 of each."""
    retries: Annotated[int, Field(ge=0, le=20)] = 3
    """How often a run that fails is repeated, with growing pauses."""
    deadline: Duration = "1h"
    """Longest duration of a run with its retries; then Kubernetes ends it as failed."""


def run(place: Place, of: Runs, pod: Object, *, part: str = "") -> Object:
    """The object that runs `pod`, the template of its Pods: a Job, or a CronJob where there is a schedule."""
    name = f"{place.name}-{part}" if part else place.name
    name = name[:LONGEST_NAME].rstrip("-")
    spec = _job_spec(of, pod)
    if of.schedule is None:
        return a("Job", place, f"{name}-{_digest(of, spec)}", api="batch/v1", part=part, spec=spec)
    return a("CronJob", place, name, api="batch/v1", part=part, spec=_scheduled(of, spec))


def _job_spec(of: Runs, pod: Object) -> Object:
    """The specification of a Job.

    A Pod that its node ends, to shut down or to make room, is no failure of the program and no retry.
    """
    pod["spec"]["restartPolicy"] = "Never"
    ignored = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    return {
        "backoffLimit": of.retries,
        "activeDeadlineSeconds": seconds_of(of.deadline),
        "podFailurePolicy": {"rules": [ignored]},
        "template": pod,
    }


def _scheduled(of: Runs, job: Object) -> Object:
    """The specification of a CronJob; a run never starts beside another one."""
    kept = 1 if of.history is None else of.history
    return {
        "schedule": of.schedule,
        "timeZone": of.time_zone or "Etc/UTC",
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": seconds_of(of.starts_within or "1h"),
        "successfulJobsHistoryLimit": kept,
        "failedJobsHistoryLimit": kept,
        "jobTemplate": {"spec": job},
    }


def _digest(of: Runs, job: Object) -> str:
    """A part of a name that differs where the Job does, after its patches."""
    patches = [to_plain(patch) for patch in of.patches]
    return sha256(json.dumps([job, patches], sort_keys=True).encode()).hexdigest()[:10]


def check_runs(of: Runs) -> Iterator[Problem]:
    """Fields of a schedule without one."""
    written = {"timeZone": of.time_zone, "startsWithin": of.starts_within, "history": of.history}
    for key, value in written.items() if of.schedule is None else ():
        if value is not None:
            problem = f"{key} belongs to a schedule, and this runs once"
            yield Problem.of_value(key, "no-schedule", problem, f"set schedule, or remove {key}")
