"""Step: keep cloud-init off at later boots without the medium.

On boards without DMI (most of arm64) cloud-init runs even without a seed, treats the node as a new one and
replaces its network by DHCP (cloud-init, tools/ds-identify, ``DI_DEFAULT_POLICY_NO_DMI``). With this policy
it stays off until there is a seed: the same one changes nothing, another one is applied.
"""

from edgefleet.model.firstboot import File, Step, Target

PATH = "/etc/cloud/ds-identify.cfg"
POLICY = "policy: search,found=all,maybe=none,notfound=disabled\n"


def plan(target: Target) -> Step:  # noqa: ARG001 - every step takes the node
    """``ds-identify.cfg``: without a medium the node stays as it is."""
    return Step(files=(File.text(PATH, POLICY),))
