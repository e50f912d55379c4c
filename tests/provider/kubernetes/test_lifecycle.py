"""The life of an object with the provider, against a stand-in for the API server."""

import re
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2 as proto
from tests.provider.kubernetes.conftest import Aborted, Called, config_map, deployment
from tests.provider.kubernetes.fake_api_server import Answer, FakeApiServer

from edgefleet.model.unknown import UNKNOWN
from edgefleet.provider.kubernetes.managers import manager_name
from edgefleet.provider.properties import Secret, decode


def half_created(error: Aborted) -> Any:
    """The part of a failed call that the engine records."""
    from pulumi.runtime.proto import status_pb2  # noqa: PLC0415

    for detail in status_pb2.Status.FromString(error.details).details:
        found = proto.ErrorResourceInitFailed()
        if detail.Is(found.DESCRIPTOR) and detail.Unpack(found):
            return found
    raise AssertionError("nothing was recorded")


def ready(item: dict[str, Any]) -> None:
    """Play the controllers: a Deployment is complete at once."""
    if item["kind"] == "Deployment":
        count = item["spec"]["replicas"]
        item["status"] = {
            "observedGeneration": item["metadata"]["generation"],
            **dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas"), count),
        }


def test_what_is_recorded_has_the_real_plugin_s_form(call: Called, server: FakeApiServer) -> None:
    """The live object, the inputs, the first apiVersion and a field manager of eight hex digits."""
    identity, outputs = call.create(config_map(color="red"))
    assert "default/settings" == identity
    assert {"apiVersion": "v1", "kind": "ConfigMap", "data": {"color": "red"}} == {
        name: outputs["__inputs"][name] for name in ("apiVersion", "kind", "data")
    }
    assert "v1" == outputs["__initialApiVersion"]
    assert re.fullmatch(r"pulumi-kubernetes-[0-9a-f]{8}", outputs["__fieldManager"])
    assert server.find("ConfigMap", "settings")["metadata"]["uid"] == outputs["metadata"]["uid"]  # type: ignore[index]  # it is there


def test_a_preview_is_a_dry_run_of_the_server(call: Called, server: FakeApiServer) -> None:
    """It returns the server's object, without a status, and changes nothing."""
    identity, outputs = call.of("apps/v1:Deployment").create(deployment(), preview=True)
    assert "default/till" == identity
    assert "uid" in outputs["metadata"]
    assert "status" not in outputs
    assert {} == server.objects
    assert ["POST /apis/apps/v1/namespaces/default/deployments dry"] == [
        line for line in server.asked if not line.startswith("GET")
    ]


def test_a_preview_of_what_is_not_known_yet_returns_the_inputs(call: Called, server: FakeApiServer) -> None:
    """Values that another resource gives, a kind or namespace that the program creates."""
    _, outputs = call.create(config_map() | {"data": {"color": UNKNOWN}}, preview=True)
    assert outputs["data"] == {"color": UNKNOWN}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    call.of("core/v1:Namespace").create(namespace, preview=True)
    inside = config_map() | {"metadata": {"name": "settings", "namespace": "shop"}}
    identity, outputs = call.create(inside, preview=True)
    assert "shop/settings" == identity
    assert "uid" not in outputs["metadata"]
    assert {} == server.objects


@pytest.mark.parametrize("metadata", [UNKNOWN, {"name": UNKNOWN}, {"name": "x", "namespace": UNKNOWN}])
def test_a_name_may_be_unknown_in_a_preview(call: Called, metadata: Any) -> None:
    """It has no id then; a name that is known to change replaces, and the new object is created first."""
    identity, _ = call.create(config_map(color="red") | {"metadata": metadata}, preview=True)
    assert "" == identity
    _, outputs = call.create(config_map(color="red"))
    answer = call.diff(outputs, config_map(color="red") | {"metadata": metadata})
    assert (metadata is not UNKNOWN, False) == (bool(answer.replaces), answer.deleteBeforeReplace)


