"""The provider of Kubernetes objects, through an object's whole life on a real API server."""

from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2 as proto
from tests.cluster.api import Cluster
from tests.processes import wait
from tests.provider.kubernetes.conftest import Aborted, Called, deployment
from tests.provider.kubernetes.test_lifecycle import half_created

from edgefleet.io.kubeconfig import read_access
from edgefleet.io.kubernetes import ApiServer
from edgefleet.model.kubernetes import Kind
from edgefleet.provider.kubernetes.servicer import KubernetesServicer
from edgefleet.provider.properties import Secret, decode

pytestmark = pytest.mark.cluster
DEPLOYMENT, CONFIG_MAP = "apps/v1:Deployment", "core/v1:ConfigMap"
POD = {"containers": [{"name": "till", "image": "till:1"}]}
LABELS = {"app": "till"}
TEMPLATE = {"metadata": {"labels": LABELS}, "spec": POD}
SELECTED = {"selector": {"matchLabels": LABELS}, "template": TEMPLATE}


@pytest.fixture(scope="module", autouse=True)
def _node(cluster: Cluster) -> None:
    cluster.node("provider-1")


@pytest.fixture
def namespace(cluster: Cluster, request: pytest.FixtureRequest) -> str:
    """One of the test's own."""
    return cluster.namespace("".join(filter(str.isalnum, request.node.name.lower()))[:50])


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def call(cluster: Cluster, namespace: str, warnings: list[str]) -> Called:
    """The calls of a provider for the cluster, whose objects are in the test's namespace."""

    def log(severity: str, message: str, urn: str = "") -> None:
        del severity, urn
        warnings.append(message)

    called = Called(KubernetesServicer(environ={}, log=log))
    called.configure(kubeconfig=str(cluster.kubeconfig), namespace=namespace)
    return called


def item(api_version: str, kind: str, name: str, **parts: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **parts}


def config_map(**data: str) -> dict[str, Any]:
    return item("v1", "ConfigMap", "settings", data=data)


def live(cluster: Cluster, thing: dict[str, Any], namespace: str) -> dict[str, Any]:
    return cluster.read({**thing, "metadata": {**thing["metadata"], "namespace": namespace}})


def test_a_deployment_s_life(call: Called, cluster: Cluster, namespace: str) -> None:
    """Previewed with the server's defaults, created, ready, equal, updated, refreshed and deleted."""
    called = call.of(DEPLOYMENT)
    resources = {"requests": {"cpu": "0.5", "memory": "1024Mi"}}
    wanted = deployment()
    wanted["spec"]["template"]["spec"]["containers"][0]["resources"] = resources
    identity, planned = called.create(wanted, preview=True)
    assert (f"{namespace}/till", "RollingUpdate") == (identity, planned["spec"]["strategy"]["type"])
    identity, outputs = called.create(wanted)
    assert 2 == outputs["status"]["availableReplicas"]
    assert proto.DiffResponse.DIFF_NONE == called.diff(outputs, called.checked(wanted)).changes
    seen = called.read(identity, outputs, outputs["__inputs"])
    assert outputs["__inputs"] == decode(seen.inputs), "what the server writes otherwise is no drift"
    wanted["spec"]["replicas"] = 3
    news = called.checked(wanted)
    assert ["spec.replicas"] == list(called.diff(outputs, news).detailedDiff)
    assert 3 == called.update(outputs, wanted, preview=True)["spec"]["replicas"]
    assert 2 == live(cluster, wanted, namespace)["spec"]["replicas"]
    outputs = called.update(outputs, wanted)
    assert 3 == outputs["status"]["availableReplicas"]
    called.delete(outputs)
    assert "" == called.read(identity, outputs, outputs["__inputs"]).id
    assert [] == cluster.get(f"/api/v1/namespaces/{namespace}/pods")["items"], "its pods are gone with it"


AWAITED = {
    "DaemonSet": item("apps/v1", "DaemonSet", "x", spec=SELECTED),
    "StatefulSet": item("apps/v1", "StatefulSet", "x", spec=SELECTED | {"serviceName": "x", "replicas": 2}),
    "Pod": item("v1", "Pod", "x", spec=POD),
    "quota": item("v1", "ResourceQuota", "x", spec={"hard": {"pods": "10"}}),
    "controller": item("v1", "ReplicationController", "x", spec={"replicas": 1, "template": TEMPLATE}),
    "token": {
        **item("v1", "Secret", "x", type="kubernetes.io/service-account-token"),
        "metadata": {"name": "x", "annotations": {"kubernetes.io/service-account.name": "default"}},
    },
    "Service": item("v1", "Service", "x", spec={"selector": LABELS, "ports": [{"port": 80}]}),
}


