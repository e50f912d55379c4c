"""What a fleet file asks for that has no effect, or shuts people out: notes of validate and preview. Pure.

Each is valid, and may be intended. Without a note it would look like done.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.placement import is_at_sites, near_misses
from edgefleet.images import FORMATS
from edgefleet.model.differ import Change
from edgefleet.model.rollout import Rollout
from edgefleet.model.site import SiteSpec
from edgefleet.model.syntax import few
from edgefleet.model.version_skew import upgrade_problems

SILENT = timedelta(hours=12)
"""Time after which a site counts as silent: a node reports every six hours at least."""


def cautions(fleet: Fleet) -> tuple[str, ...]:
    """Notes on the fleet file itself."""
    return (*_rollout(fleet), *_roots(fleet), *_revoked(fleet), *_of_sites(fleet), *_idle(fleet))


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


def of_removed(
    fleet: Fleet, generations: Mapping[str, int], heard: Mapping[str, timedelta]
) -> tuple[str, ...]:
    """Notes on sites whose rows are removed.

    Args:
        fleet: without them.
        generations: dict[removed site -> its last key generation].
        heard: dict[removed site -> time since the store heard of it].
    """
    valid = [name for name, last in generations.items() if fleet.revoked.get(name, 0) < last]
    loud = [name for name, ago in heard.items() if ago < SILENT]
    how = "decommission a site before its row is removed: edgefleet sites decommission"
    notes = {
        f"the certificates of {few(valid)} stay valid, as they are not in revoked; {how}": valid
        and fleet.has_site_certificates,
        f"{few(loud)} still reported within {SILENT.total_seconds() / 3600:.0f} hours; {how}": loud,
    }
    return tuple(note for note, is_true in notes.items() if is_true)


def _rollout(fleet: Fleet) -> Iterator[str]:
    if fleet.rollout != Rollout() and fleet.channel is None:
        yield "rollout has no effect: the fleet file has no channel; limit a run with --wave"


def _roots(fleet: Fleet) -> Iterator[str]:
    if fleet.channel is not None and len(fleet.channel.roots) == 1:
        yield "channel has one root key; add another: if it is lost, new release keys need visits"


def _revoked(fleet: Fleet) -> Iterator[str]:
    if not fleet.revoked:
        return
    if not fleet.has_site_certificates:
        yield "revoked has no effect: this region has no hub that accepts certificates of sites"
    if removed := sorted(fleet.revoked.keys() - fleet.sites.keys()):
        note = "leave removed sites there, and check the spelling"
        yield f"revoked names {few(removed)}, without a row: {note}"
    for name, last in sorted(fleet.revoked.items()):
        site = fleet.sites.get(name)
        if site is not None and last >= site.key_generation:
            yield (
                f"{name} is revoked at its own key generation {site.key_generation}: to let it in again, "
                "raise its keyGeneration and install the new image"
            )


def _has_no_login(site: SiteSpec) -> bool:
    is_running = all(FORMATS[node.image.format].keeps_network for node in site.nodes.values())
    return not (site.users or site.break_glass.console or site.break_glass.ssm or is_running)


def _installs_wireless(site: SiteSpec) -> bool:
    return any(node.image.installer == "debian" and node.network.beyond_wires for node in site.nodes.values())


def _depends(site: SiteSpec) -> bool:
    return site.k3s.server is not None


def _updates_in_vain(site: SiteSpec) -> bool:
    return site.link.updates is not None and site.channel is None


def _keeps_in_vain(site: SiteSpec) -> bool:
    return site.backup is not None and site.channel is None


def _joins_hub(site: SiteSpec) -> bool:
    return site.joins_hub


OF_SITES = {
    _has_no_login: "nobody can log in to the nodes of {}: the fleet file has neither users nor breakGlass "
    "for them",
    _installs_wireless: "nodes of {} install Debian and have Wi-Fi or 802.1X: their base must have "
    "cloud-init and wpasupplicant; image build verifies this",
    _depends: "nodes of {} join another cluster: after a restart they run nothing until they reach it",
    _updates_in_vain: "link.updates of {} has no effect: the fleet file has no channel",
    _keeps_in_vain: "backup of {} has no effect: the fleet file has no channel",
    _joins_hub: "nodes of {} join the hub by KubeEdge, which supports Kubernetes 1.30 to 1.32: a newer hub "
    "is outside upstream's matrix, hub side seen working",
}
"""dict[whether a note is about a site -> the note, `{}` being the names]."""


def _of_sites(fleet: Fleet) -> Iterator[str]:
    for is_meant, note in OF_SITES.items():
        if names := [site.name for site in fleet.sites.values() if is_meant(site)]:
            yield note.format(few(names))


def _idle(fleet: Fleet) -> Iterator[str]:
    """Workloads whose placement no node matches, with the conditions that keep most sites out."""
    running = {name for site in fleet.sites.values() for name in site.workloads}
    for name, spec in fleet.workloads.items():
        if name in running or not fleet.sites or not is_at_sites(spec.where):
            continue
        misses = near_misses(spec.where, fleet.sites.values(), fleet.provenance.members)
        but_for = [f"{count:,} site{'s'[: count > 1]} but for {key}" for key, count in misses.most_common(3)]
        near = f"{', '.join(but_for)}" if but_for else "no site matches all its conditions but one"
        where = fleet.provenance.near(("workloads", name, "where"), of_key=True)
        yield f"{where}: the workload {name} runs nowhere, as no node matches where: {near}"
