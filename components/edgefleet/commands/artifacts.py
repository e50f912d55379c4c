"""`edgefleet artifacts`: pin the files of nodes and images, and download them into the cache."""

from typing import Annotated

import typer

from edgefleet.commands import options
from edgefleet.commands.screen import remark, show
from edgefleet.commands.session import Session, session_of
from edgefleet.commands.stack import fleet_file, load
from edgefleet.commands.state_sites import engine_of, unpinned_k3s
from edgefleet.fleetfile.artifacts_lock import EMPTY, lock_path, lock_text
from edgefleet.fleetfile.closure import wanted_by_all
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.load import load_fleet
from edgefleet.fleetfile.platforms import Platforms, image_names
from edgefleet.hub.upgrades import needs
from edgefleet.io import disk
from edgefleet.io.artifact_cache import ArtifactCache
from edgefleet.io.aws import Aws
from edgefleet.io.bucket_requests import BucketRequests
from edgefleet.io.logins import Logins
from edgefleet.io.sourcing import Sources
from edgefleet.io.user_cache import root_of
from edgefleet.io.web import Web
from edgefleet.model.medium import Base
from edgefleet.model.releases import RELEASES
from edgefleet.model.requirement import Requirement
from edgefleet.report.progress import Transfers
from edgefleet.site import artifact_fetching, artifact_locking


def lock(
    context: typer.Context,
    *,
    stack: options.Stack,
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="Look up everything again: tags may have moved.")
    ] = False,
    pin: Annotated[
        bool, typer.Option("--pin", help="Also pin the k3s that sites already run: their images change.")
    ] = False,
    engine: options.WantedEngine = "auto",
) -> None:
    """Resolve versions and names to addresses and digests.

    Writes STACK.artifacts.lock.yaml beside the fleet file.
    """
    session = session_of(context)
    file = fleet_file(session.project, stack)
    fleet = load_fleet(file, session.project, is_locking=True)
    releases = {fleet.control_plane.k3s.version: RELEASES}
    releases |= {site.k3s.version: site.k3s.release_url for site in fleet.sites.values() if site.k3s.version}
    wanted = artifact_locking.LockContents(
        needs=tuple(_needs(fleet)),
        images=image_names(fleet.sites.values()),
        bases=_bases(fleet),
        releases=releases,
        unpinned=frozenset() if pin else unpinned_k3s(engine_of(session, engine), session.project, stack),
    )
    old = EMPTY if upgrade else artifact_locking.pinned(fleet.lock) if pin else fleet.lock
    locked = artifact_locking.lock(wanted, _sources(session, fleet), old)
    path = lock_path(file)
    named = path.relative_to(session.project)
    changes = artifact_locking.changes(fleet.lock, locked)
    show(session, [f"{word:>7}  {name}" for name, word in changes.items()])
    if changes or not path.exists():
        disk.write(path, lock_text(locked).encode(), mode=0o644)
    remark(
        session,
        f"{named}: {len(changes):,} changed" if changes else f"{named}: unchanged",
    )
    if versions := artifact_locking.recorded(locked):
        remark(
            session,
            f"note: sites run k3s {', '.join(versions)} from images without its digest, and keep these; "
            f"to pin it there, too, which is a visit: edgefleet artifacts lock -s {stack} --pin",
        )
    if any(map(Platforms(locked).lacks, wanted.needs)):
        load_fleet(file, session.project)  # reports it, with the line


def fetch(
    context: typer.Context,
    *,
    stack: options.Stack,
    jobs: Annotated[int, typer.Option("-j", "--jobs", min=1, max=64, help="Downloads at a time.")] = 4,
    verify: Annotated[
        bool, typer.Option("--verify", help="Verify the cache against its digests first.")
    ] = False,
) -> None:
    """Download what the locked images contain into the cache.

    Downloads exactly what the lock pins, and resumes an interrupted download.
    """
    session = session_of(context)
    fleet = load(session.project, stack)
    sources = _sources(session, fleet)
    if verify:
        for digest in sources.cache.damaged():
            remark(
                session,
                f"{digest} in the cache is damaged: moved to quarantine, and fetched again when needed",
            )
    carried = [need for need, is_carried in _needs(fleet).items() if is_carried]
    items = list(artifact_fetching.items(carried, _bases(fleet), sources, fleet.lock))
    whole = sum(item.size for item in items)
    if not items:
        remark(session, "no image of this fleet contains a payload or a base")
        return
    with Transfers(session.err, len(items), whole, is_animated=session.is_animated) as transfers:
        artifact_fetching.fetch(items, at_once=jobs, report=transfers.report)
    show(session, [f"{item.size:>15,}  {item.name}" for item in items])
    remark(session, f"all files are in {sources.cache.root}")


def _needs(fleet: Fleet) -> dict[Requirement, bool]:
    of_sites = wanted_by_all(fleet.sites)
    return dict.fromkeys(needs(fleet.control_plane), False) | of_sites


def _bases(fleet: Fleet) -> tuple[Base, ...]:
    """Each base and each network boot file once."""
    bases = {
        base.sha256: base
        for site in fleet.sites.values()
        for node in site.nodes.values()
        for base in node.image.bases
    }
    return tuple(bases[digest] for digest in sorted(bases))


def _sources(session: Session, fleet: Fleet) -> Sources:
    credentials = Aws(fleet.control_plane.cloud, environ=session.environment).credentials
    web = Web(Logins(session.environment, signed=BucketRequests(credentials)))
    cache = ArtifactCache(root_of(session.environment), web=web, project=session.project)
    return Sources(cache, fleet.mirrors)
