"""What runs in the hub's cluster for the channel: fields that Kubernetes has, rights, what changes them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.commands.parsing import parsed
from tests.keys.channel import pair
from tests.workloads.offline_schemas import problems_of, untyped

from edgefleet.fleetfile import watched
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.load import load_fleet
from edgefleet.hub.alerts import rules
from edgefleet.hub.channel_objects import CERTIFICATES, KEYS, PARTS, channel_objects, issued_of
from edgefleet.hub.dashboard import dashboard
from edgefleet.keys.site_certificate import LIST_LIFE
from edgefleet.workloads.base.shapes import pod_of

MONDAY = datetime(2026, 11, 30, 9, tzinfo=UTC)
ROLE = "arn:aws:iam::123456789012:role/edgefleet"
IMAGE = "registry.shops.example/edgefleet:0.1.0"
FILE: dict[str, Any] = {
    "apiVersion": "edgefleet.dev/v1",
    "fleet": "shops",
    "region": "north",
    "recipe": 1,
    "controlPlane": {"kind": "existing", "kubeconfig": "cluster.yaml", "cloud": {"region": "eu-central-1"}},
    "images": {"store": "s3://shops-edgefleet/images"},
    "channel": {
        "roots": [pair(1).key.pem.strip()],
        "access": {"gateway": "https://updates.shops.example"},
        "signKey": "awskms:///alias/releases",
    },
    "profiles": {"pos": {"arch": "amd64", "cpus": 4, "memory": "8Gi", "disk": "64Gi"}},
    "defaults": {"profile": "pos", "k3s": {"version": "v1.36.4+k3s1"}},
    "sites": {"berlin": {}, "tromso": {"link": {"class": "dark"}}},
}
Load = Callable[..., Fleet]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Gives a fleet whose hub runs this for the channel."""

    def loaded(
        cloud: dict[str, Any] | None = None, more: dict[str, Any] | None = None, **of_hub: Any
    ) -> Fleet:
        hub = FILE["controlPlane"] | {"identity": {"sites": True}, "channel": {"image": IMAGE, **of_hub}}
        hub |= {"cloud": hub["cloud"] | (cloud or {})}
        file = tmp_path / "north.fleet.yaml"
        file.write_text(yaml.safe_dump(FILE | {"controlPlane": hub} | (more or {})))
        return load_fleet(file, tmp_path)

    return loaded


