"""The Plan that upgrades the hub's servers, and its controller."""

from dataclasses import replace

from edgefleet.fleetfile.artifacts_lock import EMPTY, ArtifactsLock
from edgefleet.hub import upgrades
from edgefleet.hub.user_data import HubBoot, user_data_of
from edgefleet.model.hub import Hub, HubK3s


def test_servers_are_upgraded_one_at_a_time() -> None:
    """Cordoned, from the control plane's nodes alone."""
    spec = upgrades.manifests("v1.36.4+k3s1", {})[-1]["spec"]
    assert (1, True, "v1.36.4+k3s1") == (spec["concurrency"], spec["cordon"], spec["version"])
    (expression,) = spec["nodeSelector"]["matchExpressions"]
    assert ("node-role.kubernetes.io/control-plane", ["true"]) == (expression["key"], expression["values"])


def test_the_plan_is_where_its_controller_looks() -> None:
    """Same namespace, and the account that the Plan names exists and may do what it must."""
    made = {(each["kind"], each["metadata"]["name"]): each for each in upgrades.manifests("v1.36.4+k3s1", {})}
    plan = made["Plan", "hub-servers"]
    account = made["ServiceAccount", plan["spec"]["serviceAccountName"]]
    deployment = made["Deployment", upgrades.NAME]
    assert plan["metadata"]["namespace"] == account["metadata"]["namespace"]
    assert plan["metadata"]["namespace"] == deployment["metadata"]["namespace"]
    pod = deployment["spec"]["template"]
    assert deployment["spec"]["selector"]["matchLabels"] == pod["metadata"]["labels"]
    (subject,) = made["ClusterRoleBinding", upgrades.NAME]["subjects"]
    assert (account["metadata"]["name"], account["metadata"]["namespace"]) == (
        subject["name"],
        subject["namespace"],
    )


def test_definitions_come_before_what_is_of_them() -> None:
    """k3s applies a file from its beginning."""
    kinds = [each["kind"] for each in upgrades.manifests("v1.36.4+k3s1", {})]
    assert kinds.index("CustomResourceDefinition") < kinds.index("Namespace") < kinds.index("Plan")


HUB = Hub(kind="k3s", k3s=HubK3s(version="v1.36.4+k3s1"))
DIGEST = "sha256:" + "ab" * 32
LOCK: ArtifactsLock = {
    "api_version": "edgefleet.dev/v1",
    "k3s": {"v1.36.4+k3s1": {"k3s": {"sha256": "cd" * 32, "size": 1}}},
    "images": {
        name: {"amd64": {"digest": DIGEST, "sha256": "ef" * 32, "size": 1}}
        for name in (upgrades.CONTROLLER, "rancher/k3s-upgrade:v1.36.4-k3s1")
    },
}


def test_everything_that_servers_run_as_root_is_pinned_by_the_lock() -> None:
    """The controller has all rights in the cluster, an upgrade is a privileged pod, k3s is k3s."""
    pinned = upgrades.pins(HUB, LOCK)
    assert {need.name for need in upgrades.needs(HUB)} == set(pinned)
    made = {each["kind"]: each for each in upgrades.manifests("v1.36.4+k3s1", pinned)}
    (container,) = made["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert f"rancher/system-upgrade-controller@{DIGEST}" == container["image"]
    assert f"rancher/k3s-upgrade@{DIGEST}" == made["Plan"]["spec"]["upgrade"]["image"]
    assert "cd" * 32 == pinned["k3s"]


def test_without_a_lock_images_have_their_tags_and_another_kind_of_hub_needs_none() -> None:
    assert {} == upgrades.pins(HUB, EMPTY)
    assert () == upgrades.needs(Hub(kind="eks"))
    plan = upgrades.manifests("v1.36.4+k3s1", {})[-1]
    assert "rancher/k3s-upgrade:v1.36.4-k3s1" == plan["spec"]["upgrade"]["image"]


def test_the_servers_accept_the_locked_k3s_alone() -> None:
    """Its installer has the digest; the digest rolls no server, as a Plan upgrades them."""
    boot = HubBoot(fleet="retail", region="dev", aws_region="eu-central-1", recipe=1, hub=HUB)
    unlocked, locked = user_data_of(boot), user_data_of(replace(boot, k3s_sha256="cd" * 32))
    assert "cd" * 32 in locked["init"]
    assert "cd" * 32 not in unlocked["init"]
