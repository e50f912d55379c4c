"""Step: a node reports its state when its link allows it, and nothing waits for it.

To ``https://<hub>/v1/heartbeat``, by POST, with the site's certificate; the hub has one of the same
authority. The body is JSON: ``site``, ``node``, ``image`` (the instance id of the seed that the node runs),
``release`` (the digest of its part of the site's release), ``configuration``, ``state``, the version of its
runtime's program by its name (``k3s``), ``boot``, ``uptime`` (seconds). Any 2xx is an answer. A heartbeat
that fails is dropped: the next one has the full state.
"""

from edgefleet.io.templates import render, unit
from edgefleet.model.firstboot import File, Step, Target
from edgefleet.runtimes import runtime_of

SCRIPT = "/usr/local/lib/edgefleet/heartbeat"
TIMER = "edgefleet-heartbeat.timer"


def plan(target: Target) -> Step:
    """The script and its timer; nothing if the region has no hub that knows the site."""
    identity = target.site.identity
    if identity is None or identity.hub is None:
        return Step()
    runtime = runtime_of(target.node)
    script = render(
        "heal/heartbeat.sh.j2",
        hub=identity.hub,
        site=target.site.name,
        node=target.name,
        product=runtime.product,
        program=runtime.program,
    )
    return Step(
        files=(File.program(SCRIPT, script),),
        units=(unit("heal/edgefleet-heartbeat.service", is_enabled=False), unit(f"heal/{TIMER}")),
        commands=(("systemctl", "restart", "--no-block", TIMER),),
    )
