"""Workloads in the cluster of a fleet's hub."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from tests.fleet.test_children import check, children
from tests.fleet.test_fleet import SECRET, SIGNATURE
from tests.keys.channel import pair

import edgefleet
from edgefleet.fleet.plainly import ProgramError

Record = Callable[..., Sequence[Any]]
HUBS = {
    "k3s": """
      cloud: {region: eu-central-1}
      bucket: shops-north-artifacts
      dns: {name: hub.shops.example, zone: shops.example}
      image: ami-0123456789abcdef0
      protect: false""",
    "eks": "{cloud: {region: eu-central-1}, bucket: shops-north-artifacts}",
    "existing": "{kubeconfig: cluster.yaml}",
}
FILE = """\
apiVersion: edgefleet.dev/v1
fleet: shops
region: north
recipe: 1
controlPlane: {hub}
images: {{store: "file:images"}}
profiles:
  pos: {{arch: amd64, cpus: 4, memory: 8Gi, disk: 64Gi, storage: ssd}}
defaults: {{profile: pos, k3s: {{version: v1.36.4+k3s1}}}}
sites:
  alpha: {{network: {{address: 10.0.1.2/24, gateway: 10.0.1.1}}}}
workloads:
  orders:
    kind: web
    image: registry.shops.example/orders:2.1
    port: 8080
    where: {{cloud: true}}
    environment: {{REGION: "{{region}}"}}
    secrets: {{DATABASE: orders-database}}
  till: {{kind: web, image: "registry.shops.example/till:1.4", port: 8080}}
"""


@pytest.fixture
def fleet(record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Sequence[Any]]:
    """Runs a program with a fleet whose hub is of a kind: what it registers."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cluster.yaml").write_text("apiVersion: v1\nkind: Config\n")

    def run(
        kind: str, more: str = "", *, provider: bool = False, edge: str = "", **args: Any
    ) -> Sequence[Any]:
        hub = yaml.safe_load(HUBS[kind]) | {"kind": kind} | yaml.safe_load(f"{{{more}}}")
        line = yaml.safe_dump(hub, default_flow_style=True, width=1000)
        text = FILE.format(hub=line)
        if edge:
            plain = yaml.safe_load(text) | yaml.safe_load(edge)
            plain["workloads"]["till"]["secrets"] = {"KEY": "orders-database"}
            text = yaml.safe_dump(plain)
        (tmp_path / "shops.fleet.yaml").write_text(text)
        given: Any = {
            "file": "shops.fleet.yaml",
            "secret": SECRET,
            "passphrases": {"orders-database": "opensesame"},
        } | args

        def program() -> None:
            own = pulumi.ProviderResource("kubernetes", "own", {}) if provider else None
            edgefleet.Fleet("mine", given, pulumi.ResourceOptions(providers=[own] if own else None))

        return record(program)

    return run


def objects(found: Sequence[Any]) -> dict[str, Any]:
    """dict[kind -> registration] of Kubernetes objects."""
    return {each.type.rpartition(":")[2]: each for each in found if each.type.startswith("kubernetes:")}


def cluster(found: Sequence[Any]) -> dict[str, Any]:
    (provider,) = [each for each in found if each.type == "pulumi:providers:kubernetes"]
    made: dict[str, Any] = provider.inputs
    return made


@pytest.mark.parametrize("kind", HUBS)
def test_the_resources_of_workloads_are_a_promise(kind: str, fleet: Callable[..., Sequence[Any]]) -> None:
    """Only what runs at the hub; a deployer of k3s creates neither namespaces nor priorities."""
    found = [each for each in fleet(kind) if each.type.startswith(("kubernetes:", "pulumi:providers:kub"))]
    check(f"hub-objects-{kind}", children(found))


@pytest.mark.parametrize("kind", HUBS)
def test_a_hub_is_reached_by_its_kubeconfig(kind: str, fleet: Callable[..., Sequence[Any]]) -> None:
    found = fleet(kind)
    kubeconfig = cluster(found)["kubeconfig"]
    if kind != "eks":  # AWS authenticates its user
        assert SIGNATURE.items() <= kubeconfig.items()
    user = {"k3s": "deployer", "eks": "get-token", "existing": "kind: Config"}[kind]
    assert user in str(kubeconfig)


