"""Building the images of many sites: jobs as needed, processes, progress, one summary at the end."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

from rich.filesize import decimal

from edgefleet.commands import secrets, stack
from edgefleet.commands.screen import remark, show
from edgefleet.commands.selection import Selector, required
from edgefleet.commands.session import Session
from edgefleet.errors import EdgefleetError, OutsideFailure, Problem, Refused
from edgefleet.io import disk, parallel
from edgefleet.io.user_cache import root_of
from edgefleet.model.site_resource import IMAGE, PARTS, SEED, SiteInputs
from edgefleet.report.human import counted
from edgefleet.report.progress import SiteProgress
from edgefleet.site.building import BuildContext, build_site
from edgefleet.site.built import BuiltSite
from edgefleet.site.composed_node import Supplies
from edgefleet.site.inputs import Assembly

NAMED = 20
"""Sites up to which each image is shown."""


def order(session: Session, name: str, which: Selector, *, is_all: bool = False) -> Assembly:
    """The inputs of the chosen sites of the stack `name`, or of all.

    Raises:
        InvalidInput: no such site, or see `edgefleet.site.inputs.assemble`.
    """
    fleet = stack.load(session.project, name)
    return secrets.assembled(session, name, fleet, tuple(sorted(required(which, fleet, is_all=is_all))))


def supplies(session: Session) -> Supplies:
    """Where builds get bases and payloads from."""
    return Supplies(cache=root_of(session.environment), project=session.project)


def processors() -> int:
    """The default number of processes."""
    return len(os.sched_getaffinity(0))


def build(
    session: Session, sites: Iterable[SiteInputs], total: int, setup: BuildContext, workers: int
) -> None:
    """Build, and report the result.

    Raises:
        OutsideFailure: with every problem, after all that could be built was.
        Refused: the same, where one is a secret of another site in an image.
    """
    account = _Account(session, setup, total)
    with SiteProgress(session.err, "building", total, is_animated=session.is_animated) as shown:
        for built in parallel.each(partial(build_site, context=setup), sites, workers=min(workers, total)):
            shown.finished(built.name)
            account.add(built)
    if setup.out.is_dir():
        disk.flush_all(setup.out)
    account.close()


def failure(problems: Iterable[Problem]) -> EdgefleetError:
    """The error of a failed build: `Refused` if an image contains another site's secret."""
    causes = tuple(problems)
    return (Refused if any(cause.code == "leak" for cause in causes) else OutsideFailure)(causes)


class _Account:
    """Counts the images that were built and, of few sites, shows each."""

    def __init__(self, session: Session, setup: BuildContext, total: int) -> None:
        self._session, self._setup, self._total = session, setup, total
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
        for built in sorted(self._sites, key=lambda site: site.name):
            show(self._session, self._lines(built))
        new, reused = self._images[True], self._images[False]
        was = f", {reused:,} {'was' if reused == 1 else 'were'} finished before" if reused else ""
        remark(self._session, f"{counted(new, 'image')} built{was}; {decimal(self._bytes)} in all")
        if new + reused:
            remark(self._session, "images hold their site's credentials: keep them private")
            remark(self._session, _signed(self._setup))
        if self._problems:
            raise failure(_for_many(item, count) for item, count in sorted(self._problems.items(), key=str))

    def _lines(self, built: BuiltSite) -> Iterator[str]:
        place = self._setup.out / built.name
        if place.is_relative_to(self._session.project):
            place = place.relative_to(self._session.project)
        for image in built.images:
            yield f"{image.uri or place / image.image}"
            yield f"    {IMAGE} {image.digest}"
            yield f"    {SEED if image.parts is None else PARTS} {image.parts or image.digest}"


def _signed(setup: BuildContext) -> str:
    if setup.signing is None:
        return "not signed: name a key with --sign-key, or as images.signKey in the fleet file"
    return f"signed by {setup.signing.public.algorithm} {setup.signing.public.id}"


def _for_many(problem: Problem, count: int) -> Problem:
    """One problem for all sites that have it."""
    return problem if count == 1 else replace(problem, problem=f"{problem.problem} ({count:,} sites)")
