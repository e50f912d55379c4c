"""Rollouts in a store: the plan, the signed pointers of each wave, and the log that tells where they are.

The log is written ahead: an entry states which pointers are moved before any is, and a later one that they
are placed. So a step that was killed is completed by the next one, and plan and log of the newest rollout
alone tell what each site has, whatever became of earlier ones.

Order of writing: of a start, pointers that no wave waits for, those of the waves, the empty log, the end of
the rollout before it, and the plan last, which makes it exist. Of a step, the log by compare-and-swap, then
the pointers, each by comparison of its sequence and swap: a slow stepper puts no lower sequence over a higher
one.

The store is not trusted, and need not be: only what was signed ahead can be placed, and nodes verify it. Who
writes there can delay, or place signed pointers in another order; what is read here is bounded and strict.
"""

import base64
import re
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from edgefleet.errors import OutsideFailure
from edgefleet.io.store import ArtifactStore
from edgefleet.keys import signed_document
from edgefleet.keys.pointer import KIND, Addressee, Pointer, read_pointer
from edgefleet.model import strict_json
from edgefleet.model.spec import to_plain
from edgefleet.model.syntax import shown
from edgefleet.rollout.history import Entry, History, Kind
from edgefleet.rollout.plan import InForce, Plan, PlannedSite
from edgefleet.rollout.standing import State, in_force, state_of