def test_metadata_may_be_secret_as_a_whole(call: Called) -> None:
    """The program's mark is kept."""
    identity, outputs = call.create(config_map(color="red") | {"metadata": Secret({"name": "settings"})})
    assert "default/settings" == identity
    assert isinstance(outputs["metadata"], Secret)


def test_a_preview_without_its_namespace_says_so(call: Called, logged: list[tuple[str, str]]) -> None:
    """Where no resource of the program makes the namespace, an update would fail."""
    call.create(config_map() | {"metadata": {"name": "settings", "namespace": "nowhere"}}, preview=True)
    ((severity, message),) = logged
    assert "warning" == severity
    assert 'namespaces "nowhere" not found' in message


@pytest.mark.parametrize("preview", [True, False])
def test_all_unknown_fields_are_named_at_once(call: Called, server: FakeApiServer, preview: bool) -> None:  # noqa: FBT001
    """In a preview, too; the real plugin lets them pass."""
    wrong = deployment(bogusOne=1, bogusTwo=2)
    with pytest.raises(Aborted, match="there is no such field") as caught:
        call.of("apps/v1:Deployment").create(wrong, preview=preview)
    assert ["spec.bogusOne", "spec.bogusTwo"] == [problem.path for problem in caught.value.problems]
    assert {} == server.objects


def test_an_update_names_all_unknown_fields_too(call: Called) -> None:
    """Though an apply finds one at a time."""
    _, outputs = call.create(config_map(color="red"))
    with pytest.raises(Aborted, match="there is no such field") as caught:
        call.update(outputs, config_map(color="red") | {"bogusA": 1, "bogusB": 2})
    assert ["bogusA", "bogusB"] == [problem.path for problem in caught.value.problems]


@pytest.mark.parametrize("preview", [True, False])
def test_an_object_of_others_is_not_taken_over(call: Called, server: FakeApiServer, preview: bool) -> None:  # noqa: FBT001
    """It can be imported; the preview says so already."""
    call.of("core/v1:ConfigMap", "other").create(config_map(color="red"))
    with pytest.raises(Aborted, match="exists in the cluster already") as caught:
        call.create(config_map(color="blue"), preview=preview)
    assert "import_: default/settings" in caught.value.problems[0].hint
    assert {"color": "red"} == server.find("ConfigMap", "settings")["data"]  # type: ignore[index]  # it is there


def test_an_object_that_a_killed_run_created_is_completed(call: Called, server: FakeApiServer) -> None:
    """Its field manager is that of the same resource of the same stack."""
    call.create(config_map(color="red"))
    uid = server.find("ConfigMap", "settings")["metadata"]["uid"]  # type: ignore[index]  # it is there
    assert "default/settings" == call.create(config_map(color="red"), preview=True)[0]
    _, outputs = call.create(config_map(color="blue"))
    assert (uid, {"color": "blue"}) == (outputs["metadata"]["uid"], outputs["data"])


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_lost_reply_is_no_lost_change(call: Called, server: FakeApiServer, method: str) -> None:
    """The request is sent again; it has no second effect."""
    server.lost = {method}
    _, outputs = call.create(config_map(color="red"))
    assert 1 == len(server.objects)
    call.delete(outputs)
    assert {} == server.objects
    assert set() == server.lost


def test_a_conflict_names_the_field_and_the_other_manager(call: Called, server: FakeApiServer) -> None:
    """And the way out; the preview meets it, too."""
    call = call.of("apps/v1:Deployment")
    server.written = ready
    _, outputs = call.create(deployment())
    server.managed_by_others = {"spec.replicas": "autoscaler"}
    for preview in (True, False):
        with pytest.raises(Aborted, match="is managed by autoscaler") as caught:
            call.update(outputs, deployment(replicas=3), preview=preview)
        (problem,) = caught.value.problems
        assert ("Deployment default/till", "spec.replicas") == (problem.where, problem.path)
        assert "pulumi.com/patchForce" in problem.hint


def test_the_annotation_takes_fields_from_others(call: Called, server: FakeApiServer) -> None:
    """As with the real plugin."""
    _, outputs = call.create(config_map(color="red"))
    server.managed_by_others = {"data.color": "kubectl-edit"}
    forced = config_map(color="blue")
    forced["metadata"] = {"name": "settings", "annotations": {"pulumi.com/patchForce": "true"}}
    assert {"color": "blue"} == call.update(outputs, forced)["data"]


