"""A build as a Job of Kubernetes: each index sees its own shard, with no more rights than it needs."""

import base64
from dataclasses import replace
from typing import Any

import pytest

from edgefleet.errors import InvalidInput
from edgefleet.site.build_job import LARGEST, BuildJob, job_name, objects

JOB = BuildJob(
    name="spring",
    namespace="images",
    image="builder:1",
    parallelism=8,
    service_account="builder",
    region="eu-central-1",
    disk="20Gi",
)


def job_of(made: list[dict[str, Any]]) -> dict[str, Any]:
    (found,) = [each for each in made if each["kind"] == "Job"]
    return found


def container_of(made: list[dict[str, Any]]) -> dict[str, Any]:
    (found,) = job_of(made)["spec"]["template"]["spec"]["containers"]
    return dict(found)


@pytest.mark.parametrize(
    ("stack", "name"),
    [
        ("dev", "build-dev"),
        ("Retail_EU.1", "build-retail-eu-1"),
        ("a" * 39 + "_" + "b" * 60, "build-" + "a" * 39),
    ],
)
def test_a_job_has_a_name_that_kubernetes_takes(stack: str, name: str) -> None:
    """Stacks may have large letters, points and underscores in theirs."""
    assert name == job_name(stack)


def test_each_shard_is_a_secret_of_its_own_that_nobody_changes() -> None:
    made = objects(JOB, [b"one", b"two"])
    secrets = {each["metadata"]["name"]: each for each in made if each["kind"] == "Secret"}
    assert {"spring-shard-0": b"one", "spring-shard-1": b"two"} == {
        name: base64.b64decode(each["data"]["plan.json.gz"]) for name, each in secrets.items()
    }
    assert all(each["immutable"] for each in secrets.values())
    assert {"images"} == {each["metadata"]["namespace"] for each in made}


def test_a_container_sees_the_directory_of_its_own_index_alone() -> None:
    """The plans of others are in the same volume, below other directories."""
    made = objects(JOB, [b"one", b"two", b"three"])
    plans = job_of(made)["spec"]["template"]["spec"]["volumes"][0]["projected"]["sources"]
    assert {f"spring-shard-{index}": f"{index}/plan.json.gz" for index in range(3)} == {
        each["secret"]["name"]: each["secret"]["items"][0]["path"] for each in plans
    }
    mount = container_of(made)["volumeMounts"][0]
    assert ("plans", "$(JOB_COMPLETION_INDEX)", True) == (
        mount["name"],
        mount["subPathExpr"],
        mount["readOnly"],
    )
    assert f"{mount['mountPath']}/plan.json.gz" == container_of(made)["args"][2]


@pytest.mark.parametrize(("shards", "at_once"), [(1, 1), (3, 3), (20, 8)])
def test_no_more_pods_at_once_than_asked_for_or_than_there_are_shards(shards: int, at_once: int) -> None:
    spec = job_of(objects(JOB, [b"x"] * shards))["spec"]
    assert ("Indexed", shards, at_once) == (spec["completionMode"], spec["completions"], spec["parallelism"])


def test_builders_are_nobody_with_no_way_into_the_cluster() -> None:
    """They read secrets of sites; the restricted standard of Kubernetes lets them in."""
    made = objects(JOB, [b"one"])
    pod = job_of(made)["spec"]["template"]["spec"]
    assert not pod["automountServiceAccountToken"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert {"type": "RuntimeDefault"} == pod["securityContext"]["seccompProfile"]
    rights = container_of(made)["securityContext"]
    assert {"drop": ["ALL"]} == rights["capabilities"]
    assert (False, True) == (rights["allowPrivilegeEscalation"], rights["readOnlyRootFilesystem"])


def test_the_region_is_reported_only_where_it_is_known() -> None:
    """An empty one would hide the one that the pods' own rights come with."""
    there = {each["name"]: each["value"] for each in container_of(objects(JOB, [b"one"]))["env"]}
    assert "eu-central-1" == there["AWS_REGION"]
    without = container_of(objects(replace(JOB, region=""), [b"one"]))["env"]
    assert "AWS_REGION" not in {each["name"] for each in without}


def test_a_shard_that_no_secret_takes_is_refused_with_a_number_that_will_do() -> None:
    """Two shards of which one is half as large again need four."""
    assert objects(JOB, [b"x" * LARGEST])
    with pytest.raises(InvalidInput, match="use --shards 4 or more"):
        objects(JOB, [b"x" * (LARGEST + LARGEST // 2), b"x"])


def test_pods_sign_with_a_key_that_kms_keeps() -> None:
    """It is named to each; without one signing is not mentioned."""
    name = "awskms:arn:aws:kms:eu-central-1:123456789012:key/a"
    args = container_of(objects(replace(JOB, sign_key=name), [b"one"]))["args"]
    assert ["--sign-key", name] == args[-2:]
    assert "--sign-key" not in container_of(objects(JOB, [b"one"]))["args"]
