"""Blocks of addresses that AWS takes, and names that are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edgefleet.cloud.base.constraints import Block, shortened
from edgefleet.model.spec import adapter

BLOCK = adapter(Block)


@pytest.mark.parametrize("block", ["10.0.0.0/16", "10.0.0.0/28", "192.168.4.0/22"])
def test_blocks_that_aws_takes(block: str) -> None:
    assert block == BLOCK.validate_python(block)


@pytest.mark.parametrize("block", ["10.0.0.0/8", "10.0.0.0/29", "10.0.0.1/16", "x"])
def test_blocks_that_it_refuses(block: str) -> None:
    with pytest.raises(ValidationError, match=r"is not a (network|block that AWS takes)"):
        BLOCK.validate_python(block)
    with pytest.raises(ValidationError, match="is of the other family"):
        BLOCK.validate_python("fd00::/64")


NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True)


@given(names=st.lists(NAMES, min_size=2, max_size=2, unique=True), same=NAMES, longest=st.integers(24, 64))
def test_a_name_that_is_cut_stays_unique(names: list[str], same: str, longest: int) -> None:
    """Two fleets, or two regions, whose names begin or end alike have different names in the account."""
    for forms in ([f"{name}-{same}-hub" for name in names], [f"{same}-{name}-hub" for name in names]):
        cut = [shortened(form, longest) for form in forms]
        assert len(set(cut)) == 2
        assert all(len(name) <= longest and not name.endswith("-") for name in cut)
        assert [form for form in forms if len(form) <= longest] == [form for form in forms if form in cut]
