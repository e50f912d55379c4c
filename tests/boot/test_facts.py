"""Who is this box: the first thing that somebody at its console asks."""

from collections.abc import Callable

import yaml

from edgefleet.boot import facts
from edgefleet.model.firstboot import Box


def test_a_box_can_say_what_it_is_and_what_it_was_built_for(box: Callable[..., Box]) -> None:
    """Names lead to the fleet file; hardware shows an image that went to the wrong box."""
    (file,) = facts.plan(box("server-and-agent", "cam")).files
    said = yaml.safe_load(file.content)
    assert "/etc/edgefleet/node.yaml" == file.path
    assert ("retail", "us-east-1", "us-nyc-003", "cam", "agent", 1, 2) == tuple(
        said[name] for name in ("fleet", "region", "site", "node", "role", "recipe", "keyGeneration")
    )
    assert "arm64" == said["hardware"]["arch"]
    assert 1_073_741_824 == said["hardware"]["memoryBytes"]


def test_facts_hold_no_secret(box: Callable[..., Box]) -> None:
    """Everybody on the box may read them."""
    (file,) = facts.plan(box()).files
    assert 0o644 == file.mode
    assert not file.is_secret
    assert box().key.encode() not in file.content
