"""Step: the node's runtime itself, and its start."""

from edgefleet.model.firstboot import BootStep, Step, Target
from edgefleet.runtimes import runtime_of


def plan(target: Target) -> Step:
    """Its programs and units; nothing of it waits for the link."""
    return runtime_of(target.node).install(target)


STEP = BootStep(name="runtime_install", plan=plan)
