"""The state of one run: old resources, progress, providers and events."""

import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import grpc

from pulumi_embedded.checkpoint import STACK_TYPE, State
from pulumi_embedded.errors import EngineError, OutsideFailure
from pulumi_embedded.events import Emitter, Step
from pulumi_embedded.goals import Goal
from pulumi_embedded.project import Config, Project
from pulumi_embedded.provider_call import InitFailed
from pulumi_embedded.providers import Client
from pulumi_embedded.registry import Registry
from pulumi_embedded.snapshot import Snapshot


class Stopped(grpc.RpcError):
    """Reports to the program that the engine has ended; on this code the SDK ends it quietly."""

    def code(self) -> grpc.StatusCode:
        """Return the code of a monitor that has shut down."""
        return grpc.StatusCode.UNAVAILABLE

    def details(self) -> str:
        """Return the reason."""
        return "the run has stopped"


class CallFailed(grpc.RpcError):
    """Reports to the program that a call failed; it may continue."""

    def code(self) -> grpc.StatusCode:
        """Return the code that the SDK raises as an exception."""
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        """Return the reason."""
        return str(self)


class Targets:
    """The resources that a run may change: all, or the named ones."""

    def __init__(self, named: Iterable[str]) -> None:
        self.named = tuple(named)
        self._patterns = [_pattern(name) for name in self.named]
        self._hits: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self.named)

    def __contains__(self, urn: str) -> bool:
        if not self.named:
            return True
        matches = [
            name for name, pattern in zip(self.named, self._patterns, strict=True) if pattern.fullmatch(urn)
        ]
        self._hits.update(matches)
        return bool(matches)

    def missing(self, urns: Iterable[str] = ()) -> list[str]:
        """Return the names that matched neither an earlier URN nor one of these."""
        for urn in urns:
            self.__contains__(urn)
        return [name for name in self.named if name not in self._hits]


def _pattern(name: str) -> re.Pattern[str]:
    """Read a target: a URN with the CLI's ``*`` and ``**``, or just a resource's name."""
    urn = name if name.startswith("urn:") or "::" in name else f"**::{name}"
    parts = re.split(r"(\*\*|\*)", urn)
    return re.compile("".join({"**": ".*", "*": "[^:]*"}.get(part, re.escape(part)) for part in parts))


@dataclass(frozen=True, slots=True)
class DeletedAhead:
    """The deletion of a resource ahead of its replacement."""

    keys: tuple[str, ...]
    """The properties that made it needed."""
    is_deleted: threading.Event = field(default_factory=threading.Event)


