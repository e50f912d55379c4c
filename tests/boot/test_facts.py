"""Who is this node: the first thing that somebody at its console asks."""

from collections.abc import Callable

import yaml

from edgefleet.boot import facts
from edgefleet.model.firstboot import Target


def test_a_node_can_say_what_it_is_and_what_it_was_built_for(target: Callable[..., Target]) -> None:
    """Names lead to the fleet file; hardware shows an image that went to the wrong node."""
    (file,) = facts.plan(target("server-and-agent", "cam")).files
    said = yaml.safe_load(file.content)
    assert "/etc/edgefleet/node.yaml" == file.path
    assert ("retail", "us-east-1", "us-nyc-003", "cam", "k3s-agent", 1, 2) == tuple(
        said[name] for name in ("fleet", "region", "site", "node", "runtime", "recipe", "keyGeneration")
    )
    assert "arm64" == said["hardware"]["arch"]
    assert 1_073_741_824 == said["hardware"]["memoryBytes"]


def test_the_record_of_a_release_is_one_line_that_everybody_may_read() -> None:
    """Beside the facts: it names what the release has, so the release cannot have it."""
    record = facts.release("sha256:0f")
    assert (facts.RELEASE, b"sha256:0f\n", 0o644) == (record.path, record.content, record.mode)


def test_facts_hold_no_secret(target: Callable[..., Target]) -> None:
    """Everybody on the node may read them."""
    (file,) = facts.plan(target()).files
    assert 0o644 == file.mode
    assert not file.is_secret
    assert target().key.encode() not in file.content
