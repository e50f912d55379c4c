"""What a site's sheet says, from its spec."""

from dataclasses import replace
from typing import Any, get_args

import pytest
from tests.site.conftest import GOLDEN, spec_of

from edgefleet.images import FORMATS
from edgefleet.io.templates import template_root
from edgefleet.model.medium import Format, Medium, PayloadFile
from edgefleet.model.network import Bond
from edgefleet.model.safety import BreakGlass, Ssm
from edgefleet.model.site import Location, SiteSpec
from edgefleet.report.site_sheet import Sheet, SheetContext, SheetImage, sheet

PAYLOAD = (PayloadFile(path="bin/k3s", digest="sha256:" + "ab" * 32, size=1),)


def of(case: str, **changes: Any) -> SiteSpec:
    """A golden site, with some of its fields changed."""
    return replace(spec_of(GOLDEN / case), **changes)


def with_node(spec: SiteSpec, **changes: Any) -> SiteSpec:
    """`spec` with its first node changed."""
    name = next(iter(spec.nodes))
    return replace(spec, nodes={**spec.nodes, name: replace(spec.nodes[name], **changes)})


def made(spec: SiteSpec, **around: Any) -> Sheet:
    """Its sheet."""
    images = {
        node: SheetImage(file=f"{node}.iso", kind="seed", digest="sha256:" + "cd" * 32) for node in spec.nodes
    }
    return sheet(spec, images, SheetContext(**{"stack": "eu", "profiles": {}, **around}))


def test_the_code_is_the_sites_page_or_else_its_name() -> None:
    """With the names of fleet, region and site in their places."""
    spec = of("recipe-1/server-static")
    assert "edgefleet:retail/eu-central-1/de-ber-001" == made(spec).code.text
    told = made(spec, page="https://{fleet}.example/{region}?site={site}")
    assert "https://retail.example/eu-central-1?site=de-ber-001" == told.code.text


@pytest.mark.parametrize("format_", get_args(Format))
def test_each_format_has_a_medium_and_steps(format_: Format) -> None:
    """What is known to the model can be printed."""
    assert (template_root() / "sheet" / "formats" / f"{format_}.html.j2").is_file()
    spec = with_node(of("recipe-1/server-static"), image=Medium(format=format_), payload=PAYLOAD)
    (setup,) = made(spec).setups
    assert setup.medium
    assert setup.has_payload_medium is (not FORMATS[format_].is_composed)


@pytest.mark.parametrize(("storage", "medium"), [("sd", "SD card"), ("nvme", "NVMe disk"), ("emmc", "eMMC")])
def test_a_whole_disk_is_called_what_it_is(storage: Any, medium: str) -> None:
    spec = with_node(of("recipe-1/server-static"), image=Medium(format="raw"), storage=storage)
    (setup,) = made(spec).setups
    assert (medium, storage) == (setup.medium, setup.storage)


def test_nodes_that_are_set_up_alike_stand_together_and_the_server_first() -> None:
    """Whatever the order in the fleet file is."""
    spec = of("recipe-1/shut-in")
    names = list(spec.nodes)
    turned = replace(spec, nodes=dict(reversed(spec.nodes.items())))
    assert names == [node.name for node in made(turned).nodes]
    alike = replace(spec, nodes={name: replace(node, payload=PAYLOAD) for name, node in spec.nodes.items()})
    assert [len(names)] == [len(setup.nodes) for setup in made(alike).setups]
    apart = with_node(alike, image=Medium(format="script"))
    assert [1, len(names) - 1] == [len(setup.nodes) for setup in made(apart).setups]


def test_a_board_that_starts_anew_by_itself_is_known() -> None:
    (setup,) = made(of("recipe-1/raspberry-pi")).setups
    assert (True, True, "ttyAMA0, 115200 baud") == (
        setup.is_restarting,
        setup.is_raspberry_pi,
        setup.serial_console,
    )
    (setup,) = made(of("recipe-1/server-static")).setups
    assert (False, False, "") == (setup.is_restarting, setup.is_raspberry_pi, setup.serial_console)


def test_the_link_is_reported_in_a_few_words() -> None:
    """By cable, by air, over several ports."""
    spec = of("recipe-1/server-static")
    node = made(spec).nodes[0]
    assert ("02:00:5e:10:00:01", ("10.1.1.10/24", "gateway 10.1.1.1")) == (
        node.spec.network.mac,
        node.network,
    )
    assert ("10.1.1.10", None) == (node.spec.network.ip, node.spec.network.wifi)
    air = made(of("recipe-1/raspberry-pi")).nodes[0]
    assert ("address by DHCP", "Wi-Fi “Laden Gäste”") == air.network
    network = replace(spec.nodes["n1"].network, bond=Bond(interfaces=("enp1s0", "enp2s0")), vlan=7)
    bonded = made(with_node(spec, network=network)).nodes[0]
    assert ("cables in enp1s0 and enp2s0", "VLAN 7") == bonded.network[2:]
    script = made(with_node(spec, image=Medium(format="script"))).nodes[0]
    assert ("stays as it is",) == script.network


@pytest.mark.parametrize(
    ("location", "said"),
    [
        (None, ()),
        (
            Location(city="Quito", country="EC", latitude=-0.18, longitude=-78.5),
            ("Quito, EC", "0.18° S, 78.5° W"),
        ),
        (Location(country="DE", latitude=52.0), ("DE",)),
    ],
)
def test_the_place_is_reported_as_far_as_it_is_known(
    location: Location | None, said: tuple[str, ...]
) -> None:
    assert said == made(of("recipe-1/server-static", location=location)).place


def test_ways_in_are_reported_and_nothing_that_opens_one() -> None:
    """Who may ask from afar is somebody that may do it."""
    shut = made(of("recipe-1/shut-in"))
    assert (True, ("WireGuard", "AWS Systems Manager"), "") == (shut.has_console, shut.from_afar, shut.source)
    assert "" == shut.user
    ssm = Ssm(region="eu-west-1", activation="{secret: shop}")
    spec = of("recipe-1/server-static", break_glass=BreakGlass(ssm=ssm))
    ops = made(spec)
    assert (False, ("AWS Systems Manager",), "github.com") == (ops.has_console, ops.from_afar, ops.source)
    assert "ops" == ops.user
