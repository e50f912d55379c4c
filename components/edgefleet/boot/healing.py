"""Step: a node that heals: it goes back, once, to the last configuration that was healthy.

Configuration of k3s is kept in sets, before k3s starts. A timer checks that k3s answers where
containers ask it and that the node is ready; a set that is not healthy in time is reverted. k3s takes the
node's address at its start alone (k3s-io/k3s 2827), so it is restarted where that changes. Its certificates
last 365 days and are renewed at a start in their last 120 (90 before May 2025; k3s docs, cli/certificate):
it is restarted at night after 45 to 74 days, so a certificate that one start does not renew, the next does.

The check pins container images, as kubelet deletes unpinned ones when the disk fills, and without a link none
comes back. k3s pins what it imports from ``agent/images`` (label ``io.cri-containerd.pinned``), takes all its
pins back at each start, and until July 2026 forgot to set them again where ``.cache.json`` let it skip the
import (k3s, pkg/agent/containerd/containerd.go; k3s-io/k3s 11363, 14265). It pins no image that was pulled: a
list (``*.txt``) there would, but keeps k3s from starting until all is pulled.

Servers that share a site restart in turns, which follow from the clock and their order: no server waits for
another one, which may be gone. Clocks that differ by more than half a turn could make two coincide.
"""

import hashlib

from edgefleet.io.templates import render, unit
from edgefleet.model.firstboot import File, Step, Target
from edgefleet.model.writers.shell import rest
from edgefleet.runtimes import runtime_of
from edgefleet.runtimes.base import k3s_cluster, k3s_servers
from edgefleet.workloads.composing import carried, workloads_on

SCRIPT = "/usr/local/lib/edgefleet/heal"
IMAGES = "/etc/edgefleet/images"
STATUS = "/usr/local/bin/edgefleet-status"
SLOW = frozenset({"emmc", "sd", "hdd"})
"""Media on which it may take twice as long."""
RENEWED_AFTER = 45
SPREAD = 30
"""Days over which the sites of a fleet are spread."""
FIRST_HOUR, MINUTES = 1, 240
"""The night: from one to five, in the site's own time."""
TURN = 900
"""Seconds for one of several servers to restart and be well again, before the next one's turn."""


def plan(target: Target) -> Step:
    """The scripts and their units; the present configuration becomes the current set."""
    runtime = runtime_of(target.node)
    day, _ = _turn(target)
    turn, turns = k3s_servers.position(target)
    script = render(
        runtime.heal,
        kubeconfig=runtime.kubeconfig,
        unit=runtime.unit,
        node=target.node.hostname,
        name=f"{target.name} of {target.site.name}, {target.site.fleet} in {target.site.region}",
        service=k3s_cluster.api_service(target.site),
        within=runtime.healthy_within * (2 if target.node.storage in SLOW else 1),
        renew_after=RENEWED_AFTER + day,
        others=" ".join(k3s_servers.other_apis(target)),
        turn=turn,
        turns=turns,
        length=TURN,
    )
    health = Step(
        files=(
            File.text(IMAGES, "".join(f"{rest(name)}\n" for name in _carried_images(target))),
            File.program(SCRIPT, script),
            File.program(STATUS, render("heal/edgefleet-status.sh")),
        ),
        units=(
            unit(
                "heal/edgefleet-configuration.service.j2",
                product=runtime.product,
                unit=runtime.unit,
                installer=runtime.installer,
            ),
            unit("heal/edgefleet-health.service.j2", is_enabled=False, product=runtime.product),
            unit("heal/edgefleet-health.timer.j2", product=runtime.product),
        ),
        commands=((SCRIPT, "adopt"),),
    )
    timers: tuple[str, ...] = ("edgefleet-health.timer",)
    if runtime.is_k3s:
        health, timers = Step.joined(health, _renewal(target)), (*timers, "edgefleet-renew.timer")
    return Step.joined(health, Step(commands=(("systemctl", "restart", "--no-block", *timers),)))


def _renewal(target: Target) -> Step:
    """The units that restart k3s at night before its certificates end."""
    _, minute = _turn(target)
    turn, turns = k3s_servers.position(target)
    minute = (minute + turn * MINUTES // turns) % MINUTES
    at = f"{FIRST_HOUR + minute // 60:02}:{minute % 60:02}:00"
    service = unit("heal/edgefleet-renew.service", is_enabled=False)
    return Step(units=(service, unit("heal/edgefleet-renew.timer.j2", at=at)))


def _carried_images(target: Target) -> list[str]:
    """The names of the container images of its workloads and manifests on an air-gapped node."""
    site, node = target.site, target.node
    if not site.airgap:
        return []
    loads = (need for name in workloads_on(site, target.name) for need in carried(site, name, node))
    needs = (*runtime_of(node).carries(site, node), *loads)
    return sorted({need.name for need in needs if need.kind == "image"})


def _turn(target: Target) -> tuple[int, int]:
    """(days, minute of the night) of this site, derived from its name."""
    named = f"{target.site.fleet}\0{target.site.region}\0{target.site.name}".encode()
    number = int.from_bytes(hashlib.sha256(named).digest()[:8])
    return number % SPREAD, number // SPREAD % MINUTES
