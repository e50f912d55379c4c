"""Step: the configuration of the node's runtime, before it becomes the current set."""

from collections.abc import Iterator

from edgefleet.model.firstboot import Secret, Step, Target
from edgefleet.model.site import SiteSpec
from edgefleet.runtimes import runtime_of


def plan(target: Target) -> Step:
    """The files that the node's runtime reads at its start.

    Raises:
        InvalidInput: the site's spec does not suit the runtime.
    """
    return runtime_of(target.node).configure(target)


def secrets(site: SiteSpec, key: str) -> Iterator[Secret]:
    """Those of each runtime of the site."""
    for of_runtime in dict.fromkeys(runtime_of(node).secrets for node in site.nodes.values()):
        yield from of_runtime(site, key)
