"""What a hub registers, by its kind: names and types are a compatibility promise."""

import base64
from collections import Counter
from collections.abc import Callable, Sequence
from ipaddress import ip_network
from itertools import combinations
from typing import Any

import pulumi
import pytest

import edgefleet
from edgefleet.fleet.plainly import ProgramError
from edgefleet.keys.certificates import pem
from edgefleet.keys.hub_pki import intermediate

Record = Callable[..., Sequence[Any]]
SECRET = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
HUB: dict[str, Any] = {
    "kind": "k3s",
    "cloud": {"region": "eu-central-1"},
    "bucket": "retail-hub",
    "dns": {"name": "hub.retail.example", "zoneId": "Z0123456789AB"},
    "image": "ami-0123456789abcdef0",
    "k3s": {"version": "v1.36.4+k3s1"},
}


def registered(record: Record, *, store: str = "s3://retail-hub/images", **changes: Any) -> Sequence[Any]:
    hub = {**HUB, **changes}
    return record(
        lambda: edgefleet.ControlPlane(
            "hub", {"hub": hub, "fleet": "retail", "region": "eu", "secret": SECRET, "store": store}
        )
    )


def kinds(found: Sequence[Any]) -> Counter[str]:
    return Counter(each.type.removeprefix("edgefleet:aws:") for each in found)


def inputs(found: Sequence[Any], kind: str, name: str) -> dict[str, Any]:
    (one,) = [each for each in found if each.type == f"edgefleet:aws:{kind}" and each.name == f"hub/{name}"]
    made: dict[str, Any] = one.inputs
    return made


def test_a_hub_of_k3s_lies_over_its_zones_behind_one_name(record: Record) -> None:
    found = registered(record)
    assert {
        "Vpc": 1,
        "Subnet": 6,
        "InternetGateway": 1,
        "NatGateway": 1,
        "ElasticIp": 1,
        "RouteTable": 2,
        "SecurityGroup": 2,
        "NetworkLoadBalancer": 1,
        "TargetGroup": 1,
        "Listener": 1,
        "DnsRecord": 1,
        "ServerSet": 1,
        "Parameter": 13,
        "Role": 2,
        "InstanceProfile": 1,
        "Bucket": 1,
        "BucketObject": 2,
        "LogGroup": 1,
        "TrustAnchor": 1,
        "RolesAnywhereProfile": 1,
        "Crl": 1,
        "edgefleet:index:ControlPlane": 1,
        "pulumi:providers:edgefleet": 1,
    } == kinds(found)
    zones = [inputs(found, "Subnet", f"servers-{zone}")["zone"] for zone in "abc"]
    assert ["eu-central-1a", "eu-central-1b", "eu-central-1c"] == zones


def test_each_part_of_the_summary_is_an_output(record: Record) -> None:
    """The kubeconfigs are secret; a hub without servers has none of them."""
    seen: dict[str, Any] = {}

    def program() -> None:
        hub = edgefleet.ControlPlane("hub", {"hub": HUB, "fleet": "retail", "region": "eu", "secret": SECRET})
        bare = edgefleet.ControlPlane("bare", {"bucket": "retail-images"})
        outputs: dict[str, object] = {
            "endpoint": hub.endpoint,
            "hash": hub.ca_hash,
            "roles": hub.kubeconfigs.apply(sorted),
        }
        outputs |= {"identity": hub.site_identity.apply(sorted), "none": bare.endpoint}
        outputs |= {"buckets": bare.buckets, "secret": hub.kubeconfigs.is_secret()}
        pulumi.Output.from_input(outputs).apply(seen.update)

    record(program)
    assert "https://hub.retail.example:6443" == seen["endpoint"]
    assert 64 == len(seen["hash"])
    assert ["deployer", "readOnly"] == seen["roles"]
    assert ["profile", "role", "trustAnchor"] == seen["identity"]
    assert (None, {"artifacts": "retail-images"}, True) == (seen["none"], seen["buckets"], seen["secret"])


