"""Consistency between a node's hardware, its workloads and the settings of its site."""

from collections.abc import Iterator

from edgefleet.errors import Problem
from edgefleet.model.paths import Part, format_path
from edgefleet.model.site import Node, SiteSpec

PI_ARCHS = frozenset({"arm64", "armhf"})


def check_hardware(site: SiteSpec) -> Iterator[Problem]:
    """Inconsistencies of the hardware of `site`."""
    country = site.location.country if site.location is not None else None
    for name, node in site.nodes.items():
        yield from _board(node, ("nodes", name, "hardware"))
        yield from _data_disk(node, ("nodes", name, "hardware", "dataDisk"))
        if node.network.wifi is not None and node.network.wifi.country is None:
            yield Problem(
                path=format_path(("nodes", name, "network", "wifi")),
                code="wifi-country",
                problem="Wi-Fi has no country, and may stay off without one",
                hint=f"add country: {country or 'DE'} to network.wifi",
            )
    yield from _time(site)
    yield from _proxy(site)


def _data_disk(node: Node, path: tuple[Part, ...]) -> Iterator[Problem]:
    disk = node.hardware.data_disk
    if disk is None:
        return
    if disk.encryption == "tpm2" and (node.hardware.raspberry_pi is not None or node.arch == "armhf"):
        yield Problem(
            path=format_path((*path, "encryption")),
            code="no-tpm",
            problem="a Raspberry Pi has no TPM" if node.arch != "armhf" else "armhf boards have no TPM",
            hint="remove encryption: tpm2, or use a node with a TPM 2.0",
        )
    if disk.device.startswith("/dev/disk/by-partlabel/EDGEFLEET-"):
        yield Problem(
            path=format_path((*path, "device")),
            code="disk-is-medium",
            problem=f"{disk.device} is a part of the boot medium",
            hint="name another disk",
        )


def _board(node: Node, path: tuple[Part, ...]) -> Iterator[Problem]:
    if node.hardware.raspberry_pi is not None and node.arch not in PI_ARCHS:
        yield Problem(
            path=format_path((*path, "raspberryPi")),
            code="board-arch",
            problem=f"a Raspberry Pi is not {node.arch}",
            hint="set the profile's arch to arm64 or armhf, or remove raspberryPi",
        )


def _time(site: SiteSpec) -> Iterator[Problem]:
    if site.time.serve and len(site.nodes) == 1:
        yield Problem(
            path="time.serve",
            code="nobody-to-serve",
            problem="the site has one node, so no other node can use its time",
            hint="remove time.serve",
        )


def _proxy(site: SiteSpec) -> Iterator[Problem]:
    if site.proxy is not None and site.proxy.http is None and site.proxy.https is None:
        yield Problem(
            path="proxy",
            code="no-proxy",
            problem="proxy has no address",
            hint="add proxy.https: http://proxy.example:3128, or remove proxy",
        )
