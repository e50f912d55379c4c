"""Step: the node's runtime itself, and its start."""

from edgefleet.model.firstboot import BootStep, Box, Step
from edgefleet.runtimes import runtime_of


def plan(box: Box) -> Step:
    """Its programs and units; nothing of it waits for the link."""
    return runtime_of(box.node).install(box)


STEP = BootStep(name="runtime_install", plan=plan)
