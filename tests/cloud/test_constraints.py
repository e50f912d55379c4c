"""Blocks of addresses that AWS takes."""

import pytest

from edgefleet.cloud.base.constraints import cidr_problems


@pytest.mark.parametrize("block", ["10.0.0.0/16", "10.0.0.0/28", "192.168.4.0/22"])
def test_blocks_that_aws_takes(block: str) -> None:
    assert [] == list(cidr_problems("cidr", block))


@pytest.mark.parametrize("block", ["10.0.0.0/8", "10.0.0.0/29", "10.0.0.1/16", "fd00::/64", "x"])
def test_blocks_that_it_refuses(block: str) -> None:
    assert ["cidr"] == [each.path for each in cidr_problems("cidr", block)]
