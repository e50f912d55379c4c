"""Blocks of addresses that AWS takes, and names that are cut."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edgefleet.cloud.base.constraints import Block, shortened
from edgefleet.cloud.server_set import ServerUserData
from edgefleet.model.spec import adapter, from_plain

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


def test_user_data_is_measured_as_it_is_sent() -> None:
    """Compressed: a first boot of a hub's server is longer than EC2's limit as text."""
    text = "#cloud-config\n" * 5_000
    assert text == from_plain(ServerUserData, {"init": text, "join": text}).join
    long = "".join(hashlib.sha256(bytes([index % 256, index // 256])).hexdigest() for index in range(1_000))
    with pytest.raises(ValidationError, match="has 3"):
        from_plain(ServerUserData, {"init": text, "join": long})
