"""The tags of an owner name it in characters that every service takes."""

import re

import pytest

from edgefleet.io.ownership import LONGEST_TAG, RESOURCE, URN, Owner, manager_of, owner_of

URNS = (
    "urn:pulumi:dev::shop::edgefleet:index:Fleet$edgefleet:index:ControlPlane$edgefleet:aws:Bucket::hub-images",
    "urn:pulumi:dev::shop::edgefleet:aws:Bucket::100% ~ k=v, größer",
    "urn:pulumi:dev::shop::edgefleet:aws:Bucket::a::b",
)
TAKEN = re.compile(r"[A-Za-z0-9 _.:/=+@-]*")
"""Characters of a tag's value that every service takes (AWS, tag naming limits)."""


@pytest.mark.parametrize("urn", URNS)
def test_the_tags_name_the_urn(urn: str) -> None:
    """A dollar sign between types is no character of a tag."""
    tags = owner_of(urn, {}).tags()
    assert all(TAKEN.fullmatch(value) for value in tags.values())
    assert ("stack dev (project shop) manages it as " + urn, urn) == manager_of(tags, is_own_stack=False)
    assert ("this stack manages it as " + urn, urn) == manager_of(tags, is_own_stack=True)


def test_a_long_urn_is_cut_and_then_not_named() -> None:
    """No wrong URN is named: its digest decides."""
    owner = owner_of(f"urn:pulumi:dev::shop::edgefleet:aws:Bucket::{'x' * 300}", {})
    tags = owner.tags()
    assert LONGEST_TAG == len(tags[RESOURCE])
    assert ("this stack manages it", "") == manager_of(tags, is_own_stack=True)


def test_what_has_no_owner_names_nobody() -> None:
    """Tags that somebody else set name no manager."""
    assert ("", "") == manager_of({"team": "edge"}, is_own_stack=False)


def test_an_owner_loses_what_another_took_from_it() -> None:
    """Not what it was renamed from by an alias, whose tags still have the former digest."""
    old, new = (
        owner_of(f"urn:pulumi:dev::shop::edgefleet:aws:Bucket::{name}", {}) for name in ("old", "new")
    )
    taken = Owner(
        fleet="shop", stack="dev", name="new", urn=new.urn, generation=new.generation, taken_from=old.urn
    )
    assert old.has_lost(taken.tags())
    assert not new.has_lost(taken.tags())
    assert not new.has_lost(old.tags())
    assert not old.has_lost({URN: new.urn})