T = TypeVar("T")
FOLDER = "rollouts/"
POINTERS = "pointers/"
STATUSES = "status/"
RENEWALS = "renewals/"
LARGEST = 64 * 1024**2
"""Most bytes of a plan, or of a log: a plan of 10,000 sites has 6 million."""
KEPT = 10
"""Rollouts that a store has, at most."""
AT_ONCE = 8
"""Pointers that are written at the same time."""
FARTHEST = 10 * 366 * 86_400
"""Sequences, and so seconds, by which pointers of a site are apart at most."""
TRIES = 20
"""Attempts at a write that another writer was faster at."""
_ID = re.compile(r"\d{8}t\d{6}z")
_STAMP = "%Y%m%dt%H%M%Sz"
_LAST_YEAR = 9000
_BEGIN = re.compile(rb'\{"payload":"((?:[A-Za-z0-9+/]{4}){1,128})')
_SITE = re.compile(rb"^site ([a-z0-9-]+)$", re.MULTILINE)
_HINT = (
    "find out who wrote it; restore an earlier version, or remove it and run up, which starts a new rollout"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The newest rollout of a store, ended or not."""

    id: str
    """When it was started, UTC: ``20261130t184500z``."""
    plan: Plan
    log: tuple[Entry, ...]
    raw: bytes = field(repr=False)
    """The log as it was read, for the next swap."""

    @property
    def state(self) -> State:
        """Where its pointers are."""
        return state_of(self.plan, self.log)

    @property
    def history(self) -> History:
        """What follows from its log."""
        return History(self.log)

    @property
    def unfinished(self) -> Plan | None:
        """Its plan, unless it ended by itself or by an order: the next rollout supersedes it."""
        end = self.history.end
        return self.plan if end is None or end.action == "superseded" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What a rollout begins with beside its plan."""

    at_once: Mapping[str, bytes] = field(default_factory=dict)
    """dict[site -> its signed pointer], of those that no wave has and that the plan names."""
    log: tuple[Entry, ...] = ()
    """Entries that hold for it, too."""
    continued: int = 0
    """When it continues the one before, with its log; seconds since 1970, and 0 for one that does not."""


def newest(store: ArtifactStore) -> Running | None:
    """The newest rollout; `None` where none was ever started.

    Raises:
        OutsideFailure: the store does not answer, or what it has is no rollout.
    """
    ids = rollouts(store)
    return read(store, ids[-1]) if ids else None


def rollouts(store: ArtifactStore) -> list[str]:
    """The rollouts that a store has, the oldest first.

    Raises:
        OutsideFailure: the store does not answer.
    """
    return _started(key.split("/") for key in store.list(FOLDER))


def read(store: ArtifactStore, rollout: str) -> Running:
    """A rollout.

    Raises:
        OutsideFailure: the store does not answer, or what it has is no rollout.
    """
    raw = store.get(_log(rollout))
    return Running(
        id=rollout,
        plan=_parsed(store, _plan(rollout), Plan, store.get(_plan(rollout))),
        log=_parsed(store, _log(rollout), tuple[Entry, ...], raw),
        raw=raw or b"",
    )


def targets(running: Running | None) -> dict[str, InForce]:
    """dict[site -> what leads it to a release now], of all sites that ever had a pointer signed."""
    return {} if running is None else in_force(running.plan, running.state)


def start(
    store: ArtifactStore,
    plan: Plan,
    pointers: Mapping[int, bytes],
    superseded: Running | None,
    beside: Beside = Beside(),
) -> Running | None:
    """Start a rollout, and end the one before it.

    Args:
        store: where.
        plan: what was planned from the `targets` of `superseded`, with the digests of its pointers.
        pointers: dict[number of a wave, from 0 -> its signed pointers, forward and back, a line each].
        superseded: the `newest` rollout, ended or not; `None` without any.
        beside: what else it begins with.

    Returns:
        The rollout, of which nothing more is moved yet; `None` where another writer was faster, and the plan
        does not fit any more: read, plan and sign again.

    Raises:
        OutsideFailure: the store does not answer, or the pointers are not those of the plan.
    """
    now = beside.continued or plan.started
    before = None if superseded is None else settled(store, superseded, now)
    keys = [key.split("/") for key in store.list(FOLDER)]
    ids = _started(keys)
    if (superseded is not None and before is None) or (ids and (before is None or ids[-1] != before.id)):
        return None
    _placed(store, beside.at_once, known=targets(superseded))
    log = before.log if before is not None and beside.continued else beside.log
    rollout = _following(now, ids)
    for number in range(len(plan.waves)):
        _written(store, _pointers(rollout, number), pointers.get(number, b""))
    raw = _document(log)
    _written(store, _log(rollout), raw)
    if before is not None and before.history.end is None:
        end = Entry(at=now, action="superseded", reason=rollout)
        if append(store, before, (end,)) is None:
            return None
    _written(store, _plan(rollout), strict_json.write(plan))
    for old in {name for _, name, *_ in keys if len(ids) >= KEPT and name < ids[1 - KEPT]}:
        store.clear(f"{FOLDER}{old}/")
    return Running(id=rollout, plan=plan, log=log, raw=raw)


def signed_ahead(store: ArtifactStore, running: Running) -> dict[int, bytes]:
    """dict[number of a wave -> its signed pointers], of a rollout.

    Raises:
        OutsideFailure: the store does not answer.
    """
    waves = range(len(running.plan.waves))
    return {number: store.get(_pointers(running.id, number)) or b"" for number in waves}


def append(store: ArtifactStore, running: Running, entries: Iterable[Entry]) -> Running | None:
    """Append entries to the log; `None` where another writer was faster: read and decide again.

    Raises:
        OutsideFailure: the store does not answer.
    """
    log = (*running.log, *entries)
    raw = _document(log)
    is_written = _swapped(store, _log(running.id), raw, was=running.raw)
    return replace(running, log=log, raw=raw) if is_written else None


def settled(store: ArtifactStore, running: Running, now: int) -> Running | None:
    """`running` with all its pointers where its log has them: what a killed step left is completed.

    Args:
        store: where.
        running: the rollout, as its log is now.
        now: seconds since 1970.

    Returns:
        The rollout, or `None` where another writer was faster.

    Raises:
        OutsideFailure: the store does not answer, or does not have the signed pointers.
    """
    unplaced = running.history.unplaced
    if not unplaced:
        return running
    place(store, running, {site: entry.kind or "forward" for entry in unplaced for site in entry.sites})
    return append(store, running, (Entry(at=now, action="placed"),))


def place(store: ArtifactStore, running: Running, moves: Mapping[str, Kind]) -> None:
    """Put the signed pointers of `moves` in their places; those of a higher sequence stay.

    Args:
        store: where.
        running: the rollout.
        moves: dict[site -> where to]; sites that the plan does not have are left out.

    Raises:
        OutsideFailure: the store does not answer, or does not have the signed pointers.
    """
    for number, wave in enumerate(running.plan.waves):
        wanted = {site.name: _wanted(site, moves[site.name]) for site in wave.sites if site.name in moves}
        lines = _lines(store, running, number, {site: of for site, of in wanted.items() if of[0]})
        _placed(store, lines, known=running.plan.before)


def _placed(store: ArtifactStore, lines: Mapping[str, bytes], *, known: Mapping[str, InForce]) -> None:
    """Put pointers in their places; `known` has the sites that have one there, most likely."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        writes = [
            pool.submit(_put, store, site, line, is_first=site not in known) for site, line in lines.items()
        ]
        for write in writes:
            write.result()


def clear(store: ArtifactStore) -> None:
    """Remove all rollouts, pointers and statuses, for a destroyed stack.

    Raises:
        OutsideFailure: the store does not answer.
    """
    for folder in (FOLDER, POINTERS, RENEWALS, STATUSES):
        store.clear(folder)


def _wanted(site: PlannedSite, kind: Kind) -> tuple[int, str]:
    """Sequence and release of a pointer."""
    return (site.back, site.previous) if kind == "back" else (site.sequence, site.release)


def _lines(
    store: ArtifactStore, running: Running, number: int, wanted: Mapping[str, tuple[int, str]]
) -> dict[str, bytes]:
    """dict[site -> its signed pointer], of one wave."""
    if not wanted:
        return {}
    key = _pointers(running.id, number)
    found: dict[str, bytes] = {}
    for line in (store.get(key) or b"").splitlines(keepends=True):
        pointer = _pointer(line) if _names(line, wanted) else None
        if pointer is not None and _is_of(running.plan, pointer.addressee):
            site = pointer.addressee.site
            found |= {site: line} if wanted[site] == (pointer.sequence, pointer.release) else {}
    if lacking := sorted(wanted.keys() - found.keys()):
        problem = f"has no pointer {wanted[lacking[0]][0]} of {lacking[0]}, which the plan names"
        raise OutsideFailure.at(store.uri(key), "rollout-pointers", problem, _HINT)
    return found


def _is_of(plan: Plan, whom: Addressee) -> bool:
    return (plan.fleet, plan.region) == (whom.fleet, whom.region)


def _names(line: bytes, wanted: Collection[str]) -> bool:
    """Whether a line may be the pointer of a wanted site: to read all of a large wave would take seconds."""
    begin = _BEGIN.match(line)
    site = _SITE.search(base64.b64decode(begin[1])) if begin else None
    return site is not None and site[1].decode() in wanted


def _pointer(data: bytes) -> Pointer | None:
    """The pointer in a signed document, of which nothing is verified; `None` where it is none."""
    try:
        return read_pointer(signed_document.opened(data, KIND).payload)
    except ValueError:
        return None


def _put(store: ArtifactStore, site: str, line: bytes, *, is_first: bool) -> None:
    key, mine = f"{POINTERS}{site}.json", _pointer(line)
    if is_first and store.swap(key, line, was=None):
        return
    for _ in range(TRIES):
        there = store.get(key, limit=signed_document.LARGEST)
        other = None if there is None else _pointer(there)
        if there == line or (other and mine and _follows(other, mine)):
            return
        if store.swap(key, line, was=there):
            return
    problem = f"others wrote it {TRIES} times during this step"
    raise OutsideFailure.at(store.uri(key), "contended", problem, "run it again")


def _follows(other: Pointer, mine: Pointer) -> bool:
    """Whether a pointer that is there may be a later one of the same site; it is not verified."""
    return other.addressee == mine.addressee and 0 < other.sequence - mine.sequence < FARTHEST


def _started(keys: Iterable[list[str]]) -> list[str]:
    """The rollouts that have a plan, the oldest first."""
    return sorted(key[1] for key in keys if key[2:] == ["plan.json"] and _time(key[1]) is not None)


def _time(rollout: str) -> datetime | None:
    """When a rollout was started, by its name; `None` where it is no name of one."""
    try:
        time = datetime.strptime(rollout, _STAMP).replace(tzinfo=UTC) if _ID.fullmatch(rollout) else None
    except ValueError:
        return None
    return None if time is None or time.year > _LAST_YEAR else time


def _following(started: int, ids: list[str]) -> str:
    """The name of a rollout, after those that are there, whatever the clock of this machine."""
    times = [time + timedelta(seconds=1) for time in map(_time, ids) if time is not None]
    return max([datetime.fromtimestamp(started, UTC), *times]).strftime(_STAMP)


def _parsed(store: ArtifactStore, key: str, of: type[T], data: bytes | None) -> T:
    try:
        return strict_json.read(of, data or b"", limit=LARGEST)
    except ValueError as error:
        problem = "it is missing" if data is None else shown(str(error))
        problem = f"this is not the document of a rollout: {problem}"
        raise OutsideFailure.at(store.uri(key), "rollout", problem, _HINT) from error


def _document(log: tuple[Entry, ...]) -> bytes:
    """A log; what it states by default is left out."""
    return strict_json.write([to_plain(entry) for entry in log])


def _written(store: ArtifactStore, key: str, data: bytes) -> None:
    """Write what must not be there yet."""
    if not _swapped(store, key, data, was=None):
        problem = "another rollout was started at the same time"
        raise OutsideFailure.at(store.uri(key), "rollout-raced", problem, "run it again")


def _swapped(store: ArtifactStore, key: str, data: bytes, *, was: bytes | None) -> bool:
    """Whether `data` is there now: a swap whose answer was lost is tried again, and then finds itself."""
    return store.swap(key, data, was=was) or store.get(key) == data


def _plan(rollout: str) -> str:
    return f"{FOLDER}{rollout}/plan.json"


def _log(rollout: str) -> str:
    return f"{FOLDER}{rollout}/log.json"


def _pointers(rollout: str, number: int) -> str:
    return f"{FOLDER}{rollout}/{number}.pointers"


def contended(store: ArtifactStore) -> OutsideFailure:
    """That others never stop writing."""
    problem = f"others wrote the log of the rollout {TRIES} times meanwhile"
    return OutsideFailure.at(store.uri(FOLDER[:-1]), "contended", problem, "run it again")
