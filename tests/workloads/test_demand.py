"""What Pods take: as the scheduler adds it up."""

from decimal import Decimal
from typing import Any

import pytest

from edgefleet.model.quantities import amount
from edgefleet.workloads.demand import Demand, Load, loads

MI = 1024**2


def pod(*containers: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A template of Pods."""
    return {"spec": {"containers": list(containers), **more}}


def takes(cpu: str = "", memory: str = "", **more: Any) -> dict[str, Any]:
    """A container with requests."""
    requests = {name: value for name, value in (("cpu", cpu), ("memory", memory)) if value}
    return {"resources": {"requests": requests}, **more}


def an(kind: str, name: str = "x", **spec: Any) -> dict[str, Any]:
    """An object."""
    return {"kind": kind, "metadata": {"name": name}, "spec": spec}


def claim(size: str, name: str = "data") -> dict[str, Any]:
    """A volume claim."""
    return an("PersistentVolumeClaim", name, resources={"requests": {"storage": size}})


MOUNTED = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}, {"name": "tmp", "emptyDir": {}}]


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        (
            [an("Deployment", replicas=3, template=pod(takes("100m", "64Mi"), takes("0.5", "1G")))],
            Load(pod=Demand(cpu=600, memory=64 * MI + 1000**3), count=3, containers=2),
        ),
        ([an("Deployment", template=pod(takes("1")))], Load(pod=Demand(cpu=1000))),
        (
            [an("DaemonSet", template=pod(takes("1", "1Mi")))],
            Load(pod=Demand(cpu=1000, memory=MI), is_everywhere=True),
        ),
        (
            [an("CronJob", jobTemplate={"spec": {"template": pod(takes("2"))}})],
            Load(pod=Demand(cpu=2000), is_job=True),
        ),
        ([an("Job", template=pod({"resources": {}}))], Load(pod=Demand(), is_job=True)),
        (
            [an("Job", template=pod(volumes=[{"emptyDir": {"sizeLimit": "2G"}}, {"emptyDir": {}}]))],
            Load(pod=Demand(disk=2 * 1000**3), containers=0, is_job=True),
        ),
        (
            [an("Job", template=pod(volumes=[{"emptyDir": {"sizeLimit": "2G", "medium": "Memory"}}]))],
            Load(pod=Demand(), containers=0, is_job=True),
        ),
        (
            [an("Pod", containers=[{"resources": {"limits": {"memory": "1Mi", "cpu": "2"}}}])],
            Load(pod=Demand(cpu=2000, memory=MI)),
        ),
        (
            [
                an(
                    "Deployment",
                    template=pod(
                        takes("100m", "64Mi"),
                        initContainers=[takes("2", "1Mi"), takes("50m", "1Mi", restartPolicy="Always")],
                    ),
                )
            ],
            Load(pod=Demand(cpu=2000, memory=65 * MI)),
        ),
        (
            [an("StatefulSet", replicas=2, template=pod(takes()), volumeClaimTemplates=[claim("2Gi")])],
            Load(pod=Demand(disk=2048 * MI), count=2),
        ),
        (
            [
                an("Deployment", replicas=2, template=pod(takes(), volumes=MOUNTED)),
                claim("3Gi"),
                an("Service"),
            ],
            Load(pod=Demand(), count=2, shared=3072 * MI),
        ),
    ],
)
def test_what_the_pods_of_an_object_take(objects: list[dict[str, Any]], expected: Load) -> None:
    """Containers together, init containers one by one, a limit where no request is."""
    assert [expected] == list(loads(objects))


def test_a_claim_counts_once() -> None:
    """It is one folder, also where two kinds of Pods mount it."""
    objects = [claim("3Gi"), *(an("Deployment", name, template=pod(volumes=MOUNTED)) for name in ("a", "b"))]
    assert 3072 * MI == sum(load.all.disk for load in loads(objects))


@pytest.mark.parametrize(
    ("quantity", "number"),
    [
        ("100m", "0.1"),
        ("1.5Gi", "1610612736"),
        ("1e3", "1000"),
        (2, "2"),
        ("1E", "1000000000000000000"),
        ("3u", "0.000003"),
        ("12Qi", "0"),
        ("1e999999999", "0"),
        (None, "0"),
    ],
)
def test_a_quantity_of_kubernetes_is_a_number(quantity: Any, number: str) -> None:
    """With every unit; what is no quantity takes nothing, as others report it."""
    assert Decimal(number) == amount(quantity)
