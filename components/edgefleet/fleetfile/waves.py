"""The sites of each wave of a rollout. Pure.

A share of sites is chosen by a hash of fleet, region and site, so that everybody chooses the same ones, and a
new site moves no other. A number of sites cannot be chosen so: where it is full, a new site with a lower hash
takes the place of one other.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from edgefleet.fleetfile.placement import selected
from edgefleet.fleetfile.provenance import Membership
from edgefleet.model.paths import Part
from edgefleet.model.rollout import Wave
from edgefleet.model.selection import Selection
from edgefleet.model.site import SiteSpec

OTHERS = "others"
"""Name of the last wave, of the sites in no other."""
_WHOLE = 2**64


class Finding(NamedTuple):
    """What is wrong with a wave."""

    path: tuple[Part, ...]
    """Below the rollout's waves."""
    code: str
    problem: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveSites:
    """A wave with its sites."""

    name: str
    sites: tuple[str, ...]
    """In the fleet file's order."""


def position(fleet: str, region: str, site: str) -> int:
    """Where a site stands in the order by which shares are chosen: from 0 to 2**64, evenly spread."""
    return int.from_bytes(hashlib.sha256(f"{fleet}/{region}/{site}".encode()).digest()[:8])


@dataclass(frozen=True, slots=True, kw_only=True)
class Choosing:
    """Chooses the sites of waves."""

    sites: Mapping[str, SiteSpec]
    members: Mapping[str, Membership]
    position: Callable[[str], int]
    """A site's `position`."""

    def waves(self, written: Sequence[Wave]) -> tuple[WaveSites, ...]:
        """The waves with their sites; each site is in the first one that takes it."""
        left = dict.fromkeys(self.sites)
        begun: dict[int, int] = {}
        waves = []
        for wave in written:
            sites = tuple(self._chosen(wave, left, begun.get(_same(wave, written), 0)))
            begun[_same(wave, written)] = begun.get(_same(wave, written), 0) + (wave.percent or 0)
            left = {site: None for site in left if site not in set(sites)}
            waves.append(WaveSites(name=wave.name, sites=sites))
        return tuple(waves)

    def _chosen(self, wave: Wave, left: Iterable[str], begin: int) -> Iterable[str]:
        """Those of the sites that are left, in their order."""
        matching = [name for name in left if selected(wave.where, self.sites[name], self.members[name])]
        if wave.percent is not None:
            first, last = (_WHOLE * share // 100 for share in (begin, begin + wave.percent))
            return (name for name in matching if first <= self.position(name) < last)
        if wave.count is not None:
            first_ones = {*self._first(matching, wave.count)}
            return (name for name in matching if name in first_ones)
        if wave.random is not None:
            return self._of_each_class(matching, wave.random)
        return matching

    def _first(self, names: Iterable[str], count: int) -> list[str]:
        return sorted(names, key=self.position)[:count]

    def _of_each_class(self, names: Sequence[str], count: int) -> Iterator[str]:
        classes: dict[str, list[str]] = {}
        for name in names:
            for profile in {*self.members[name].nodes.values()}:
                classes.setdefault(profile, []).append(name)
        chosen = {name for of in classes.values() for name in self._first(of, count)}
        return (name for name in names if name in chosen)


def _same(wave: Wave, waves: Sequence[Wave]) -> int:
    """The first of the waves with the conditions of `wave`: their shares follow one another."""
    return next(index for index, other in enumerate(waves) if other.where == wave.where)


def check_written(waves: Sequence[Wave]) -> Iterator[Finding]:
    """What is wrong with waves as they are written."""
    names = {OTHERS: "the last wave's, of the sites in no other"}
    taken: dict[str, str] = {}
    shares: list[tuple[Selection, int]] = []
    for index, wave in enumerate(waves):
        if wave.name in names:
            problem = f"{wave.name} is already {names[wave.name]}"
            yield Finding((index, "name"), "duplicate-wave", problem, "give each its own")
        names[wave.name] = "an earlier wave's name"
        for place, site in enumerate(wave.where.sites or ()):
            path = (index, "where", "sites", place)
            if site in taken:
                problem = f"{site} is already in the wave {taken[site]}"
                yield Finding(path, "duplicate-wave", problem, "name it in one wave")
            taken[site] = wave.name
        yield from _check_size(index, wave)
        before = sum(share for where, share in shares if where == wave.where)
        if before + (wave.percent or 0) > 100:  # noqa: PLR2004 - percent
            problem = f"the waves of these sites have {before + (wave.percent or 0)} % of them"
            hint = f"write {100 - before} or less" if before < 100 else "remove this wave"  # noqa: PLR2004
            yield Finding((index, "percent"), "percent-sum", problem, hint)
        shares.append((wave.where, wave.percent or 0))


def _check_size(index: int, wave: Wave) -> Iterator[Finding]:
    sizes = {"percent": wave.percent, "count": wave.count, "random": wave.random}
    given = [key for key, value in sizes.items() if value is not None]
    for key in given[1:]:
        problem = f"{wave.name} has {' and '.join(given)}, of which a wave has one"
        yield Finding((index, key), "wave-size", problem, f"remove {key}")


def check_sites(written: Sequence[Wave], waves: Sequence[WaveSites]) -> Iterator[Finding]:
    """Waves without sites: a policy that seems to hold something back, and does not."""
    for index, (wave, chosen) in enumerate(zip(written, waves, strict=True)):
        if not chosen.sites:
            problem = f"the wave {wave.name} has no sites: none matches, or earlier waves have them"
            hint = "remove the wave, or choose other sites in where"
            if wave.percent is not None:
                problem = f"{wave.percent} % of so few sites are none"
                hint = "write count: 1 in place of percent"
            yield Finding((index,), "empty-wave", problem, hint)
