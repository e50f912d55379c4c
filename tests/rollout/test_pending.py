"""Nodes that do not run yet what the fleet file asks for."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from edgefleet.model.effects import Effect
from edgefleet.rollout.node_status import NodeStatus
from edgefleet.rollout.pending import BEHIND, OTHER, Pending, Wanted, pending, reported

MONDAY, TUESDAY = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC)


def test_a_new_image_waits_until_somebody_says_it_is_on_the_box() -> None:
    """Per node; a site with one node left still waits, since that node's image was stored."""
    found = pending(
        {"a": {"x": "d1", "y": "d2"}, "b": {"n1": "d3"}},
        {"a": {"x": MONDAY, "y": TUESDAY}, "b": {"n1": MONDAY}},
        {"a": {"x": "d1", "y": "old"}},
        {"b": {"n1": "d3"}},
    )
    assert (Pending(name="a", effect=Effect.REFLASH, since=TUESDAY, is_first=False, nodes=("y",)),) == found


def test_a_box_that_never_ran_anything_is_to_be_set_up() -> None:
    """A first image is no reflash of something that works."""
    (found,) = pending({"a": {"n1": "d"}}, {}, {}, {})
    assert found.is_first
    assert found.since is None


def test_an_acknowledgement_counts_though_the_box_still_reports_the_old_image() -> None:
    """Someone visited it; the node reports when its link is up."""
    assert () == pending({"a": {"n1": "new"}}, {}, {"a": {"n1": "new"}}, {"a": {"n1": "old"}})


def test_who_waits_longest_comes_first() -> None:
    """Times of different zones compare; unknown times come last."""
    found = pending(
        {"a": {"n": "d"}, "b": {"n": "d"}, "c": {"n": "d"}}, {"a": {"n": TUESDAY}, "c": {"n": MONDAY}}, {}, {}
    )
    assert ["c", "a", "b"] == [each.name for each in found]


digests = st.dictionaries(
    st.sampled_from("abc"), st.dictionaries(st.sampled_from("xy"), st.sampled_from(["d1", "d2"]), min_size=1)
)


@given(digests, digests, digests)
def test_a_site_is_pending_exactly_while_a_node_lacks_its_image(
    desired: dict[str, dict[str, str]],
    acknowledged: dict[str, dict[str, str]],
    reported: dict[str, dict[str, str]],
) -> None:
    """And acknowledging all of it ends that."""
    found = {each.name: each.nodes for each in pending(desired, {}, acknowledged, reported)}
    for site, nodes in desired.items():
        lacking = tuple(
            sorted(
                node
                for node, digest in nodes.items()
                if digest not in {acknowledged.get(site, {}).get(node), reported.get(site, {}).get(node)}
            )
        )
        assert lacking == found.get(site, ())
    assert () == pending(desired, {}, desired, reported)


def test_a_node_that_took_all_releases_is_equal_to_its_image() -> None:
    """One with another image needs a visit, and one behind with its release does not; strangers count not."""
    of = Wanted(digest="new", part="2", fixed="f")
    wanted = {"a": {"n1": of, "n2": replace(of, digest="d")}}
    node = NodeStatus(state="healthy", sequence=1, part="2", fixed="f")
    statuses = {("a", "n1"): node, ("a", "n2"): replace(node, part="1"), ("b", "n1"): node}
    assert {"a": {"n1": "new", "n2": BEHIND}} == reported(wanted, statuses)
    others = {("a", "n1"): replace(node, fixed="g"), ("a", "n2"): replace(node, fixed="")}
    assert {"a": {"n1": OTHER, "n2": OTHER}} == reported(wanted, others)
    digests = {"a": {"n1": "new", "n2": "d"}}
    (behind,) = pending(digests, {}, {}, reported(wanted, statuses))
    assert (Effect.LIVE, False, ("n2",)) == (behind.effect, behind.is_first, behind.nodes)
    (visit,) = pending(digests, {}, {}, {"a": {"n1": OTHER, "n2": BEHIND}})
    assert (Effect.REFLASH, False, ("n1", "n2")) == (visit.effect, visit.is_first, visit.nodes)
