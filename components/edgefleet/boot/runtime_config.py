"""Step: the configuration of the node's runtime, before it becomes the current set."""

from collections.abc import Iterator

from edgefleet.model.firstboot import BootStep, Secret, Step, Target
from edgefleet.model.site import SiteSpec
from edgefleet.runtimes import runtime_of


def plan(target: Target) -> Step:
    """The files that the node's runtime reads at its start.

    Raises:
        InvalidInput: the site's spec does not suit the runtime.
    """
    return runtime_of(target.node).configure(target)


def _secrets(site: SiteSpec, key: str) -> Iterator[Secret]:
    for secrets in dict.fromkeys(runtime_of(node).secrets for node in site.nodes.values()):
        yield from secrets(key)


STEP = BootStep(name="runtime_config", plan=plan, secrets=_secrets)
