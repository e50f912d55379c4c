"""The provider's own configuration, and what it refuses to manage."""

import json
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2 as proto
from tests.provider.kubernetes.conftest import Aborted, Called, config_map
from tests.provider.kubernetes.fake_api_server import FakeApiServer

from edgefleet.model.unknown import UNKNOWN
from edgefleet.provider.kubernetes.servicer import KubernetesServicer
from edgefleet.provider.kubernetes.settings import read_settings

REFUSED = {
    "alwaysRender": True,
    "enableServerSideApply": "false",
    "helmReleaseSettings": {"driver": "secret"},
    "kubeClientSettings": {"qps": 5},
    "skipUpdateUnreachable": "true",
    "strictMode": "true",
    "burst": 5,
    "deleteUnreachable": "perhaps",
    "namespace": 5,
}


@pytest.fixture
def bare(servicer: KubernetesServicer) -> Called:
    return Called(servicer)


def test_all_options_that_are_not_supported_are_named_at_once(bare: Called) -> None:
    """Configure refuses them as well, where a state has them."""
    assert sorted(
        name if name != "enableServerSideApply" else f"{name}: false" for name in REFUSED
    ) == sorted(bare.check_config(**REFUSED))
    with pytest.raises(Aborted, match="strictMode: is not supported by the embedded engine"):
        bare.configure(strictMode="true")


def test_options_without_effect_are_accepted(bare: Called) -> None:
    """And what the engine keeps among the inputs; false is as good as absent."""
    quiet = {"suppressDeprecationWarnings": "true", "enableServerSideApply": "true", "alwaysRender": False}
    assert {} == bare.check_config(**quiet, version="4.34.2")


def test_a_directory_does_not_go_with_a_cluster(bare: Called) -> None:
    """But for the kubeconfig that the SDK takes from the environment."""
    found = bare.check_config(renderYamlToDirectory="out", context="a", cluster="b", kubeconfig="{}")
    assert ["cluster", "context", "kubeconfig"] == sorted(found)
    settings, problems = read_settings(
        {"renderYamlToDirectory": "out", "kubeconfig": "ambient"}, {"KUBECONFIG": "ambient"}
    )
    assert ([], "") == (problems, settings.kubeconfig)


def test_variables_of_the_environment_are_defaults() -> None:
    """Those of the real plugin."""
    environ = {"PULUMI_K8S_DELETE_UNREACHABLE": "true", "PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY": "false"}
    settings, problems = read_settings({}, environ)
    assert settings.delete_unreachable
    assert ["enableServerSideApply: false"] == [problem.path for problem in problems]
    assert not read_settings({"deleteUnreachable": False}, environ)[0].delete_unreachable


def test_a_bad_kubeconfig_is_an_error_of_the_configuration(bare: Called) -> None:
    """Without a word of its content."""
    found = bare.check_config(kubeconfig='{"users": [{"name": "s3cret", "user": "hunter22"}]}')
    assert ["kubeconfig"] == list(found)
    assert "hunter22" not in found["kubeconfig"]


def kubeconfig(server: str, token: str = "t", ca: str = "") -> str:  # noqa: S107 - of a test
    cluster = {"server": server} | ({"certificate-authority-data": ca} if ca else {})
    return json.dumps(
        {
            "current-context": "a",
            "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
            "clusters": [{"name": "a", "cluster": cluster}],
            "users": [{"name": "a", "user": {"token": token}}],
        }
    )


