"""Which value counts where several are written, and where it was declared."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgefleet.errors import InvalidInput
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.load import load_fleet
from edgefleet.fleetfile.resolution import merged
from edgefleet.model.site import SiteSpec
from edgefleet.model.spec import from_plain, to_plain

Load = Callable[..., Fleet]
LAYERS = {
    "profiles": (
        "profiles:\n"
        "  pos: {arch: amd64, cpus: 4, memory: 8Gi, disk: 128Gi, "
        "labels: {a: profile, b: profile, c: profile}, timezone: Europe/Paris}\n"
    ),
    "defaults": (
        "defaults:\n"
        "  profile: pos\n"
        "  k3s: {version: v1.36.4+k3s1, disable: [traefik, servicelb]}\n"
        "  labels: {a: defaults, b: defaults, c: defaults, d: defaults}\n"
        "  timezone: Europe/Berlin\n"
        "  ntp: [0.pool.ntp.org]\n"
    ),
    "groups": "groups:\n  g: {labels: {a: group, b: group}, k3s: {disable: [traefik]}}\n",
}
SITES = "sites:\n  s: {group: g, labels: {a: site}}\n  t: {}\n"


def test_site_beats_group_beats_profile_beats_defaults(load: Load) -> None:
    """Maps merge per key, lists replace."""
    fleet = load(SITES, **LAYERS)
    site = fleet.sites["s"]
    assert {"a": "site", "b": "group", "c": "profile", "d": "defaults"} == site.nodes["n1"].labels
    assert "Europe/Paris" == site.timezone
    assert ("v1.36.4+k3s1", ("traefik",)) == (site.k3s.version, site.k3s.disable)
    assert ("traefik", "servicelb") == fleet.sites["t"].k3s.disable


def text_at(tmp_path: Path, where: str) -> str:
    """What stands at ``file:line:column`` up to the end of the line."""
    file, line, column = where.split(":")
    return (tmp_path / file).read_text().splitlines()[int(line) - 1][int(column) - 1 :]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("nodes.n1.labels.a", "site}"),
        ("nodes.n1.labels.b", "group}"),
        ("nodes.n1.labels.c", "profile}"),
        ("nodes.n1.labels.d", "defaults}"),
        ("nodes.n1.memory", "8Gi,"),
        ("timezone", "Europe/Paris"),
        ("k3s.version", "v1.36.4+k3s1"),
        ("k3s.disable", "[traefik]}"),
        ("ntp[0]", "0.pool.ntp.org"),
        ("fleet", "retail"),
        ("name", "s: {group"),
        ("nodes.n1.network.address", "s: {group"),
        ("nodes.n1", "s: {group"),
        ("", "s: {group"),
    ],
)
def test_each_value_is_located_where_it_was_declared(
    load: Load, tmp_path: Path, path: str, text: str
) -> None:
    """A preview names the line to look at, whichever layer it is in; an undeclared value, its site."""
    assert text_at(tmp_path, load(SITES, **LAYERS).locate("s", path)).startswith(text)


def test_where_images_are_kept_is_located_at_its_own_line(load: Load, tmp_path: Path) -> None:
    """A store that moved is no change of a site's row; an undeclared one has the site's place."""
    images = "images: {store: file:elsewhere}\n"
    assert "file:elsewhere}" == text_at(tmp_path, load(images + SITES, **LAYERS).locate("s", "store"))
    assert text_at(tmp_path, load(SITES, **LAYERS).locate("s", "store")).startswith("s: {group")


def test_who_is_not_there_is_nowhere(load: Load) -> None:
    """A site that was removed has no place any more."""
    assert "" == load(SITES, **LAYERS).locate("nobody", "timezone")


def test_several_nodes_have_their_own_values_and_share_the_site_s(load: Load, tmp_path: Path) -> None:
    """The first node is the server; a node's profile is its own; host names come from site and node."""
    fleet = load(
        "sites:\n"
        "  s:\n"
        "    labels: {a: site}\n"
        "    network: {gateway: 10.1.0.1, dns: [9.9.9.9]}\n"
        "    nodes:\n"
        "      x: {network: {address: 10.1.0.4/24}}\n"
        "      y: {profile: board, labels: {a: node}, hostname: yy, network: {address: 10.1.0.5/24}}\n"
    )
    nodes = fleet.sites["s"].nodes
    assert [("s-x", "k3s-server", "amd64"), ("yy", "k3s-agent", "arm64")] == [
        (node.hostname, node.runtime, node.arch) for node in nodes.values()
    ]
    assert ("site", "node") == (nodes["x"].labels["a"], nodes["y"].labels["a"])
    assert {"10.1.0.1"} == {node.network.gateway for node in nodes.values()}
    assert {"pos": 1, "board": 1} == fleet.profiles_used
    assert "10.1.0.5/24}}" == text_at(tmp_path, fleet.locate("s", "nodes.y.network.address"))
    assert "10.1.0.1, dns: [9.9.9.9]}" == text_at(tmp_path, fleet.locate("s", "nodes.y.network.gateway"))