def test_fields_of_kubectl_are_taken_over(call: Called, server: FakeApiServer) -> None:
    """An object that kubectl applied, and that was imported, is managed like any other."""
    call.create(config_map(color="red"))
    live = server.find("ConfigMap", "settings")
    assert live
    owned: dict[str, Any] = {"f:data": {"f:color": {}}}
    live["metadata"]["managedFields"] = [{"manager": "kubectl", "operation": "Update", "fieldsV1": owned}]
    answer = call.read("default/settings")
    call.update(decode(answer.properties), config_map(color="blue"))
    (entry,) = live["metadata"]["managedFields"]
    assert (manager_name("5c0b5a1e-provider-of-the-test", call.urn), "Apply") == (
        entry["manager"],
        entry["operation"],
    )


def test_ignored_fields_that_others_manage_are_left_to_them(call: Called, server: FakeApiServer) -> None:
    """An autoscaler's replicas are neither set nor taken over."""
    call = call.of("apps/v1:Deployment")
    server.written = ready
    _, outputs = call.create(deployment())
    live = server.find("Deployment", "till")
    assert live
    live["spec"]["replicas"] = 7
    ours = live["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]
    del ours["f:replicas"]
    other = {"manager": "autoscaler", "operation": "Update", "fieldsV1": {"f:spec": {"f:replicas": {}}}}
    live["metadata"]["managedFields"].append(other)
    server.managed_by_others = {"spec.replicas": "autoscaler"}
    updated = call.update(outputs, deployment("till:2"), ignored=("spec.replicas",))
    assert 7 == updated["spec"]["replicas"]
    assert "f:replicas" not in live["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]


def test_what_is_created_but_not_ready_is_recorded(call: Called, server: FakeApiServer) -> None:
    """With what it waits for, from its pods too; the next update goes on with it."""
    call = call.of("apps/v1:Deployment")
    waiting = {"reason": "ImagePullBackOff", "message": "no such image"}
    status = {"name": "till", "ready": False, "state": {"waiting": waiting}}
    pod = {"metadata": {"name": "till-x"}, "status": {"containerStatuses": [status]}}
    server.objects["pods", "default", "till-x"] = pod
    with pytest.raises(Aborted, match="is not ready within 30 s") as caught:
        call.create(deployment(), timeout=30)
    assert "pod till-x: container till: [ImagePullBackOff] no such image" in caught.value.message
    made = half_created(caught.value)
    assert "default/till" == made.id
    outputs = decode(made.properties)
    server.written = ready
    assert 2 == call.update(outputs, deployment())["status"]["availableReplicas"]


def test_a_refresh_finds_what_is_not_ready_any_more(call: Called, server: FakeApiServer) -> None:
    """The live state and inputs are recorded with the reason."""
    call = call.of("apps/v1:Deployment")
    server.written = ready
    identity, outputs = call.create(deployment())
    server.find("Deployment", "till")["status"]["availableReplicas"] = 1  # type: ignore[index]  # it is there
    with pytest.raises(Aborted, match="1 of 2 replicas are available") as caught:
        call.read(identity, outputs, outputs["__inputs"])
    assert 2 == decode(half_created(caught.value).inputs)["spec"]["replicas"]


def test_nothing_is_awaited_with_the_annotation(call: Called) -> None:
    """``pulumi.com/skipAwait``."""
    hasty = deployment()
    hasty["metadata"]["annotations"] = {"pulumi.com/skipAwait": "true"}
    identity, _ = call.of("apps/v1:Deployment").create(hasty)
    assert "default/till" == identity


def test_a_refresh_shows_drift_and_nothing_else(call: Called, server: FakeApiServer) -> None:
    """What the server writes otherwise than the program, and what others add, is none."""
    identity, outputs = call.create(config_map(color="red", size="big"))
    live = server.find("ConfigMap", "settings")
    assert live
    live["data"] |= {"added": "by others"}
    answer = call.read(identity, outputs, outputs["__inputs"])
    assert outputs["__inputs"] == decode(answer.inputs)
    live["data"]["color"] = "blue"
    answer = call.read(identity, outputs, outputs["__inputs"])
    assert {"color": "blue", "size": "big"} == decode(answer.inputs)["data"]
    difference = call.diff(decode(answer.properties), outputs["__inputs"])
    assert ["data.color"] == list(difference.detailedDiff)


def test_what_was_deleted_outside_is_gone(call: Called, server: FakeApiServer) -> None:
    """A refresh finds it; an update says what to do; a deletion succeeds."""
    identity, outputs = call.create(config_map(color="red"))
    server.objects.clear()
    assert "" == call.read(identity, outputs, outputs["__inputs"]).id
    with pytest.raises(Aborted, match="is gone from the cluster"):
        call.update(outputs, config_map(color="blue"))
    call.delete(outputs)


def test_another_object_of_its_name_is_not_deleted(call: Called, server: FakeApiServer) -> None:
    """The UID is part of the deletion."""
    _, outputs = call.create(config_map(color="red"))
    live = server.find("ConfigMap", "settings")
    assert live
    live["metadata"]["uid"] = "another"
    call.delete(outputs)
    assert live is server.find("ConfigMap", "settings")


def test_a_deletion_that_does_not_end_names_the_finalizers(call: Called, server: FakeApiServer) -> None:
    """It waits as long as customTimeouts allow."""
    _, outputs = call.create(config_map(color="red"))
    server.find("ConfigMap", "settings")["metadata"]["finalizers"] = ["example.com/hold"]  # type: ignore[index]  # it is there
    with pytest.raises(Aborted, match=r"not gone within 20 s: example\.com/hold may keep it"):
        call.delete(outputs, timeout=20)


def test_an_import_takes_the_live_object_as_inputs(call: Called, server: FakeApiServer) -> None:
    """By ``namespace/name``, or the name alone in the default namespace."""
    call.of("core/v1:ConfigMap", "other").create(config_map(color="red"))
    for identity in ("default/settings", "settings"):
        answer = call.read(identity)
        assert "default/settings" == answer.id
        assert decode(answer.inputs) == {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "settings", "namespace": "default"},
            "data": {"color": "red"},
        }
    assert "" == call.read("default/none").id
    assert 1 == len(server.objects)


def test_a_replacement_of_the_same_name_can_be_previewed(call: Called, server: FakeApiServer) -> None:
    """While the old object still has the name; it is deleted first in the update."""
    _, outputs = call.create(config_map(color="red"))
    news = call.checked(config_map(color="blue"))
    difference = call.diff(outputs, news)
    assert (["data.color"], True) == (list(difference.replaces), difference.deleteBeforeReplace)
    identity, planned = call.create(config_map(color="blue"), preview=True)
    assert ("default/settings", "settings") == (identity, planned["metadata"]["name"])
    with pytest.raises(Aborted, match="it is the one to replace"):
        call.create(config_map(color="blue"))
    call.delete(outputs)
    _, replaced = call.create(config_map(color="blue"))
    assert outputs["metadata"]["uid"] != replaced["metadata"]["uid"]
    assert 1 == len(server.objects)


def test_secrets_are_secret_in_state_and_in_no_message(call: Called, server: FakeApiServer) -> None:
    """A Secret's data always; elsewhere what the program marks."""
    secret = call.of("core/v1:Secret")
    described = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s"},
        "stringData": {"key": "p4ssw0rd"},
    }
    _, outputs = secret.create(described)
    assert Secret({"key": "cDRzc3cwcmQ="}) == outputs["data"]
    assert "stringData" not in outputs["__inputs"]
    _, marked = call.create(config_map() | {"data": {"url": Secret("https://u:hunter22@x"), "color": "red"}})
    assert {"url": Secret("https://u:hunter22@x"), "color": "red"} == marked["data"]
    cause = {"field": "data.url", "message": 'Invalid value: "https://u:hunter22@x": must not be'}
    server.refusal = Answer(422, "Invalid", "cDRzc3cwcmQ= p4ssw0rd https://u:hunter22@x", [cause])
    for called, recorded, news in ((secret, outputs, described), (call, marked, marked["__inputs"])):
        with pytest.raises(Aborted, match=r"Invalid value|must not be") as caught:
            called.update(recorded, news)
        assert not [text for text in ("p4ssw0rd", "cDRzc3cwcmQ", "hunter22") if text in caught.value.message]


