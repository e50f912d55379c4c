"""From engine events to an outcome: one translation for both engines.

A replacement is several events and one step. An old resource that an earlier run left to delete is a step
beside the resource's own. Default providers are not steps, nor are failed steps, which diagnostics report,
nor those that an interrupted run began and did not record: engines report an end once it is in the state.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, cast, get_args

from pulumi.automation import events as api

from edgefleet.engine.api import OnEvent
from edgefleet.model.paths import parse_path
from edgefleet.model.steps import SECRET, STACK, UNKNOWN, Diagnostic, Op, Operation, Outcome, Result, Step
from edgefleet.provider import properties

_OPS: Final[dict[str, Op]] = {
    **{op: op for op in get_args(Op)},
    "create-replacement": "replace",
    "delete-replaced": "delete",
    "read-replacement": "replace",
    "discard": "delete",
    "discard-replaced": "delete",
    "import-replacement": "replace",
}
_HALVES: Final = frozenset({"create-replacement", "delete-replaced", "discard-replaced", "read-replacement"})
_REMAINS: Final = frozenset({"delete-replaced", "discard-replaced"})
_STAYING: Final = frozenset({"same", "create", "update", "read", "import", "refresh"})
_SEVERITIES: Final = frozenset({"info", "warning", "error", "debug"})
_COLORS = re.compile(r"<\{%.*?%\}>|\x1b\[[0-9;]*m")
_NOISE: Final = frozenset({"update failed", "preview failed", "refresh failed", "destroy failed"})
_PLAIN: Final = frozenset({int, float, bool, type(None)})
_PREFIX: Final = "Preview failed: "
_STOPPED: Final = "inline source runtime error: resource monitor shut down"
"""In what an inline program reports when the engine stops it because of another error."""


@dataclass(slots=True)
class _Seen:
    """The events of one resource so far."""

    metadata: api.StepEventMetadata
    op: Op
    outputs: Mapping[str, Any] = field(default_factory=dict)
    has_failed: bool = False
    has_ended: bool = False
    is_refresh: bool = False

    def is_step(self, operation: Operation, result: Result) -> bool:
        """Whether `operation` did it, or would; a component has no end of its own."""
        if self.has_failed or operation == "preview" or result == "succeeded":
            return not self.has_failed
        if self.is_refresh and operation == "up":  # the program's own step did not come
            return self.op == "delete"
        state = self.metadata.new or self.metadata.old
        return self.has_ended or state is None or not state.custom


class Collector:
    """Collects events, passes them on to `on_event`, and builds an outcome of them."""

    def __init__(self, on_event: OnEvent | None = None) -> None:
        self._on_event = on_event
        self._seen: dict[str, _Seen] = {}
        self._remains: dict[str, _Seen] = {}
        self._diagnostics: list[Diagnostic] = []
        self._outputs: dict[str, Any] = {}

    def __call__(self, event: api.EngineEvent) -> None:
        """Take one event."""
        if event.resource_pre_event is not None:
            self._begin(event.resource_pre_event.metadata)
        elif event.res_outputs_event is not None:
            self._end(event.res_outputs_event.metadata)
        elif event.res_op_failed_event is not None:
            self._fail(event.res_op_failed_event.metadata)
        elif event.diagnostic_event is not None:
            self._diagnose(event.diagnostic_event)
        if self._on_event is not None:
            self._on_event(event)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The errors so far."""
        return tuple(item for item in self._diagnostics if item.severity == "error")

    def outcome(
        self,
        engine: Literal["pulumi", "local"],
        stack: str,
        operation: Operation,
        *,
        result: Result,
        seconds: float,
    ) -> Outcome:
        """Return the outcome of the run."""
        return Outcome(
            engine=engine,
            stack=stack,
            operation=operation,
            result=result,
            steps=(
                *(_step(seen) for seen in self._seen.values() if seen.is_step(operation, result)),
                *(
                    replace(_step(seen), is_remains=True)
                    for seen in self._remains.values()
                    if seen.is_step(operation, result)
                ),
            ),
            diagnostics=tuple(self._diagnostics),
            outputs=self._outputs,
            seconds=seconds,
        )

    def _begin(self, metadata: api.StepEventMetadata) -> None:
        op = _OPS.get(metadata.op.value)
        if op is None or _is_default_provider(metadata):
            return
        seen = self._seen.get(metadata.urn)
        if seen is not None and metadata.op.value in _HALVES and seen.op == "replace":
            return  # the replacement as a whole reports more than its halves
        if seen is not None and metadata.op.value in _REMAINS:
            if seen.op in _STAYING:
                self._remains[metadata.urn] = _Seen(metadata, op)
            return
        if seen is not None and seen.metadata.op.value in _REMAINS and op in _STAYING:
            self._remains[metadata.urn] = seen
        new = _Seen(metadata, op, seen.outputs if seen else {})
        new.has_ended = op == "replace" and seen is not None and seen.op == op and seen.has_ended
        self._seen[metadata.urn] = new

    def _end(self, metadata: api.StepEventMetadata) -> None:
        is_remains = metadata.op.value in _REMAINS
        seen = (is_remains and self._remains.get(metadata.urn)) or self._seen.get(metadata.urn)
        if seen is None:
            return
        # The embedded engine reports a replacement as a whole before its halves.
        seen.has_ended |= metadata.op.value != "replace" and (not is_remains or seen.op == "delete")
        if is_remains:
            return
        if seen.op == "refresh":
            seen.op = _OPS.get(metadata.op.value, "same")
            seen.metadata, seen.is_refresh = metadata, True
        if metadata.new is not None:
            seen.outputs = metadata.new.outputs or {}
            if metadata.type == STACK:
                self._outputs = shown(seen.outputs)

    def _fail(self, metadata: api.StepEventMetadata) -> None:
        is_remains = metadata.op.value in _REMAINS and metadata.urn in self._remains
        seen = (self._remains if is_remains else self._seen).get(metadata.urn)
        if seen is not None:
            seen.has_failed = True

    def _diagnose(self, event: api.DiagnosticEvent) -> None:
        severity = event.severity if event.severity in _SEVERITIES else "info"
        message = _COLORS.sub("", event.message).strip().removeprefix(_PREFIX)
        is_noise = event.ephemeral or not message or message in _NOISE or _STOPPED in message
        if severity == "debug" or is_noise:
            return
        self._diagnostics.append(
            Diagnostic(
                severity=cast("Literal['info', 'warning', 'error', 'debug']", severity),
                message=message,
                urn=event.urn or "",
            )
        )


