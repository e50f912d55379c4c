"""Engine events, in the shapes of `pulumi.automation.events`, so that one renderer serves both engines."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from pulumi.automation import events as api

from pulumi_embedded.checkpoint import PROVIDER_PREFIX, State
from pulumi_embedded.providers import Diff

OnEvent = Callable[[api.EngineEvent], None]
LOGICAL: Final = frozenset(
    {"same", "create", "update", "delete", "replace", "read", "refresh", "discard", "import"}
)
"""Operations that stand for one resource of the program; the halves of a replacement do not."""


@dataclass(slots=True, kw_only=True)
class Step:
    """One operation on one resource, as events report it."""

    op: str
    """As in `pulumi.automation.events.OpType`."""
    old: State | None = None
    new: State | None = None
    keys: tuple[str, ...] = ()
    """Properties that make a replacement needed."""
    diffs: tuple[str, ...] = ()
    detailed: Mapping[str, tuple[str, bool]] = field(default_factory=dict)

    @classmethod
    def of(cls, op: str, old: State, new: State, diff: Diff) -> Self:
        """Return the step for a difference."""
        return cls(op=op, old=old, new=new, keys=diff.replaces, diffs=diff.diffs, detailed=diff.detailed)

    @property
    def state(self) -> State:
        """Its state: the new one, if any."""
        state = self.new or self.old
        assert state is not None  # noqa: S101 - a step is about something
        return state

    @property
    def is_internal(self) -> bool:
        """Return whether its resource is a default provider, which no program names."""
        state = self.state
        return state.type.startswith(PROVIDER_PREFIX) and (
            state.name == "default" or state.name.startswith("default_")
        )


class Emitter:
    """Numbers events and hands them on, one at a time; counts what was done."""

    def __init__(self, on_event: OnEvent, *, preview: bool, clock: Callable[[], float] = time.time) -> None:
        self._on_event = on_event
        self._preview = preview
        self._clock = clock
        self._lock = threading.Lock()
        self._sequence = 0
        self._started = clock()
        self.counts: Counter[str] = Counter()

    def prelude(self, config: Mapping[str, str]) -> None:
        """Report that the run begins, with its configuration."""
        self._emit(prelude_event=api.PreludeEvent(dict(config)))

    def pre(self, step: Step) -> None:
        """Report that a step begins."""
        self._emit(resource_pre_event=api.ResourcePreEvent(_metadata(step, step.op), self._planning))

    def done(self, step: Step, op: str = "", *, show: bool = True) -> None:
        """Count a step as done, and show its outputs.

        Args:
            step: What was done.
            op: Outcome of a refresh: ``same update delete``.
            show: Whether there is more to see than when it began.
        """
        counted = op or step.op
        if counted in LOGICAL and not step.is_internal:
            with self._lock:
                self.counts[counted] += 1
        if show:
            self.outputs(step, op)

    def outputs(self, step: Step, op: str = "") -> None:
        """Show a resource's outputs."""
        self._emit(res_outputs_event=api.ResOutputsEvent(_metadata(step, op or step.op), self._planning))

    def failed(self, step: Step) -> None:
        """Report that a step failed; the reason is a separate diagnostic."""
        total = sum(self.counts.values())
        self._emit(res_op_failed_event=api.ResOpFailedEvent(_metadata(step, step.op), 2, total))

    def diagnostic(self, severity: str, message: str, urn: str = "") -> None:
        """Pass a message on; severity is ``debug info warning error``."""
        event = api.DiagnosticEvent(message=message, color="never", severity=severity, urn=urn or None)
        self._emit(diagnostic_event=event)

    def summary(self, *, is_corrupt: bool = False) -> None:
        """Report that the run ends, with the count of each operation."""
        changes = {api.OpType(op): count for op, count in sorted(self.counts.items())}
        seconds = round(self._clock() - self._started)
        self._emit(summary_event=api.SummaryEvent(is_corrupt, seconds, changes, {}))

    @property
    def _planning(self) -> bool | None:
        return True if self._preview else None

    def _emit(
        self,
        *,
        prelude_event: api.PreludeEvent | None = None,
        resource_pre_event: api.ResourcePreEvent | None = None,
        res_outputs_event: api.ResOutputsEvent | None = None,
        **others: api.DiagnosticEvent | api.SummaryEvent | api.ResOpFailedEvent,
    ) -> None:
        with self._lock:
            event = api.EngineEvent(
                self._sequence,
                int(self._clock()),
                prelude_event=prelude_event,
                resource_pre_event=resource_pre_event,
                res_outputs_event=res_outputs_event,
                **others,  # type: ignore[arg-type]  # each is under the name of its own kind
            )
            self._sequence += 1
            self._on_event(event)


def _metadata(step: Step, op: str) -> api.StepEventMetadata:
    state = step.state
    return api.StepEventMetadata(
        op=api.OpType(op),
        urn=state.urn,
        type=state.type,
        provider=state.provider,
        old=_shown(step.old),
        new=_shown(step.new),
        keys=list(step.keys) or None,
        diffs=list(step.diffs) or None,
        detailed_diff={
            path: api.PropertyDiff(api.DiffKind(kind), inputs)
            for path, (kind, inputs) in step.detailed.items()
        },
        logical=op in LOGICAL,
    )


def _shown(state: State | None) -> api.StepEventStateMetadata | None:
    if state is None:
        return None
    return api.StepEventStateMetadata(
        type=state.type,
        urn=state.urn,
        id=state.id,
        parent=state.parent,
        provider=state.provider,
        custom=state.custom or None,
        delete=state.delete or None,
        protect=state.protect or None,
        retain_on_delete=state.retain_on_delete or None,
        inputs=state.inputs.masked,
        outputs=state.outputs.masked,
        init_errors=list(state.init_errors) or None,
    )