def test_servers_of_k3s_make_the_namespaces_which_their_deployer_edits(
    fleet: Callable[..., Sequence[Any]],
) -> None:
    """They have the labels of the workload, and there is nothing of workloads at sites."""
    (access,) = [each for each in fleet("k3s") if each.name == "mine/hub/manifest-access"]
    documents = [*yaml.safe_load_all(access.inputs["content"])]
    spaces = {each["metadata"]["name"]: each for each in documents if each["kind"] == "Namespace"}
    assert {"apps", "orders"} == spaces.keys()
    assert "restricted" == spaces["orders"]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
    bound = {each["metadata"]["namespace"] for each in documents if each["kind"] == "RoleBinding"}
    assert {"apps", "orders"} == bound
    assert ["edgefleet-critical"] == [
        each["metadata"]["name"] for each in documents if each["kind"] == "PriorityClass"
    ]


CLOUDCORE = "kubeedge: {version: v1.23.1, address: edge.shops.example}"


def test_cloudcore_is_among_the_objects_of_a_hub_with_its_certificates(
    fleet: Callable[..., Sequence[Any]],
) -> None:
    """By an authority of the region; both keys are secrets."""
    found = [each for each in fleet("existing", CLOUDCORE) if "workloads/kubeedge/" in each.name]
    names = {(each.type.rpartition(":")[2], each.name.rpartition("/")[2]) for each in found}
    assert {
        ("Deployment", "cloudcore"),
        ("Deployment", "kubeedge-controller-manager"),
        ("CustomResourceDefinition", "nodegroups.apps.kubeedge.io"),
        ("Namespace", "kubeedge"),
        ("ClusterRoleBinding", "edgefleet:cloudcore"),
    } <= names
    (secret,) = [each for each in found if each.type == "kubernetes:core/v1:Secret"]
    assert SIGNATURE.items() <= secret.inputs["stringData"].items()
    texts = secret.inputs["stringData"]["value"]
    assert {"rootCA.crt", "rootCA.key", "server.crt", "server.key"} == texts.keys()
    assert texts["server.key"].startswith("-----BEGIN EC PRIVATE KEY-----")


def test_servers_of_k3s_apply_what_of_cloudcore_is_in_no_namespace(
    fleet: Callable[..., Sequence[Any]],
) -> None:
    """Its definitions and rights; the deployer edits its namespace."""
    found = fleet("k3s", f"k3s: {{disable: [traefik]}}, {CLOUDCORE}")
    (access,) = [each for each in found if each.name == "mine/hub/manifest-access"]
    documents = [*yaml.safe_load_all(access.inputs["content"])]
    kinds = {each["kind"] for each in documents if "kubeedge" in str(each["metadata"])}
    assert {"CustomResourceDefinition", "Namespace"} <= kinds
    own = {each.type.rpartition(":")[2] for each in found if "workloads/kubeedge/" in each.name}
    assert {"Deployment", "Service", "Secret", "ConfigMap", "ServiceAccount"} == own


EDGE = """\
profiles:
  bench: {arch: amd64, cpus: 2, memory: 2Gi, disk: 64Gi, storage: ssd, runtime: kubeedge}
sites:
  alpha: {profile: bench, kubeedge: {version: v1.23.1}}
"""


@pytest.mark.parametrize("kind", HUBS)
def test_workloads_on_nodes_of_the_hub_are_objects_of_its_cluster(
    kind: str, fleet: Callable[..., Sequence[Any]]
) -> None:
    """Below a component of each workload and site; the site's own resource has none of them, nor a secret."""
    found = fleet(
        kind, f"{CLOUDCORE}, k3s: {{disable: [traefik]}}" if kind == "k3s" else CLOUDCORE, edge=EDGE
    )
    own = [each for each in found if each.name.startswith("mine/workloads/alpha-till")]
    kinds = {each.type.rpartition(":")[2]: each for each in own}
    assert {"Workload", "Deployment", "Secret"} | ({"Namespace"} if kind != "k3s" else set()) == kinds.keys()
    assert "alpha-till" == kinds["Deployment"].inputs["metadata"]["namespace"]
    assert {"value": {"KEY": "opensesame"}, **SIGNATURE} == kinds["Secret"].inputs["stringData"]
    (site,) = [each for each in found if each.name == "mine/alpha"]
    assert "workloads" not in site.inputs
    assert "opensesame" not in str({**site.inputs, "key": ""})


