"""A fleet file as a person writes it, right and wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgefleet.errors import InvalidInput, Problem
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.load import load_fleet, shared
from edgefleet.runtimes import RUNTIMES
from edgefleet.workloads.function import Function

ROOT = Path(__file__).resolve().parents[2]
Load = Callable[..., Fleet]
Problems = Callable[..., list[Problem]]
Say = Callable[..., list[str]]
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAdWTir664y2SylPXTmezFVyd60QnEiB1WNSzvoIs2Ot"
STATIC = "network: {address: 10.1.0.4/24, gateway: 10.1.0.1}"


@pytest.mark.parametrize(
    ("stack", "sites", "classes"),
    [("dev", 24, 3), ("eu-central-1", 120, 3), ("us-east-1", 80, 3)],
)
def test_the_shipped_stacks_are_right(stack: str, sites: int, classes: int) -> None:
    """What a newcomer starts from loads without a problem, with all link classes in it."""
    fleet = load_fleet(ROOT / "stacks" / f"{stack}.fleet.yaml", ROOT)
    assert sites == len(fleet.sites)
    assert classes == len({site.link.class_ for site in fleet.sites.values()})
    assert fleet.profiles_used
    assert all(fleet.profiles_used.values())
    assert sites == len({site for wave in fleet.waves for site in wave.sites})


def test_within_shared_a_file_is_read_once() -> None:
    """A command and the program that it runs act on one reading; afterwards the file is read again."""
    path = ROOT / "stacks" / "dev.fleet.yaml"
    fleet = load_fleet(path, ROOT)
    with shared(path, fleet):
        assert fleet is load_fleet(path, ROOT)
        assert fleet is not load_fleet(path, ROOT, is_locking=True)
    assert fleet is not load_fleet(path, ROOT)


def test_dev_has_every_kind_of_network() -> None:
    """The stack to try things with shows static and DHCP, a VLAN, a bond, several nodes and each runtime."""
    fleet = load_fleet(ROOT / "stacks" / "dev.fleet.yaml", ROOT)
    nodes = [node for site in fleet.sites.values() for node in site.nodes.values()]
    assert {True, False} == {node.network.is_static for node in nodes}
    assert any(node.network.vlan for node in nodes)
    assert any(node.network.bond for node in nodes)
    assert set(RUNTIMES) == {node.runtime for node in nodes}
    functions = [each for each in fleet.workloads.values() if isinstance(each, Function)]
    assert {"wasmtime", "wasmedge", "spin", "krustlet", "crun-wasm"} == {
        each.runtime.name for each in functions
    }


def test_a_whole_region_is_read(load: Load) -> None:
    """The head of the file is there as typed values, with what it does not say filled in."""
    fleet = load(
        f"sites: {{a: {{{STATIC}}}}}\n",
        head="apiVersion: edgefleet.dev/v1\nfleet: retail\nregion: test\nrecipe: 1\n"
        "controlPlane: {cloud: {region: eu-central-1, endpoint: emulated}, bucket: retail-test}\n",
    )
    plane = fleet.control_plane
    assert ("retail", "test", 1) == (fleet.name, fleet.region, fleet.recipe)
    assert ("eu-central-1", "emulated", None) == (
        plane.cloud.region,
        plane.cloud.endpoint,
        plane.cloud.role_arn,
    )
    assert "retail-test" == plane.bucket
    assert "file:.edgefleet/images/test" == fleet.images.store


def test_names_that_yaml_takes_for_other_things_stay_text(load: Load) -> None:
    """Norway, a version and a hardware address are what was written, not false, 1.1 or a number."""
    fleet = load(
        "sites:\n"
        "  a: {location: {country: NO}, labels: {release: 1.10, on: off},\n"
        "      network: {mac: 02:00:00:10:00:01}}\n"
    )
    site = fleet.sites["a"]
    assert site.location is not None
    assert "NO" == site.location.country
    assert {"on": "off", "release": "1.10"} == site.nodes["n1"].labels
    assert "02:00:00:10:00:01" == site.nodes["n1"].network.mac


def test_k3s_configuration_keeps_its_types(load: Load) -> None:
    """Only there a value has no type of its own: unquoted true and 8 are no text, quoted they are."""
    fleet = load(
        "sites: {a: {k3s: {config: {debug: true, lb-server-port: 8444, "
        'write-kubeconfig-mode: "0640", snapshotter: "true", kubelet-arg: [v=2]}}}}\n'
    )
    config = fleet.sites["a"].k3s.config
    expected: dict[str, Any] = {
        "debug": True,
        "kubelet-arg": ["v=2"],
        "lb-server-port": 8444,
        "snapshotter": "true",
        "write-kubeconfig-mode": "0640",
    }
    assert expected == config
    assert list(expected) == list(config), "the order of keys in the file is none of the image's business"


WRONG_SITES = [
    ("../../etc: {}", "bad-name", 'sites["../../etc"]', "an RFC 1123 label"),
    ("Store: {}", "bad-name", "sites.Store", "lower-case"),
    ("a: {netwrok: {}}", "unknown-key", "sites.a.netwrok", "did you mean network?"),
    ("a: {memory: 4Gi}", "unknown-key", "sites.a.memory", "belongs to a profile"),
    ("a: {ip: 10.1.0.4}", "unknown-key", "sites.a.ip", "did you mean network.address?"),
    ("a: {address: 10.1.0.4/24}", "unknown-key", "sites.a.address", "did you mean network.address?"),
    ("a: {profile: poss}", "unknown-profile", "sites.a.profile", "did you mean pos?"),
    ("a: {group: kioks}", "unknown-group", "sites.a.group", "did you mean kiosks?"),
    ("a: {network: {address: 10.1.0.4}}", "bad-address", "sites.a.network.address", "10.1.0.4/24"),
    ("a: {network: {address: 10.1.0.400/24}}", "bad-address", "sites.a.network.address", "not an address"),
    (
        "a: {network: {address: 10.1.0.0/24}}",
        "unusable-address",
        "sites.a.network.address",
        "network address",
    ),
    ("a: {network: {address: 10.1.0.255/24}}", "unusable-address", "sites.a.network.address", "broadcast"),
    ("a: {network: {address: 224.0.0.1/24}}", "unusable-address", "sites.a.network.address", "multicast"),
    ("a: {network: {address: 10.1.0.4/24}}", "no-gateway", "sites.a.network.address", "add network.gateway"),
    ("a: {network: {gateway: 10.1.0.1}}", "gateway-without-address", "sites.a.network.gateway", "asks DHCP"),
    (
        "a: {network: {address: 10.1.0.4/24, gateway: 10.1.1.1}}",
        "gateway-outside",
        "sites.a.network.gateway",
        "outside 10.1.0.0/24",
    ),
    (
        "a: {network: {address: 10.1.0.4/24, gateway: 10.1.0.4}}",
        "gateway-is-node",
        "sites.a.network.gateway",
        "router",
    ),
    ("a: {network: {dns: [9.9.9]}}", "bad-address", "sites.a.network.dns[0]", "not an address"),
    ("a: {network: {dns: 9.9.9.9}}", "wrong-type", "sites.a.network.dns", "expected a list"),
    ("a: {network: {vlan: 4095}}", "out-of-range", "sites.a.network.vlan", "up to 4094"),
    ("a: {network: {mac: 01:00:5e:00:00:01}}", "unusable-mac", "sites.a.network.mac", "multicast"),
    ("a: {network: {mac: 02:00:5e:00:00}}", "bad-mac", "sites.a.network.mac", "six pairs"),
    (
        "a: {network: {wifi: {ssid: x, passphrase: {secret: shop}, country: DE}, mac: '02:00:5e:10:00:01'}}",
        "wifi-conflict",
        "sites.a.network.mac",
        "remove mac",
    ),
    (
        "a: {network: {wifi: {ssid: x, passphrase: {secret: shop}, country: DE}, interface: 'wl*'}}",
        "wifi-conflict",
        "sites.a.network.interface",
        "write the kernel's name",
    ),
    (
        "a: {network: {wifi: {ssid: x, passphrase: {secret: shop}, country: DE}, vlan: 7}}",
        "wifi-conflict",
        "sites.a.network.vlan",
        "remove wifi or vlan",
    ),
    ("a: {timezone: Europe/Berln}", "bad-timezone", "sites.a.timezone", "Europe/Berlin"),
    ("a: {location: {latitude: 91}}", "bad-location", "sites.a.location.latitude", "-90 to 90"),
    ("a: {location: {country: Germany}}", "bad-country", "sites.a.location.country", "DE"),
    ("a: {link: {class: slow}}", "unknown-value", "sites.a.link.class", "intermittent"),
    ("a: {link: {down: 20Mbps}}", "bad-rate", "sites.a.link.down", "20Mbit"),
    ("a: {keyGeneration: 0}", "out-of-range", "sites.a.keyGeneration", "from 1"),
    ("a: {keyGeneration: x}", "wrong-type", "sites.a.keyGeneration", "whole number"),
    ("a: {k3s: {version: 1.36.4}}", "bad-version", "sites.a.k3s.version", "v1.36.4+k3s1"),
    (
        "a: {k3s: {config: {token: x}}}",
        "reserved-k3s-config",
        "sites.a.k3s.config.token",
        "each site derives its own",
    ),
    (
        "a: {sysctls: {vm.overcommit_memory: 2}}",
        "reserved-sysctl",
        'sites.a.sysctls["vm.overcommit_memory"]',
        "insists on 1",
    ),
    ("a: {k3s: {disable: [treafik]}}", "unknown-value", "sites.a.k3s.disable[0]", "did you mean traefik?"),
    (
        "a: {labels: {node-role.kubernetes.io/x: y}}",
        "reserved-label",
        'sites.a.labels["node-role.kubernetes.io/x"]',
        "stops a node",
    ),
    ("a: {labels: {tier: a b}}", "bad-label", "sites.a.labels.tier", "63 letters"),
    ("a: {taints: [x]}", "bad-taint", "sites.a.taints[0]", "NoSchedule"),
    (f"a: {{users: {{root: {{sshKeys: [{KEY}]}}}}}}", "bad-user", "sites.a.users.root", "isAdmin"),
    ("a:", "no-value", "sites.a", "remove the line"),
    ("a: [x]", "wrong-type", "sites.a", "expected a map"),
    ("a: {}\n  a: {}", "duplicate-key", "sites.a", "second time"),
    ("a: {<<: {keyGeneration: 1}}", "merge-key", "sites.a", "group"),
    ("a: {nodes: {}}", "empty", "sites.a.nodes", "at least one"),
    (
        "a: {nodes: {x: {}, y: {}}}",
        "server-without-address",
        "sites.a.nodes.x.network.address",
        "static address",
    ),
    ("a: {nodes: {x: {runtime: k3s-agent}}}", "servers", "sites.a.nodes", "no node is a server"),
    (
        "a: {nodes: {x: {runtime: k3s-server}, y: {runtime: k3s-server}}}",
        "servers",
        "sites.a.nodes",
        "2 nodes are servers: x, y",
    ),
    (
        "a: {network: {address: 10.1.0.4/24, gateway: 10.1.0.1}, nodes: {x: {}}}",
        "one-node-only",
        "sites.a.network.address",
        "nodes.x.network.address",
    ),
]


@pytest.mark.parametrize(
    ("site", "code", "path", "words"), WRONG_SITES, ids=[row[0][:40] for row in WRONG_SITES]
)
def test_a_wrong_site_gets_one_clear_problem(
    problems: Problems, site: str, code: str, path: str, words: str
) -> None:
    """Where, what and what to do; and one cause is one problem."""
    (problem,) = problems(f"sites:\n  {site}\n")
    assert (code, path) == (problem.code, problem.path)
    assert words in str(problem)
    assert problem.where.startswith("test.fleet.yaml:1")
    assert 3 == len(problem.where.split(":"))


def test_every_problem_is_reported_at_once_in_the_order_of_the_file(problems: Problems) -> None:
    """A person fixes a file in one go, from the top."""
    found = problems(
        "sites:\n  a: {profile: nope}\n  b: {keyGeneration: 0}\n  c: {netwrok: {}}\n",
        profiles="profiles:\n  pos: {arch: amd65, cpus: 4, memory: 8GB, disk: 1Gi}\n",
        groups="groups:\n  kiosks: {timezone: Mars/Olympus}\n",
    )
    expected = ["unknown-value", "bad-size", "bad-timezone", "unknown-profile", "out-of-range", "unknown-key"]
    assert expected == [problem.code for problem in found]


def test_what_follows_from_a_wrong_part_is_not_told_again(problems: Problems) -> None:
    """A wrong profile and wrong defaults make no problems at the sites that use them."""
    many = "sites:\n" + "".join(f"  s{number}: {{}}\n" for number in range(50))
    profiles = "profiles:\n  pos: {arch: amd64, cpus: 4, memory: x, disk: 1Gi}\n"
    assert ["bad-size"] == [problem.code for problem in problems(many, profiles=profiles, groups="")]
    wrong = problems(many, defaults="defaults: {profile: pos, k3s: {version: latest}}\n")
    assert ["bad-version"] == [problem.code for problem in wrong]


def test_k3s_without_tls_needs_a_lock(say: Say) -> None:
    """Anyone who is on the way would choose what each node runs as root; reported once for all sites."""
    defaults = (
        "defaults: {profile: pos, k3s: {version: v1.36.4+k3s1, releaseUrl: 'http://mirror.example/k3s'}}\n"
    )
    (line,) = say("sites:\n  a: {}\n  b: {}\n", defaults=defaults)
    assert "k3s.releaseUrl: http://mirror.example/k3s has no TLS, and no artifacts lock pins k3s v1" in line
    assert "(and so for 1 more); run edgefleet artifacts lock -s test --pin, or use https://" in line


def test_a_wrong_inherited_value_is_reported_once_with_a_count(say: Say) -> None:
    """Fifty sites with the gateway of their group are one mistake, at the group's line."""
    sites = "sites:\n" + "".join(
        f"  s{number}: {{group: kiosks, network: {{address: 10.1.{number}.4/24}}}}\n" for number in range(50)
    )
    (line,) = say(sites, groups="groups:\n  kiosks: {network: {gateway: 10.9.9.1}}\n")
    assert line.startswith("test.fleet.yaml:12:31: sites.s0.network.gateway: the gateway 10.9.9.1 is outside")
    assert "(and so for 49 more)" in line