def test_what_the_lock_pins_reaches_the_servers_and_their_manifests(record: Record) -> None:
    """k3s in user-data, the images in the manifests; a new digest of k3s replaces no server."""
    pins = {
        "k3s": "cd" * 32,
        "rancher/system-upgrade-controller:v0.17.0": "sha256:" + "ab" * 32,
        "rancher/k3s-upgrade:v1.36.4-k3s1": "sha256:" + "ef" * 32,
    }
    args: dict[str, Any] = {"hub": HUB, "fleet": "retail", "region": "eu", "secret": SECRET, "pins": pins}
    pinned = record(lambda: edgefleet.ControlPlane("hub", args))  # type: ignore[arg-type]  # plain
    unpinned = registered(record)
    servers, before = (inputs(found, "ServerSet", "servers") for found in (pinned, unpinned))
    assert "cd" * 32 in servers["userData"]["join"]
    assert "cd" * 32 not in before["userData"]["join"]
    assert before["rollOn"] == servers["rollOn"]
    text = inputs(pinned, "BucketObject", "manifest-upgrades")["content"]
    assert f"rancher/system-upgrade-controller@{pins['rancher/system-upgrade-controller:v0.17.0']}" in text
    assert f"rancher/k3s-upgrade@{pins['rancher/k3s-upgrade:v1.36.4-k3s1']}" in text


def test_nobody_gets_in_by_ssh_and_the_api_only_through_the_balancer(record: Record) -> None:
    found = registered(record, access=["192.0.2.0/24"])
    front, back = (inputs(found, "SecurityGroup", name)["ingress"] for name in ("api", "servers"))
    assert [{"fromPort": 6443, "cidr": "192.0.2.0/24"}] == front
    assert not [rule for rule in back if "cidr" in rule]
    assert not [rule for rule in (*front, *back) if rule["fromPort"] == 22]


@pytest.mark.parametrize(("nat", "gateways"), [("single", 1), ("per-zone", 3), ("none", 0)])
def test_how_servers_reach_the_outside_is_a_choice(nat: str, gateways: int, record: Record) -> None:
    found = registered(record, network={"nat": nat})
    assert gateways == kinds(found)["NatGateway"] == kinds(found)["ElasticIp"]


ZONED = frozenset({"Subnet", "NatGateway", "ElasticIp", "RouteTable"})
"""Kinds of which each zone has its own."""


def network_of(record: Record, *zones: str) -> dict[str, dict[str, Any]]:
    """dict[kind and name -> inputs] of what lies in the zones of a hub."""
    found = registered(record, network={"zones": list(zones), "nat": "per-zone"})
    kinds = {f"{one.type.rpartition(':')[2]} {one.name}": one for one in found}
    return {name: one.inputs for name, one in kinds.items() if name.split()[0] in ZONED}


@pytest.mark.parametrize("zones", ["abd", "cba", "bcda", "fabc"])
def test_a_zone_keeps_its_parts_whatever_other_zones_there_are(zones: str, record: Record) -> None:
    """Blocks and names follow the zone, so a zone that comes, goes or moves in the list touches no other."""
    before, after = network_of(record, *"abc"), network_of(record, *zones)
    kept = [name for name in before if name[-1] in "abc" and name[-1] in zones and "-" in name]
    assert len(kept) >= 10
    assert {name: before[name] for name in kept} == {name: after[name] for name in kept}


@pytest.mark.parametrize("zone", ["a", "eu-central-1a"])
def test_a_zone_may_be_spelled_out(zone: str, record: Record) -> None:
    """A letter and the whole name are one zone: its parts do not change."""
    assert network_of(record, *"abc") == network_of(record, zone, "b", "c")


def test_the_order_of_zones_moves_no_server(record: Record) -> None:
    """Servers are put into subnets in order of zones."""
    first, other = (registered(record, network={"zones": list(zones)}) for zones in ("abc", "cab"))
    servers, same = (inputs(found, "ServerSet", "servers")["subnets"] for found in (first, other))
    assert [f"hub/servers-{zone}-id" for zone in "abc"] == servers == same


def test_the_blocks_of_all_zones_fit(record: Record) -> None:
    """One that no region has more of: no two blocks overlap, in the smallest network too."""
    for cidr in ("10.250.0.0/16", "10.250.0.0/20"):
        found = registered(record, network={"zones": list("abcfgh"), "cidr": cidr})
        blocks = [ip_network(one.inputs["cidr"]) for one in found if one.type.endswith(":Subnet")]
        assert 12 == len(set(blocks))
        assert not [pair for pair in combinations(blocks, 2) if pair[0].overlaps(pair[1])]


def test_a_network_of_ones_own_is_left_alone(record: Record) -> None:
    """Nothing of it is made; servers and balancer are put into it."""
    subnets = ["subnet-0123456a", "subnet-0123456b", "subnet-0123456c"]
    found = registered(record, network={"vpcId": "vpc-01234567", "subnets": subnets})
    assert not {"Vpc", "Subnet", "InternetGateway", "NatGateway", "RouteTable"} & set(kinds(found))
    assert subnets == inputs(found, "ServerSet", "servers")["subnets"]


