"""Blocks of addresses that AWS takes."""

import pytest
from pydantic import ValidationError

from edgefleet.cloud.base.constraints import Block
from edgefleet.model.spec import adapter

BLOCK = adapter(Block)


@pytest.mark.parametrize("block", ["10.0.0.0/16", "10.0.0.0/28", "192.168.4.0/22"])
def test_blocks_that_aws_takes(block: str) -> None:
    assert block == BLOCK.validate_python(block)


@pytest.mark.parametrize("block", ["10.0.0.0/8", "10.0.0.0/29", "10.0.0.1/16", "fd00::/64", "x"])
def test_blocks_that_it_refuses(block: str) -> None:
    with pytest.raises(ValidationError, match=r"is not a (network|block that AWS takes)"):
        BLOCK.validate_python(block)
