"""Values that would become a command, a section or a line of their own in a file that root reads."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgefleet.errors import InvalidInput, Problem
from edgefleet.fleetfile.load import load_fleet
from edgefleet.model.addresses import subnet
from edgefleet.model.spec import to_plain

STATIC = {"address": "10.1.0.4/24", "gateway": "10.1.0.1"}
APT = 'http://x";APT::Update::Pre-Invoke{"touch${IFS}/tmp/x"};X::Y"z'
SITES: dict[str, tuple[dict[str, Any], str]] = {
    "a command for apt": ({"proxy": {"http": APT}}, "sites.a.proxy.http"),
    "a specifier of systemd": ({"proxy": {"https": "http://%n:3128"}}, "sites.a.proxy.https"),
    "a path of a proxy": ({"proxy": {"https": "http://proxy/a b"}}, "sites.a.proxy.https"),
    "a quote in noProxy": ({"proxy": {"noProxy": ['a"b']}}, "sites.a.proxy.noProxy[0]"),
    "a section in an address": (
        {"network": {**STATIC, "address": "fe80::1%a\n[Route]\n/64"}},
        "sites.a.network.address",
    ),
    "a zone of a gateway": ({"network": {**STATIC, "gateway": "fe80::1%eth0"}}, "sites.a.network.gateway"),
    "a line in a name server": (
        {"network": {**STATIC, "dns": ["fe80::1%\n[Match]"]}},
        "sites.a.network.dns[0]",
    ),
    "digits of another script": (
        {"network": {**STATIC, "dns": ["\u0661\u0660.1.0.1"]}},
        "sites.a.network.dns[0]",
    ),
    "a zone in the firewall": (
        {"firewall": {"allow": [{"port": 80, "from": ["fe80::1%eth0"]}]}},
        "sites.a.firewall.allow[0].from[0]",
    ),
    "a rule in the firewall": (
        {"firewall": {"sshFrom": ["::1%\n} accept"]}},
        "sites.a.firewall.sshFrom[0]",
    ),
    "a network that is none": (
        {"k3s": {"config": {"cluster-cidr": "garbage"}}},
        "sites.a.k3s.config.cluster-cidr",
    ),
    "a network that is true": (
        {"k3s": {"config": {"cluster-cidr": True}}},
        "sites.a.k3s.config.cluster-cidr",
    ),
    "a zone in a network of k3s": (
        {"k3s": {"config": {"service-cidr": ["fe80::1%\naccept/128"]}}},
        "sites.a.k3s.config.service-cidr",
    ),
    "a line in a value of k3s": (
        {"k3s": {"config": {"kubelet-arg": ["v=2\nx"]}}},
        "sites.a.k3s.config.kubelet-arg",
    ),
    "a key that k3s does not know": (
        {"k3s": {"config": {"kublet-arg": ["v=2"]}}},
        "sites.a.k3s.config.kublet-arg",
    ),
    "k3s over http without a digest": (
        {"k3s": {"releaseUrl": "http://mirror.example"}},
        "sites.a.k3s.releaseUrl",
    ),
    "a program of the kernel": (
        {"sysctls": {"kernel.core_pattern": "|/bin/x"}},
        'sites.a.sysctls["kernel.core_pattern"]',
    ),
    "a direction mark in a city": ({"location": {"city": "Koln\u202e"}}, "sites.a.location.city"),
    "an escape sequence in a city": ({"location": {"city": "Koln\x9b31m"}}, "sites.a.location.city"),
    "a line in a network's name": (
        {"network": {"wifi": {"ssid": "a\npsk=x", "passphrase": "{secret: shop}"}}},
        "sites.a.network.wifi.ssid",
    ),
    "a command in a key's comment": (
        {"users": {"ops": {"sshKeys": ["ssh-ed25519 AAAA `x`"]}}},
        "sites.a.users.ops.sshKeys[0]",
    ),
}
HEADS: dict[str, tuple[dict[str, Any], str]] = {
    "a unit in a snapshot's name": (
        {"controlPlane": {"snapshots": {"restore": "a\n[Service]\nExecStartPre=x"}}},
        "controlPlane.snapshots.restore",
    ),
    "a line in a schedule": (
        {"controlPlane": {"snapshots": {"schedule": "0 0 * * *;x"}}},
        "controlPlane.snapshots.schedule",
    ),
    "a thousand million certificates": ({"revoked": {"a": 1_000_000_000}}, "revoked.a"),
    "a chain outside of the project": (
        {"controlPlane": {"identity": {"chain": "../../secret.pem"}}},
        "controlPlane.identity.chain",
    ),
}


def document(site: dict[str, Any], **head: Any) -> dict[str, Any]:
    """A fleet file of one site."""
    return {
        "apiVersion": "edgefleet.dev/v1",
        "fleet": "retail",
        "region": "test",
        "recipe": 1,
        "profiles": {"till": {"arch": "amd64", "cpus": 4, "memory": "8Gi", "disk": "128Gi"}},
        "defaults": {"profile": "till", "k3s": {"version": "v1.36.4+k3s1"}},
        "sites": {"a": site},
        **head,
    }


def problems_of(folder: Path, plain: dict[str, Any]) -> list[Problem]:
    """The problems of a fleet file; none where it is right."""
    file = folder / "x.fleet.yaml"
    text = yaml.dump(plain, Dumper=yaml.CSafeDumper, sort_keys=False)
    file.write_text(text, encoding="utf-8", errors="replace")
    try:
        load_fleet(file, folder)
    except InvalidInput as error:
        return list(error.problems)
    return []


@pytest.mark.parametrize("name", SITES)
def test_no_value_of_a_site_is_more_than_a_value(tmp_path: Path, name: str) -> None:
    """It is refused with its place, before anything is rendered; each of these reached a file once."""
    site, path = SITES[name]
    (problem,) = problems_of(tmp_path, document(site))
    assert path == problem.path
    assert problem.where.startswith("x.fleet.yaml:")


@pytest.mark.parametrize("name", HEADS)
def test_no_value_of_the_hub_is_more_than_a_value(tmp_path: Path, name: str) -> None:
    """The hub's servers run these as root as well."""
    head, path = HEADS[name]
    (problem,) = problems_of(tmp_path, document({}, **head))
    assert path == problem.path


