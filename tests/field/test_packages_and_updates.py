"""Kind: packages, repositories, system extensions, and when a node updates itself and restarts.

Sources: canonical/cloud-init, cc_package_update_upgrade_install and cc_apt_configure; vitobotta/hetzner-k3s
issue 246 (nodes without updates); kubereboot/kured issues 48 (restarts in a window) and 563 (restarts at
night that nobody asked for); Flatcar docs and zincati docs, update strategies.
"""

from collections.abc import Callable
from typing import Any

import pytest
from tests.boot.test_packages import DIGEST
from tests.field.test_system_additions import Problems, shop

from edgefleet.fleetfile.artifacts_lock import ArtifactsLock, LockedBase
from edgefleet.fleetfile.closure import needs, payload_file
from edgefleet.fleetfile.fleet import Fleet

EXTENSION = {"nvidia": {"source": "https://mirror.example/nvidia.raw", "sha256": DIGEST}}
WINDOW = {"start": "02:30"}
IGNITION = {"image": {"format": "ignition"}}


@pytest.mark.parametrize(
    ("settings", "path", "code"),
    [
        ({**IGNITION, "packages": {"install": ["vim"]}}, "packages", "no-packages"),
        ({"airgap": True, "packages": {"upgrade": True}}, "packages", "packages-without-link"),
        ({"packages": {"install": ["vim; reboot"]}}, "packages.install[0]", "bad-package"),
        ({"extensions": EXTENSION}, "extensions.nvidia", "no-extensions"),
        (
            {**IGNITION, "extensions": {"nvidia": {"source": "file:a.raw", "sha256": DIGEST}}},
            "extensions.nvidia.source",
            "extension-is-file",
        ),
        ({"osUpdates": {}}, "osUpdates", "no-window"),
        ({"airgap": True, "osUpdates": {"window": WINDOW}}, "osUpdates", "updates-without-link"),
        (
            {**IGNITION, "osUpdates": {"window": {**WINDOW, "days": ["Sat", "Sun"]}}},
            "osUpdates.window.days",
            "several-days",
        ),
        ({"osUpdates": {"window": {"start": "24:00"}}}, "osUpdates.window.start", "bad-time"),
    ],
)
def test_what_the_base_system_cannot_do_is_refused(
    problems: Problems, settings: dict[str, Any], path: str, code: str
) -> None:
    """At the place in the fleet file, before anything is rendered; a lock is another matter."""
    found = [(problem.path, problem.code) for problem in problems(shop(**settings))]
    assert [(f"sites.shop.{path}", code)] == [item for item in found if item[1] != "not-locked"]


@pytest.mark.parametrize(
    "settings",
    [
        {"airgap": False, "osUpdates": {"enabled": False}},
        {**IGNITION, "osUpdates": {"window": {**WINDOW, "days": ["Sat"]}}, "extensions": EXTENSION},
        {"osUpdates": {"window": {**WINDOW, "days": ["Sat", "Sun"]}}},
    ],
)
def test_what_it_can_do_is_accepted(problems: Problems, settings: dict[str, Any]) -> None:
    """By its own means."""
    assert [] == problems(shop(**settings))


def test_the_payload_of_an_air_gapped_node_has_its_extensions(load: Callable[..., Fleet]) -> None:
    """By the digest of the fleet file; the lock has the size."""
    site = load(shop(**IGNITION, extensions=EXTENSION)).sites["shop"]
    (need,) = (need for need in needs(site, "n1") if need.path == "extensions/nvidia.raw")
    base: LockedBase = {"source": need.name, "size": 12}
    lock: ArtifactsLock = {"api_version": "edgefleet.dev/v1", "bases": {DIGEST: base}}
    file = payload_file(need, lock)
    assert file is not None
    assert (f"sha256:{DIGEST}", 12) == (file.digest, file.size)
    assert payload_file(need, {"api_version": "edgefleet.dev/v1"}) is None
