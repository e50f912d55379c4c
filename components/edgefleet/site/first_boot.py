"""A node's whole first boot: the steps of its site's recipe, one after the other."""

from edgefleet.boot import RECIPES
from edgefleet.errors import InvalidInput
from edgefleet.keys.derivation import ssh_host_key
from edgefleet.keys.seed_seal import seal_key
from edgefleet.model.firstboot import BootStep, FirstBoot, Installation, Step, Target
from edgefleet.model.kernel_command_line import words


def first_boot(target: Target) -> FirstBoot:
    """The state of one node after its first boot.

    Raises:
        InvalidInput: the site's recipe is not one of `RECIPES`.
    """
    whole = Step.joined(*(step.plan(target) for step in _recipe(target.site.recipe)))
    site, node = target.site, target.node
    return FirstBoot(
        fleet=site.fleet,
        region=site.region,
        site=site.name,
        node=target.name,
        hostname=node.hostname,
        arch=node.arch,
        netboot=node.image.netboot,
        installation=_installation(target),
        kernel_arguments=words(node),
        timezone=target.settings.timezone,
        users=target.settings.users,
        network=node.network,
        renderer=node.image.renderer,
        grows_root=node.hardware.grow_root,
        seal_key=seal_key(target.key, node=target.name),
        ssh_host_keys={"ed25519": ssh_host_key(target.key, node=target.name, comment=node.hostname)},
        files=whole.files,
        units=whole.units,
        commands=whole.commands,
    )


def _installation(target: Target) -> Installation | None:
    image, data_disk = target.node.image, target.node.hardware.data_disk
    if image.installer is None:
        return None
    return Installation(
        installer=image.installer,
        disk=image.install_on,
        kept=data_disk.device if data_disk is not None else None,
        console=target.node.hardware.serial_console,
        is_airgapped=target.site.airgap,
    )


def _recipe(number: int) -> tuple[BootStep, ...]:
    if number not in RECIPES:
        raise InvalidInput.at(
            "",
            "recipe",
            f"recipe {number} is not known to this version",
            f"use one of {', '.join(map(str, RECIPES))}, or install the edgefleet that wrote it",
            path="recipe",
        )
    return RECIPES[number]
