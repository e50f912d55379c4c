"""`edgefleet sites status`: what nodes report, however hostile it is."""

import json
import os
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len
from tests.commands.conftest import NOW

from edgefleet.io.store import DirectoryStore

if TYPE_CHECKING:
    from tests.commands.conftest import Ran, World

SECONDS = int(NOW.timestamp())
USUAL = {
    "version": "edgefleet.dev/status/v1",
    "state": "healthy",
    "reason": "the release runs",
    "sequence": 4,
    "part": "a" * 64,
    "k3s": "v1.36.4+k3s1",
    "clock": 0,
    "clockOffset": SECONDS,
    "workloads": {"ready": 3, "all": 4, "waiting": ["shop/till-0"]},
    "diskFree": 25,
    "diskSize": 100,
    "certificateEnds": {"site": SECONDS + 40 * 86400, "authority": SECONDS + 400 * 86400, "k3s": 0},
}


@pytest.fixture
def shop(world: "World") -> "World":
    """Three sites; all their nodes but one have reported."""
    world.environment["XDG_CACHE_HOME"] = str(world.project / "cache")
    report(world, "berlin/n1")
    report(
        world, "hamburg/n1", state="rolled-back", reason="not healthy in time: k3s does not answer", hours=3
    )
    report(world, "hamburg/n2", state="waiting", reason="for the maintenance window", diskFree=5, hours=49)
    return world


def report(world: "World", place: str, *, hours: int = 0, **changes: Any) -> None:
    """What a node wrote so many hours ago."""
    write(world, place, json.dumps(USUAL | changes).encode(), hours)


def write(world: "World", place: str, data: bytes, hours: int = 0) -> None:
    """Bytes in the place of a node."""
    DirectoryStore(world.project / "images").put(f"status/{place}.json", data)
    at = (world.now - timedelta(hours=hours)).timestamp()
    os.utime(world.project / "images/status" / f"{place}.json", (at, at))


def status(world: "World", *options: str) -> "Ran":
    """Run the command."""
    ran = world.run("sites", "status", "-s", "dev", *options)
    assert "\x1b" not in ran.out + ran.err
    assert [] == [line for line in ran.out.splitlines() if cell_len(line) > 80 and "--json" not in options]
    return ran


def names(world: "World", *options: str) -> list[str]:
    """The nodes that are shown, in their order."""
    document = status(world, "--json", "-", *options).json
    return [f"{each['site']} {each['node']}" for each in document["nodes"]]


def test_each_node_has_a_line(shop: "World") -> None:
    """Its state and last contact, and a reason that is not the usual one; the counts add up."""
    ran = status(shop)
    assert 0 == ran.code
    first, titles, *rows = ran.out.splitlines()
    assert "dev: 3 sites, 4 nodes: 1 rolled-back, 1 silent, 1 waiting, 1 healthy" == first
    assert ["SITE", "NODE", "STATE", "CONTACT", "DISK", "PODS", "CERT"] == titles.split()
    assert [
        "berlin n1 healthy now 25% 3/4 40 d",
        "hamburg n1 rolled-back 3 h 25% 3/4 40 d",
        "not healthy in time: k3s does not answer",
        "hamburg n2 waiting 2 d 5% 3/4 40 d",
        "for the maintenance window",
        "munich n1 silent never",
    ] == [" ".join(row.split()) for row in rows]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--sort", "state"), ["hamburg n1", "munich n1", "hamburg n2", "berlin n1"]),
        (("--sort", "contact"), ["munich n1", "hamburg n2", "hamburg n1", "berlin n1"]),
        (("--sort", "disk"), ["hamburg n2", "berlin n1", "hamburg n1", "munich n1"]),
        (("--state", "waiting", "--state", "silent"), ["hamburg n2", "munich n1"]),
        (("--silent", "2h"), ["hamburg n1", "hamburg n2", "munich n1"]),
        (("--silent", "2d", "--target", "hamburg"), ["hamburg n2"]),
        (("--target", "ber*"), ["berlin n1"]),
    ],
)
def test_filters_and_orders(shop: "World", options: tuple[str, ...], expected: list[str]) -> None:
    """Those that need a look come first."""
    assert expected == names(shop, *options)


