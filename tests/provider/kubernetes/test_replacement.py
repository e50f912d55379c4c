"""Which changes replace an object, as the real plugin decides."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime.proto import provider_pb2 as proto
from tests.provider.kubernetes.conftest import config_map, deployment

from edgefleet.model.unknown import UNKNOWN
from edgefleet.provider.kubernetes.replacement import Mutable, compare, differences

FIXED = Mutable()
KINDS = {value: name for name, value in proto.PropertyDiff.Kind.items()}


def object_of(api_version: str, kind: str, **parts: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x", "namespace": "n"}, **parts}


REPLACED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "a name": (object_of("v1", "Service"), {"metadata": {"name": "y", "namespace": "n"}}, "metadata.name"),
    "a namespace": (
        object_of("v1", "Pod"),
        {"metadata": {"name": "x", "namespace": "m"}},
        "metadata.namespace",
    ),
    "a ConfigMap's data": (object_of("v1", "ConfigMap", data={"a": "1"}), {"data": {"a": "2"}}, "data.a"),
    "a Secret's data": (object_of("v1", "Secret", data={"a": "MQ=="}), {"data": {"a": "Mg=="}}, "data.a"),
    "a Secret's type": (object_of("v1", "Secret", type="Opaque"), {"type": "other"}, "type"),
    "a StatefulSet's service": (
        object_of("apps/v1", "StatefulSet", spec={"serviceName": "a"}),
        {"spec": {"serviceName": "b"}},
        "spec.serviceName",
    ),
    "a Job's template": (
        object_of("batch/v1", "Job", spec={"template": {"spec": {"restartPolicy": "Never"}}}),
        {"spec": {"template": {"spec": {"restartPolicy": "OnFailure"}}}},
        "spec.template.spec.restartPolicy",
    ),
    "a Deployment's selector": (
        object_of("apps/v1", "Deployment", spec={"selector": {"matchLabels": {"a": "b"}}}),
        {"spec": {"selector": {"matchLabels": {"a": "c"}}}},
        "spec.selector.matchLabels.a",
    ),
    "a pod's image": (
        object_of("v1", "Pod", spec={"containers": [{"name": "a", "image": "a:1"}]}),
        {"spec": {"containers": [{"name": "a", "image": "a:2"}]}},
        "spec.containers[0].image",
    ),
    "a claim's class, newly given": (
        object_of("v1", "PersistentVolumeClaim"),
        {"spec": {"storageClassName": "fast"}},
        "spec",
    ),
    "a role binding's role": (
        object_of("rbac.authorization.k8s.io/v1", "RoleBinding", roleRef={"name": "a"}),
        {"roleRef": {"name": "b"}},
        "roleRef.name",
    ),
}


@pytest.mark.parametrize("what", REPLACED)
def test_what_the_server_never_changes_replaces(what: str) -> None:
    """With the path that differs."""
    old, change, path = REPLACED[what]
    answer = compare(old, old | change, FIXED)
    assert [path] == list(answer.replaces)
    assert KINDS[answer.detailedDiff[path].kind].endswith("_REPLACE")


def test_an_object_of_the_same_name_is_deleted_before_its_replacement() -> None:
    """One of another name, or of a name that is not known yet, is created first."""
    old = config_map(a="1")
    assert compare(old, config_map(a="2"), FIXED).deleteBeforeReplace
    for name in ("other", UNKNOWN):
        renamed = config_map(a="2") | {"metadata": {"name": name}}
        assert not compare(old, renamed, FIXED).deleteBeforeReplace
    assert not compare(deployment("a:1"), deployment("a:2"), FIXED).deleteBeforeReplace


def test_the_other_fields_are_updated_in_place() -> None:
    """Each with its path and kind, as the real plugin states them."""
    old, new = deployment("a:1", paused=True), deployment("a:2", minReadySeconds=5)
    found = compare(old, new, FIXED)
    assert {
        "spec.template.spec.containers[0].image": ("UPDATE", False),
        "spec.paused": ("DELETE", True),
        "spec.minReadySeconds": ("ADD", False),
    } == {path: (KINDS[item.kind], item.inputDiff) for path, item in found.detailedDiff.items()}
    assert [] == list(found.replaces)


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_data_may_be_mutable_unless_the_object_says_otherwise(kind: str) -> None:
    """Options of the provider, and the object's own ``immutable``."""
    mutable = Mutable(config_maps=True, secrets=True)
    old, new = object_of("v1", kind, data={"a": "1"}), object_of("v1", kind, data={"a": "2"})
    assert [] == list(compare(old, new, mutable).replaces)
    assert ["data.a"] == list(compare(old | {"immutable": True}, new | {"immutable": True}, mutable).replaces)


def test_the_default_namespace_is_the_same_written_out_or_not() -> None:
    """State that another version wrote may lack it."""
    new = config_map(a="1") | {"metadata": {"name": "settings", "namespace": "default"}}
    assert proto.DiffResponse.DIFF_NONE == compare(config_map(a="1"), new, FIXED).changes
    assert proto.DiffResponse.DIFF_NONE == compare(new, config_map(a="1"), FIXED).changes


def test_ignored_paths_are_not_compared() -> None:
    """Also those of positions in lists."""
    ignored = ("spec.replicas", "spec.template.spec.containers[*].image")
    answer = compare(deployment("a:1"), deployment("a:2", replicas=9), FIXED, ignored)
    assert proto.DiffResponse.DIFF_NONE == answer.changes


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(PLAIN, PLAIN)
def test_differences_are_found_exactly_where_there_are_some(one: Any, other: Any) -> None:
    """Null is no value; true is no number."""

    def canonical(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: canonical(item) for key, item in value.items() if item is not None}
        if isinstance(value, list):
            items = [canonical(item) for item in value]
            while items and items[-1] is None:
                items.pop()
            return items
        return ("bool", value) if isinstance(value, bool) else value

    assert bool(list(differences(one, other))) == (canonical(one) != canonical(other))
    assert [] == list(differences(one, one))
