"""A seed on a node: its first boot, its second, a changed seed, and one with which k3s does not start.

Each is a boot of one and the same machine, in this order; a test looks at what one of them left. The second
is without a cable; the third names none of its two network cards.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.boot_vm.base_system import BaseSystem
from tests.boot_vm.machine import Booted, Machine, cable
from tests.boot_vm.nodes import KEY, NETWORK, NODE, PAYLOAD, SeededNode, golden_site, seeded_node

from edgefleet.boot.healing import IMAGES
from edgefleet.keys.break_glass import tunnel_address
from edgefleet.keys.derivation import ssh_host_key
from edgefleet.runtimes.base.k3s_manifests import COPIES, FOLDER

pytestmark = pytest.mark.boot
Boot = Callable[..., Booted]
SECOND_CARD = ("-nic", "user,restrict=on,ipv6=off,model=virtio-net-pci,mac=02:00:5e:10:00:0b")
WAITING = "systemd-networkd-wait-online.service"
"""It may give up on a cable that is out."""
RESTLESS = ("/var/lib/cloud/", "/var/lib/systemd/", "/etc/resolv.conf", "/etc/hostname")
"""What cloud-init and systemd write at each boot."""
HOMES = str(Path("/home", "x"))[:-1]
RECURRING = {"edgefleet-health.service", "edgefleet-heartbeat.service"}
NOBODY_BUT_ROOT = 0o077


@pytest.fixture(scope="module")
def boots(base: BaseSystem, payload_medium: Path, scratch: Path) -> Boot:
    """Boots the machine once more, with a node's seed and the payload in."""
    options = (*NETWORK, *SECOND_CARD)
    machine = Machine(base=base, folder=scratch / "machine", payload=payload_medium, options=options)
    return lambda seeded, *words, talk=(): machine.boot(seeded.seed.data, *words, talk=talk)


@pytest.fixture(scope="module")
def seeded() -> SeededNode:
    """The golden server."""
    return seeded_node(golden_site())


@pytest.fixture(scope="module")
def other() -> SeededNode:
    """The same after a change: another name, address, user, kernel setting and argument of k3s; no tunnel.

    One of its two workloads has left. Its address is not for one card.
    """
    site = golden_site()
    node = site.nodes[NODE]
    network = replace(node.network, address="10.1.1.20/24", extra_addresses=(), mac=None)
    return seeded_node(
        replace(
            site,
            users=(site.users[0], replace(site.users[1], name="visitor")),
            sysctls={"net.core.rmem_max": "8000000"},
            workloads={"till": site.workloads["till"]},
            k3s=replace(site.k3s, config={**site.k3s.config, "kubelet-arg": ["max-pods=32"]}),
            break_glass=replace(site.break_glass, wireguard=None),
            nodes={NODE: replace(node, hostname="de-ber-002", network=network)},
        )
    )


@pytest.fixture(scope="module")
def bad(other: SeededNode) -> SeededNode:
    """The changed one with a flag that k3s does not have."""
    config = {**other.site.k3s.config, "no-such-flag": "1"}
    k3s = replace(other.site.k3s, config=config, allow_unknown=True)
    return seeded_node(replace(other.site, k3s=k3s))


@pytest.fixture(scope="module")
def first(boots: Boot, seeded: SeededNode) -> Booted:
    """The first boot."""
    return boots(seeded)


@pytest.fixture(scope="module")
def second(boots: Boot, seeded: SeededNode, first: Booted) -> Booted:  # noqa: ARG001 - it comes before
    """The second, with the same seed and the cable out."""
    return boots(seeded, talk=[("", cable("off"))])


@pytest.fixture(scope="module")
def changed(boots: Boot, other: SeededNode, second: Booted) -> Booted:  # noqa: ARG001 - it comes before
    """The third, with another seed."""
    return boots(other)


@pytest.fixture(scope="module")
def stranger(boots: Boot, other: SeededNode, changed: Booted) -> Booted:  # noqa: ARG001 - it comes before
    """The fourth, with a seed of the same names that the key of another fleet sealed."""
    site = replace(other.site, nodes={NODE: replace(other.site.nodes[NODE], hostname="de-ber-666")})
    return boots(seeded_node(site, key=base64.b64encode(b"a key of somebody else's fleet..").decode()))


