"""What is published about Kubernetes objects finds what a server would refuse."""

import pytest
from tests.workloads.offline_schemas import paths, problems_of, untyped
from tests.workloads.rendered import RENDERED

from edgefleet.model.k3s_flags import MINORS


def deployment(**spec: object) -> dict[str, object]:
    """A deployment with these fields more in its specification."""
    container = {"name": "till", "image": "registry.example/till:1.4"}
    template = {"metadata": {"labels": {"app": "till"}}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "till", "annotations": {}},
        "spec": {"selector": {"matchLabels": {"app": "till"}}, "template": template, **spec},
    }


@pytest.mark.parametrize("minor", MINORS)
def test_the_schemas_name_each_mistake(minor: int) -> None:
    """In each minor version: an unknown field, a value of another type."""
    assert [] == problems_of(deployment(), minor)
    wrong, unknown = problems_of(deployment(replcas=2, paused="yes"), minor)
    assert unknown.endswith("Additional properties are not allowed ('replcas' was unexpected)")
    assert wrong.startswith("spec.paused: 'yes' is not of type")


def test_a_kind_that_a_minor_version_lacks_is_a_problem() -> None:
    """MutatingAdmissionPolicy became stable in 1.36."""
    policy = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingAdmissionPolicy"}
    missing = "Kubernetes 1.32 has no MutatingAdmissionPolicy of admissionregistration.k8s.io/v1"
    assert ([missing], []) == (problems_of(policy, 32), problems_of(policy, 36))


def test_the_models_find_what_they_do_not_hold() -> None:
    """An unknown field is lost, and a wrong type is not read."""
    assert [] == untyped(deployment())
    assert ["spec.replcas: not in the model"] == untyped(deployment(replcas=2))
    wrong = "Expected `bool | null`, got `str` - at `$.spec.paused`"
    assert [wrong] == untyped(deployment(replcas=2, paused="yes"))


def test_paths_name_each_leaf() -> None:
    """Which is how the structure of two objects is compared."""
    assert {"a.0.b", "a.1", "c"} == paths({"a": [{"b": 1}, "x"], "c": {}})


@pytest.mark.parametrize("name", RENDERED)
def test_what_is_rendered_is_known_to_every_minor_version(name: str) -> None:
    """So that a node may run any k3s whose flags edgefleet knows."""
    objects = RENDERED[name]
    assert objects
    assert [] == [
        (minor, each) for minor in MINORS for thing in objects for each in problems_of(thing, minor)
    ]
    assert [] == [each for thing in objects for each in untyped(thing)]
