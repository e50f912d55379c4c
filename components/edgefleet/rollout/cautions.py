"""What a fleet file asks for that has no effect, or shuts people out: notes of validate and preview. Pure.

Each is valid, and may be intended. Without a note it would look like done.
"""

from collections.abc import Iterable, Iterator

from edgefleet.fleetfile.fleet import Fleet
from edgefleet.images import FORMATS
from edgefleet.model.differ import Change
from edgefleet.model.site import SiteSpec
from edgefleet.model.syntax import likely
from edgefleet.model.version_skew import upgrade_problems

NAMED = 3
"""Sites that a note names."""


def cautions(fleet: Fleet) -> tuple[str, ...]:
    """Notes on the fleet file itself."""
    return (*_waves(fleet), *_revoked(fleet), *_without_login(fleet), *_wireless_installers(fleet))


def of_versions(changes: Iterable[Change]) -> tuple[str, ...]:
    """Notes on changes of k3s that its data may not survive; each pair of versions once."""
    pairs = {
        (change.old, change.new): None
        for change in changes
        if change.path == "k3s.version" and change.old and change.new
    }
    return tuple(
        f"k3s: {problem.problem}; data on a disk that is kept may not be readable"
        for old, new in pairs
        for problem in upgrade_problems(str(old), str(new))
    )


def _waves(fleet: Fleet) -> Iterator[str]:
    if fleet.waves:
        yield "waves has no effect yet: up changes all sites in one run; limit a run with --wave"


def _revoked(fleet: Fleet) -> Iterator[str]:
    if not fleet.revoked:
        return
    if not fleet.has_site_certificates:
        yield "revoked has no effect: this region has no hub that accepts certificates of sites"
    for name, last in sorted(fleet.revoked.items()):
        site = fleet.sites.get(name)
        if site is None:
            nearest = likely(name, fleet.sites)
            yield f"revoked names {name}, which is no site of the fleet file{nearest and f': {nearest}'}"
        elif last >= site.key_generation:
            yield (
                f"{name} is revoked at its own key generation {site.key_generation}: to let it in again, "
                "raise its keyGeneration and install the new image"
            )


def _without_login(fleet: Fleet) -> Iterator[str]:
    names = [site.name for site in fleet.sites.values() if not _has_login(site)]
    if names:
        yield (
            f"nobody can log in to the nodes of {_listed(names)}: the fleet file has neither users nor "
            "breakGlass for them"
        )


def _wireless_installers(fleet: Fleet) -> Iterator[str]:
    names = [
        site.name
        for site in fleet.sites.values()
        if any(node.image.installer == "debian" and node.network.beyond_wires for node in site.nodes.values())
    ]
    if names:
        yield (
            f"nodes of {_listed(names)} install Debian and have Wi-Fi or 802.1X: their base must have "
            "cloud-init and wpasupplicant; image build verifies this"
        )


def _listed(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED:,} more" if len(names) > NAMED else "")


def _has_login(site: SiteSpec) -> bool:
    is_running = all(FORMATS[node.image.format].keeps_network for node in site.nodes.values())
    return bool(site.users or site.break_glass.console or site.break_glass.ssm or is_running)