def test_a_node_that_says_so_is_the_server(load: Load) -> None:
    """The order of nodes is then free."""
    fleet = load(
        "sites: {s: {network: {gateway: 10.1.0.1}, nodes: {x: {network: {address: 10.1.0.4/24}}, "
        "y: {runtime: k3s-server, network: {address: 10.1.0.5/24}}}}}\n"
    )
    assert ["k3s-agent", "k3s-server"] == [node.runtime for node in fleet.sites["s"].nodes.values()]


def test_a_spec_names_the_first_server_of_the_file(load: Load) -> None:
    """Pulumi's maps have no order, and so a site's nodes have none where they are rendered."""
    addresses = {name: f"10.1.1.{number}/24" for number, name in enumerate(("zeta", "alpha", "mike"), 10)}
    nodes = {
        name: {"runtime": "k3s-ha", "network": {"address": at, "gateway": "10.1.1.1"}}
        for name, at in addresses.items()
    }
    assert "zeta" == load(f"sites:\n  s: {{nodes: {json.dumps(nodes)}}}\n").sites["s"].k3s.first
    named = load(f"sites:\n  s: {{nodes: {json.dumps(nodes)}, k3s: {{first: mike}}}}\n")
    assert "mike" == named.sites["s"].k3s.first


def test_wifi_refers_to_a_secret_by_name(load: Load) -> None:
    """The passphrase itself never stands in a fleet file."""
    fleet = load(
        "sites: {s: {network: {wifi: {ssid: shop, passphrase: {secret: shop-wifi}, country: DE}}}}\n"
    )
    wifi = fleet.sites["s"].nodes["n1"].network.wifi
    assert wifi is not None
    assert ("shop", "{secret: shop-wifi}") == (wifi.ssid, wifi.passphrase)


def test_users_are_in_the_order_of_their_names(load: Load) -> None:
    """Reordering lines changes no image."""
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "Gtr" * 14 + "G"
    users = [f"{name}: {{sshKeys: [{key}]}}" for name in ("zoe", "adm")]
    both = [
        load(f"sites: {{s: {{users: {{{', '.join(order)}}}}}}}\n").sites["s"]
        for order in (users, users[::-1])
    ]
    assert both[0] == both[1]
    assert ["adm", "zoe"] == [user.name for user in both[0].users]


def test_resolved_sites_survive_the_way_through_state() -> None:
    """What state holds of every shipped site is the same site again, within 8 KB."""
    root = Path(__file__).resolve().parents[2]
    for stack in ("dev", "eu-central-1", "us-east-1"):
        sites = load_fleet(root / "stacks" / f"{stack}.fleet.yaml", root).sites
        assert sites
        for site in sites.values():
            plain = to_plain(site)
            assert site == from_plain(SiteSpec, json.loads(json.dumps(plain)))
            assert len(json.dumps(plain)) < 4096


def test_digests_come_from_the_lock_beside_the_file(load: Load, tmp_path: Path) -> None:
    """Only those of a site's architectures: a new digest for boards is no change of nodes."""
    lock = tmp_path / "test.artifacts.lock.yaml"
    digests = {"k3s": "a" * 64, "k3s-arm64": "b" * 64, "k3s-airgap-images-amd64.tar.zst": "c" * 64}
    lock.write_text(
        "apiVersion: edgefleet.dev/v1\nk3s:\n  v1.36.4+k3s1:\n"
        + "".join(f"    {name}: {{sha256: {digest}}}\n" for name, digest in digests.items())
    )
    fleet = load("sites: {a: {}, b: {group: kiosks}}\n")
    assert {"amd64": "a" * 64} == fleet.sites["a"].k3s.sha256
    assert {"arm64": "b" * 64} == fleet.sites["b"].k3s.sha256
    lock.write_text("apiVersion: edgefleet.dev/v1\nk3s: {v1.36.4+k3s1: {k3s: {sha256: abc}}}\n")
    with pytest.raises(InvalidInput) as caught:
        load("sites: {a: {}}\n")
    assert str(caught.value).startswith("test.artifacts.lock.yaml:2:36: ")


plain = st.recursive(
    st.integers(), lambda below: st.dictionaries(st.sampled_from("abc"), below), max_leaves=8
)
maps = st.dictionaries(st.sampled_from("abcd"), plain)


@given(maps, maps)
def test_merging_keeps_every_value_of_the_stronger(
    weak: dict[str, object], strong: dict[str, object]
) -> None:
    """Nothing that is written nearer is lost, merging again adds nothing, and neither side is changed."""
    before = repr((weak, strong))
    made = merged(weak, strong)
    assert made == merged(made, strong)
    assert set(made) == {*weak, *strong}
    assert all(made[key] == value for key, value in strong.items() if not isinstance(value, dict))
    assert before == repr((weak, strong))