def test_a_cell_of_a_table_is_held_to_the_same_grammar(tmp_path: Path) -> None:
    """A table is often another team's."""
    quoted = APT.replace('"', '""')
    (tmp_path / "s.csv").write_text(f'name,proxy.http\na,"{quoted}"\n', encoding="utf-8")
    (problem,) = problems_of(tmp_path, document({}, sites={"from": "s.csv"}))
    assert ("s.csv:2:3", "bad-proxy") == (problem.where, problem.code)


SECRETS: dict[str, dict[str, Any]] = {
    "a login of a proxy": {"proxy": {"http": "http://me:hunter22@proxy.example:3128"}},
    "a login of a registry": {"registries": {"*": {"endpoints": ["https://me:hunter22@registry.example"]}}},
    "a passphrase for its name": {
        "network": {"wifi": {"ssid": "shop", "passphrase": {"secret": "hunter22!"}}}
    },
    "a passphrase in its place": {"network": {"wifi": {"ssid": "shop", "passphrase": "hunter22"}}},
    "credentials for their name": {"proxy": {"https": "http://p", "credentials": "me:hunter22"}},
    "an activation for its name": {
        "breakGlass": {"ssm": {"region": "eu-central-1", "activation": "id:hunter22"}}
    },
    "a private key of a tunnel": {
        "breakGlass": {"wireguard": {"endpoint": "a:1", "network": "fd00::/64", "publicKey": "hunter22="}}
    },
    "a key of a bucket": {"k3s": {"config": {"etcd-s3-secret-key": "hunter22"}}},
    "a database with its password": {"k3s": {"config": {"datastore-endpoint": "mysql://me:hunter22@db"}}},
    "a join key": {"k3s": {"config": {"vpn-auth": "joinKey=hunter22"}}},
    "a token": {"k3s": {"config": {"token": "hunter22"}}},
    "a private key of SSH": {"users": {"ops": {"sshKeys": ["-----BEGIN PRIVATE KEY-----\nhunter22"]}}},
    "a map where its name belongs": {"network": {"wifi": {"ssid": "shop", "passphrase": {"is": "hunter22"}}}},
    "a list where its name belongs": {"network": {"wifi": {"ssid": "shop", "passphrase": ["hunter22"]}}},
}


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_in_a_fleet_file_is_refused_and_not_repeated(tmp_path: Path, name: str) -> None:
    """A report of problems is pasted into tickets and stands in the logs of a pipeline."""
    found = problems_of(tmp_path, document(SECRETS[name]))
    assert found
    assert [] == [problem for problem in found if "hunter" in f"{problem} {problem.hint}"]