@pytest.mark.parametrize("value", ["x", "8443", "[x]", "null"])
def test_a_workload_that_is_no_map_is_one_clear_problem(problems: Problems, value: str) -> None:
    """Its kind stands in the map."""
    (problem,) = problems(f"sites: {{a: {{}}}}\nworkloads: {{till: {value}}}\n")
    assert ("workloads.till", True) == (problem.path, problem.code in {"wrong-type", "no-value"})


def test_a_profile_too_small_for_k3s_is_reported_with_the_numbers(say: Say) -> None:
    """k3s's minimum for a server is 2 cores and 2 GB; nodes sold as 2 GB are large enough."""
    sites = "sites: {a: {}, b: {}}\n"
    small = "profiles:\n  pos: {arch: arm64, cpus: 1, memory: 1Gi, disk: 8Gi}\n"
    (line,) = say(sites, profiles=small, groups="")
    assert "test.fleet.yaml:6:28: profiles.pos.cpus: pos has 1 core and 1.07 GB" in line
    assert "at least 2 cores and 2 GB for a server" in line
    for enough in ("2G", "2Gi", "1954Mi"):
        assert [] == say(
            sites, profiles=small.replace("1Gi", enough).replace("cpus: 1", "cpus: 2"), groups=""
        )


def test_an_agent_may_be_smaller_than_a_server(problems: Problems) -> None:
    """A small board can join the server of its site."""
    profiles = (
        "profiles:\n  pos: {arch: amd64, cpus: 4, memory: 8Gi, disk: 128Gi}\n"
        "  board: {arch: arm64, cpus: 1, memory: 512Mi, disk: 8Gi}\n"
    )
    site = f"sites: {{a: {{nodes: {{x: {{{STATIC}}}, y: {{profile: board}}}}}}}}\n"
    assert [] == problems(site, profiles=profiles)
    assert ["too-small"] == [p.code for p in problems(site, profiles=profiles.replace("512Mi", "256Mi"))]