@pytest.mark.parametrize("what", AWAITED)
def test_what_a_controller_has_to_do_is_awaited(call: Called, what: str) -> None:
    """For each kind that this cluster has a controller for."""
    wanted = AWAITED[what]
    token = f"{wanted['apiVersion'] if '/' in wanted['apiVersion'] else 'core/v1'}:{wanted['kind']}"
    called = call.of(token)
    identity, outputs = called.create(wanted)
    assert identity == called.read(identity, outputs, outputs["__inputs"]).id
    called.delete(outputs)


def test_a_job_is_awaited_until_it_has_completed(call: Called) -> None:
    """And one that fails is not waited for."""
    called = call.of("batch/v1:Job")
    template = {"spec": POD | {"restartPolicy": "Never"}}
    template_done = {**template, "metadata": {"labels": LABELS}}
    _, outputs = called.create(item("batch/v1", "Job", "done", spec={"template": template_done}))
    assert 1 == outputs["status"]["succeeded"]
    called.delete(outputs)
    late = item("batch/v1", "Job", "late", spec={"activeDeadlineSeconds": 1, "template": unschedulable()})
    with pytest.raises(Aborted, match=r"cannot become ready: \[DeadlineExceeded\]"):
        called.create(late)


def unschedulable() -> dict[str, Any]:
    spec = POD | {"restartPolicy": "Never", "nodeSelector": {"nowhere": "yes"}}
    return {"metadata": {"labels": LABELS}, "spec": spec}


def test_what_does_not_become_ready_is_recorded_with_the_reasons_of_its_pods(call: Called) -> None:
    """The next update continues with it."""
    called = call.of(DEPLOYMENT)
    stuck = deployment()
    stuck["spec"]["template"]["spec"]["nodeSelector"] = {"nowhere": "yes"}
    with pytest.raises(
        Aborted, match=r"not ready within 8 s: .*0 of 2 replicas are available.*\[Unschedulable\]"
    ) as caught:
        called.create(stuck, timeout=8)
    made = half_created(caught.value)
    outputs = decode(made.properties)
    assert 2 == called.update(outputs, deployment())["status"]["availableReplicas"]


def test_all_unknown_fields_are_named_in_preview_create_and_update(call: Called) -> None:
    """The real plugin lets them pass; an apply names one at a time."""
    called = call.of(DEPLOYMENT)
    wrong = deployment(replcas=2, selectr={})
    for preview in (True, False):
        with pytest.raises(Aborted, match="there is no such field") as caught:
            called.create(wrong, preview=preview)
        assert ["spec.replcas", "spec.selectr"] == [problem.path for problem in caught.value.problems]
    _, outputs = called.create(deployment())
    for preview in (True, False):
        with pytest.raises(Aborted, match="there is no such field") as caught:
            called.update(outputs, wrong, preview=preview)
        assert ["spec.replcas", "spec.selectr"] == [problem.path for problem in caught.value.problems]


def test_invalid_values_are_named_with_their_fields(call: Called) -> None:
    """All of them, in the server's words."""
    wrong = deployment(replicas=-1)
    wrong["spec"]["template"]["spec"]["containers"][0]["name"] = "No Name"
    with pytest.raises(Aborted, match="Invalid value: -1") as caught:
        call.of(DEPLOYMENT).create(wrong, preview=True)
    assert {"spec.replicas", "spec.template.spec.containers[0].name"} == {
        problem.path for problem in caught.value.problems
    }


