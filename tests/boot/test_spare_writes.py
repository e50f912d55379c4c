"""Step `spare_writes`: which media are written to little."""

from collections.abc import Callable
from dataclasses import replace

from tests.boot.conftest import Targets

from edgefleet.boot import spare_writes
from edgefleet.model.firstboot import Step

TextOf = Callable[[Step, str], str]
PI, BEHIND = "recipe-1/raspberry-pi", "recipe-1/data-disk"


def test_flash_is_written_to_little_and_other_media_as_before(target: Targets, text_of: TextOf) -> None:
    assert "Storage=volatile" in text_of(spare_writes.plan(target(PI)), spare_writes.PATH)
    assert not spare_writes.plan(target(BEHIND, "srv")).files
    told = target(PI)
    node = replace(told.node, hardware=replace(told.node.hardware, spare_writes=False))
    assert not spare_writes.plan(replace(told, site=replace(told.site, nodes={"n1": node}))).files
