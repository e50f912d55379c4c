"""Step: what cloud-init does at later boots, when somebody has taken the medium away.

On boards without DMI (most of arm64) cloud-init runs even where it finds no seed, takes the node for a new
one and puts DHCP in the place of its network (cloud-init, tools/ds-identify, ``DI_DEFAULT_POLICY_NO_DMI``).
With this policy it stays off until a seed is there again: the same one changes nothing, another is applied.
"""

from edgefleet.model.firstboot import BootStep, File, Step, Target

PATH = "/etc/cloud/ds-identify.cfg"
POLICY = "policy: search,found=all,maybe=none,notfound=disabled\n"


def plan(target: Target) -> Step:  # noqa: ARG001 - every step takes the node
    """``ds-identify.cfg``: without a medium the node stays as it is."""
    return Step(files=(File(path=PATH, content=POLICY.encode()),))


STEP = BootStep(name="cloud_init", plan=plan)
