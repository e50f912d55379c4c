"""Format `nocloud`: what cloud-init gets, by its own tools where they are installed."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.images.on_disk import contents

from edgefleet.images import nocloud
from edgefleet.io.iso9660 import read_iso
from edgefleet.model.authentication import Authentication
from edgefleet.model.firstboot import File, FirstBoot, Unit
from edgefleet.model.network import Bond, FurtherLink, Network, StaticRoute
from edgefleet.model.site import User
from edgefleet.model.wireless import Modem, Wifi, WifiNetwork

PEM = "-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n"
BY_KEY = Authentication(method="tls", identity="host/alpha", ca=PEM, certificate=PEM, key="MAMCAQU=")
BY_PASSWORD = Authentication(method="peap", identity="shop\\alpha", ca=PEM, password='ho"rse')  # noqa: S106 - made up
NETWORKS = {
    "static": Network(address="10.0.0.2/24", gateway="10.0.0.1", dns=("9.9.9.9",), mac="02:00:00:00:00:01"),
    "dhcp": Network(),
    "ipv6": Network(address="fd00::2/64", gateway="fd00::1", extra_addresses=("10.0.0.2/24",)),
    "vlan": Network(address="10.0.0.2/24", gateway="10.0.0.1", vlan=20),
    "bond": Network(address="10.0.0.2/24", gateway="10.0.0.1", bond=Bond(interfaces=("enp1s0", "enp2s0"))),
    "several": Network(
        address="10.0.0.2/24",
        gateway="10.0.0.1",
        mac="02:00:00:00:00:01",
        mtu=9000,
        routes=(
            StaticRoute(to="10.99.0.0/16", via="10.0.0.254", metric=50),
            StaticRoute(to="10.98.0.1", via="10.0.0.254"),
        ),
        links={
            "backup": FurtherLink(interface="enp3s0"),
            "cameras": FurtherLink(interface="enp2s0", address="192.168.50.1/24", mtu=1400),
            "tills": FurtherLink(vlan=30, dhcp_identifier="mac", use_dns=False, use_routes=False),
            "voice": FurtherLink(vlan=40, over="cameras", dhcp=False),
        },
    ),
    "bond by mac": Network(
        address="10.0.0.2/24",
        gateway="10.0.0.1",
        bond=Bond(macs=("02:00:00:00:00:01", "02:00:00:00:00:02"), mode="802.3ad"),
    ),
    "wifi": Network(wifi=Wifi(ssid="shop", passphrase="correct horse battery")),  # noqa: S106 - made up
    "802.1X": Network(mac="02:00:00:00:00:01", vlan=20, auth=BY_KEY),
    "802.1X by name": Network(interface="enp1s0", auth=BY_PASSWORD),
    "modem beside Wi-Fi": Network(
        wifi=Wifi(ssid="corp", auth=BY_PASSWORD, others=(WifiNetwork(ssid="lab", auth=BY_KEY),)),
        links={"lte": FurtherLink(modem=Modem(apn="internet.example", pin="1234", credentials="me:word"))},
    ),
    "wifi beside a wire": Network(
        interface="enp1s0",
        links={
            "air": FurtherLink(
                interface="wlan1",
                wifi=Wifi(
                    ssid="back",
                    hidden=True,
                    passphrase="0123456789abcdef" * 4,
                    others=(WifiNetwork(ssid="guests: all", open=True),),
                ),
            )
        },
    ),
}


def boot(network: str = "static", **parts: Any) -> FirstBoot:
    """A first boot with one of everything."""
    given: dict[str, Any] = {
        "fleet": "shops",
        "region": "north",
        "site": "alpha",
        "node": "n1",
        "hostname": "alpha",
        "timezone": "Europe/Berlin",
        "users": (User(name="ops", ssh_keys=("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA ops",)),),
        "network": NETWORKS[network],
        "renderer": "NetworkManager" if "modems" in NETWORKS[network].beyond_wires else None,
        "is_network_secret": network == "wifi",
        "files": (File(path="/etc/x.conf", content=b"a\nb\n", mode=0o600),),
        "units": (Unit(name="x.service", text="[Service]\nExecStart=/bin/true\n"),),
        "commands": (("systemctl", "restart", "--no-block", "x.service"),),
    }
    return FirstBoot(**{**given, **parts})


def user_data(made: FirstBoot) -> dict[str, Any]:
    """The cloud-config of a first boot."""
    found: dict[str, Any] = yaml.safe_load(nocloud.build(made).files["user-data"])
    return found


def test_the_medium_holds_the_three_files_that_cloud_init_reads_and_their_seal() -> None:
    """Label ``cidata``, the names with their hyphens, the bytes as rendered."""
    image = nocloud.build(boot())
    assert {"user-data", "meta-data", "network-config", "edgefleet-seal"} == set(image.files)
    assert image.files == contents(read_iso(image.data))
    assert image.data[16 * 2048 + 40 : 16 * 2048 + 46] == b"cidata"


def test_files_keep_their_modes_and_units_are_enabled_before_anything_starts() -> None:
    """A secret file is never readable on the way, a start finds its unit."""
    config = user_data(boot())
    written = {entry["path"]: entry["permissions"] for entry in config["write_files"]}
    assert {"/etc/x.conf": "0600", "/etc/systemd/system/x.service": "0644"} == written
    assert [
        ["systemctl", "daemon-reload"],
        ["systemctl", "enable", "x.service"],
        ["systemctl", "restart", "--no-block", "x.service"],
    ] == config["runcmd"]


def test_nobody_logs_in_with_a_password() -> None:
    """Users have keys and a locked password; root is closed."""
    config = user_data(boot())
    (user,) = config["users"]
    assert (True, False, True) == (user["lock_passwd"], config["ssh_pwauth"], config["disable_root"])
    assert ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA ops"] == user["ssh_authorized_keys"]


def test_without_users_there_is_no_default_one_either() -> None:
    """cloud-init would otherwise make the base system's own; root stays locked."""
    assert [{"name": "root", "lock_passwd": True}] == user_data(boot(users=()))["users"]


