"""Building the images of many sites: jobs made as needed, processes, progress, one account at the end."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from rich.filesize import decimal

from edgefleet.commands import rendering, secrets, stack
from edgefleet.commands.screen import say, show
from edgefleet.commands.session import Session
from edgefleet.errors import EdgefleetError, InvalidInput, OutsideFailure, Problem, Refused
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.io import disk, parallel
from edgefleet.io import signing as keys
from edgefleet.io.artifact_cache import root_of
from edgefleet.io.store.place import StorePlace
from edgefleet.keys import known_secrets
from edgefleet.keys.secret_scan import Known
from edgefleet.keys.site_certificate import check_outlasts
from edgefleet.model.composing import Share
from edgefleet.model.site_resource import SiteInputs
from edgefleet.model.spec import from_plain, to_plain
from edgefleet.report.human import counted
from edgefleet.report.progress import progress
from edgefleet.rollout.capacity import check_fits
from edgefleet.site.artifact_source import Supplies
from edgefleet.site.build_plan import SiteJob
from edgefleet.site.building import Workshop, build_site
from edgefleet.site.built import BuiltSite

NAMED = 20
"""Sites up to which each image is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be built."""

    fleet: Fleet
    sites: tuple[str, ...]
    jobs: Iterator[SiteJob] = field(repr=False)
    """Made one after the other, as they are asked for."""
    known: Callable[[], Known] = field(repr=False)
    """Marks of the secrets of every site of the fleet, which a build looks for."""


def order(session: Session, name: str, sites: Iterable[str] | None) -> Order:
    """What is to be built of the stack `name`: `sites`, or all of them.

    Raises:
        InvalidInput: no such site, the stack lacks a secret, an identity would end too soon, or a medium is
            too small.
    """
    fleet = stack.load(session.project, name)
    wanted = tuple(sorted(fleet.sites)) if sites is None else stack.known_sites(fleet, sites)
    secret, passphrases = secrets.required_fleet_secret(session, name)
    check_outlasts(fleet.sites, fleet.control_plane, session.now())
    check_fits({site: fleet.sites[site] for site in wanted}, fleet.lock, fleet.locate)
    used = {site: rendering.used(fleet, site, passphrases, name) for site in wanted}
    return Order(
        fleet=fleet,
        sites=wanted,
        jobs=(_job(fleet, secret, site, used[site]) for site in wanted),
        known=partial(_known, fleet, secret, passphrases),
    )


def _known(fleet: Fleet, secret: str, passphrases: dict[str, str]) -> Known:

    sites = ((spec, rendering.key(secret, spec)) for spec in fleet.sites.values())
    stack = known_secrets.of_stack(secret, fleet.name, fleet.region)
    return known_secrets.known(sites, stack, passphrases)


def known_of(jobs: Iterable[SiteJob]) -> Known:
    """Marks of the secrets of the sites of a plan, which is all that its worker knows."""
    found = (from_plain(SiteInputs, dict(job.inputs)) for job in jobs)
    return known_secrets.known(((spec, spec.key) for spec in found), (), {})


def _job(fleet: Fleet, secret: str, site: str, passphrases: dict[str, str]) -> SiteJob:

    inputs = to_plain(rendering.whole(fleet, secret, site))
    inputs |= {"store": fleet.images.store, "key": rendering.key(secret, fleet.sites[site])}
    if passphrases:
        inputs["passphrases"] = passphrases
    return SiteJob(name=site, inputs=inputs)


def workshop(
    session: Session,
    out: Path,
    share: Share,
    upload: StorePlace | None,
    *,
    is_discarding: bool,
) -> Workshop:
    """Where and how to build.

    Raises:
        InvalidInput: what is to be uploaded would refer to files of this machine.
    """
    if share == "reference" and upload is not None:
        problem = "an image that refers to its base is of use on this machine alone"
        raise InvalidInput(Problem(code="share", problem=problem, hint="leave out --share or --upload"))
    return Workshop(
        out=session.project / out,
        supplies=Supplies(cache=root_of(session.environment), project=session.project),
        share=share,
        upload=upload,
        is_discarding=is_discarding,
    )


def signing(session: Session, shop: Workshop, key: str | None) -> Workshop:
    """`shop` with somebody who signs, where a key is named.

    Raises:
        InvalidInput: there is no such key, or it is of a wrong kind.
        OutsideFailure: it is in KMS, and KMS did not answer.
    """
    return shop if key is None else replace(shop, signing=keys.signing(key, session.project))


def processors() -> int:
    """How many processes are at work at the same time where nobody says."""
    return len(os.sched_getaffinity(0))


def build(session: Session, jobs: Iterable[SiteJob], total: int, shop: Workshop, workers: int) -> None:
    """Build, and say what became of it.

    Raises:
        OutsideFailure: with every problem, after all that could be built was.
        Refused: the same, where one is a secret of another site in an image.
    """
    account = _Account(session, shop, total)
    with progress(session.err, "building", total, is_animated=session.is_animated) as shown:
        for built in parallel.each(partial(build_site, shop=shop), jobs, workers=min(workers, total)):
            shown.finished(built.name)
            account.add(built)
    if shop.out.is_dir():
        disk.flush_all(shop.out)
    account.close()


def failure(problems: Iterable[Problem]) -> EdgefleetError:
    """What a build ends with where something went wrong: refused, where one is another site's secret."""
    told = tuple(problems)
    return (Refused if any(each.code == "leak" for each in told) else OutsideFailure)(told)


class _Account:
    """What was built, counted and, of few sites, named."""

    def __init__(self, session: Session, shop: Workshop, total: int) -> None:
        self._session, self._shop, self._total = session, shop, total
        self._sites: list[BuiltSite] = []
        self._images: Counter[bool] = Counter()
        self._bytes = 0
        self._problems: Counter[Problem] = Counter()

    def add(self, built: BuiltSite) -> None:
        self._problems.update(set(built.problems))
        self._images.update(image.is_new for image in built.images)
        self._bytes += sum(image.size for image in built.images)
        if self._total <= NAMED:
            self._sites.append(built)

    def close(self) -> None:

        for built in sorted(self._sites, key=lambda each: each.name):
            show(self._session, self._lines(built))
        made, kept = self._images[True], self._images[False]
        was = f", {kept:,} {'was' if kept == 1 else 'were'} finished before" if kept else ""
        say(self._session, f"{counted(made, 'image')} built{was}; {decimal(self._bytes)} in all")
        if made + kept:
            say(self._session, "images hold their site's credentials: keep them private")
            say(self._session, _signed(self._shop))
        if self._problems:
            raise failure(_for_many(each, count) for each, count in sorted(self._problems.items(), key=str))

    def _lines(self, built: BuiltSite) -> Iterator[str]:
        place = self._shop.out / built.name
        if place.is_relative_to(self._session.project):
            place = place.relative_to(self._session.project)
        for image in built.images:
            yield f"{image.uri or place / image.name}"
            yield f"    {image.digest}"
            if image.identity is not None:
                yield f"    of parts {image.identity}, which previews show"


def _signed(shop: Workshop) -> str:
    if shop.signing is None:
        return "not signed: name a key with --sign-key, or as images.signKey in the fleet file"
    return f"signed by {shop.signing.public.algorithm} {shop.signing.public.id}"


def _for_many(problem: Problem, count: int) -> Problem:
    """A problem that several sites have, told once."""
    return problem if count == 1 else replace(problem, problem=f"{problem.problem} ({count:,} sites)")
