"""Step: a node fetches its releases itself, verifies and applies them, and goes back once if it must.

The program shares the functions that apply files with images of the format `script`. It needs curl, openssl,
coreutils, tar and gzip, which the base systems bring, and for Roles Anywhere AWS's credential helper, which
it downloads by the digest of the artifacts lock. It trusts signatures and nothing of the store: the
public halves of the root keys are in the image, and so are the names that a pointer must have.

The record of what an image or a release places (`MANAGED`) is the plan of a bundle: so the program knows what
the image wrote, can go back to it, and removes what a later release has no more. The commands of the first
boot are a file (`COMMANDS`) for the same reason. Both are written last (`edgefleet.site.bundle`), as they are
of all steps.
"""

from collections.abc import Iterator
from typing import Any, get_args

from edgefleet.io.templates import render, unit
from edgefleet.keys.channel_key import ChannelKey
from edgefleet.keys.release_encryption import encryption_password
from edgefleet.keys.signed_document import form
from edgefleet.model.channel import SESSION, ChannelAccess
from edgefleet.model.firstboot import File, Secret, Step, Target
from edgefleet.model.requirement import of_channel, pinned
from edgefleet.model.site import LinkClass, Node, SiteSpec
from edgefleet.model.updates import Weekday, Window
from edgefleet.runtimes import runtime_of
from edgefleet.runtimes.base import k3s_servers
from edgefleet.workloads.base.objects import CRITICAL

FOLDER = "/etc/edgefleet/channel"
SCRIPT = "/usr/local/lib/edgefleet/channel"
COMMANDS = "/usr/local/lib/edgefleet/commands"
MANAGED = "/etc/edgefleet/managed"
FIXED = "/etc/edgefleet/fixed"
"""Record of what an image alone sets up, which no release changes."""
TIMER = "edgefleet-channel.timer"
MINUTES: dict[LinkClass, int] = {"steady": 5, "intermittent": 10, "dark": 30}
"""dict[class of the link -> minutes between two polls, which as many more may follow at random]."""
PATIENCE = 2
"""Times that a node may take to become healthy after a release, of what k3s takes at a start."""


def plan(target: Target) -> Step:
    """The program, its keys and its units; nothing without a channel."""
    site, runtime = target.site, runtime_of(target.node)
    if site.channel is None or site.identity is None:
        return Step()
    if len(pinned(site, target.node)) < len(of_channel(site, target.node)):
        return Step()  # nothing that no digest covers is run
    updates = site.link.updates
    script = render(
        "channel/channel.sh.j2",
        **_access(site, target.node, site.channel.access),
        fleet=site.fleet,
        region=site.region,
        site=site.name,
        node=target.name,
        generation=site.key_generation,
        floor=site.least_sequence,
        window="" if updates is None or updates.window is None else _window(updates.window),
        rate=0 if updates is None or updates.max_rate is None else updates.max_rate // 8,
        kubeconfig=runtime.kubeconfig if runtime.is_k3s else "",
        hostname=target.node.hostname,
        unit="edgefleet-health.service",
        watches=runtime.watches,
        several=k3s_servers.position(target)[1] > 1,
        leads=runtime.watches == "cluster"
        and "pods" in {runtime_of(node).watches for node in site.nodes.values()},
        follows=runtime.watches == "pods",
        priority=CRITICAL,
        within=PATIENCE * runtime.healthy_within,
        pointer_form=form("pointer"),
        delegation_form=form("delegation"),
    )
    keys = map(ChannelKey.of_pem, site.channel.roots)
    return Step(
        files=(
            File.program(SCRIPT, script),
            File.text(f"{FOLDER}/key", f"{password(target)}\n", mode=0o600, is_secret=True),
            *(File.text(f"{FOLDER}/roots/{key.id}.pem", key.pem) for key in keys),
        ),
        units=(
            unit("channel/edgefleet-channel.service", is_enabled=False),
            unit("channel/edgefleet-channel-resume.service.j2", product=runtime.product),
            unit(f"channel/{TIMER}.j2", minutes=MINUTES[site.link.class_]),
        ),
        commands=(("systemctl", "restart", "--no-block", TIMER),),
    )


def _access(site: SiteSpec, node: Node, access: ChannelAccess) -> dict[str, Any]:
    """The variables of the template by which a node reaches the channel."""
    roles = access.roles_anywhere
    if roles is None:
        return {"gateway": access.gateway}
    _, partition, _, region, *_ = roles.trust_anchor.split(":")
    domain = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    ((helper, digest),) = pinned(site, node).items()
    return {
        "trust_anchor": roles.trust_anchor,
        "profile": roles.profile,
        "role": roles.role,
        "seconds": SESSION,
        "signing": f"aws:amz:{region}:s3",
        "store": f"https://s3.{region}.{domain}/{(roles.store or '').removeprefix('s3://')}",
        "helper": helper.path.removeprefix("bin/"),
        "helper_sha256": digest,
        "helper_url": helper.url,
    }


def password(target: Target) -> str:
    """By which the node decrypts its bundles."""
    return encryption_password(target.key, node=target.name)


def secrets(site: SiteSpec, key: str) -> Iterator[Secret]:
    """The passwords of the nodes."""
    for node in site.nodes if site.channel is not None else ():
        yield "a key of the channel", encryption_password(key, node=node)


def _window(window: Window) -> str:
    """``67 150 120``: days from Monday (1), minute of the day at which it begins, minutes."""
    week = get_args(Weekday)
    days = "".join(str(week.index(day) + 1) for day in window.days or week)
    hour, minute = map(int, window.start.split(":"))
    return f"{days} {hour * 60 + minute} {window.length}"
