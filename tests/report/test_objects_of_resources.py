"""Kubernetes objects that are resources of their own, those of a hub."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edgefleet.fleetfile.load import load_fleet
from edgefleet.model.steps import Outcome, Step
from edgefleet.report.groups import object_values
from edgefleet.report.presenters import present
from edgefleet.report.site_changes import Seen, view

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


FLEET = """\
apiVersion: edgefleet.dev/v1
fleet: retail
region: north
recipe: 1
controlPlane: {kind: existing, kubeconfig: hub.yaml}
images: {store: "file:images"}
profiles:
  pos: {arch: amd64, cpus: 4, memory: 8Gi, disk: 64Gi, storage: ssd}
defaults: {profile: pos, k3s: {version: v1.36.4+k3s1}}
sites:
  alpha: {network: {address: 10.0.1.2/24, gateway: 10.0.1.1}}
workloads:
  orders:
    kind: web
    image: retail.example/orders:2.2
    port: 8080
    where: {cloud: true}
"""


def test_an_object_has_the_line_of_its_field_or_of_its_workload(tmp_path: Path) -> None:
    """A value that one field has, and any other one."""
    file = tmp_path / "dev.fleet.yaml"
    file.write_text(FLEET)
    (tmp_path / "hub.yaml").write_text("{}")
    head = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "orders"}}
    old, new = (pod(f"retail.example/orders:{tag}")["spec"] for tag in ("2.1", "2.2"))
    step = Step(
        urn=URN.format("apps/v1:Deployment"),
        op="update",
        type="kubernetes:apps/v1:Deployment",
        old_inputs=head | {"spec": old | {"paused": True}},
        new_inputs=head | {"spec": new | {"paused": False}},
    )
    outcome = Outcome(engine="local", stack="dev", operation="preview", result="succeeded", steps=(step,))
    (row,) = view(outcome, Seen(at=datetime.now(UTC), fleet=load_fleet(file, tmp_path))).others
    lines = {change.path.rpartition(".")[2]: change.where.rpartition(":")[2] for change in row.objects}
    assert ({"image": "15", "paused": "13"}, "13") == (lines, row.where.rpartition(":")[2])
