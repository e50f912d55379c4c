"""The list of nodes."""

from edgefleet.report import inventory
from edgefleet.report.inventory import NodeImage

DIGEST = "sha256:" + "ab" * 32


def test_a_box_whose_image_is_not_in_the_store_is_listed() -> None:
    """It waits whatever was acknowledged, and what to do is to bring it up, not to acknowledge it."""
    nodes = [
        NodeImage(site="a", node="n1", kind="seed", desired=None, acknowledged=DIGEST),
        NodeImage(site="b", node="n1", kind="parts", desired=DIGEST, acknowledged=DIGEST),
    ]
    head, _, lost, stored, last = [line.plain.split() for line in inventory.lines("dev", nodes)]
    assert ["dev:", "2", "sites,", "1", "of", "2", "nodes", "pending"] == head
    assert ["a", "n1", "not", "in", "the", "store", "sha256:abababababab"] == lost
    assert ["b", "n1", "parts", "sha256:abababababab", "the", "same"] == stored
    assert ["next:", "edgefleet", "up", "-s", "dev"] == last
    found = inventory.document("dev", nodes)["sites"][0]["nodes"]["n1"]
    assert (None, True) == (found["desired"], found["pending"])