def named(objects: Any, kind: str, name: str) -> Any:
    """The object of a kind with a name."""
    (one,) = [each for each in objects if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return one


FULL = {
    "credentials": "edgefleet-store",
    "gateway": {"credentials": ROLE, "annotations": {"example.com/lb": "nlb"}},
}


MONITOR = {"monitor": {"release": "prometheus"}}


@pytest.mark.parametrize("of_hub", [{}, FULL, {"credentials": ROLE}, FULL | MONITOR])
def test_kubernetes_has_fields_for_all_of_it(load: Load, of_hub: dict[str, Any]) -> None:
    """By its schemas of two releases and its typed models."""
    objects = channel_objects(load(**of_hub), MONDAY)
    kinds = {each["kind"] for each in objects}
    assert {"Namespace", "CronJob", "Deployment", "ConfigMap", "NetworkPolicy", "ServiceAccount"} <= kinds
    assert ("PodDisruptionBudget" in kinds) is ("gateway" in of_hub)
    found = [
        problem
        for each in objects
        if not each["apiVersion"].startswith("monitoring.coreos.com/")
        for problem in (*problems_of(each, 34), *problems_of(each, 37), *untyped(each))
    ]
    assert [] == found


def test_a_hub_that_declares_none_runs_none(load: Load) -> None:
    """A channel alone changes nothing at the hub."""
    assert () == channel_objects(
        load(more={"controlPlane": FILE["controlPlane"] | {"identity": {"sites": True}}}), MONDAY
    )


def test_pods_are_of_the_restricted_level_and_have_no_rights_in_the_cluster(load: Load) -> None:
    """Not root, a root that is read only, bounded memory, no token of the API."""
    objects = channel_objects(load(**FULL), MONDAY)
    space = named(objects, "Namespace", "edgefleet-channel")
    assert "restricted" == space["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
    pods = [pod for each in objects if (pod := pod_of(each)) is not None]
    assert 3 == len(pods)
    for pod in pods:
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"]
        for container in pod["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"]
            assert {"memory"} <= container["resources"]["limits"].keys()


def test_every_command_is_one_of_the_program(load: Load) -> None:
    """With options that it has."""
    containers = [
        each
        for of in channel_objects(load(**FULL), MONDAY)
        for each in (pod_of(of) or {"containers": []})["containers"]
    ]
    own = [each["command"] for each in containers if each["image"] == IMAGE]
    assert {"rollout step", "sites metrics", "hub gateway-credentials"} == {
        parsed(command) for command in own
    }
    assert ["edgefleet", "rollout", "step", "--store", "s3://shops-edgefleet/images"] in own


def test_a_step_runs_alone_and_is_not_repeated_where_it_would_end_the_same(load: Load) -> None:
    """A paused rollout and a wrong input fail at once; a store that does not answer gets another attempt."""
    job = named(channel_objects(load(), MONDAY), "CronJob", "edgefleet-channel-step")["spec"]
    assert ("*/15 * * * *", "Forbid") == (job["schedule"], job["concurrencyPolicy"])
    run = job["jobTemplate"]["spec"]
    assert {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [1, 3]}} in run[
        "podFailurePolicy"
    ]["rules"]
    assert (2, 600) == (run["backoffLimit"], run["activeDeadlineSeconds"])


def test_credentials_are_a_secret_a_role_or_those_of_the_node(load: Load) -> None:
    """By reference alone; the gateway has its own."""

    def variables(objects: Any) -> dict[str, Any]:
        (container,) = pod_of(named(objects, "CronJob", "edgefleet-channel-step"))["containers"]  # type: ignore[index] # it has one
        return {each["name"]: each.get("valueFrom", each.get("value")) for each in container["env"]}

    def role(objects: Any, account: str) -> str | None:
        annotations = named(objects, "ServiceAccount", account)["metadata"].get("annotations", {})
        found: str | None = annotations.get("eks.amazonaws.com/role-arn")
        return found

    objects = channel_objects(load(**FULL), MONDAY)
    for key in KEYS:
        assert {"secretKeyRef": {"name": "edgefleet-store", "key": key}} == variables(objects)[key]
    assert (None, ROLE) == (role(objects, "channel"), role(objects, "gateway"))
    objects = channel_objects(load(credentials=ROLE), MONDAY)
    assert (ROLE, set()) == (role(objects, "channel"), KEYS.keys() & variables(objects).keys())
    assert "eu-central-1" == variables(objects)["AWS_REGION"]
    other = channel_objects(load(cloud={"endpoint": "https://s3.shops.example:9000"}), MONDAY)
    assert "https://s3.shops.example:9000" == variables(other)["AWS_ENDPOINT_URL_S3"]
    (policy,) = [each for each in other if each["kind"] == "NetworkPolicy"]
    ports = {port["port"] for rule in policy["spec"]["egress"] for port in rule.get("ports", ())}
    assert {53, 80, 443, 9000} <= ports


def test_the_list_of_nodes_is_that_of_the_fleet_file(load: Load) -> None:
    """With the time that each may be silent, and the end of the gateway's list."""
    fleet = load(**FULL)
    data = named(channel_objects(fleet, MONDAY), "ConfigMap", "metrics")["data"]["nodes.json"]
    found = watched.read(data.encode())
    assert {7: {"berlin"}, 180: {"tromso"}} == {of.offline_days: {*of.nodes} for of in found.sites}
    _, issued = issued_of(named(channel_objects(fleet, MONDAY), "Secret", "gateway"))
    assert int((issued + LIST_LIFE).timestamp()) == found.revocations_end
    without = named(channel_objects(load(), MONDAY), "ConfigMap", "metrics")["data"]["nodes.json"]
    assert watched.read(without.encode()).revocations_end is None


def test_the_first_up_of_a_week_renews_the_list_of_revoked_certificates(load: Load) -> None:
    """Until then nothing changes; a list that is in use has three weeks left at least."""
    fleet = load(**FULL)
    weeks = [channel_objects(fleet, MONDAY + timedelta(hours=hours)) for hours in range(0, 24 * 14, 6)]
    assert 3 >= len({str(objects) for objects in weeks}) >= 2
    for hours in range(0, 24 * 14, 6):
        now = MONDAY + timedelta(hours=hours)
        _, issued = issued_of(named(channel_objects(fleet, now), "Secret", "gateway"))
        assert issued <= now < issued + LIST_LIFE - timedelta(days=21)


def test_a_revoked_site_restarts_the_gateway_and_nothing_else(load: Load) -> None:
    """Its list is read when it starts."""
    before = channel_objects(load(**FULL), MONDAY)
    after = channel_objects(load(more={"revoked": {"berlin": 1}}, **FULL), MONDAY)
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert [("Deployment", "gateway")] == [(each["kind"], each["metadata"]["name"]) for each in changed]


def test_the_gateway_is_two_pods_behind_a_balancer_that_passes_tls_through(load: Load) -> None:
    """Its files are those of `edgefleet hub gateway`; its key is a placeholder until it is rendered."""
    objects = channel_objects(load(**FULL), MONDAY)
    deployment = named(objects, "Deployment", "gateway")
    assert 2 == deployment["spec"]["replicas"]
    assert 0 == deployment["spec"]["strategy"]["rollingUpdate"]["maxSurge"]
    service = named(objects, "Service", "gateway")
    assert "nlb" == service["metadata"]["annotations"]["example.com/lb"]
    assert ("LoadBalancer", 443) == (service["spec"]["type"], service["spec"]["ports"][0]["port"])
    secret = named(objects, "Secret", "gateway")
    assert (CERTIFICATES, {*PARTS}) == (secret["type"], {*secret["stringData"]})
    assert all(text.startswith("<") for text in secret["stringData"].values())
    files = named(objects, "ConfigMap", "gateway")["data"]
    assert {"nginx.conf", "edgefleet.conf", "gateway.js"} == files.keys()
    assert "set $edgefleet_credentials /run/edgefleet/credentials;" in files["edgefleet.conf"]
    pod = pod_of(deployment)
    assert pod is not None
    (sources,) = [each["projected"]["sources"] for each in pod["volumes"] if each["name"] == "files"]
    assert [{"configMap": {"name": "gateway"}}, {"secret": {"name": "gateway"}}] == sources


def test_an_operator_finds_what_to_scrape_the_rules_and_a_dashboard(load: Load) -> None:
    """By the labels that its Prometheus selects; without one the Pod's annotations name what to scrape."""
    objects = channel_objects(load(**FULL, **MONITOR), MONDAY)
    monitor, rule = (named(objects, kind, "metrics") for kind in ("ServiceMonitor", "PrometheusRule"))
    assert "prometheus" == monitor["metadata"]["labels"]["release"] == rule["metadata"]["labels"]["release"]
    service = named(objects, "Service", "metrics")
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
    assert rules() == rule["spec"]
    board = named(objects, "ConfigMap", "dashboard")
    assert "1" == board["metadata"]["labels"]["grafana_dashboard"]
    assert dashboard() == json.loads(board["data"]["edgefleet.json"])
    role = named(objects, "ClusterRole", "edgefleet:edgefleet-channel-edit")
    assert "true" == role["metadata"]["labels"]["rbac.authorization.k8s.io/aggregate-to-edit"]

    def noted(objects: Any) -> dict[str, str]:
        found: dict[str, str] = named(objects, "Deployment", "metrics")["spec"]["template"]["metadata"]
        return {**found.get("annotations", {})}  # type: ignore[dict-item] # a map

    assert {} == noted(objects)
    assert "9464" == noted(channel_objects(load(), MONDAY))["prometheus.io/port"]