OF_THE_FILE: dict[str, dict[str, Any]] = {
    "a token among digests": {
        "controlPlane": {
            "kind": "existing",
            "kubeconfig": "hub.yaml",
            "kubeedge": {
                "version": "v1.23.1",
                "address": "edge.shops.example",
                "upgrades": {"newer": {"version": "v1.23.1", "sha256": {"token": "hunter22"}}},
            },
        }
    },
    "a login in the name of a site, among the names that a hint lists": {
        "sites": {"https://me:hunter22@shops.example": {}, "a": {}},
        "workloads": {"tools": {"kind": "payload", "where": {"sites": ["nowhere"]}}},
    },
}


@pytest.mark.parametrize("name", OF_THE_FILE)
def test_a_secret_beside_the_sites_is_refused_and_not_repeated(tmp_path: Path, name: str) -> None:
    """What follows from a key that a person took for another is a message, too."""
    found = problems_of(tmp_path, document({}, **OF_THE_FILE[name]))
    assert found
    assert [] == [problem for problem in found if "hunter" in f"{problem} {problem.hint}"]


def strings(value: object) -> list[str]:
    """All texts in plain data, keys of maps too."""
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in strings(part)]
    if isinstance(value, list):
        return [text for part in value for text in strings(part)]
    return [value] if isinstance(value, str) else []


