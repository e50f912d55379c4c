"""A node's whole first boot: the steps of its site's recipe, one after the other."""

from collections.abc import Mapping
from dataclasses import replace

from edgefleet.boot import RECIPES
from edgefleet.errors import InvalidInput
from edgefleet.keys.derivation import ssh_host_key
from edgefleet.keys.seed_seal import seal_key
from edgefleet.model.firstboot import BootStep, File, FirstBoot, Installation, Step, Target
from edgefleet.model.kernel_command_line import words
from edgefleet.model.site import SiteSpec
from edgefleet.model.stack_secrets import disguised, references, revealed


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


def first_boots(spec: SiteSpec, key: str, passphrases: Mapping[str, str]) -> dict[str, FirstBoot]:
    """dict[node -> its first boot]; a file that another secret would change is secret.

    `passphrases` is dict[name -> secret of the stack].

    Raises:
        InvalidInput: the recipe is unknown, or a secret is missing.
    """
    by_name = replace(spec, nodes=dict(sorted(spec.nodes.items())))  # an engine passes maps in any order
    places = references(by_name)
    boots = _planned(revealed(by_name, passphrases) if places else by_name, key)
    in_network = {place.path[1] for place in places if place.path[::2][:2] == ("nodes", "network")}
    for node in in_network:
        boots[str(node)] = replace(boots[str(node)], is_network_secret=True)
    if not any(place.grammar.refers != "must" for place in places):
        return boots  # each step declares the files of the secrets that it knows of
    others = {name: disguised(secret) for name, secret in passphrases.items()}
    twins = _planned(revealed(by_name, others), key)
    return {node: replace(boot, files=_marked(boot, twins[node])) for node, boot in boots.items()}


def _planned(site: SiteSpec, key: str) -> dict[str, FirstBoot]:
    return {node: first_boot(Target(site=site, name=node, key=key)) for node in site.nodes}


def _marked(boot: FirstBoot, twin: FirstBoot) -> tuple[File, ...]:
    return tuple(
        file if file.content == other.content else replace(file, is_secret=True, mode=file.mode & 0o700)
        for file, other in zip(boot.files, twin.files, strict=True)
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