def test_a_changed_seed_is_a_new_first_boot_and_an_unchanged_one_is_not() -> None:
    """cloud-init applies a seed once for each instance id."""

    def instance(made: FirstBoot) -> str:
        return str(yaml.safe_load(nocloud.build(made).files["meta-data"])["instance-id"])

    assert instance(boot()) == instance(boot())
    assert instance(boot()) != instance(boot(timezone="Etc/UTC"))
    assert instance(boot()) != instance(boot("dhcp"))


def test_a_shared_passphrase_is_marked_as_guessable() -> None:
    """Its file's digest is published salted; without Wi-Fi nothing is."""
    assert frozenset({"network-config"}) == nocloud.build(boot("wifi")).secret_files
    assert frozenset() == nocloud.build(boot("static")).secret_files


@pytest.mark.skipif(shutil.which("cloud-init") is None, reason="needs cloud-init: apt-get install cloud-init")
def test_cloud_init_takes_the_user_data(tmp_path: Path) -> None:
    """`cloud-init schema` finds nothing wrong, nor anything deprecated."""
    file = tmp_path / "user-data"
    file.write_bytes(nocloud.build(boot()).files["user-data"])
    done = subprocess.run(
        ["cloud-init", "schema", "--config-file", str(file)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    said = done.stdout + done.stderr
    assert 0 == done.returncode, said
    assert "Valid" in said
    assert "eprecat" not in said


@pytest.mark.skipif(shutil.which("netplan") is None, reason="needs netplan: apt-get install netplan.io")
@pytest.mark.parametrize("network", NETWORKS)
def test_netplan_takes_the_network(tmp_path: Path, network: str) -> None:
    """`netplan generate` makes configuration of it."""
    document = yaml.safe_load(nocloud.build(boot(network)).files["network-config"])
    files = generated(document, tmp_path)
    assert [] != [*files]
    logins = [login for login in NETWORKS[network].every_login.values() if document.get("renderer") is None]
    supplicants = [text for name, text in files.items() if name.startswith("wpa-")]
    assert [str(login.identity) in supplicants[0] for login in logins] == [True] * len(logins)
    units = [name for name in files if name.startswith("netplan-wpa-")]
    known = {unit.removeprefix("netplan-wpa-").removesuffix(".service") for unit in units}
    assert known <= {"lan0", "enp1s0", "wlan0", "wlan1"}  # kernel names, as wpa_supplicant opens them


def generated(document: dict[str, Any], root: Path) -> dict[str, str]:
    """dict[name -> text] of the files that `netplan generate` makes of a network."""
    folder = root / "etc" / "netplan"
    folder.mkdir(parents=True)
    file = folder / "50-cloud-init.yaml"
    file.write_text(yaml.safe_dump({"network": document}))
    file.chmod(0o600)
    command = ["netplan", "generate", "--root-dir", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert 0 == done.returncode, done.stderr
    return {path.name: path.read_text() for path in (root / "run").rglob("*") if path.is_file()}
