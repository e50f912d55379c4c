"""First boot as an ordered list of small steps; each turns a `Box` into files, units and commands.

The order, and its reasons: facts first, so that a box that stops half-way can be identified; then what
keeps it as it is when the medium is taken away; kernel settings before k3s, whose kubelet exits without
them; time before anything that checks a certificate; SSH before the long part, so that an admin can look
in; then k3s from its configuration to its start, where the download is the only step that needs the link.

A recipe pins its list and everything the steps render. A change of bytes is a new recipe: it gets a list
of its own, in which the steps that changed are new functions or files; recipe 1 stays as it is.
"""

from collections.abc import Callable

from edgefleet.boot import (
    cloud_init,
    facts,
    k3s_config,
    k3s_install,
    k3s_registries,
    k3s_service,
    kernel,
    recipe_2,
    ssh,
    timesync,
)
from edgefleet.model.firstboot import Box, Step

RECIPES: dict[int, tuple[Callable[[Box], Step], ...]] = {
    1: (
        facts.plan,
        cloud_init.plan,
        kernel.plan,
        timesync.plan,
        ssh.plan,
        k3s_registries.plan,
        k3s_config.plan,
        k3s_install.plan,
        k3s_service.plan,
    ),
    2: recipe_2.STEPS,
}
