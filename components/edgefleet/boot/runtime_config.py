"""Step: the configuration of the node's runtime, before what it is to run with is taken as current."""

from edgefleet.model.firstboot import Box, Step
from edgefleet.runtimes import runtime_of


def plan(box: Box) -> Step:
    """What the node's runtime reads at its start.

    Raises:
        InvalidInput: the site's spec does not suit the runtime.
    """
    return runtime_of(box.node).configure(box)