@pytest.fixture(scope="module")
def refused(boots: Boot, bad: SeededNode, stranger: Booted) -> Booted:  # noqa: ARG001 - it comes before
    """The fifth, with a seed that asks k3s for what it does not have."""
    return boots(bad)


def addresses(booted: Booted, interface: str) -> set[str]:
    """Addresses that it has itself, with their prefixes."""
    known = one(booted.facts["addresses"], interface)["addr_info"]
    return {f"{each['local']}/{each['prefixlen']}" for each in known if each["scope"] == "global"}


def one(interfaces: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """The interface of a name."""
    (interface,) = [interface for interface in interfaces if interface["ifname"] == name]
    return interface


def users(booted: Booted) -> dict[str, list[str]]:
    """dict[user -> fields of its line] of /etc/passwd, for people."""
    lines = [line.split(":") for line in booted.files["/etc/passwd"].content.decode().splitlines()]
    return {line[0]: line for line in lines if line[5].startswith(HOMES)}


def password(booted: Booted, user: str) -> str:
    """What stands in the place of a password."""
    lines = [line.split(":") for line in booted.files["/etc/shadow"].content.decode().splitlines()]
    return next(line[1] for line in lines if line[0] == user)


def lasting(booted: Booted) -> dict[str, str]:
    """dict[unit -> state], but of those that a timer starts again and again."""
    units = booted.facts["units"].items()
    return {name: unit["ActiveState"] for name, unit in units if name not in RECURRING}


def assert_is(booted: Booted, seeded: SeededNode) -> None:
    """Every file that the node shall have is on the disk, as planned; every unit is as planned."""
    planned = {path: ("regular", mode, (0, 0), content) for path, (content, mode) in seeded.contents.items()}
    there = {
        path: (entry.kind, entry.mode, entry.owner, entry.content)
        for path, entry in booted.files.items()
        if path in planned
    }
    assert planned == there
    enabled = {unit.name: "enabled" if unit.is_enabled else "static" for unit in seeded.wanted.units}
    units = booted.facts["units"]
    assert enabled == {name: units[name]["UnitFileState"] for name in enabled}


def test_the_first_boot_ends_well(first: Booted) -> None:
    """cloud-init has no errors, no unit has failed, nothing is left to do, and the node says it is well."""
    assert [] == first.facts["cloud-init"]["v1"]["errors"]
    assert first.facts["cloud-init"]["v1"]["datasource"].startswith("DataSourceNoCloud")
    assert [] == first.facts["failed"]
    assert first.facts["settled"], first.facts["status"]
    assert "This is n1 of de-ber-001, retail in eu-central-1.\nhealthy since" in first.facts["status"]
    assert "k3s stand-in: started as server at 10.1.1.10; no container runs here" in first.console


def test_every_planned_file_and_unit_is_there(first: Booted, seeded: SeededNode) -> None:
    """With its content, mode and owner; this is recipe 1 as a whole."""
    assert_is(first, seeded)
    assert {"/etc/edgefleet/firewall.nft", "/etc/edgefleet/identity/site.key"} < first.files.keys()


def test_it_has_its_names_and_its_time_zone(first: Booted) -> None:
    facts = first.facts
    assert ("de-ber-001", "de-ber-001.shops.example") == (facts["hostname"], facts["fqdn"])
    assert facts["timezone"].endswith("/Europe/Berlin")
    assert b"de-ber-001\n" == first.files["/etc/hostname"].content


def test_it_has_its_addresses(first: Booted, seeded: SeededNode) -> None:
    """On the interface with the declared hardware address, and inside the tunnel."""
    assert {"10.1.1.10/24", "2001:db8:1::10/64"} == addresses(first, "lan0")
    assert ["10.1.1.1"] == [each["gateway"] for each in first.facts["routes"] if each["dst"] == "default"]
    peer = seeded.site.break_glass.wireguard
    assert peer is not None
    assert {f"{tunnel_address(seeded.site, NODE, peer.network)}/128"} == addresses(first, "wg-edgefleet")


def test_its_users_log_in_by_key_and_the_rescue_user_by_password(first: Booted, seeded: SeededNode) -> None:
    """One may do everything, one nothing but look; `rescue` is nobody over SSH."""
    assert {"ops", "auditor", "rescue"} == users(first).keys()
    for user in seeded.site.users:
        keys = first.files[f"{HOMES}{user.name}/.ssh/authorized_keys"]
        assert (user.ssh_keys, 0o600) == (tuple(keys.content.decode().splitlines()), keys.mode)
        assert password(first, user.name).startswith("!")
    assert password(first, "rescue").startswith("$6$")
    sudoers = first.files["/etc/sudoers.d/90-cloud-init-users"].content.decode()
    assert ["ops ALL=(ALL) NOPASSWD:ALL"] == [line for line in sudoers.splitlines() if " ALL=" in line]
    sshd = first.facts["sshd"]
    assert {"passwordauthentication no", "permitrootlogin no", "allowusers ops", "allowusers auditor"} <= set(
        sshd
    )
    assert "allowusers rescue" not in sshd


def test_it_shows_the_host_key_that_was_known_before(first: Booted, seeded: SeededNode) -> None:
    """And no other kind: those that the base system came with are gone."""
    private, public = ssh_host_key(KEY, node=NODE, comment="de-ber-001")
    assert private.strip() == first.files["/etc/ssh/ssh_host_ed25519_key"].content.decode().strip()
    assert public.strip() == first.files["/etc/ssh/ssh_host_ed25519_key.pub"].content.decode().strip()
    assert ["/etc/ssh/ssh_host_ed25519_key"] == [
        path for path in first.files if path.startswith("/etc/ssh/ssh_host_") and path.endswith("_key")
    ]
    assert seeded.wanted.ssh_host_keys.keys() == {"ed25519"}


def test_the_kernel_is_set_as_the_files_say(first: Booted, seeded: SeededNode) -> None:
    """Read from the kernel: what kubelet insists on, what hardening asks, and the site's own."""
    planned: dict[str, str] = {}
    for path, (content, _) in seeded.contents.items():
        if path.startswith("/etc/sysctl.d/"):
            lines = (line.partition("=") for line in content.decode().splitlines() if "=" in line)
            planned |= {name.strip(): value.strip() for name, _, value in lines}
    assert {
        "kernel.panic": "10",
        "net.core.rmem_max": "7500000",
        "kernel.kptr_restrict": "2",
    }.items() <= planned.items()
    assert planned == first.facts["sysctls"]


def test_services_run_and_timers_wait(first: Booted) -> None:
    units = first.facts["units"]
    active = {
        *("k3s.service", "ssh.service", "systemd-timesyncd.service", "edgefleet-firewall.service"),
        *("edgefleet-payload.service", "edgefleet-k3s-install.service", "edgefleet-tunnel.service"),
        *("edgefleet-health.timer", "edgefleet-renew.timer", "edgefleet-heartbeat.timer"),
    }
    assert dict.fromkeys(active, "active") == {name: units[name]["ActiveState"] for name in active}
    assert "0" == units["k3s.service"]["NRestarts"]


def test_k3s_is_started_anew_at_night_to_renew_its_certificates(first: Booted) -> None:
    """As systemd itself reckons: between one and five by the site's own clocks."""
    due = {each["unit"]: each["next"] for each in json.loads(first.facts["timers"])}
    at = datetime.fromtimestamp(due["edgefleet-renew.timer"] / 1e6, ZoneInfo("Europe/Berlin"))
    assert 1 <= at.hour < 5, at


def test_the_firewall_is_loaded(first: Booted) -> None:
    table = first.facts["firewall"]
    assert "policy drop" in table
    for rule in ("tcp dport 22 accept", "tcp dport 8443 accept", 'iifname "wg-edgefleet" accept'):
        assert rule in table
    assert "6443" not in table


def test_k3s_gets_what_the_fleet_file_says(first: Booted) -> None:
    """By its configuration file alone; on its command line stands its role."""
    k3s = first.facts["k3s"]
    assert ["server"] == k3s["arguments"]
    config = k3s["config"]
    assert ("de-ber-001", "10.1.1.10") == (config["node-name"], config["node-ip"])
    assert ["de-ber-001", "10.1.1.10", "2001:db8:1::10", "shop.example"] == config["tls-san"]
    assert ["servicelb", "traefik"] == config["disable"]
    assert ["dedicated=till:NoSchedule"] == config["node-taint"]
    assert {"edgefleet.dev/site=de-ber-001", "tier=store"} < set(config["node-label"])
    assert "max-pods=64" == config["kubelet-arg"][-1]
    assert "admission-control-config-file=/etc/rancher/k3s/admission.yaml" in config["kube-apiserver-arg"]


def test_the_payload_is_where_k3s_looks(first: Booted) -> None:
    """Verified, executable, copied from the second medium."""
    k3s, shim = (first.files[f"/usr/local/bin/{name}"] for name in ("k3s", "containerd-shim-wasmtime-v1"))
    assert (PAYLOAD["bin/k3s"], 0o755) == (k3s.content, k3s.mode)
    assert (PAYLOAD["bin/containerd-shim-wasmtime-v1"], 0o755) == (shim.content, shim.mode)
    name = "k3s-airgap-images-amd64.tar.zst"
    assert PAYLOAD[f"images/{name}"] == first.files[f"/var/lib/rancher/k3s/agent/images/{name}"].content
    assert [name] == first.facts["k3s"]["images"]


def test_its_workloads_are_where_k3s_applies_them(first: Booted, seeded: SeededNode) -> None:
    """For root alone, at the first boot, without a link; and the node says which release it has."""
    planned = {Path(path).name: content for path, (content, _) in seeded.contents.items() if FOLDER in path}
    assert {"workload-edgefleet.yaml", "workload-till.yaml", "workload-menu.yaml"} == planned.keys()
    assert {name: (content, 0o600) for name, content in planned.items()} == applied(first)
    assert f"release {seeded.seed.release}" in first.facts["status"].splitlines()


def test_its_images_are_pinned(first: Booted) -> None:
    """Those of its workloads, and of what runs: kubelet's collector spares them."""
    pinned = first.files["/var/lib/rancher/k3s/stand-in-pinned-images"].content.decode().splitlines()
    assert first.files[IMAGES].content.decode().splitlines() == [
        name for name in sorted(pinned) if "mirrored-pause" not in name
    ]
    assert "docker.io/rancher/mirrored-pause:3.6" in pinned


def applied(booted: Booted) -> dict[str, tuple[bytes, int]]:
    """dict[name -> content and mode] of the manifests that k3s finds."""
    files = booted.files.items()
    return {
        Path(path).name: (file.content, file.mode) for path, file in files if path.startswith(f"{COPIES}/")
    }


def test_the_manifest_of_a_workload_that_left_is_empty(
    first: Booted, changed: Booted, other: SeededNode
) -> None:
    """k3s then removes its objects; the others are as before."""
    assert other.site.workloads.keys() == {"till"}
    before, after = applied(first), applied(changed)
    assert {**before, "workload-menu.yaml": (b"", 0o600)} == after
    assert other.seed.release is not None
    assert other.seed.release in changed.facts["status"]


def test_secrets_are_for_root_alone_and_cloud_init_keeps_no_copy(first: Booted, seeded: SeededNode) -> None:
    """Not in any file that others may read, wherever on the disk it is; and cloud-init's copies are gone."""
    secrets = [str(first.facts["k3s"]["config"][name]).encode() for name in ("token", "agent-token")]
    secrets += [file.content for file in seeded.wanted.files if file.is_secret]
    holders = {
        path for path, each in first.files.items() if any(secret in each.content for secret in secrets)
    }
    assert "/etc/rancher/k3s/config.yaml" in holders
    assert set() == {path for path in holders if first.files[path].mode & NOBODY_BUT_ROOT}
    assert set() == {path for path in holders if path.startswith("/var/lib/cloud/")}


def test_a_second_boot_changes_nothing(first: Booted, second: Booted) -> None:
    """No file is written again, not even with the same content, and what runs once does not run again.

    Nor does it need its cable.
    """
    assert {line.split()[0] for line in second.facts["failed"]} <= {WAITING}
    assert "NO-CARRIER" in one(second.facts["addresses"], "lan0")["flags"]
    assert second.facts["settled"], second.facts["status"]

    def still(booted: Booted) -> dict[str, object]:
        return {path: entry for path, entry in booted.files.items() if not path.startswith(RESTLESS)}

    assert still(first) == still(second)

    def done_once(booted: Booted) -> dict[str, str]:
        return {path: entry.changed for path, entry in booted.files.items() if "sem/config_" in path}

    assert "config_runcmd" in " ".join(done_once(first))
    assert done_once(first) == done_once(second)
    assert lasting(first) == lasting(second)
    for same in ("hostname", "sysctls", "firewall", "k3s"):
        assert first.facts[same] == second.facts[same]
    results = [booted.facts["cloud-init"]["v1"] for booted in (first, second)]
    assert [[], []] == [result["errors"] for result in results]
    assert (
        "seed=/var/lib/cloud/seed/nocloud]" in results[1]["datasource"]
    )  # the verified bytes, not the medium
    assert addresses(first, "lan0") == addresses(second, "lan0")


def test_a_changed_seed_is_applied(changed: Booted, other: SeededNode) -> None:
    """As it has another instance id: names, addresses, users, kernel, k3s; what is not asked for ends."""
    assert [] == changed.facts["failed"]
    assert [] == changed.facts["cloud-init"]["v1"]["errors"]
    assert changed.facts["settled"], changed.facts["status"]
    assert_is(changed, other)
    assert "de-ber-002" == changed.facts["hostname"]
    assert {"10.1.1.20/24"} == addresses(changed, "bond0")
    cards = [card["ifname"] for card in changed.facts["addresses"] if card.get("master") == "bond0"]
    assert 2 == len(cards), changed.facts["addresses"]
    assert [{"dst": "default", "gateway": "10.1.1.1", "dev": "bond0"}] == [
        {name: route[name] for name in ("dst", "gateway", "dev")}
        for route in changed.facts["routes"]
        if route["dst"] == "default"
    ]
    assert {"ops", "auditor", "rescue", "visitor"} == users(changed).keys()
    assert "allowusers visitor" in changed.facts["sshd"]
    assert "allowusers auditor" not in changed.facts["sshd"]
    assert "8000000" == changed.facts["sysctls"]["net.core.rmem_max"]
    assert "max-pods=32" == changed.facts["k3s"]["config"]["kubelet-arg"][-1]
    assert "wg-edgefleet" not in [each["ifname"] for each in changed.facts["addresses"]]
    assert "/etc/edgefleet/tunnel/wg-edgefleet.conf" not in changed.files
    assert "healthy since" in changed.facts["status"]


def test_a_seed_of_somebody_else_is_not_applied(stranger: Booted, changed: Booted, other: SeededNode) -> None:
    """cloud-init stays off, the node keeps its names, addresses and users, and says why."""
    assert [] == stranger.facts["failed"]
    assert stranger.facts["settled"], stranger.facts["status"]
    assert_is(stranger, other)
    for same in ("hostname", "sysctls", "firewall", "k3s"):
        assert changed.facts[same] == stranger.facts[same]
    assert addresses(changed, "bond0") == addresses(stranger, "bond0")
    assert users(changed).keys() == users(stranger).keys()
    assert "is not sealed for this node" in stranger.facts["status"]
    assert b"de-ber-666" not in b"".join(file.content for file in stranger.files.values())


def test_a_configuration_with_which_k3s_does_not_start_is_taken_back(
    refused: Booted, changed: Booted, other: SeededNode
) -> None:
    """k3s runs again with the one before, and a person at the console reads it."""
    assert "k3s stand-in: does not start: flag provided but not defined: -no-such-flag" in refused.console
    assert refused.facts["settled"], refused.facts["status"]
    assert "a new configuration was rolled back" in refused.facts["status"]
    assert "active" == refused.facts["units"]["k3s.service"]["ActiveState"]
    assert changed.facts["k3s"] == refused.facts["k3s"]
    path = "/etc/rancher/k3s/config.yaml"
    assert other.contents[path] == (refused.files[path].content, refused.files[path].mode)
