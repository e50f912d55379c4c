"""What must hold after a run was ended anywhere and the next one has gone on with it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.pulumi_embedded.crash.emulator import held, made, name_of
from tests.pulumi_embedded.parity.standin.servicer import plain

from edgefleet.model.steps import Outcome
from pulumi_embedded.checkpoint import Checkpoint, State
from pulumi_embedded.values import reveal

UNKNOWN = "it is unknown whether that exists"
"""The report of a creation whose answer was lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the same operations come to where nobody ends them."""

    things: dict[str, Any]
    """Name -> inputs, without what follows from ids."""
    made: dict[str, int]
    """Name -> how many came to be."""


def expect(root: Path) -> Expected:
    """Return what a project came to that nobody ended."""
    things = {name_of(id_): shape(inputs) for id_, inputs in held(root).items()}
    return Expected(things=things, made=dict(Counter(name_of(id_) for id_ in made(root))))


def shape(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return a thing's inputs with ids of others cut to their names."""
    return {
        key: name_of(value) if isinstance(value, str) and "-" in value else value
        for key, value in inputs.items()
    }


def unknown(outcomes: Iterable[Outcome]) -> set[str]:
    """Return the names of the creations that runs said they cannot know about, with how to settle them."""
    return {
        item.urn.rpartition("::")[2]
        for outcome in outcomes
        for item in outcome.diagnostics
        if UNKNOWN in item.message and "--clear-pending-creates" in item.message
    }


def broken(root: Path, checkpoint: Checkpoint, expected: Expected, named: set[str]) -> list[str]:
    """Return how what exists, the records and the report differ, if they do."""
    things = held(root)
    recorded = {state.id: state for state in checkpoint.resources if _is_held(state)}
    lost = {id_ for id_ in things.keys() - recorded.keys() if name_of(id_) not in named}
    strays = [id_ for id_ in things.keys() - recorded.keys() if name_of(id_) in named]
    wanted = {name_of(id_): shape(inputs) for id_, inputs in things.items() if id_ in recorded}
    often = {
        name: count
        for name, count in Counter(name_of(id_) for id_ in made(root)).items()
        if count > expected.made.get(name, 0) + (name in named)
    }
    checks = {
        "exists, but is not on record": sorted(lost),
        "of one unheard answer there are several things": sorted(_repeated(map(name_of, strays))),
        "is on record, but does not exist": sorted(recorded.keys() - things.keys()),
        "is on record as something else": _differing(things, recorded),
        "was made more often than it should": often,
        "is not what the program wants": [] if wanted == expected.things else [wanted, expected.things],
        "is pending in the state, but was not said": sorted(
            {item.resource.name for item in checkpoint.pending} - named
        ),
        "is pending in the state otherwise than as a creation": [
            item.type for item in checkpoint.pending if item.type != "creating"
        ],
        "needs what is not before it in the state": _misplaced(checkpoint.resources),
        "was left on the disk": left(root),
    }
    return [f"{what}: {found}" for what, found in checks.items() if found]


def _is_held(state: State) -> bool:
    """Say whether a state says that something exists that is edgefleet's."""
    return state.custom and not (state.is_provider or state.external or state.pending_replacement)


def _differing(things: dict[str, Any], recorded: dict[str, State]) -> list[Any]:
    return [
        (id_, things[id_], reveal(state.inputs.data))
        for id_, state in recorded.items()
        if id_ in things and things[id_] != plain(reveal(state.inputs.data))
    ]


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _misplaced(resources: list[State]) -> list[str]:
    seen: set[str] = set()
    found = []
    for state in resources:
        if not state.references() <= seen:
            found.append(f"{state.name} needs {sorted(state.references() - seen)}")
        seen.add(state.urn)
    return found


def left(root: Path) -> list[str]:
    """Return files that no run leaves behind which has ended: locks, journals, half-written ones."""
    folders = (root / ".pulumi" / "locks", root / ".pulumi" / "journals")
    found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    found += [path for path in root.rglob("*") if path.name.startswith(".") and path.is_file()]
    found += [path for path in root.rglob("*.tmp") if path.is_file()]
    return sorted({str(path.relative_to(root)) for path in found})