def positions(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of all texts and numbers in plain data."""
    if isinstance(value, dict):
        return [place for key, part in value.items() for place in positions(part, (*path, key))]
    if isinstance(value, list):
        return [place for index, part in enumerate(value) for place in positions(part, (*path, index))]
    return [path]


def changed(plain: Any, path: tuple[Any, ...], value: object) -> Any:
    """Plain data with another value at `path`."""
    if not path:
        return value
    copy = dict(plain) if isinstance(plain, dict) else list(plain)
    copy[path[0]] = changed(plain[path[0]], path[1:], value)
    return copy


WHOLE = document(
    {
        "network": {**STATIC, "dns": ["10.1.0.2"], "search": ["shop.example"], "mac": "02:00:5e:10:00:01"},
        "labels": {"tier": "shop"},
        "taints": ["a=b:NoSchedule"],
        "ntp": ["time.example"],
        "timezone": "Europe/Berlin",
        "location": {"city": "Köln", "country": "DE"},
        "proxy": {"https": "http://proxy.example:3128", "noProxy": [".example"]},
        "sysctls": {"net.core.somaxconn": "1024"},
        "registries": {"docker.io": {"endpoints": ["https://mirror.example"], "rewrite": {"^a": "b/$1"}}},
        "k3s": {"config": {"cluster-cidr": "10.42.0.0/16", "kubelet-arg": ["v=2"], "tls-san": ["a.example"]}},
        "firewall": {"allow": [{"port": 80, "from": ["10.0.0.0/8"]}], "sshFrom": ["10.0.0.1"]},
        "hardware": {"serialConsole": "ttyS0", "dataDisk": {"device": "/dev/disk/by-id/one"}},
        "breakGlass": {
            "ssm": {"region": "eu-central-1", "activation": "{secret: ssm}"},
            "wireguard": {"endpoint": "a.example:1", "network": "fd00::/64", "publicKey": "A" * 43 + "="},
        },
    },
    controlPlane={"snapshots": {"restore": "one"}, "cloud": {"region": "eu-central-1"}, "bucket": "retail-a"},
    images={"store": "file:images", "page": "https://shops.example/{site}", "signKey": "file:a.pem"},
    artifacts={"mirrors": {"https://github.com/": ["https://mirror.example/a/"]}},
    revoked={"b": 1},
)
EVIL = st.sampled_from(
    [
        "\n",
        "\r",
        "\0",
        "$(x)",
        "`x`",
        '"',
        "'",
        ";",
        "%n",
        "\\",
        "{{x}}",
        "]",
        "|",
        "\u2028",
        "\u202e",
        "\x9b",
    ]
)


def tries(*, examples: int) -> Callable[..., None]:
    """A test that puts as many hostile texts into a fleet file."""

    @given(
        path=st.sampled_from(positions(WHOLE)), evil=EVIL, tail=st.text(max_size=3), is_alone=st.booleans()
    )
    @settings(max_examples=examples, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test(tmp_path: Path, *, path: tuple[Any, ...], evil: str, tail: str, is_alone: bool) -> None:
        """Whichever value of a whole fleet file it is in."""
        right: Any = WHOLE
        for part in path:
            right = right[part]
        text = evil + tail if is_alone else f"{right}{evil}{tail}"
        found = problems_of(tmp_path, changed(WHOLE, path, text))
        assert [] == [problem for problem in found if not problem.where.startswith("x.fleet.yaml:")]
        if not found:
            fleet = load_fleet(tmp_path / "x.fleet.yaml", tmp_path)
            texts = strings(to_plain(fleet.sites["a"])) + strings(to_plain(fleet.control_plane))
            assert [] == [text for text in texts if not text.isprintable() or set(text) & set('`"\n')]

    return test


test_hostile_text_is_refused_with_its_place_or_cannot_do_harm = tries(examples=300)
test_no_hostile_text_of_many_does_harm = pytest.mark.faults(tries(examples=2000))


def test_the_whole_file_is_right(tmp_path: Path) -> None:
    """So that a refusal is of the hostile text."""
    assert [] == problems_of(tmp_path, WHOLE)


@pytest.mark.skipif(shutil.which("nft") is None, reason="needs nft: apt-get install nftables")
@given(st.lists(st.one_of(st.ip_addresses().map(str), st.sampled_from(["10.0.0.0/8", "fd00::/8", "::/0"]))))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nft_takes_every_address_that_the_firewall_may_name(tmp_path: Path, texts: list[str]) -> None:
    """A ruleset with one wrong address is no firewall at all."""
    kept = [subnet(text) for text in texts if subnet.accepts(text)]
    rules = [f"{'ip6' if ':' in text else 'ip'} saddr {{ {text} }} accept" for text in kept]
    file = tmp_path / "one.nft"
    chain = "\n".join(["type filter hook input priority 0;", *rules])
    file.write_text(f"table inet one {{\nchain input {{\n{chain}\n}}\n}}\n", encoding="utf-8")
    done = subprocess.run(
        ["unshare", "--net", "nft", "--check", "--file", file], capture_output=True, text=True, check=False
    )
    if "Operation not permitted" in done.stderr:
        pytest.skip("needs a network namespace: run as root")
    assert (0, "") == (done.returncode, done.stderr)
