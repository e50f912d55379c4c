"""The result of one preview, up, refresh or destroy, the most important first."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from edgefleet.choosing.advice import SiteAdvice
from edgefleet.errors import Problem
from edgefleet.model.differ import Change
from edgefleet.model.effects import Effect
from edgefleet.model.paths import parse_path
from edgefleet.model.site_resource import SEED
from edgefleet.model.steps import STACK, Op, Operation, Result, Step
from edgefleet.rollout.pending import Pending
from edgefleet.site.capacity import MediumUsage
from edgefleet.site.load import Usage
from edgefleet.workloads.differences import ObjectChange

SiteOutcome = Literal[
    "reflash", "restart", "live", "none", "new", "gone", "unchanged", "untargeted", "unreached"
]
"""The outcome of a site; each site of the fleet has exactly one. In the order of the counts."""
OUTCOMES: tuple[SiteOutcome, ...] = get_args(SiteOutcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests:
    """A node's image or a site's release before and after; `None` where there is none or it is not known."""

    old: str | None
    new: str | None
    kind: str = SEED
    """What the digests are of: ``seed``, ``parts``, ``seed -> parts``, or ``release``."""
    uri: str | None = None
    """Where it is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One resource in the run, as the presenter of its kind shows it."""

    kind: str
    """Pulumi type token."""
    name: str
    op: Op
    outcome: SiteOutcome | None = None
    """The outcome of the site; `None` for a resource that is not a site."""
    effect: Effect = Effect.NONE
    """On a deployed site."""
    differing: tuple[str, ...] = ()
    """Names of differing inputs whose values are not shown."""
    changes: tuple[Change, ...] = ()
    """Values that differ."""
    objects: tuple[ObjectChange, ...] = ()
    """What that does to the Kubernetes objects of a site, or to the object that the resource is."""
    nodes: tuple[str, ...] = ()
    """All nodes that the site has."""
    store: str = ""
    """URI of the store that holds the site's images before the run."""
    images: dict[str, Digests] = field(default_factory=dict)
    """dict[node name -> digests]."""
    release: Digests | None = None
    """Those of the site's release."""
    unknown_because: str | None = None
    """Why a digest is not known before the update."""
    where: str = ""
    """``file:line`` of the site's row, or of an object's workload; for a removed site, of its former row."""

    @property
    def values(self) -> tuple[Change, ...]:
        """`changes` without what the objects show: the fields of workloads, and new texts of secrets."""
        shown = {("workloads", change.workload) for change in self.objects}
        shown |= {("passphrases", name) for change in self.objects if (name := change.renews)}
        return tuple(change for change in self.changes if parse_path(change.path)[:2] not in shown)

    @property
    def digests(self) -> Iterator[tuple[str, Digests]]:
        """(``<site> <node>``, digests of its image) of each node, and (``<site>``, those of the release)."""
        for node, image in self.images.items():
            yield f"{self.name} {node}", image
        if self.release is not None:
            yield self.name, self.release


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Sites with exactly the same changes."""

    number: int
    """From 1, in the order shown: ``#1``."""
    outcome: SiteOutcome
    sites: tuple[str, ...]
    changes: tuple[Change, ...]
    """Without the names of nodes where all nodes of a site change alike, and without the fields of workloads
    whose objects change."""
    objects: tuple[ObjectChange, ...] = ()
    """Changes of the objects of workloads."""
    where: str = ""
    """``file:line`` of the line that declares the first change's new value."""
    is_replaced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A secret of the stack that the images of several sites hold: one lost node costs more than one site."""

    name: str
    what: str
    """``Wi-Fi passphrase``."""
    sites: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveShare:
    """The sites of a wave that the channel changes."""

    name: str
    sites: int
    after: int
    """Seconds after the start of the rollout before which the wave does not begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The result of one run."""

    engine: str
    stack: str
    operation: Operation
    result: Result
    fleet: str
    region: str
    seconds: float
    at: datetime
    """The time of the run; ages count from here."""
    sites: tuple[Row, ...] = ()
    """Every site of the fleet and of its state, in the fleet file's order, removed ones first."""
    groups: tuple[Group, ...] = ()
    waves: tuple[WaveShare, ...] = ()
    """How releases that change reach their sites, in this order."""
    others: tuple[Row, ...] = ()
    """Changed resources that are not sites."""
    remains: tuple[str, ...] = ()
    """Names of resources whose old version an earlier run left to delete."""
    pending: tuple[Pending, ...] = ()
    shared: tuple[Shared, ...] = ()
    unlocked: tuple[str, ...] = ()
    """Versions of k3s without a digest from an artifacts lock."""
    media: tuple[MediumUsage, ...] = ()
    """The usage of media that hold more than a seed."""
    capacity: tuple[Usage, ...] = ()
    """The usage of the nodes of sites whose workloads change or are new, after that."""
    advice: tuple[SiteAdvice, ...] = ()
    """Which runtime suits sites that are new or get another one."""
    store: str = ""
    """URI of the image store."""
    problems: tuple[Problem, ...] = ()
    which: str = ""
    """The options that limited the run to some sites, each behind a blank."""
    notes: tuple[str, ...] = ()
    """Remarks: the emulated cloud was lost, warnings of the engine."""
    is_asked: bool = False
    """Whether the question follows if it is to be applied: no next command then."""
    steps: tuple[Step, ...] = ()
    """The engine's `edgefleet.model.steps.Step`s."""

    def of(self, *outcomes: SiteOutcome) -> tuple[Row, ...]:
        """The sites with one of `outcomes`."""
        return tuple(site for site in self.sites if site.outcome in outcomes)

    @property
    def counts(self) -> dict[SiteOutcome, int]:
        """dict[outcome -> sites]; adds up to all sites."""
        counts = Counter(site.outcome for site in self.sites)
        return {outcome: counts[outcome] for outcome in OUTCOMES}

    @property
    def has_sites(self) -> bool:
        """Whether the run is about a fleet: a program may be made of other resources alone."""
        return bool(self.fleet or self.sites)

    @property
    def resources(self) -> tuple[Step, ...]:
        """The steps of resources, without the stack."""
        return tuple(step for step in self.steps if step.type != STACK and not step.is_remains)

    @property
    def is_done(self) -> bool:
        """Whether the changes were applied, not only planned."""
        return self.operation != "preview"

    @property
    def has_changes(self) -> bool:
        """Whether any resource is or would be touched."""
        return any(step.op not in {"same", "read", "refresh"} for step in self.steps)
