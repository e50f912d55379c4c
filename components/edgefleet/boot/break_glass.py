"""Step: break-glass access to a node, each kind only if the fleet file enables it.

The console's user has a password that no other site has, and sshd does not know it. The tunnel goes outwards,
and its other end reaches this node alone: a lost node gives access to no other. The activation for AWS
Systems Manager is removed once the node is registered.
"""

from collections.abc import Iterator

from edgefleet.io.templates import render, unit
from edgefleet.keys.break_glass import (
    USER,
    console_hash,
    console_password,
    tunnel_address,
    tunnel_host,
    tunnel_key,
)
from edgefleet.model.firstboot import File, Secret, Step, Target
from edgefleet.model.site import SiteSpec
from edgefleet.model.writers.configuration import remainder

LIBRARY = "/usr/local/lib/edgefleet"
HASH = "/etc/edgefleet/rescue.hash"
SUDOERS = "/etc/sudoers.d/91-edgefleet-rescue"
TUNNEL = "/etc/edgefleet/tunnel/wg-edgefleet.conf"
ACTIVATION = "/etc/edgefleet/ssm-activation"
TUNNEL_UNIT, SSM_UNIT = "edgefleet-tunnel.service", "edgefleet-ssm.service"


def plan(target: Target) -> Step:
    """The access that the site enables, and the removal of the rest."""
    return Step.joined(_console(target), _tunnel(target), _ssm(target))


def _console(target: Target) -> Step:
    if not target.site.break_glass.console:
        removal = f"userdel --remove {USER}; rm -f {SUDOERS} {HASH}"
        return Step(commands=(("sh", "-c", f"if id {USER} >/dev/null 2>&1; then {removal}; fi"),))
    script = f"{LIBRARY}/rescue-user"
    return Step(
        files=(
            File.text(HASH, f"{console_hash(target.key)}\n", mode=0o600, is_secret=True),
            File.text(SUDOERS, f"{USER} ALL=(ALL:ALL) ALL\n", mode=0o440),
            File.program(script, render("safety/rescue-user.sh.j2", user=USER)),
        ),
        commands=((script,),),
    )


def _tunnel(target: Target) -> Step:
    peer = target.site.break_glass.wireguard
    if peer is None:
        return Step.removal(TUNNEL, f"systemctl disable --now {TUNNEL_UNIT}", f"rm -f {TUNNEL}")
    text = render(
        "safety/wireguard.conf.j2",
        private=tunnel_key(target.key, node=target.name)[0],
        address=tunnel_address(target.site, target.name, peer.network),
        host=tunnel_host(peer.network),
        peer=peer,
    )
    return Step(
        files=(File.text(TUNNEL, text, mode=0o600, is_secret=True),),
        units=(unit(f"safety/{TUNNEL_UNIT}"),),
        commands=(("systemctl", "restart", "--no-block", TUNNEL_UNIT),),
    )


def _ssm(target: Target) -> Step:
    ssm, script = target.site.break_glass.ssm, f"{LIBRARY}/register-ssm"
    if ssm is None:
        return Step.removal(script, f"systemctl disable --now {SSM_UNIT}", f"rm -f {ACTIVATION} {script}")
    activation, _, code = ssm.activation.partition(":")
    return Step(
        files=(
            File.text(ACTIVATION, f"{remainder(activation)}:{remainder(code)}\n", mode=0o600, is_secret=True),
            File.program(script, render("safety/register-ssm.sh.j2", region=ssm.region)),
        ),
        units=(unit(f"safety/{SSM_UNIT}"),),
        commands=(("systemctl", "restart", "--no-block", SSM_UNIT),),
    )


def secrets(site: SiteSpec, key: str) -> Iterator[Secret]:
    """The console's password, and the key of each node's tunnel."""
    if site.break_glass.console:
        yield "the console's password", console_password(key)
    for node in site.nodes if site.break_glass.wireguard is not None else ():
        yield "the key of a tunnel", tunnel_key(key, node=node)[0]