@pytest.mark.parametrize(
    "options", [("--state", "fine"), ("--silent", "soon"), ("--sort", "luck"), ("--watch", "--json", "-")]
)
def test_wrong_options_are_refused(shop: "World", options: tuple[str, ...]) -> None:
    """With what is wrong."""
    assert 1 == status(shop, *options).code


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x1b[2J",
        b"[" * 4000,
        b" " * 5000,
        b'{"state": "fine", "sequence": 1}',
        json.dumps(USUAL | {"sequence": -1}).encode(),
    ],
)
def test_what_is_no_status_is_unreadable(shop: "World", data: bytes) -> None:
    """It is shown, with the time of the store."""
    write(shop, "munich/n1", data, hours=5)
    assert "munich n1 unreadable 5 h" in " ".join(status(shop).out.split())
    assert ["munich n1"] == names(shop, "--state", "unreadable")


def test_wrong_values_are_left_out(shop: "World") -> None:
    """A clock in 1970, escapes, numbers without end, another site's name: the state and the place count."""
    report(
        shop,
        "munich/n1",
        reason="\x1b]0;owned\x07",
        site="berlin",
        k3s=["v1"],
        diskFree=10**400,
        diskSize=-1,
        clock=-5,
        clockOffset=1e300,
        workloads={"ready": "all", "waiting": ["\x1b[2J", 7, "shop/a"] * 9},
        certificateEnds=[1],
    )
    document = status(shop, "--json", "-", "--target", "munich").json
    (node,) = document["nodes"]
    assert ("munich", "healthy", "", "", None) == (
        *(node[key] for key in ("site", "state", "reason", "k3s", "certificateEnds")),
    )
    assert (None, None, ["shop/a"] * 3) == (node["diskFree"], node["clockOffset"], node["waiting"])
    assert "munich n1 healthy now" in " ".join(status(shop).out.split())


def test_a_site_that_writes_for_another_is_told_by_its_place(shop: "World") -> None:
    """What it writes counts for its own nodes alone."""
    report(shop, "berlin/n9", state="failed")
    report(shop, "paris/n1", state="failed")
    report(shop, "munich/n1", site="berlin", node="n1", state="failed")
    assert ["munich n1"] == names(shop, "--state", "failed")


def test_watch_shows_each_node_that_changes(shop: "World") -> None:
    """Until it is interrupted."""
    looks = iter(range(3))

    def sleep(_: float) -> None:
        number = next(looks, None)
        if number is None:
            raise KeyboardInterrupt
        report(shop, "berlin/n1", state=("fetching", "applying", "healthy")[number])

    shop.sleep = sleep
    ran = status(shop, "--watch")
    after = [" ".join(line.split()) for line in ran.out.splitlines() if "berlin" in line]
    assert [f"berlin n1 {state}" for state in ("healthy", "fetching", "applying", "healthy")] == [
        " ".join(line.split()[:3]) for line in after
    ]


def test_metrics_are_of_one_form(shop: "World") -> None:
    """A family has its head once, a node one state, and a value that is not stated no line."""
    report(shop, "munich/n1", k3s='v1"\\', diskFree=-1)
    ran = shop.run("sites", "metrics", "-s", "dev")
    *lines, end = ran.out.splitlines()
    assert (0, "# EOF") == (ran.code, end)
    types = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(types) == len({*types}) > 10
    form = re.compile(r'([a-z_]+)\{([a-z0-9]+="([^"\\]|\\["\\])*",?)+\} (-?\d+)')
    samples = [form.fullmatch(line) for line in lines if not line.startswith("#")]
    assert all(samples)
    assert {*types} >= {sample[1] for sample in samples if sample}
    labels = 'fleet="shops",region="dev",site="munich",node="n1"'
    assert f'edgefleet_node_state{{{labels},state="healthy"}} 1' in lines
    assert 4 == sum(line.startswith("edgefleet_node_state{") and line.endswith(" 1") for line in lines)
    assert f"edgefleet_node_disk_size_bytes{{{labels}}} 102400" in lines
    assert f"edgefleet_node_disk_free_bytes{{{labels}}} " not in ran.out
    assert "berlin" not in shop.run("sites", "metrics", "-s", "dev", "--target", "munich").out


def test_without_a_channel_it_states_why_nodes_are_silent(world: "World") -> None:
    """Their silence is no fault then."""
    ran = world.run("sites", "status", "-s", "dev")
    assert (0, True) == (ran.code, "the fleet file has no channel, by which nodes report" in ran.err)