@dataclass(slots=True, kw_only=True)
class Deployment:
    """The state of a run; `lock` guards all but the thread-safe parts."""

    project: Project
    stack: str
    preview: bool
    parallel: int
    config: Config
    snapshot: Snapshot
    registry: Registry
    events: Emitter
    targets: Targets
    clear_command: str
    """The command that clears operations of unknown outcome, for messages."""
    passes: tuple[type[Exception], ...]
    """Exceptions of the program that the run raises unchanged."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    resources: list[State] = field(default_factory=list)
    """The old state, in its order."""
    olds: dict[str, State] = field(default_factory=dict)
    """The old state by URN, without resources that are only waiting to be deleted."""
    providers: dict[str, State] = field(default_factory=dict)
    """The old state's providers by reference, with those that are waiting to be deleted."""
    news: dict[str, Step] = field(default_factory=dict)
    """The step of each registered resource."""
    handed_down: dict[str, dict[str, Any]] = field(default_factory=dict)
    """URN -> the options that its children inherit."""
    claimed: set[str] = field(default_factory=set)
    """URNs that the program has registered."""
    retained: set[str] = field(default_factory=set)
    """Old URNs that a step of the program covers, so that they are not deleted at the end."""
    skipped: set[str] = field(default_factory=set)
    """URNs that were not created because they are not among the targets."""
    replaced: set[str] = field(default_factory=set)
    aliased: dict[str, str] = field(default_factory=dict)
    """Old URN -> the new one that continues it."""
    aliases: dict[str, str] = field(default_factory=dict)
    """New URN -> the old one that it continues."""
    deleted: set[int] = field(default_factory=set)
    """`id` of old states deleted already because something they need was replaced."""
    deleting: set[str] = field(default_factory=set)
    """URNs being deleted in this run."""
    recreate: dict[str, DeletedAhead] = field(default_factory=dict)
    """Old URN -> its deletion ahead of its replacement."""
    defaults: dict[tuple[str, str], str] = field(default_factory=dict)
    """Package and name -> reference of a default provider."""
    refusal: EngineError | None = None
    has_failed: bool = False
    is_cancelled: bool = False
    slots: threading.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self.slots = threading.Semaphore(self.parallel)
        self.rebase(self.snapshot.base.resources)

    def rebase(self, resources: list[State]) -> None:
        """Begin from these resources."""
        self.resources = list(resources)
        self.olds = {state.urn: state for state in resources if not state.delete}
        self.providers = {f"{state.urn}::{state.id}": state for state in resources if state.is_provider}

    # names

    def urn(self, goal: Goal) -> tuple[str, str]:
        """Return a goal's URN and its parent's, and claim the URN.

        Raises:
            Stopped: the program registers it twice.
        """
        parent = goal.parent or ("" if goal.type == STACK_TYPE else self.root)
        urn = make_urn(self.stack, self.project.name, parent, goal.type, goal.name)
        with self.lock:
            if urn in self.claimed:
                raise self.fail(f"duplicate resource URN '{urn}'; give the resource another name", urn)
            self.claimed.add(urn)
        return urn, parent

    def is_registered(self, old: State) -> bool:
        """Return whether the program has registered what continues an old state."""
        return old.urn in self.claimed or old.urn in self.aliased

    @property
    def root(self) -> str:
        """URN of the stack's own resource."""
        name = f"{self.project.name}-{self.stack}"
        return make_urn(self.stack, self.project.name, "", STACK_TYPE, name)

    # providers

    def client(self, reference: str) -> Client:
        """Return the provider that a reference names.

        Raises:
            ProviderError: there is no such provider in this run or the state.
        """
        return self.registry.ensure(reference, self.providers)

    # failures

    def check_running(self) -> None:
        """Stop a registration that comes after the run has failed.

        Raises:
            Stopped: it has.
        """
        if self.has_failed or self.is_cancelled:
            raise Stopped

    def fail(self, message: str, urn: str = "") -> Stopped:
        """Report an error and return the exception that stops the program."""
        self.has_failed = True
        self.events.diagnostic("error", message, urn)
        return Stopped()

    def refuse(self, refusal: EngineError) -> Stopped:
        """Record why the run cannot continue and return the exception that stops the program."""
        with self.lock:
            self.refusal = self.refusal or refusal
        self.has_failed = True
        return Stopped()

    def step_failed(self, step: Step, error: Exception) -> Stopped:
        """Report a step that failed."""
        message = str(error)
        if isinstance(error, InitFailed) and error.reasons:
            message += "\n" + "\n".join(f"* {reason}" for reason in error.reasons)
        if isinstance(error, OutsideFailure):
            return self.refuse(error)
        self.has_failed = True
        self.events.diagnostic("error", message, "" if step.is_internal else step.state.urn)
        if not self.preview:
            self.events.failed(step)
        return Stopped()


def make_urn(stack: str, project: str, parent: str, type_: str, name: str) -> str:
    """Return a resource's URN: its type is qualified by its parents', without the stack's."""
    qualified = type_
    if parent:
        above = parent.split("::")[2]
        if above.rpartition("$")[2] != STACK_TYPE:
            qualified = f"{above}${type_}"
    return f"urn:pulumi:{stack}::{project}::{qualified}::{name}"
