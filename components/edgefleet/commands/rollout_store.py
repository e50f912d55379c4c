"""The store of a rollout, as its commands reach it: by a stack's fleet file, or by the store's address alone.

A schedule on a hub or in CI has no fleet file: what it needs stands in the store.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from edgefleet.commands.session import Session, session_of
from edgefleet.commands.stack import load
from edgefleet.commands.stack_store import opened
from edgefleet.errors import InvalidInput, Refused
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.io.store import ArtifactStore, StorePlace
from edgefleet.io.user_cache import root_of
from edgefleet.report.rollout_status import View
from edgefleet.rollout.statuses import Statuses
from edgefleet.rollout.stepping import HOW, NONE, reported
from edgefleet.rollout.stored import FOLDER, Running, newest

Stack = Annotated[
    str | None, typer.Option("-s", "--stack", metavar="STACK", help="The stack, one per region.")
]
Uri = Annotated[
    str | None,
    typer.Option(
        "--store", metavar="URI", help="The stack's store, without its fleet file: s3://BUCKET/PREFIX."
    ),
]


def cache_of(session: Session, store: ArtifactStore) -> Path:
    """The file that has what this user read of the statuses in a store."""
    place = f"{session.project}\0{store.uri('status')}"
    name = hashlib.sha256(place.encode()).hexdigest()
    return root_of(session.environment) / "statuses" / f"{name}.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutStore:
    """The store of a stack."""

    session: Session
    store: ArtifactStore
    option: str
    """The option that names it, as a shell takes it."""
    fleet: Fleet | None = None
    """The fleet of the stack; `None` where the store alone is named."""

    @classmethod
    def of(cls, context: typer.Context, stack: str | None, uri: str | None) -> "RolloutStore":
        """The store that one of the two options names.

        Raises:
            InvalidInput: none does, or both do.
        """
        session = session_of(context)
        if (stack is None) == (uri is None):
            problem = "no stack is named" if stack is None else "the store is named twice"
            raise InvalidInput.at("", "no-stack", problem, "name the stack, -s STACK, or its --store URI")
        if stack is not None:
            fleet = load(session.project, stack)
            return cls(session=session, store=opened(session, fleet), option=f"-s {stack}", fleet=fleet)
        store = StorePlace(uri=uri or "", root=session.project).open()
        return cls(session=session, store=store, option=f"--store {uri}")

    @property
    def now(self) -> int:
        """Seconds since 1970."""
        return int(self.session.now().timestamp())

    @property
    def cache(self) -> Path:
        """The file that has what this user read of its statuses."""
        return cache_of(self.session, self.store)

    def newest(self) -> Running:
        """The newest rollout.

        Raises:
            Refused: none was started yet.
        """
        running = newest(self.store)
        if running is None:
            raise self.nothing
        return running

    @property
    def nothing(self) -> Refused:
        """That no rollout was started yet."""
        return Refused.at(self.store.uri(FOLDER[:-1]), "no-rollout", NONE, HOW)

    def view(self, running: Running, statuses: Statuses | None = None) -> View:
        """A rollout as it is now; its `statuses` are read where none are given."""
        return View(
            id=running.id,
            plan=running.plan,
            state=running.state,
            statuses=reported(self.store, running, self.cache) if statuses is None else statuses,
            now=self.now,
        )
