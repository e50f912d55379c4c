"""What a run does to sites, reported to the engine's user: beside each changed site, and once for a fleet.

An engine shows values, and not what a change means to a deployed site. The provider has a site's old and new
images, the program has the fleet file with its lines, and neither has the other. A line cannot be an input: a
moved line would be a change. So a registration carries the path of the fleet file, which Check takes out of
the inputs: it is in no state and in no difference, and the provider looks lines up in the file where it
reports a change. What a fleet has lost is known from its `Roster`.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2 as proto

from edgefleet.errors import EdgefleetError
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.load import load_fleet
from edgefleet.model.paths import parse_path
from edgefleet.model.site_resource import ROSTER, TOKEN
from edgefleet.model.steps import Op, Operation, Outcome, Step
from edgefleet.provider.engine_log import Log
from edgefleet.provider.properties import decode, shown

DECLARED_IN, REPORT_ON = "declaredIn", "reportOn"
"""Inputs that inform the run and are not recorded: path of the fleet file; URN that a summary is about."""


@dataclass(slots=True, kw_only=True)
class _Registration:
    """One site or roster in this run."""

    declared_in: str = ""
    report_on: str = ""
    old_inputs: Struct = field(default_factory=Struct)
    old_outputs: Struct = field(default_factory=Struct)
    op: Op = "create"
    paths: tuple[str, ...] = ()


class SiteEffects:
    """Follows the calls about sites and rosters."""

    def __init__(self, log: Callable[[], Log], project: Callable[[], Path]) -> None:
        self._log, self._project = log, project
        self._lock = threading.Lock()
        self.begin()

    def begin(self) -> None:
        """Begin a run."""
        self._registrations: dict[str, _Registration] = {}
        self._steps: dict[str, dict[str, Step]] = {}
        self._fleets: dict[str, Fleet | None] = {}

    def check(self, kind: str, request: proto.CheckRequest) -> None:
        """Take what only informs the run out of the inputs."""
        registration = self._registrations.setdefault(request.urn, _Registration())
        if kind in {TOKEN, ROSTER}:
            registration.declared_in = _taken(request.news, DECLARED_IN)
            registration.report_on = _taken(request.news, REPORT_ON)
        if request.olds.fields:  # a replacement that is forced has no Diff
            registration.op = "replace"

    def diff(self, kind: str, request: proto.DiffRequest, answer: proto.DiffResponse) -> None:
        """Take the differences; report those that no input explains. A refresh compares without a Check."""
        registration = self._registrations.get(request.urn)
        if registration is None:
            return
        drift = sorted(set(answer.diffs) - {str(parse_path(path)[0]) for path in answer.detailedDiff})
        if kind != TOKEN and drift:
            names = ", ".join(drift)
            self._log()("info", f"{names}: changed outside of this stack; up sets it again", request.urn)
        if kind not in {TOKEN, ROSTER}:
            return
        registration.old_inputs, registration.old_outputs = request.old_inputs, request.olds
        registration.paths = (*sorted(answer.detailedDiff), *drift)
        registration.op = "replace" if answer.replaces else "update"
        if answer.changes == proto.DiffResponse.DIFF_NONE:
            registration.op = "same"
            self._end(kind, request.urn, Struct(), Struct(), is_preview=True)

    def create(self, kind: str, request: proto.CreateRequest, answer: proto.CreateResponse) -> None:
        """Report a created or recreated site."""
        self._end(kind, request.urn, request.properties, answer.properties, is_preview=request.preview)

    def update(self, kind: str, request: proto.UpdateRequest, answer: proto.UpdateResponse) -> None:
        """Report an updated site."""
        self._end(kind, request.urn, request.news, answer.properties, is_preview=request.preview)

    def _end(self, kind: str, urn: str, inputs: Struct, outputs: Struct, *, is_preview: bool) -> None:
        registration = self._registrations.get(urn)
        if kind not in {TOKEN, ROSTER} or registration is None:
            return
        if kind == ROSTER:
            self._report_fleet(registration, inputs, "preview" if is_preview else "up")
            return
        step = Step(urn=urn, op="same", type=kind)
        if registration.op != "same":
            step = self._step(urn, registration, inputs, outputs)
        self._steps.setdefault(registration.declared_in, {})[urn] = step
        if step.op in {"update", "replace"}:
            self._report_site(registration, step)

    @staticmethod
    def _step(urn: str, registration: _Registration, inputs: Struct, outputs: Struct) -> Step:
        return Step(
            urn=urn,
            op=registration.op,
            type=TOKEN,
            diff=registration.paths,
            old_inputs=_shown(registration.old_inputs),
            # Of a new site, no value of the spec is reported: there may be thousands.
            new_inputs=_names(inputs) if registration.op == "create" else _shown(inputs),
            old_outputs=_shown(registration.old_outputs),
            new_outputs=_shown(outputs),
        )

    def _report_site(self, registration: _Registration, step: Step) -> None:
        from edgefleet.report import messages, presenters, site_changes  # noqa: PLC0415 - only a change needs them

        fleet = self._fleet(registration.declared_in)
        row = presenters.present(step)
        message = messages.of_site(
            row,
            lambda name, change: "" if fleet is None else site_changes.declared(fleet, name, change),
            row.objects if fleet is None else site_changes.located(fleet, row),
        )
        self._log()("info", message, step.urn)

    def _report_fleet(self, registration: _Registration, inputs: Struct, operation: Operation) -> None:
        from edgefleet.report import messages, site_changes  # noqa: PLC0415 - as above

        steps = self._steps.get(registration.declared_in, {})
        gone = _gone(_shown(registration.old_inputs), _shown(inputs)) if inputs.fields else ()
        outcome = Outcome(
            engine="local",
            stack="",
            operation=operation,
            result="succeeded",
            steps=(*steps.values(), *gone),
        )
        seen = site_changes.Seen(at=datetime.now(UTC), fleet=self._fleet(registration.declared_in))
        message = messages.of_fleet(site_changes.view(outcome, seen))
        self._log()("info", message, registration.report_on)

    def _fleet(self, declared_in: str) -> Fleet | None:
        """The fleet file, for its lines; `None` where it cannot be read any more."""
        with self._lock:
            if declared_in not in self._fleets:
                try:
                    self._fleets[declared_in] = load_fleet(Path(declared_in), self._project())
                except EdgefleetError:
                    self._fleets[declared_in] = None
            return self._fleets[declared_in]


def _taken(inputs: Struct, name: str) -> str:
    """The text `name` of `inputs`, which do not have it afterwards."""
    text = inputs.fields[name].string_value if name in inputs.fields else ""
    inputs.fields.pop(name, None)
    return text


def _names(struct: Struct) -> dict[str, Any]:
    return {name: struct.fields[name].string_value for name in ("fleet", "region", "name")}


def _shown(struct: Struct) -> dict[str, Any]:
    plain: dict[str, Any] = shown(decode(struct))
    return plain


def _gone(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Step]:
    """A step for each site that the roster has lost."""
    for name in sorted({*old.get("sites", ())} - {*new["sites"]}):
        inputs = {"fleet": new["fleet"], "region": new["region"], "name": name}
        yield Step(urn=name, op="delete", type=TOKEN, old_inputs=inputs)
