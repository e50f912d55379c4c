"""Format `ignition`: what Flatcar and Fedora CoreOS get, by Ignition's own code where Go is at hand."""

import configparser
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.go_programs import built
from tests.images.on_disk import of_ignition
from tests.images.test_formats import boot_of
from tests.images.test_nocloud import NETWORKS, boot

from edgefleet.errors import InvalidInput
from edgefleet.images import ignition
from edgefleet.images.network.network_manager import network_manager
from edgefleet.images.network.networkd import networkd
from edgefleet.model.firstboot import FirstBoot
from edgefleet.model.network import Network

WIRED = {name: network for name, network in NETWORKS.items() if not network.beyond_wires}


def config(made: FirstBoot) -> dict[str, Any]:
    """The configuration of a first boot."""
    found: dict[str, Any] = json.loads(ignition.build(made).data)
    return found


@pytest.mark.boot
def test_ignitions_own_code_reads_it_without_a_remark(tmp_path: Path) -> None:
    """A Go program beside this test, with Ignition's module; a doubled path, to see that it would say so."""
    program = built(Path(__file__).parent / "ignition", tmp_path / "ignition")
    made = boot_of("shut-in")
    whole = config(made)
    assert (0, "files: ", "") == _read(program, tmp_path / "good.ign", whole)
    whole["storage"]["files"].append(whole["storage"]["files"][0])
    assert 1 == _read(program, tmp_path / "bad.ign", whole)[0]


def _read(program: Path, file: Path, document: dict[str, Any]) -> tuple[int, str, str]:
    file.write_text(json.dumps(document))
    done = subprocess.run([program, file], capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout[:7], done.stderr


def test_the_system_is_named_and_entered_as_with_cloud_init() -> None:
    """Host name, zone, users by key alone, who may become root, and the derived host key."""
    made = boot_of("server-static")
    found, files = config(made), of_ignition(ignition.build(made).data)
    assert ["ops", "auditor"] == [each["name"] for each in found["passwd"]["users"]]
    assert not any("passwordHash" in each for each in found["passwd"]["users"])
    assert b"ops ALL=(ALL) NOPASSWD:ALL\n" == files["/etc/sudoers.d/90-edgefleet-users"].content
    assert b"de-ber-001\n" == files["/etc/hostname"].content
    assert "../usr/share/zoneinfo/Europe/Berlin" == found["storage"]["links"][0]["target"]
    key = files["/etc/ssh/ssh_host_ed25519_key"]
    assert (0o600, True) == (key.mode, key.content.startswith(b"-----BEGIN OPENSSH PRIVATE KEY-----\n"))


def test_nothing_is_written_where_usr_cannot_be() -> None:
    """Not below /usr at all: Ignition would fail there, and the node would not come up."""
    paths = [each["path"] for each in config(boot_of("shut-in"))["storage"]["files"]]
    assert any(path.startswith("/var/usrlocal/") for path in paths)
    assert not [path for path in paths if path.startswith("/usr/")]


def test_what_runcmd_would_run_is_run_until_all_of_it_was_done(tmp_path: Path) -> None:
    """A failure is named, the rest goes on, and the next start tries again."""
    log = tmp_path / "log"
    made = boot(
        units=(), commands=(("sh", "-c", f"echo one >>{log}"), ("false",), ("touch", str(tmp_path / "x")))
    )
    script = of_ignition(ignition.build(made).data)["/usr/local/lib/edgefleet/first-boot"]
    text = script.content.decode().replace("/var/lib/edgefleet", str(tmp_path / "state"))
    text = text.replace("run systemctl", ": systemctl")
    done = subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=False, timeout=30)
    assert 1 == done.returncode
    assert "first-boot: failed: false\n" in done.stderr
    assert (tmp_path / "x").exists()
    assert not (tmp_path / "state").exists()
    assert 0 == subprocess.run(["sh", "-c", text.replace("run false", "run true")], check=False).returncode
    assert (tmp_path / "state" / "first-boot").exists()


def test_wireless_is_refused_with_what_to_do() -> None:
    """Neither system has what it takes."""
    with pytest.raises(InvalidInput, match=r"no Wi-Fi on Flatcar.*wired network"):
        ignition.build(boot("wifi"))


@pytest.mark.parametrize("name", sorted(WIRED))
def test_both_systems_files_say_which_interface_and_how_it_gets_its_address(name: str) -> None:
    """Every wired link has an address, fixed or asked for, on exactly one interface."""
    links = sum(link.is_static or link.asks_dhcp for link in WIRED[name].every.values())
    for files, said in ((networkd(WIRED[name]), b"DHCP="), (network_manager(WIRED[name]), b"[ipv4]")):
        silent = (b"method=disabled\n\n", b"DHCP=no\nIPv6AcceptRA=no\n")
        addressed = [
            path
            for path, text in files.items()
            if said in text and not any(words in text for words in silent)
        ]
        assert len(addressed) == links, files


def sections(content: bytes) -> dict[str, dict[str, str]]:
    """A file of sections, without keys that stand more than once."""
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # as configparser's documentation has it
    parser.read_string(content.decode())
    return {name: dict(parser[name]) for name in parser.sections()}


def test_a_fixed_address_stands_in_both_systems_files() -> None:
    """By the hardware address, with route and names."""
    network = WIRED["static"]
    (one,) = networkd(network).values()
    assert {
        "Match": {"MACAddress": "02:00:00:00:00:01", "Type": "ether"},
        "Network": {
            "DHCP": "no",
            "ConfigureWithoutCarrier": "yes",
            "Address": "10.0.0.2/24",
            "Gateway": "10.0.0.1",
            "DNS": "9.9.9.9",
        },
    } == sections(one)
    (other,) = network_manager(network).values()
    assert "02:00:00:00:00:01" == sections(other)["ethernet"]["mac-address"]
    wanted = {"method": "manual", "address1": "10.0.0.2/24", "gateway": "10.0.0.1", "dns": "9.9.9.9;"}
    assert wanted == sections(other)["ipv4"]


def test_a_vlan_over_a_bond_is_three_layers_in_both() -> None:
    """Ports, bond, VLAN; the address is on the VLAN alone."""
    network = Network(
        address="10.0.0.2/24", gateway="10.0.0.1", vlan=20, bond=NETWORKS["bond"].bond, interface=None
    )
    files = networkd(network)
    assert [
        "10-bond0-enp1s0.network",
        "10-bond0-enp2s0.network",
        "10-bond0.netdev",
        "10-vlan20.netdev",
        "20-bond0.network",
        "30-vlan20.network",
    ] == [Path(path).name for path in files]
    assert ["30-vlan20.network"] == [Path(path).name for path, text in files.items() if b"Address=" in text]
    keyfiles = {Path(path).stem: sections(text) for path, text in network_manager(network).items()}
    assert {"bond0", "bond0-enp1s0", "bond0-enp2s0", "vlan20"} == set(keyfiles)
    assert ("bond0", "20") == (keyfiles["vlan20"]["vlan"]["parent"], keyfiles["vlan20"]["vlan"]["id"])
    assert "disabled" == keyfiles["bond0"]["ipv4"]["method"]