def shown(value: Any) -> Any:
    """Show a value, with placeholders for secrets and unknowns."""
    if isinstance(value, Mapping):
        if value.get(properties.SIGNATURE) == properties.SECRET:
            return SECRET
        return {key: _shown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shown(item) for item in value]
    return UNKNOWN if value in properties.UNKNOWN_TEXTS else value


def _shown(item: Any) -> Any:
    """Show an item; plain values take a shortcut, as this runs for every value of every resource."""
    return item if type(item) in _PLAIN else shown(item)


class Shown(Mapping[str, Any]):
    """Values as `shown`, each computed when it is read: most are never read."""

    __slots__ = ("_raw",)

    def __init__(self, raw: Mapping[str, Any] | None) -> None:
        self._raw = raw or {}

    def __getitem__(self, key: str) -> Any:
        return _shown(self._raw[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)

    def __repr__(self) -> str:
        return repr(dict(self))


def _step(seen: _Seen) -> Step:
    metadata = seen.metadata
    old, new = metadata.old, metadata.new
    return Step(
        urn=metadata.urn,
        op=seen.op,
        type=metadata.type,
        diff=_paths(seen),
        old_inputs=Shown(old.inputs) if old else {},
        new_inputs=Shown(new.inputs) if new else {},
        old_outputs=Shown(old.outputs) if old else {},
        new_outputs=Shown(seen.outputs) if new else {},
    )


def _paths(seen: _Seen) -> tuple[str, ...]:
    """Return the differing paths that the provider reports, and the properties without a path: drift."""
    if seen.op not in ("update", "replace"):
        return ()
    detailed = set(seen.metadata.detailed_diff or ())
    inside = {str(parse_path(path)[0]) for path in detailed}
    return tuple(sorted(detailed | {name for name in seen.metadata.diffs or () if name not in inside}))


def _is_default_provider(metadata: api.StepEventMetadata) -> bool:
    name = metadata.urn.rsplit("::", 1)[-1]
    return metadata.type.startswith("pulumi:providers:") and (
        name == "default" or name.startswith("default_")
    )