def test_a_bucket_takes_tls_only_and_a_role_reaches_its_own_files_only(record: Record) -> None:
    found = registered(record)
    (statement,) = inputs(found, "Bucket", "artifacts")["policy"]["Statement"]
    assert ("Deny", {"Bool": {"aws:SecureTransport": "false"}}) == (
        statement["Effect"],
        statement["Condition"],
    )
    policies = inputs(found, "Role", "servers")["policies"]
    assert {"secrets", "files", "agent"} == set(policies)
    (secrets,) = policies["secrets"]["Statement"]
    path = "arn:aws:ssm:eu-central-1:*:parameter/retail/eu/hub"
    assert [path, f"{path}/*"] == secrets["Resource"]


def test_a_session_of_a_revoked_site_ends_within_a_quarter_of_an_hour(record: Record) -> None:
    """The least that the API allows; a certificate that is revoked opens no other session."""
    found = registered(record)
    assert 900 == inputs(found, "RolesAnywhereProfile", "sites")["sessionSeconds"]


def test_a_root_may_be_kept_offline(record: Record, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The chain is a file of the project, the key a secret; what is wrong with them is reported."""
    monkeypatch.chdir(tmp_path)
    master = base64.b64encode(b"another secret, of a machine without a network").decode()
    holder, chain = intermediate(master, fleet="retail", region="offline")
    (tmp_path / "chain.pem").write_text("".join(map(pem, chain)))
    hub = {**HUB, "identity": {"chain": "chain.pem"}}

    def program(key: str) -> Callable[[], object]:
        args: dict[str, Any] = {"hub": hub, "fleet": "retail", "region": "eu", "secret": SECRET}
        return lambda: edgefleet.ControlPlane("hub", {**args, "hubKey": key})  # type: ignore[typeddict-item]  # a part is plain

    found = record(program(holder.key_pem))
    value = str(inputs(found, "Parameter", "tls-server-ca.crt")["value"])
    assert pem(chain[-1]).strip() in value.replace("\\n", "\n")
    (tmp_path / "chain.pem").unlink()
    with pytest.raises(ProgramError, match=r"identity\.chain"):
        record(program(holder.key_pem))


def test_a_managed_hub_has_a_cluster_and_its_machines(record: Record) -> None:
    found = kinds(registered(record, kind="eks"))
    assert (1, 1, 3) == (found["EksCluster"], found["NodeGroup"], found["Role"])
    assert not {"ServerSet", "Parameter", "NetworkLoadBalancer"} & set(found)


def test_a_fleet_file_may_name_the_load_balancer_and_the_node_group(record: Record) -> None:
    """Otherwise that of the load balancer is made of fleet and region, and edgefleet chooses the other."""
    names = [
        [item.inputs.get("name") for item in registered(record, **changes) if item.type.endswith(kind)]
        for kind, changes in (
            ("NetworkLoadBalancer", {}),
            ("NetworkLoadBalancer", {"balancer": "shops-api"}),
            ("NodeGroup", {"kind": "eks"}),
            ("NodeGroup", {"kind": "eks", "eks": {"nodeGroup": "blue"}}),
        )
    ]
    assert [["retail-eu-hub"], ["shops-api"], [None], ["blue"]] == names


def test_a_hub_that_exists_makes_nothing(
    record: Record, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hub.kubeconfig").write_text("apiVersion: v1\n")
    monkeypatch.chdir(tmp_path)
    found = record(
        lambda: edgefleet.ControlPlane("hub", {"hub": {"kind": "existing", "kubeconfig": "hub.kubeconfig"}})
    )
    assert ["edgefleet:index:ControlPlane"] == [each.type for each in found]


def test_a_hub_of_no_kind_is_its_bucket(record: Record) -> None:
    """As before there were others; certificates of sites are a choice."""
    cloud = {"region": "eu-central-1"}
    found = record(
        lambda: edgefleet.ControlPlane("hub", {"hub": {"kind": "none", "bucket": "retail", "cloud": cloud}})
    )
    assert {
        "edgefleet:index:ControlPlane": 1,
        "Bucket": 1,
        "pulumi:providers:edgefleet": 1,
    } == kinds(found)


def test_what_is_wrong_is_reported_at_once_with_its_path(record: Record) -> None:
    with pytest.raises(ProgramError) as caught:
        registered(record, servers=4, network={"zones": ["a"]}, bucket="No")
    assert "hub.bucket" in str(caught.value)
    with pytest.raises(ProgramError) as caught:
        registered(record, servers=4, network={"zones": ["a"]})
    assert {"hub.servers", "hub.network.zones"} == {each.path for each in caught.value.problems}