@pytest.mark.parametrize(
    ("second", "kind", "value"),
    [
        ("network: {address: 10.1.0.4/24, gateway: 10.1.0.1}", "address", "10.1.0.4/24"),
        ("network: {mac: 02-00-5E-00-00-01}", "mac", "02:00:5e:00:00:01"),
        ("hostname: a", "hostname", "a"),
    ],
)
def test_what_is_unique_in_the_fleet_names_who_has_it(say: Say, second: str, kind: str, value: str) -> None:
    """The message names the first holder, at the place of the second."""
    first = "a: {network: {address: 10.1.0.4/24, gateway: 10.1.0.1, mac: 02:00:5e:00:00:01}}"
    (line,) = say(f"sites:\n  {first}\n  b: {{{second}}}\n")
    assert line.startswith("test.fleet.yaml:15:")
    assert f"{kind}: {value} is already a's; give each node" in line


def test_sites_may_reuse_a_subnet_when_the_file_says_so(problems: Problems, load: Load) -> None:
    """Shops behind routers of their own often have the same private addresses; two nodes of one never may."""
    same = f"sites:\n  a: {{{STATIC}}}\n  b: {{{STATIC}}}\nuniqueAddresses: site\n"
    assert {"a", "b"} == set(load(same).sites)
    twice = f"sites: {{a: {{nodes: {{x: {{{STATIC}}}, y: {{{STATIC}}}}}}}}}\nuniqueAddresses: site\n"
    (problem,) = problems(twice)
    assert "10.1.0.4/24 is already x's" == problem.problem


