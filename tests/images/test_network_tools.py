"""The network of nodes without netplan, as the programs read it that run there."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from tests.images.test_nocloud import NETWORKS, generated

from edgefleet.images.network.netplan import netplan
from edgefleet.images.network.network_manager import network_manager
from edgefleet.images.network.networkd import networkd
from edgefleet.model.medium import Renderer

NETWORKD = Path("/lib/systemd/systemd-networkd")
PYTHON = Path("/usr/bin/python3")
WIRED = {
    **{name: network for name, network in NETWORKS.items() if not network.beyond_wires},
    "vlan over bond": replace(NETWORKS["bond"], vlan=20, address="10.0.0.2/24", gateway="10.0.0.1"),
}
ALONE = """\
mount -t tmpfs run /run && mkdir -p /run/systemd /etc/systemd/network &&
mount -t tmpfs -o mode=755 files /etc/systemd/network && cp "$1"/* /etc/systemd/network &&
chmod 644 /etc/systemd/network/* &&
exec timeout 20 env SYSTEMD_LOG_TARGET=console SYSTEMD_LOG_LEVEL=info "$2"
"""
"""With a network, /run and configuration of its own."""
IMPORT = "import gi; gi.require_version('NM', '1.0'); from gi.repository import GLib, NM"
READ = f"""\
import json, sys
{IMPORT}
said = {{}}
for path in sys.argv[1:]:
    file, warned = GLib.KeyFile(), []
    file.load_from_file(path, GLib.KeyFileFlags.NONE)
    def hear(keyfile, connection, kind, data, *user):
        warned.append(kind.value_nick)
        return False
    read = NM.keyfile_read(file, "/", NM.KeyfileHandlerFlags.NONE, hear, None)
    read.verify()
    ip = read.get_setting_ip4_config()
    said[read.get_id()] = {{
        "warned": warned,
        "under": read.get_setting_connection().get_master(),
        "addresses": [ip.get_address(at).get_address() for at in range(ip.get_num_addresses())] if ip else [],
    }}
print(json.dumps(said))
"""
"""Reads keyfiles by NetworkManager's own library: dict[id -> what it understood]."""


VERIFIED = f"""\
import sys
{IMPORT}
for path in sys.argv[1:]:
    file = GLib.KeyFile()
    file.load_from_file(path, GLib.KeyFileFlags.NONE)
    file.set_string("connection", "uuid", "0b3f4c9e-55d4-5f53-8a0e-0b5c0b1f7a52")  # it makes one at its start
    NM.keyfile_read(file, "/", NM.KeyfileHandlerFlags.NONE, lambda *_: False, None).verify()
"""
"""Fails at a keyfile that NetworkManager ignores."""


def has_library() -> bool:
    """Whether the system's Python has NetworkManager's library."""
    asked = [str(PYTHON), "-c", IMPORT]
    return PYTHON.exists() and 0 == subprocess.run(asked, capture_output=True, check=False).returncode


def complaints(files: Mapping[str, bytes], folder: Path) -> list[str]:
    """What networkd says of files, without what it says of its own surroundings."""
    for path, content in files.items():
        (folder / Path(path).name).write_bytes(content)
    command = ["unshare", "--net", "--mount", "sh", "-c", ALONE, "sh", str(folder), str(NETWORKD)]
    said: list[str] = []
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        for line in running.stderr or ():
            said.append(line)
            if "Enumeration completed" in line:
                break
        else:
            pytest.fail(f"networkd did not start: {said}")
        running.kill()
    return [line for line in said if "/etc/systemd/network/" in line]


@pytest.mark.skipif(not NETWORKD.exists(), reason="needs networkd: apt-get install systemd")
@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs root, for namespaces")
def test_networkd_reads_every_network_without_a_complaint(tmp_path: Path) -> None:
    """All of them at once; one with a word that it does not know, to see that it would say so."""
    for number, network in enumerate(WIRED.values()):
        (tmp_path / str(number)).mkdir()
        assert [] == complaints(networkd(network), tmp_path / str(number))
    (tmp_path / "wrong").mkdir()
    (said,) = complaints(
        {"10-wrong.network": b"[Match]\nName=e*\n[Network]\nAdress=10.0.0.2/24\n"}, tmp_path / "wrong"
    )
    assert "Unknown key" in said


@pytest.mark.skipif(
    not has_library(), reason="needs NetworkManager's library: apt-get install gir1.2-nm-1.0 python3-gi"
)
@pytest.mark.parametrize("name", sorted(WIRED))
def test_network_manager_understands_every_network(name: str, tmp_path: Path) -> None:
    """By its own library: valid, nothing unknown, ports below their bond, and the addresses."""
    for path, content in network_manager(WIRED[name]).items():
        (tmp_path / Path(path).name).write_bytes(content)
    done = subprocess.run(
        [PYTHON, "-c", READ, *sorted(tmp_path.iterdir())],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (0, "") == (done.returncode, done.stderr)
    said = json.loads(done.stdout)
    assert [] == [each for of in said.values() for each in of["warned"]]
    bond = WIRED[name].ports
    ports = () if bond is None else ("ports",) if bond.glob else bond.interfaces or ("bond0p1", "bond0p2")
    assert {f"bond0-{port}" for port in ports} == {id_ for id_, of in said.items() if of["under"] == "bond0"}
    links = WIRED[name].every.values()
    fixed = sorted(str(each.ip) for link in links for each in link.interfaces if each.version == 4)
    assert fixed == sorted(one for of in said.values() for one in of["addresses"])


@pytest.mark.skipif(
    not has_library() or shutil.which("netplan") is None,
    reason="needs netplan and NetworkManager's library: apt-get install netplan.io gir1.2-nm-1.0 python3-gi",
)
@pytest.mark.parametrize(("renderer", "code"), [("NetworkManager", 0), ("networkd", 1)])
def test_network_manager_takes_what_netplan_writes_for_it(
    renderer: Renderer, code: int, tmp_path: Path
) -> None:
    """A modem and both kinds of logins; not with the inner method as wpa_supplicant spells it."""
    document = netplan(NETWORKS["modem beside Wi-Fi"], renderer) | {"renderer": "NetworkManager"}
    generated(document, tmp_path)
    files = sorted((tmp_path / "run").rglob("*.nmconnection"))
    assert 3 == len(files)
    command = [str(PYTHON), "-c", VERIFIED, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert code == done.returncode, done.stderr
    assert ("MSCHAPV2" in done.stderr) == bool(code)
