"""What of a site's hardware does not fit together, and what of it no fleet file may say."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter, ValidationError

from edgefleet.fleetfile.consistency import check_hardware
from edgefleet.fleetfile.partial import partial
from edgefleet.model.hardware import DataDisk, Hardware, Proxy, RaspberryPi, Time
from edgefleet.model.network import Network
from edgefleet.model.site import SiteSpec
from edgefleet.model.spec import from_plain
from edgefleet.model.wireless import Wifi

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "recipe-1" / "server-static" / "site.yaml"
DISK = "/dev/disk/by-id/one"


def codes(changes: dict[str, Any], **site: Any) -> list[str]:
    """Codes of what is wrong with a site of one node, changed so."""
    spec = from_plain(SiteSpec, yaml.safe_load(GOLDEN.read_text()))
    ((name, node),) = spec.nodes.items()
    spec = replace(spec, nodes={name: replace(node, **changes)}, **site)
    return [finding.code for finding in check_hardware(spec)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"arch": "amd64", "hardware": Hardware(raspberry_pi=RaspberryPi())}, ["board-arch"]),
        (
            {
                "arch": "arm64",
                "hardware": Hardware(
                    raspberry_pi=RaspberryPi(), data_disk=DataDisk(device=DISK, encryption="tpm2")
                ),
            },
            ["no-tpm"],
        ),
        (
            {"hardware": Hardware(data_disk=DataDisk(device="/dev/disk/by-partlabel/EDGEFLEET-PL"))},
            ["disk-is-medium"],
        ),
        ({"hardware": Hardware(data_disk=DataDisk(device=DISK, pcrs=(4, 7)))}, ["no-tpm"]),
        ({"network": Network(wifi=Wifi(ssid="x", passphrase="{secret: y}"))}, ["wifi-country"]),  # noqa: S106 - a name
    ],
)
def test_hardware_that_does_not_fit_is_named(changes: dict[str, Any], expected: list[str]) -> None:
    assert expected == codes(changes)


def test_a_proxy_without_an_address_and_time_for_nobody_are_named() -> None:
    assert ["nobody-to-serve", "no-proxy"] == codes({}, time=Time(serve=True), proxy=Proxy())


@pytest.mark.parametrize(
    ("kind", "value", "problem"),
    [
        (Hardware, {"watchdog": "3s"}, "3s is not a time from 5s to 60min"),
        (Hardware, {"serialConsole": "/dev/ttyS0"}, "/dev/ttyS0 is not a serial port"),
        (Hardware, {"dataDisk": {"device": "/dev/sdb"}}, "/dev/sdb is not a path that a disk keeps"),
        (Hardware, {"dataDisk": {"device": DISK, "path": "/etc"}}, "/etc is not a place for a data disk"),
        (
            Hardware,
            {"dataDisk": {"device": DISK, "path": "/var/lib/../etc"}},
            "/var/lib/../etc is not a place for a data disk",
        ),
        (Hardware, {"raspberryPi": {"config": ["[pi4]"]}}, "[pi4] is not a line of config.txt"),
        (Time, {"floor": "2001-01-01"}, "2001-01-01 is before 2026-11-01"),
    ],
)
def test_what_no_fleet_file_may_declare_is_refused(kind: Any, value: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(partial(kind)).validate_python(value)
    assert [problem] == [each["msg"] for each in caught.value.errors()]
