"""Blocks of addresses that AWS takes, and which overlap."""

import pytest

from edgefleet.planning.cidr import cidr_problems, overlaps


@pytest.mark.parametrize("block", ["10.0.0.0/16", "10.0.0.0/28", "192.168.4.0/22"])
def test_blocks_that_aws_takes(block: str) -> None:
    assert [] == list(cidr_problems("cidr", block))


@pytest.mark.parametrize("block", ["10.0.0.0/8", "10.0.0.0/29", "10.0.0.1/16", "fd00::/64", "x"])
def test_blocks_that_it_refuses(block: str) -> None:
    assert ["cidr"] == [each.path for each in cidr_problems("cidr", block)]


def test_each_pair_that_overlaps_is_named() -> None:
    """With both."""
    found = list(overlaps({"a": "10.0.0.0/16", "b": "10.0.4.0/24", "c": "10.1.0.0/16", "d": "10.0.0.0/28"}))
    assert [
        ("b", "10.0.4.0/24 overlaps a, which is 10.0.0.0/16"),
        ("d", "10.0.0.0/28 overlaps a, which is 10.0.0.0/16"),
    ] == [(each.path, each.problem) for each in found]
