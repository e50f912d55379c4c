"""First boot as an ordered list of small steps; each turns a `Box` into files, units and commands.

The order, and its reasons: facts first, so that a box that stops half-way can be identified; kernel
settings before k3s, whose kubelet exits without them; time before anything that checks a certificate;
SSH before the long part, so that an admin can look in; then k3s from its configuration to its start,
where the download is the only step that needs the link.

A recipe pins this list and everything the steps render. A change of bytes is a new recipe: it gets its
own list here, in which the steps that changed are new functions or files; recipe 1 stays as it is.
"""

from collections.abc import Callable

from edgefleet.boot import (
    facts,
    k3s_config,
    k3s_install,
    k3s_registries,
    k3s_service,
    kernel,
    ssh,
    timesync,
)
from edgefleet.errors import InvalidInput, Problem
from edgefleet.model.firstboot import Box, FirstBoot, Step
from edgefleet.planning.derivation import ssh_host_key

RECIPES: dict[int, tuple[Callable[[Box], Step], ...]] = {
    1: (
        facts.plan,
        kernel.plan,
        timesync.plan,
        ssh.plan,
        k3s_registries.plan,
        k3s_config.plan,
        k3s_install.plan,
        k3s_service.plan,
    )
}


def first_boot(box: Box, *, wifi_passphrase: str | None = None) -> FirstBoot:
    """Everything that one box must be after its first boot.

    Raises:
        InvalidInput: the site's recipe is not one of `RECIPES`.
    """
    steps = [plan(box) for plan in _recipe(box.site.recipe)]
    site, node = box.site, box.node
    return FirstBoot(
        fleet=site.fleet,
        region=site.region,
        site=site.name,
        node=box.name,
        hostname=node.hostname,
        timezone=site.timezone,
        users=site.users,
        network=node.network,
        wifi_passphrase=wifi_passphrase,
        ssh_host_keys={"ed25519": ssh_host_key(box.key, node=box.name, comment=node.hostname)},
        files=tuple(file for step in steps for file in step.files),
        units=tuple(unit for step in steps for unit in step.units),
        commands=tuple(command for step in steps for command in step.commands),
    )


def _recipe(number: int) -> tuple[Callable[[Box], Step], ...]:
    if number not in RECIPES:
        raise InvalidInput(
            Problem(
                code="recipe",
                path="recipe",
                problem=f"recipe {number} is not known to this version",
                hint=f"use one of {', '.join(map(str, RECIPES))}, or install the edgefleet that wrote it",
            )
        )
    return RECIPES[number]
