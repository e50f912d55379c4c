"""The Plan that upgrades the hub's servers, and its controller."""

from edgefleet.hub import upgrades


def test_servers_are_upgraded_one_at_a_time() -> None:
    """Cordoned, from the control plane's nodes alone."""
    spec = upgrades.manifests("v1.36.4+k3s1")[-1]["spec"]
    assert (1, True, "v1.36.4+k3s1") == (spec["concurrency"], spec["cordon"], spec["version"])
    (expression,) = spec["nodeSelector"]["matchExpressions"]
    assert ("node-role.kubernetes.io/control-plane", ["true"]) == (expression["key"], expression["values"])


def test_the_plan_is_where_its_controller_looks() -> None:
    """Same namespace, and the account that the Plan names exists and may do what it must."""
    made = {(each["kind"], each["metadata"]["name"]): each for each in upgrades.manifests("v1.36.4+k3s1")}
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
    kinds = [each["kind"] for each in upgrades.manifests("v1.36.4+k3s1")]
    assert kinds.index("CustomResourceDefinition") < kinds.index("Namespace") < kinds.index("Plan")
