"""`edgefleet sites` and `sites ack`."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.commands.conftest import World


def test_listing_tells_desired_and_acknowledged(up: "World") -> None:
    """One line a node; what nobody acknowledged is pending."""
    ran = up.run("sites", "-s", "dev")
    assert 0 == ran.code
    assert "dev: 3 sites, 4 of 4 nodes pending" in ran.out
    assert ["berlin", "hamburg", "hamburg", "munich"] == [
        line.split()[0] for line in ran.out.splitlines()[2:6]
    ]
    assert [] == [line for line in ran.out.splitlines() if len(line) > 80]


def test_an_acknowledged_site_waits_no_longer(up: "World") -> None:
    """All nodes of the site, with their desired digests; preview leaves it out of what is pending."""
    assert 0 == up.run("sites", "ack", "-s", "dev", "--target", "hamburg", "--target", "berlin").code
    ran = up.run("sites", "-s", "dev", "--json", "-")
    waits = {site["name"]: [node["pending"] for node in site["nodes"].values()] for site in ran.json["sites"]}
    assert {"berlin": [False], "hamburg": [False, False], "munich": [True]} == waits
    assert ["munich"] == [
        each["name"] for each in up.run("preview", "-s", "dev", "--json", "-").json["pending"]
    ]


def test_another_digest_may_be_on_a_box(up: "World") -> None:
    """The node has an older image: it stays pending, as one to be changed."""
    digest = "ab" * 32
    assert (
        0
        == up.run("sites", "ack", "-s", "dev", "--target", "hamburg", "--node", "n2", "--digest", digest).code
    )
    nodes = up.run("sites", "-s", "dev", "--json", "-").json["sites"][1]["nodes"]
    assert (None, f"sha256:{digest}") == tuple(nodes[node]["acknowledged"] for node in ("n1", "n2"))
    assert nodes["n2"]["pending"]
    assert "1 site not yet reflashed" in up.run("preview", "-s", "dev").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--target", "berlln"), "did you mean berlin?"),
        (("--node", "n7"), "has no node 'n7'"),
        (("--digest", "sha256:xyz"), "is not a digest"),
        (("--target", "hamburg", "--digest", "ab" * 32), "with --node"),
        (("--target", "../../etc"), "there is no site '../../etc'"),
    ],
)
def test_a_wrong_acknowledgement_is_refused_whole(up: "World", arguments: tuple[str, ...], said: str) -> None:
    """Exit 1, and nothing is noted."""
    ran = up.run("sites", "ack", "-s", "dev", "--target", "munich", *arguments)
    assert 1 == ran.code
    assert said in ran.err.replace("\n  ", " ")
    assert "4 of 4 nodes pending" in up.run("sites", "-s", "dev").out


def test_before_the_first_up_there_is_nothing_to_acknowledge(world: "World") -> None:
    """The way to go is named."""
    ran = world.run("sites", "ack", "-s", "dev", "--target", "berlin")
    assert (1, True) == (ran.code, "edgefleet up" in ran.err)
    assert "dev: 0 sites, 0 of 0 nodes pending" in world.run("sites", "-s", "dev").out
    assert 1 == world.run("sites").code


def test_what_was_acknowledged_of_a_lost_site_is_forgotten(up: "World") -> None:
    """A site that comes back under the same name starts again."""
    up.run("sites", "ack", "-s", "dev", "--target", "berlin", "--target", "munich")
    ledger = up.project / "images" / "ledger" / "acknowledged.json"
    assert "munich" in ledger.read_text()
    up.edit("  munich:", "  munich-2:")
    up.run("up", "-s", "dev", "-y")
    assert "munich" not in ledger.read_text()
    up.run("destroy", "-s", "dev", "-y")
    assert [] == [path for path in ledger.parent.parent.rglob("*") if path.is_file()]


def test_all_sites_are_acknowledged_and_one_is_taken_back(up: "World") -> None:
    """A node that was replaced is pending again; naming neither sites nor all, or both, is an error."""
    assert 1 == up.run("sites", "ack", "-s", "dev").code
    assert 1 == up.run("sites", "ack", "-s", "dev", "--target", "berlin", "--all").code
    assert 0 == up.run("sites", "ack", "-s", "dev", "--all").code
    assert "3 sites, 0 of 4 nodes pending" in up.run("sites", "-s", "dev").out
    assert 1 == up.run("sites", "ack", "-s", "dev", "--target", "berlin", "--undo", "--node", "n1").code
    assert 0 == up.run("sites", "ack", "-s", "dev", "--target", "berlin", "--undo").code
    assert "3 sites, 1 of 4 nodes pending" in up.run("sites", "-s", "dev").out