def test_a_crd_is_awaited_before_its_objects(call: Called, server: FakeApiServer) -> None:
    """And an object waits a little for its kind, which a moment ago nobody knew."""
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "gates.example.com"},
        "spec": {"group": "example.com", "scope": "Cluster", "names": {"kind": "Gate", "plural": "gates"}},
    }
    gate = {"apiVersion": "example.com/v1", "kind": "Gate", "metadata": {"name": "north"}}
    definitions = call.of("apiextensions.k8s.io/v1:CustomResourceDefinition")
    definitions.create(definition, preview=True)
    assert ("north", gate["metadata"]) == (
        (planned := call.of("example.com/v1:Gate").create(gate, preview=True))[0],
        planned[1]["metadata"],
    )
    with pytest.raises(Aborted, match="it is not established"):
        definitions.create(definition, timeout=20)

    def establish(item: dict[str, Any]) -> None:
        item["status"] = {"conditions": [{"type": "Established", "status": "True"}]}
        server.kinds["example.com/v1"] = {"Gate": "gates"}

    server.objects.clear()
    server.written = establish
    definitions.create(definition)
    assert "north" == call.of("example.com/v1:Gate").create(gate)[0]


def test_a_kind_that_never_comes_is_an_error(call: Called) -> None:
    """After a few seconds, as the server may learn of it late."""
    gate = {"apiVersion": "example.com/v1", "kind": "Gate", "metadata": {"name": "north"}}
    with pytest.raises(
        Aborted, match=r"the cluster has no kind example.com/v1 Gate; .* install its CRD first"
    ):
        call.of("example.com/v1:Gate").create(gate)


