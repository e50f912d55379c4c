"""Jobs: which changes run one again."""

from dataclasses import replace
from typing import Any

from edgefleet.model.spec import from_plain
from edgefleet.workloads.base.kind import Object, Place
from edgefleet.workloads.job import KIND, Job

PLACE = Place(name="report")


def job(**fields: Any) -> Job:
    """A job of a fleet file with `fields` besides its image."""
    return from_plain(Job, {"kind": "job", "image": "registry.example/report:1.0", **fields})


def of_kind(kind: str, spec: Job, place: Place = PLACE) -> Object:
    """The only object of a kind."""
    (found,) = [each for each in KIND.objects(spec, place) if kind == each["kind"]]
    return found


def name(spec: Job, place: Place = PLACE) -> str:
    """The name of its Job."""
    found: str = of_kind("Job", spec, place)["metadata"]["name"]
    return found


def test_a_job_that_changes_is_another_job() -> None:
    """As the template of a Job cannot change: by fields, patches and place, and by nothing else."""
    first = name(job())
    patch = {"kind": "Job", "merge": {"spec": {"parallelism": 2}}}
    others = [job(args=["--all"]), job(retries=4), job(patches=[patch]), job(environment={"RUN": "2"})]
    names = {first, *map(name, others), name(job(), replace(PLACE, nodes=("till-1",)))}
    assert 6 == len(names)
    assert first == name(job())
    assert {"report-"} == {each[:7] for each in names}


def test_a_schedule_keeps_its_name() -> None:
    """Kubernetes changes a CronJob in place, and the next run is a new Job."""
    names = [
        of_kind("CronJob", job(schedule="0 3 * * *", args=args))["metadata"]["name"] for args in ([], ["-v"])
    ]
    assert ["report", "report"] == names


def test_long_names_leave_room_for_those_of_jobs_and_pods() -> None:
    place = Place(name="a" * 51 + "-" + "b" * 11)
    assert 51 == len(of_kind("CronJob", job(schedule="0 3 * * *"), place)["metadata"]["name"])
    assert 62 == len(name(job(), place))


def test_finished_jobs_have_no_time_to_live() -> None:
    """k3s would run again at its next start what Kubernetes had removed."""
    spec = of_kind("CronJob", job(schedule="0 3 * * *"))["spec"]["jobTemplate"]["spec"]
    assert "ttlSecondsAfterFinished" not in {**spec, **of_kind("Job", job())["spec"]}


def test_fields_of_a_schedule_without_one_are_problems() -> None:
    wrong = job(timeZone="Europe/Berlin", startsWithin="2h", history=0)
    assert ["timeZone", "startsWithin", "history"] == [problem.path for problem in KIND.check(wrong)]
    assert [] == [*KIND.check(job())]
    assert [] == [*KIND.check(replace(wrong, schedule="0 3 * * *"))]


def test_the_hub_gets_the_same_but_for_its_storage_class() -> None:
    stored = job(storage={"path": "/data", "size": "1Gi"})
    claims = [
        of_kind("PersistentVolumeClaim", stored, replace(PLACE, side=side))["spec"]
        for side in ("site", "hub")
    ]
    assert ["local-path", None] == [claim.get("storageClassName") for claim in claims]
