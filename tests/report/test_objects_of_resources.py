"""Kubernetes objects that are resources of their own, those of a hub."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.report.test_text import shown

from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.load import load_fleet
from edgefleet.model.spec import to_plain
from edgefleet.model.steps import Op, Outcome, Step
from edgefleet.report.groups import object_values
from edgefleet.report.plan_view import View
from edgefleet.report.presenters import present
from edgefleet.report.site_changes import Seen, view
from edgefleet.workloads.composing import hub_objects_of
from edgefleet.workloads.hub_nodes import at_nodes

if TYPE_CHECKING:
    from tests.conftest import Golden

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


EDGE = """\
apiVersion: edgefleet.dev/v1
fleet: labs
region: north
recipe: 1
controlPlane:
  kind: existing
  kubeconfig: hub.yaml
  kubeedge: {version: v1.23.1, address: edge.labs.example}
images: {store: "file:images"}
profiles:
  bench: {arch: amd64, cpus: 2, memory: 2Gi, disk: 32Gi, storage: ssd, runtime: kubeedge}
defaults: {profile: bench, kubeedge: {version: v1.23.1}}
sites:
  lab-1: {network: {address: 10.0.1.2/24, gateway: 10.0.1.1}}
  lab-2: {network: {address: 10.0.2.2/24, gateway: 10.0.2.1}}
workloads:
  labels:
    kind: web
    image: labs.example/labels:1.4
    port: 8080
    resources: {memory: 128Mi}
  panel: {kind: web, image: "labs.example/panel:2", port: 8081, where: {sites: [lab-1]}}
"""


def edge_steps(old: Fleet, new: Fleet) -> Iterator[Step]:
    """What an engine says of the objects of workloads in the cluster of the hub."""
    before, after = (
        {
            (workload, each["kind"]): each
            for workload, objects in hub_objects_of(fleet.hub_workloads).items()
            for each in objects
        }
        for fleet in (old, new)
    )
    for workload, kind in dict.fromkeys((*before, *after)):
        was, is_now = before.get((workload, kind), {}), after.get((workload, kind), {})
        api = (was or is_now)["apiVersion"]
        token = f"kubernetes:{api if '/' in api else f'core/{api}'}:{kind}"
        name = f"dev/workloads/{workload}/{kind.lower()}"
        op: Op = "same" if was == is_now else "update" if was and is_now else "delete" if was else "create"
        yield Step(
            urn=f"urn:pulumi:dev::labs::edgefleet:index:Workload${token}::{name}",
            op=op,
            type=token,
            old_inputs=was,
            new_inputs=is_now,
        )


def edge_view(folder: Path, edit: Callable[[str], str]) -> View:
    """The preview of a fleet whose sites have KubeEdge, after an edit of its file."""
    (folder / "hub.yaml").write_text("{}")
    file = folder / "dev.fleet.yaml"
    fleets = []
    for text in (EDGE, edit(EDGE)):
        file.write_text(text)
        fleets.append(load_fleet(file, folder))
    old, new = fleets
    sites = [
        Step(
            urn=f"urn:pulumi:dev::labs::edgefleet:index:Site::{name}",
            op="same",
            type="edgefleet:index:Site",
            old_inputs=to_plain(at_nodes(old.sites[name])),
            new_inputs=to_plain(at_nodes(new.sites[name])),
        )
        for name in new.sites
    ]
    assert [step.old_inputs for step in sites] == [step.new_inputs for step in sites]
    steps = (*sites, *edge_steps(old, new))
    outcome = Outcome(
        engine="local", stack="dev", operation="preview", result="succeeded", steps=steps, seconds=1
    )
    return view(outcome, Seen(at=datetime(2026, 11, 24, tzinfo=UTC), fleet=new))


def test_a_workload_on_nodes_of_the_hub_has_its_objects_and_what_its_sites_have_left(
    tmp_path: Path, golden: "Golden"
) -> None:
    """Its sites do not change, and their nodes get its Pods nonetheless."""

    def larger(text: str) -> str:
        return text.replace("labels:1.4", "labels:1.5").replace("128Mi", "256Mi")

    golden("edge-workload.txt", shown(edge_view(tmp_path, larger)))


def test_the_sites_of_changed_and_removed_workloads_alone_have_a_capacity(tmp_path: Path) -> None:
    """Those of a removed one are known by the nodes of its Pods."""
    panel = EDGE.splitlines(keepends=True)[-1]
    both = {
        "changed": lambda text: text.replace("panel:2", "panel:3"),
        "removed": lambda text: text.replace(panel, ""),
    }
    found = {
        name: [usage.site for usage in edge_view(tmp_path, edit).capacity] for name, edit in both.items()
    }
    assert {"changed": ["lab-1"], "removed": ["lab-1"]} == found
    assert () == edge_view(tmp_path, str).capacity
