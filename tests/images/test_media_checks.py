"""What must hold between a node, its image's format and its base."""

from dataclasses import replace
from typing import Any

import pytest
import yaml
from tests.images.test_formats import GOLDEN
from tests.images.test_nocloud import NETWORKS

from edgefleet.images.media_checks import check_media
from edgefleet.model.hardware import DataDisk, Hardware
from edgefleet.model.medium import Base, Medium, Netboot
from edgefleet.model.network import Network
from edgefleet.model.site import SiteSpec
from edgefleet.model.spec import from_plain
from edgefleet.model.wireless import Wifi

WIRELESS = Network(wifi=Wifi(ssid="shop", passphrase="{secret: shop}"))  # noqa: S106 - a name
DEBIAN = Base(source="file:debian.raw", sha256="0" * 64)


def site(medium: Medium, **changes: Any) -> SiteSpec:
    """A golden site whose node has `medium`."""
    golden = from_plain(SiteSpec, yaml.safe_load((GOLDEN / "server-static" / "site.yaml").read_text()))
    node = replace(golden.nodes["n1"], image=medium, **changes)
    return replace(golden, nodes={"n1": node})


def found(medium: Medium, **changes: Any) -> list[tuple[str, str]]:
    """(path, problem) of it."""
    return [(each.path, each.problem) for each in check_media(site(medium, **changes))]


@pytest.mark.parametrize(
    ("medium", "changes", "path", "problem"),
    [
        (Medium(format="ignition"), {"arch": "armhf"}, "format", "supports armhf"),
        (Medium(format="ignition"), {"network": WIRELESS}, "format", "sets up no Wi-Fi"),
        (Medium(format="ignition"), {"network": NETWORKS["802.1X"]}, "format", "sets up no 802.1X"),
        (Medium(format="ignition", renderer="networkd"), {}, "renderer", "takes no renderer"),
        (Medium(), {"network": NETWORKS["802.1X by name"]}, "renderer", "in different forms"),
        (Medium(renderer="networkd"), {"network": NETWORKS["modem beside Wi-Fi"]}, "renderer", "no modem"),
        (Medium(format="ignition", base=DEBIAN), {}, "base", "only Flatcar and Fedora CoreOS read it"),
        (Medium(format="ignition", installer="debian"), {}, "installer", "has no installer"),
        (Medium(format="nocloud-dir"), {}, "format", "boot partition of a Raspberry Pi"),
        (Medium(format="iso", base=DEBIAN), {}, "format", "image.installer is not set"),
        (Medium(install_on="/dev/sda"), {}, "installOn", "nocloud installs onto no disk"),
        (
            Medium(format="iso", base=DEBIAN, installer="debian", install_on="/dev/disk/by-id/data"),
            {"hardware": Hardware(data_disk=DataDisk(device="/dev/disk/by-id/data"))},
            "installOn",
            "is the disk that hardware.dataDisk keeps",
        ),
    ],
)
def test_a_format_that_a_node_cannot_have_is_reported(
    medium: Medium, changes: dict[str, Any], path: str, problem: str
) -> None:
    """One finding, at the value that is wrong."""
    ((at, said),) = found(medium, **changes)
    assert f"nodes.n1.image.{path}" == at
    assert problem in said


INSTALLER = Medium(format="iso", base=DEBIAN, installer="debian", install_on="/dev/nvme0n1")


@pytest.mark.parametrize(
    ("medium", "network"),
    [
        (Medium(), "dhcp"),
        (Medium(format="ignition"), "dhcp"),
        (Medium(format="raw", base=DEBIAN), "dhcp"),
        (INSTALLER, "dhcp"),
        (Medium(), "802.1X"),
        (Medium(renderer="networkd"), "802.1X by name"),
        (Medium(renderer="NetworkManager"), "modem beside Wi-Fi"),
    ],
)
def test_what_fits_is_taken(medium: Medium, network: str) -> None:
    """An amd64 node."""
    assert [] == found(medium, network=NETWORKS[network])


NETBOOT = Netboot(kernel=DEBIAN, initrd=(DEBIAN,), arguments="ds=nocloud;s={seed}")


@pytest.mark.parametrize(
    ("medium", "network", "problem"),
    [
        (Medium(format="ipxe", netboot=NETBOOT), Network(), "no network.mac"),
        (Medium(format="ipxe"), Network(mac="02:00:00:00:00:01"), "starts a kernel, and the node has no"),
        (Medium(format="nocloud", netboot=NETBOOT), Network(), "nocloud has no netboot"),
    ],
)
def test_what_starts_over_the_network_says_what_and_by_which_address(
    medium: Medium, network: Network, problem: str
) -> None:
    """And nothing else does."""
    ((path, said),) = found(medium, network=network)
    assert "nodes.n1.image.format" == path
    assert problem in said


def test_what_starts_over_the_network_and_lacks_both_is_reported_with_both_hints() -> None:
    """At once, and not that another format should be used."""
    assert {
        "add network.mac: the hardware address of the link that it starts from",
        "add image.netboot: {kernel, initrd, arguments}",
    } == {each.hint for each in check_media(site(Medium(format="ipxe"), network=Network()))}
