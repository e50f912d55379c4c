"""Step `facts`."""

from collections.abc import Callable

import yaml

from edgefleet.boot import facts
from edgefleet.model.firstboot import Box


def test_a_box_can_be_identified_at_its_console(make_box: Callable[..., Box]) -> None:
    """The file says which box of which site this is, and the hardware its image was built for."""
    (file,) = facts.plan(make_box("cam")).files
    found = yaml.safe_load(file.content)
    assert ("/etc/edgefleet/node.yaml", 0o644) == (file.path, file.mode)
    assert ("shops", "north", "shop", "cam", "agent") == tuple(
        found[name] for name in ("fleet", "region", "site", "node", "role")
    )
    assert 8 * 2**30 == found["hardware"]["memoryBytes"]
    assert "armhf" == found["hardware"]["arch"]


def test_the_facts_hold_no_secret(make_box: Callable[..., Box]) -> None:
    """Everybody on the box may read them."""
    box = make_box()
    (file,) = facts.plan(box).files
    assert not file.is_secret
    assert box.key not in file.content.decode()
