"""Upgrades of k3s on the hub's servers: Rancher's system-upgrade-controller and its Plan, as manifests.

The servers pull these from the bucket and k3s applies them. `edgefleet.model.version_skew` checks a Plan
beforehand, as the controller checks nothing. Sources: k3s docs, upgrades/automated;
system-upgrade-controller, pkg/apis/upgrade.cattle.io/v1.
"""

from typing import Any

from edgefleet.io.templates import render
from edgefleet.io.yaml_text import from_yaml

NAME = "system-upgrade-controller"


def manifests(version: str) -> tuple[dict[str, Any], ...]:
    """The controller, and the Plan that upgrades the servers to `version`."""
    *controller, plan = from_yaml(render("k3s/upgrades.yaml"))
    plan["spec"]["version"] = version
    return (*controller, plan)
