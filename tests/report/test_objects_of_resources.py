"""Kubernetes objects that are resources of their own, those of a hub."""

from typing import Any

from edgefleet.model.steps import Step
from edgefleet.report.groups import object_values
from edgefleet.report.presenters import present

URN = "urn:pulumi:dev::retail::edgefleet:index:Workload$kubernetes:{}::dev/workloads/orders/orders"


def lines(kind: str, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What a report shows of the values of an object that changes."""
    api, _, name = kind.rpartition(":")
    head = {"apiVersion": api.removeprefix("core/"), "kind": name, "metadata": {"name": "orders"}}
    step = Step(
        urn=URN.format(kind),
        op="update",
        type=f"kubernetes:{kind}",
        diff=("spec",),
        old_inputs=head | old,
        new_inputs=head | new,
    )
    row = present(step)
    assert row.objects or row.differing == ("spec",)
    return [line.plain.strip() for line in object_values(row.objects)]


def pod(image: str) -> dict[str, Any]:
    """The specification of a Deployment."""
    return {"spec": {"template": {"spec": {"containers": [{"name": "orders", "image": image}]}}}}


def test_a_value_is_shown_as_for_an_object_of_a_site() -> None:
    found = lines("apps/v1:Deployment", pod("retail.example/orders:2.1"), pod("retail.example/orders:2.2"))
    assert ["Deployment/orders: image ...:2.1 -> ...:2.2"] == found


def test_a_text_of_a_secret_is_not_shown() -> None:
    old, new = ({"stringData": {"KEY": text}} for text in ("opensesame", "closesesame"))
    assert ["Secret/orders: KEY (secret)"] == lines("core/v1:Secret", old, new)


def test_a_secret_that_the_engine_hides_is_named_by_its_field() -> None:
    hidden = {"stringData": "[secret]"}
    assert [] == lines("core/v1:Secret", hidden, hidden)