HEADS = [
    ("recipe: 1", "recipe: 99", "unknown-recipe", "this version knows: 1"),
    ("fleet: retail", "flet: retail", "unknown-key", "did you mean fleet?"),
    ("region: test\n", "", "missing", "add it"),
    ("edgefleet.dev/v1", "v1", "unknown-value", "write edgefleet.dev/v1"),
    ("recipe: 1", "recipe: 1\ncontrolPlane: {bucket: retail-test}", "no-cloud", "add controlPlane.cloud"),
    (
        "recipe: 1",
        "recipe: 1\ncontrolPlane: {cloud: {region: Frankfurt}}",
        "bad-cloud-region",
        "eu-central-1",
    ),
    ("recipe: 1", "recipe: 1\nimages: {store: 'file:../../etc'}", "bad-store", "inside the project"),
    ("recipe: 1", "recipe: 1\nimages: {store: 'file:/etc'}", "bad-store", "inside the project"),
    (
        "recipe: 1",
        "recipe: 1\nrollout: {waves: [{name: a, where: {sites: [nope]}}]}",
        "unknown-site",
        "no site is called nope",
    ),
    (
        "recipe: 1",
        "recipe: 1\nrollout: {waves: [{name: a, where: {groups: [nope]}}]}",
        "unknown-group",
        "no group is called nope",
    ),
]