def test_pod_security_refuses_in_the_preview(
    call: Called, cluster: Cluster, namespace: str, warnings: list[str]
) -> None:
    """A pod is refused with every reason; of a Deployment the server warns."""
    cluster.namespace(
        namespace, {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
    )
    with pytest.raises(Aborted, match=r"violates PodSecurity .*runAsNonRoot"):
        call.of("core/v1:Pod").create(item("v1", "Pod", "x", spec=POD), preview=True)
    call.of(DEPLOYMENT).create(deployment(), preview=True)
    assert [line for line in warnings if "would violate PodSecurity" in line]


def test_a_field_that_the_server_never_changes_is_refused_in_the_preview(call: Called) -> None:
    """One that the plugin does not replace on."""
    called = call.of("batch/v1:Job")
    wanted = item("batch/v1", "Job", "x", spec={"template": unschedulable()})
    wanted["metadata"]["annotations"] = {"pulumi.com/skipAwait": "true"}
    _, outputs = called.create(wanted)
    wanted["spec"]["completionMode"] = "Indexed"
    wanted["spec"]["completions"] = 1
    with pytest.raises(Aborted, match="field is immutable") as caught:
        called.update(outputs, wanted, preview=True)
    assert "spec.completionMode" in {problem.path for problem in caught.value.problems}


def test_a_conflict_names_field_and_manager_and_ignored_changes_leave_the_field(
    call: Called, cluster: Cluster, namespace: str
) -> None:
    """As with an autoscaler, whose replicas stay its own."""
    called = call.of(DEPLOYMENT)
    _, outputs = called.create(deployment())
    scaled = item("apps/v1", "Deployment", "till", spec={"replicas": 1})
    scaled["metadata"]["namespace"] = namespace
    cluster.apply(scaled, manager="autoscaler", force=True)
    with pytest.raises(Aborted, match="is managed by autoscaler") as caught:
        called.update(outputs, deployment(replicas=4))
    assert ["spec.replicas"] == [problem.path for problem in caught.value.problems]
    updated = called.update(outputs, deployment("till:2", replicas=4), ignored=("spec.replicas",))
    assert 1 == updated["spec"]["replicas"]
    managers = {
        entry["manager"]
        for entry in updated["metadata"]["managedFields"]
        if "f:replicas" in entry["fieldsV1"].get("f:spec", {})
    }
    assert {"autoscaler"} == managers
    forced = deployment("till:2", replicas=2)
    forced["metadata"]["annotations"] = {"pulumi.com/patchForce": "true"}
    assert 2 == called.update(updated, forced)["spec"]["replicas"]


def test_an_object_of_others_is_refused_and_can_be_imported(
    call: Called, cluster: Cluster, namespace: str
) -> None:
    """What kubectl created is then managed like any other: a field that is left out is removed."""
    theirs = config_map(color="red", size="big")
    theirs["metadata"]["namespace"] = namespace
    cluster.create_strictly(theirs, dry_run=False, manager="kubectl")
    for preview in (True, False):
        with pytest.raises(Aborted, match="exists in the cluster already"):
            call.create(config_map(color="blue"), preview=preview)
    seen = call.read(f"{namespace}/settings")
    assert {"color": "red", "size": "big"} == decode(seen.inputs)["data"]
    updated = call.update(decode(seen.properties), config_map(color="blue"))
    assert {"color": "blue"} == updated["data"]
    assert ["Apply"] == [entry["operation"] for entry in updated["metadata"]["managedFields"]]


def test_what_the_real_plugin_created_is_updated(call: Called, cluster: Cluster, namespace: str) -> None:
    """It creates with a manager of another name and operation, whose fields an update takes over."""
    theirs = config_map(color="red", size="big")
    theirs["metadata"]["namespace"] = namespace
    created = cluster.create_strictly(theirs, dry_run=False, manager="pulumi-kubernetes")
    state = created | {
        "__inputs": theirs,
        "__initialApiVersion": "v1",
        "__fieldManager": "pulumi-kubernetes-0123abcd",
    }
    assert "blue" == call.update(state, config_map(color="blue"), preview=True)["data"]["color"]
    updated = call.update(state, config_map(color="blue"))
    assert ({"color": "blue"}, "pulumi-kubernetes-0123abcd") == (updated["data"], updated["__fieldManager"])


def test_a_secret_is_equal_after_a_refresh_and_shown_nowhere(call: Called) -> None:
    """Its texts are data on the server."""
    called = call.of("core/v1:Secret")
    wanted = item("v1", "Secret", "login", stringData={"key": "p4ssw0rd"})
    identity, outputs = called.create(wanted)
    assert Secret({"key": "cDRzc3cwcmQ="}) == outputs["data"]
    seen = called.read(identity, outputs, outputs["__inputs"])
    difference = called.diff(decode(seen.properties), called.checked(wanted))
    assert proto.DiffResponse.DIFF_NONE == difference.changes
    with pytest.raises(Aborted, match=r"data\[bad key\]|Invalid value") as caught:
        called.update(
            outputs, item("v1", "Secret", "login", stringData={"bad key": "p4ssw0rd"}), preview=True
        )
    assert not [text for text in ("p4ssw0rd", "cDRzc3cwcmQ") if text in caught.value.message]


def test_a_replacement_of_the_same_name(call: Called, cluster: Cluster, namespace: str) -> None:
    """Can be previewed while the old one is there; the new one is another object."""
    _, outputs = call.create(config_map(color="red"))
    assert call.diff(outputs, call.checked(config_map(color="blue"))).deleteBeforeReplace
    _, planned = call.create(config_map(color="blue"), preview=True)
    assert {"color": "blue"} == planned["data"]
    call.delete(outputs)
    _, replaced = call.create(config_map(color="blue"))
    assert outputs["metadata"]["uid"] != replaced["metadata"]["uid"]
    assert {"color": "blue"} == live(cluster, config_map(), namespace)["data"]


def test_crds_are_established_before_their_objects(call: Called) -> None:
    """The program's own, whose kind the preview cannot know; schemas keep their extensions."""
    loose = {"type": "object", "x_kubernetes_preserve_unknown_fields": True}
    spec = {"type": "object", "properties": {"open": {"type": "boolean"}, "more": loose}}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}},
    }
    names = {"kind": "Gate", "plural": "gates", "singular": "gate"}
    definition = item(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "gates.provider.example.com",
        spec={"group": "provider.example.com", "scope": "Cluster", "names": names, "versions": [version]},
    )
    definitions = call.of("apiextensions.k8s.io/v1:CustomResourceDefinition")
    gates = call.of("provider.example.com/v1:Gate")
    gate = item("provider.example.com/v1", "Gate", "north", spec={"open": True, "more": {"depth": 1.5}})
    definitions.create(definition, preview=True)
    identity, planned = gates.create(gate, preview=True)
    assert ("north", gate["spec"]) == (identity, planned["spec"])
    _, defined = definitions.create(definition)
    stored = defined["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    assert loose == stored["more"]
    assert proto.DiffResponse.DIFF_NONE == definitions.diff(defined, definitions.checked(definition)).changes
    identity, outputs = gates.create(gate)
    assert ("north", 1.5) == (identity, outputs["spec"]["more"]["depth"])
    with pytest.raises(Aborted, match="there is no such field"):
        gates.update(outputs, gate | {"spec": {"opne": True}}, preview=True)
    definitions.delete(defined)
    gates.delete(outputs)
    assert "" == gates.read(identity, outputs, outputs["__inputs"]).id


def test_a_deletion_that_finalizers_keep_is_an_error_that_names_them(call: Called) -> None:
    """Once they are gone, the next one succeeds."""
    kept = config_map(color="red")
    kept["metadata"]["finalizers"] = ["example.com/hold"]
    _, outputs = call.create(kept)
    with pytest.raises(Aborted, match=r"example\.com/hold may keep it"):
        call.delete(outputs, timeout=3)
    freed = config_map(color="red")
    call.update(outputs, freed)
    call.delete(outputs)


def test_a_namespace_takes_its_objects_with_it(call: Called, cluster: Cluster, namespace: str) -> None:
    """Its deletion ends when all is gone; what was in it is then deleted, too."""
    spaces = call.of("core/v1:Namespace")
    _, space = spaces.create(item("v1", "Namespace", f"{namespace[:40]}-own"))
    inside = config_map(color="red")
    inside["metadata"]["namespace"] = f"{namespace[:40]}-own"
    _, outputs = call.create(inside)
    spaces.delete(space)
    call.delete(outputs)
    assert not [
        found
        for found in cluster.get("/api/v1/namespaces")["items"]
        if found["metadata"]["name"] == f"{namespace[:40]}-own"
    ]


def test_deletion_follows_the_annotation(call: Called, cluster: Cluster, namespace: str) -> None:
    """Orphaned pods stay."""
    called = call.of("apps/v1:ReplicaSet")
    wanted = item("apps/v1", "ReplicaSet", "x", spec=SELECTED)
    wanted["metadata"]["annotations"] = {"pulumi.com/deletionPropagationPolicy": "orphan"}
    _, outputs = called.create(wanted)
    pods = f"/api/v1/namespaces/{namespace}/pods"
    wait(lambda: len(cluster.get(pods)["items"]) == 1, reason=lambda: "a pod")
    called.delete(outputs)
    assert 1 == len(cluster.get(pods)["items"])


def test_a_login_that_is_not_accepted_is_an_error(cluster: Cluster, tmp_path: Path) -> None:
    """Without the token in it."""
    path = tmp_path / "kubeconfig"
    path.write_text(cluster.kubeconfig.read_text().replace('"token": "administrator"', '"token": "hunter22"'))
    called = Called(KubernetesServicer(environ={}))
    called.configure(kubeconfig=str(path))
    with pytest.raises(Aborted, match="does not accept this login") as caught:
        called.create(item("v1", "ConfigMap", "x"), preview=True)
    assert "hunter22" not in caught.value.message


def test_lists_are_read_page_by_page(cluster: Cluster, namespace: str) -> None:
    """All objects, whatever a page holds."""
    for number in range(5):
        cluster.apply(
            {
                **item("v1", "ConfigMap", f"m{number}"),
                "metadata": {"name": f"m{number}", "namespace": namespace},
            }
        )
    server = ApiServer(read_access(str(cluster.kubeconfig)), page=2)
    names = {found["metadata"]["name"] for found in server.listed(Kind("v1", "ConfigMap"), namespace)}
    assert {f"m{number}" for number in range(5)} <= names