def test_objects_are_rendered_to_a_directory_in_the_place_of_a_cluster(
    fleet: Callable[..., Sequence[Any]],
) -> None:
    """All of them: nobody else applies some."""
    found = fleet("k3s", "renderObjects: build/objects")
    assert "build/objects" == cluster(found)["renderYamlToDirectory"]
    assert {"Namespace", "PriorityClass"} < objects(found).keys()
    (access,) = [each for each in found if each.name == "mine/hub/manifest-access"]
    assert "orders" not in access.inputs["content"]


def test_a_provider_that_is_given_applies_all(fleet: Callable[..., Sequence[Any]]) -> None:
    found = fleet("k3s", provider=True)
    assert {True} == {"::own::" in each.request.provider for each in objects(found).values()}
    assert {"Namespace", "PriorityClass"} < objects(found).keys()


def test_objects_have_values_of_the_region_and_secrets_of_the_stack(
    fleet: Callable[..., Sequence[Any]],
) -> None:
    found = objects(fleet("eks"))
    (container,) = found["Deployment"].inputs["spec"]["template"]["spec"]["containers"]
    assert {"name": "REGION", "value": "north"} in container["env"]
    assert {"value": {"DATABASE": "opensesame"}, **SIGNATURE} == found["Secret"].inputs["stringData"]


def test_a_secret_that_the_stack_lacks_is_named_with_its_line(fleet: Callable[..., Sequence[Any]]) -> None:
    with pytest.raises(ProgramError, match=r"shops.fleet.yaml:20:25: workloads.orders.secrets.DATABASE"):
        fleet("eks", passphrases={})


CHANNEL = """\
images: {store: "s3://shops-north-artifacts/images"}
channel:
  roots: ["%s"]
  access: {gateway: "https://updates.shops.example"}
  signKey: awskms:///alias/releases
"""


@pytest.mark.parametrize("kind", HUBS)
def test_the_channel_of_a_hub_is_objects_with_the_key_of_its_gateway(
    kind: str, fleet: Callable[..., Sequence[Any]]
) -> None:
    """The key and the certificate are secret in the state; nothing else of the channel has a key."""
    more = "channel: {image: registry.shops.example/edgefleet:0.1.0, gateway: {}}, identity: {sites: true}"
    more += ", k3s: {disable: [traefik]}" if kind == "k3s" else ""
    more += ", cloud: {region: eu-central-1}" if kind == "existing" else ""
    root = pair(1).key.pem.strip().replace("\n", r"\n")
    found = fleet(kind, more, edge=CHANNEL % root)
    own = [each for each in found if "workloads/edgefleet-channel/" in each.name]
    kinds = {(each.type.rpartition(":")[2], each.name.rpartition("/")[2]) for each in own}
    assert {
        ("CronJob", "edgefleet-channel-step"),
        ("Deployment", "metrics"),
        ("Deployment", "gateway"),
        ("Service", "gateway"),
    } <= kinds
    assert (("Namespace", "edgefleet-channel") in kinds) is (kind != "k3s")
    (secret,) = [each for each in own if each.type == "kubernetes:core/v1:Secret"]
    assert SIGNATURE.items() <= secret.inputs["stringData"].items()
    texts = secret.inputs["stringData"]["value"]
    assert {"authority.crt", "server.crt", "server.key", "revocations.pem"} == texts.keys()
    begin, line, *_ = texts["server.key"].splitlines()
    assert "-----BEGIN EC PRIVATE KEY-----" == begin
    assert [secret.name] == [each.name for each in found if line in str(each.inputs)]
    if kind == "k3s":
        (access,) = [each for each in found if each.name == "mine/hub/manifest-access"]
        spaces = [
            each for each in yaml.safe_load_all(access.inputs["content"]) if each["kind"] == "Namespace"
        ]
        assert "edgefleet-channel" in {each["metadata"]["name"] for each in spaces}