@pytest.mark.parametrize(("old", "new", "code", "words"), HEADS, ids=[row[1][:40] or row[0] for row in HEADS])
def test_a_wrong_head_gets_one_clear_problem(
    problems: Problems, old: str, new: str, code: str, words: str
) -> None:
    """A misspelt key is not reported as missing too."""
    head = "apiVersion: edgefleet.dev/v1\nfleet: retail\nregion: test\nrecipe: 1\n".replace(old, new)
    (problem,) = problems(head=head)
    assert code == problem.code
    assert words in str(problem)


def test_waves_take_each_site_once_the_earlier_wave_first(load: Load) -> None:
    """A canary named by itself is not in the wave of its group too."""
    fleet = load(
        "sites: {a: {group: kiosks}, b: {group: kiosks}, c: {}}\n"
        "rollout: {waves: [{name: canary, where: {sites: [b]}}, {name: rest, where: {groups: [kiosks]}}]}\n"
    )
    assert [("canary", ("b",)), ("rest", ("a",))] == [(wave.name, wave.sites) for wave in fleet.waves]


def test_a_private_key_is_never_repeated(say: Say) -> None:
    """A message goes to logs; what was pasted by mistake must not."""
    key = "-----BEGIN OPENSSH PRIVATE KEY----- c2VjcmV0"
    (line,) = say(f'sites: {{a: {{users: {{ops: {{sshKeys: ["{key}"]}}}}}}}}\n')
    assert "a private key is not a public SSH key" in line
    assert "c2VjcmV0" not in line


def test_a_passphrase_written_by_mistake_is_not_repeated(say: Say) -> None:
    """Only a reference to it belongs into the file."""
    (line,) = say(
        "sites: {a: {network: {wifi: {ssid: shop, passphrase: correct horse battery, country: DE}}}}\n"
    )
    assert "a Wi-Fi passphrase never stands in a fleet file" in line
    assert "write {secret: NAME}, and set it: edgefleet init -s STACK --passphrase NAME" in line
    assert "horse" not in line


def test_sites_may_be_a_list_with_names(load: Load, problems: Problems) -> None:
    """The list form means the same and is located as well."""
    fleet = load("sites:\n- {name: a, group: kiosks}\n- {name: b}\n")
    assert ["a", "b"] == list(fleet.sites)
    assert "test.fleet.yaml:14:10" == fleet.locate("a", "name")
    codes = [p.code for p in problems("sites:\n- {name: a}\n- {name: a}\n- {}\n")]
    assert ["duplicate-site", "missing"] == codes


def test_a_thousand_equal_mistakes_have_equal_words(problems: Problems) -> None:
    """A report can tell them as one with a count."""
    sites = "sites:\n" + "".join(f"  s{number}: {{group: nope}}\n" for number in range(1000))
    assert 1 == len({(problem.code, problem.problem, problem.hint) for problem in problems(sites)})


def test_no_message_carries_control_characters(say: Say) -> None:
    """A file cannot write to the terminal on which it is validated."""
    lines = say('sites: {"\\e]0;x": {group: "\\e[2J"}}\n')
    assert lines
    assert all(line.isprintable() for line in lines)


def test_a_missing_file_is_reported_with_what_is_there(tmp_path: Path) -> None:
    """A wrong name is answered with the right ones."""
    (tmp_path / "dev.fleet.yaml").write_text("fleet: x\n")
    with pytest.raises(InvalidInput) as caught:
        load_fleet(tmp_path / "def.fleet.yaml", tmp_path)
    assert "def.fleet.yaml: there is no such file; beside it there is dev.fleet.yaml" == str(caught.value)