def test_warnings_of_the_server_are_passed_on_once(
    call: Called, server: FakeApiServer, logged: list[tuple[str, str]]
) -> None:
    """Such as what Pod Security would refuse."""
    server.warning = "would violate PodSecurity"
    call.create(config_map(color="red"))
    assert [("warning", "ConfigMap default/settings: would violate PodSecurity")] == [
        line for line in logged if "default/settings" in line[1]
    ]


def test_a_cluster_that_does_not_answer_is_an_error(servicer: Any, server: FakeApiServer) -> None:
    """Unless what is in it may be taken to be gone."""
    call = Called(servicer)
    call.configure(kubeconfig=server.kubeconfig())
    identity, outputs = call.create(config_map(color="red"))
    kubeconfig = server.kubeconfig().replace(server.address, "http://127.0.0.1:9")
    strict, lenient = (
        Called(type(servicer)(environ={}, clock=servicer._clock, policy=servicer._policy)) for _ in "ab"
    )
    strict.configure(kubeconfig=kubeconfig)
    for attempt in (
        lambda: strict.read(identity, outputs, outputs["__inputs"]),
        lambda: strict.delete(outputs),
        lambda: strict.create(config_map(color="red"), preview=True),
    ):
        with pytest.raises(Aborted, match="cannot be reached"):
            attempt()
    lenient.configure(kubeconfig=kubeconfig, deleteUnreachable="true")
    assert "" == lenient.read(identity, outputs, outputs["__inputs"]).id
    lenient.delete(outputs)


def test_a_login_that_is_not_accepted_is_an_error(servicer: Any, server: FakeApiServer) -> None:
    """It is no missing kind, with which a preview would go on; the token is in no message."""
    call = Called(servicer)
    call.configure(kubeconfig=server.kubeconfig().replace("a-token-of-the-test", "hunter22"))
    with pytest.raises(Aborted, match=r"Unauthorized; .*does not accept this login") as caught:
        call.create(config_map(color="red"), preview=True)
    assert "hunter22" not in caught.value.message
