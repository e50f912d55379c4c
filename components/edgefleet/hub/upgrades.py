"""Upgrades of k3s on the hub's servers: Rancher's system-upgrade-controller and its Plan, as manifests.

The servers pull these from the bucket and k3s applies them. `edgefleet.model.version_skew` checks a Plan
beforehand, as the controller checks nothing. The controller has all rights in the cluster and an upgrade is
a privileged pod on each server, so both images are pinned by the artifacts lock, as k3s itself is. Sources:
k3s docs, upgrades/automated; system-upgrade-controller, pkg/apis/upgrade.cattle.io/v1 and
pkg/upgrade/container (it tags the image of a Plan only where that has neither tag nor digest).
"""

from collections.abc import Mapping
from typing import Any

from edgefleet.fleetfile.artifacts_lock import ArtifactsLock
from edgefleet.io.templates import render
from edgefleet.io.yaml_text import from_yaml
from edgefleet.model.hub import Hub
from edgefleet.model.requirement import Requirement
from edgefleet.model.site import Arch
from edgefleet.runtimes.base.k3s import BINARIES

NAME = "system-upgrade-controller"
CONTROLLER = "rancher/system-upgrade-controller:v0.17.0"
ARCH: Arch = "amd64"
"""Architecture of the hub's servers."""


def upgrade_image(version: str) -> str:
    """The image that upgrades a server to `version`; its tag has ``-`` for ``+``."""
    return f"rancher/k3s-upgrade:{version.replace('+', '-')}"


def needs(hub: Hub) -> tuple[Requirement, ...]:
    """What the servers of a k3s hub download and run as root: k3s, the controller and the upgrade."""
    if hub.kind != "k3s":
        return ()
    version, binary = hub.k3s.version, BINARIES[ARCH]
    images = (CONTROLLER, upgrade_image(version))
    return (
        Requirement(path=f"hub/{binary}", kind="k3s", name=binary, version=version, arch=ARCH),
        *(Requirement(path=f"hub/{image}", kind="image", name=image, arch=ARCH) for image in images),
    )


def pins(hub: Hub, lock: ArtifactsLock) -> dict[str, str]:
    """dict[name of a requirement -> its digest in the lock] of those that are locked."""
    found: dict[str, str] = {}
    for need in needs(hub):
        if need.kind == "k3s":
            asset = lock.get("k3s", {}).get(need.version, {}).get(need.name)
            found |= {need.name: asset["sha256"]} if asset else {}
        else:
            image = lock.get("images", {}).get(need.name, {}).get(need.arch)
            found |= {need.name: image["digest"]} if image else {}
    return found


def manifests(version: str, pinned: Mapping[str, str]) -> tuple[dict[str, Any], ...]:
    """The controller, and the Plan that upgrades the servers to `version`.

    Args:
        version: release of k3s.
        pinned: dict[image -> digest]; one that is missing is named by its tag.
    """
    *controller, deployment, plan = from_yaml(render("k3s/upgrades.yaml"))
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    container["image"] = _named(CONTROLLER, pinned)
    plan["spec"]["version"] = version
    plan["spec"]["upgrade"]["image"] = _named(upgrade_image(version), pinned)
    return (*controller, deployment, plan)


def _named(image: str, pinned: Mapping[str, str]) -> str:
    return f"{image.partition(':')[0]}@{pinned[image]}" if image in pinned else image
