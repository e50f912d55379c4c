"""Step: the node's runtime itself, and its start."""

from edgefleet.model.firstboot import Step, Target
from edgefleet.runtimes import runtime_of


def plan(target: Target) -> Step:
    """Its programs and units; nothing of it waits for the link."""
    return runtime_of(target.node).install(target)