ONE = {"kubeconfig": kubeconfig("https://one.example")}
CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "another login": (ONE, {"kubeconfig": kubeconfig("https://one.example", token="u")}, []),  # noqa: S106 - of a test
    "another server": (ONE, {"kubeconfig": kubeconfig("https://two.example")}, ["kubeconfig"]),
    "another authority": (ONE, {"kubeconfig": kubeconfig("https://one.example", ca="Ym9v")}, ["kubeconfig"]),
    "a kubeconfig that is not known yet": (ONE, {"kubeconfig": UNKNOWN}, ["kubeconfig"]),
    "a namespace": (ONE, ONE | {"namespace": "shop"}, []),
    "a directory": (
        {"renderYamlToDirectory": "a"},
        {"renderYamlToDirectory": "b"},
        ["renderYamlToDirectory"],
    ),
    "the same cluster by its identifier": (
        ONE | {"clusterIdentifier": "x"},
        {"kubeconfig": kubeconfig("https://two.example"), "clusterIdentifier": "x"},
        [],
    ),
    "another identifier": (
        ONE | {"clusterIdentifier": "x"},
        ONE | {"clusterIdentifier": "y"},
        ["clusterIdentifier"],
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_only_another_cluster_or_directory_replaces_the_objects(bare: Called, what: str) -> None:
    old, new, replaces = CHANGES[what]
    answer = bare.diff_config(old, new)
    assert replaces == list(answer.replaces)
    assert proto.DiffResponse.DIFF_SOME == answer.changes
    assert proto.DiffResponse.DIFF_NONE == bare.diff_config(old, old).changes


def test_objects_without_a_namespace_are_in_the_provider_s(bare: Called, server: FakeApiServer) -> None:
    """That of the option, of the context, or the default one."""
    document = json.loads(server.kubeconfig())
    document["contexts"][0]["context"]["namespace"] = "of-context"
    bare.configure(kubeconfig=json.dumps(document))
    assert "of-context" == bare.checked(config_map())["metadata"]["namespace"]
    bare.configure(kubeconfig=json.dumps(document), namespace="of-option")
    assert "of-option" == bare.checked(config_map())["metadata"]["namespace"]
    cluster_wide = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    assert "namespace" not in bare.of("core/v1:Namespace").checked(cluster_wide)["metadata"]


def described(**metadata: Any) -> dict[str, Any]:
    return config_map() | {"metadata": metadata}


OBJECTS = {
    "no name": (described(), "metadata.name", "has no name, and none is made up"),
    "generateName": (described(generateName="x-"), "metadata.generateName", "write metadata.name"),
    "a name with a slash": (described(name="a/b"), "metadata.name", "is no name"),
    "a namespace that leads away": (described(name="a", namespace=".."), "metadata.namespace", "is no name"),
    "waitFor": (
        described(name="a", annotations={"pulumi.com/waitFor": "condition=Ready"}),
        "metadata.annotations",
        "pulumi.com/waitFor is not supported",
    ),
    "another kind": (config_map() | {"kind": "Secret"}, "kind", "in a resource of type"),
}


@pytest.mark.parametrize("what", OBJECTS)
def test_an_object_that_is_not_handled_is_refused(call: Called, what: str) -> None:
    item, path, words = OBJECTS[what]
    assert words in call.failures(item)[path]


@pytest.mark.parametrize(
    ("token", "item", "words"),
    [
        ("core/v1:ConfigMapPatch", config_map(), "patches an object of others"),
        ("core/v1:ConfigMapList", {"kind": "ConfigMapList", "items": []}, "one by one"),
        ("helm.sh/v3:Release", {"chart": "x"}, "a workload of kind chart"),
    ],
)
def test_a_type_that_is_no_object_is_refused(
    call: Called, token: str, item: dict[str, Any], words: str
) -> None:
    """With what to use instead."""
    assert words in " ".join(call.of(token).failures(item).values())


@pytest.mark.parametrize(
    "token", ["kubernetes:yaml/v2:ConfigGroup", "kubernetes:helm.sh/v4:Chart", "kubernetes:yaml:decode"]
)
def test_components_and_functions_of_the_package_name_an_alternative(bare: Called, token: str) -> None:
    """The engine asks for it; a function that a component of the SDK calls has it in its error."""
    assert "workload of kind" in bare.servicer.instead_of(token)
    with pytest.raises(Aborted, match=r"not supported by the embedded engine; .*workload of kind"):
        bare.servicer.Invoke(proto.InvokeRequest(tok=token), bare.context)
    assert "" == bare.servicer.instead_of("kubernetes:apps/v1:Deployment")
