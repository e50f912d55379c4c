"""A model of a site for the simulation of a rollout: when its link is up, and what its node then does. Pure.

The figures are assumptions, not measurements: a simulation shows how a policy acts, not when a day comes.
"""

import random
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from edgefleet.model.site import LinkClass
from edgefleet.rollout.statuses import State

MINUTE, HOUR, DAY = 60, 3600, 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkModel:
    """How a class of links behaves; seconds, but for the rate."""

    poll: int
    """Between two looks for a new pointer."""
    up: int
    """Mean time for which it is up."""
    away: int
    """Mean time for which it is away."""
    rate: int
    """bits/s towards the site where the fleet file gives none."""


LINKS: dict[LinkClass, LinkModel] = {
    "steady": LinkModel(poll=5 * MINUTE, up=30 * DAY, away=HOUR, rate=20_000_000),
    "intermittent": LinkModel(poll=15 * MINUTE, up=8 * HOUR, away=4 * HOUR, rate=4_000_000),
    "dark": LinkModel(poll=HOUR, up=6 * HOUR, away=10 * DAY, rate=512_000),
}
APPLY = (2 * MINUTE, 10 * MINUTE)
"""Shortest and longest time that a node needs to apply a release."""
WATCH = 10 * MINUTE
"""How long a node watches itself before it reports that it is healthy."""


class SiteModel:
    """One simulated site."""

    def __init__(self, name: str, link: LinkClass, rate: int | None, seed: object, start: int) -> None:
        self.random = random.Random(f"{seed}/{name}")  # noqa: S311 - a simulation
        self.link = LINKS[link]
        self.rate = rate or self.link.rate
        self.begin = self.random.randrange(self.link.poll)
        self._edges: list[float] = [start]
        """When the link goes up, away, up, ... in turns."""
        is_up = self.random.random() < self.link.up / (self.link.up + self.link.away)
        if not is_up:
            self._edges = [start + self.random.expovariate(1 / self.link.away)]

    def course(self, moved: int, size: int, *, is_failing: bool) -> Iterator[tuple[int, State]]:
        """(time, state) of what the site reports of a pointer that moved at `moved`.

        Args:
            moved: seconds since 1970.
            size: bytes to fetch; 0 for a release that it still has.
            is_failing: whether the release does not become healthy.
        """
        found = self._poll(moved)
        yield int(found), "fetching"
        fetched = self._after(found, size * 8 / self.rate)
        yield int(fetched), "applying"
        done = fetched + self.random.uniform(*APPLY) + WATCH
        yield int(self._when_up(done)), "rolled-back" if is_failing else "healthy"

    def _poll(self, since: float) -> float:
        """The first poll from `since` on while the link is up."""
        for _ in count():
            rest = (since - self.begin) % self.link.poll
            at = since if rest == 0 else since + self.link.poll - rest
            up = self._when_up(at)
            if up == at:
                return at
            since = up
        raise AssertionError("unreachable")

    def _when_up(self, at: float) -> float:
        """`at`, or when the link comes back after it."""
        edge = self._edge_before(at)
        return at if edge % 2 == 0 else self._edges[edge + 1]

    def _after(self, begin: float, seconds: float) -> float:
        """When `seconds` of link have passed from `begin` on, at which it is up."""
        while True:
            edge = self._edge_before(begin)
            end = self._edges[edge + 1]
            if begin + seconds <= end:
                return begin + seconds
            seconds -= end - begin
            self._edge_before(end)
            begin = self._edges[edge + 2]

    def _edge_before(self, at: float) -> int:
        """The position of the last edge until `at`: even while the link is up, -1 before the first one."""
        while len(self._edges) < 3 or self._edges[-3] <= at:  # noqa: PLR2004 - two edges ahead
            mean = self.link.up if len(self._edges) % 2 else self.link.away
            self._edges.append(self._edges[-1] + self.random.expovariate(1 / mean))
        return bisect_right(self._edges, at) - 1
