"""Refresh: look every resource up and record its live state, without changing anything outside."""

from dataclasses import dataclass
from functools import partial

from pulumi_embedded.checkpoint import State, now
from pulumi_embedded.deletions import in_parallel
from pulumi_embedded.deployment import Deployment
from pulumi_embedded.events import Step
from pulumi_embedded.provider_call import InitFailed, ProviderError
from pulumi_embedded.providers import Read
from pulumi_embedded.registration import input_diff
from pulumi_embedded.values import Bag

_INVERSE = {
    "add": "delete",
    "delete": "add",
    "add-replace": "delete-replace",
    "delete-replace": "add-replace",
}


@dataclass(slots=True)
class _LookUp:
    """A state, and its live state; None if it does not exist."""

    old: State
    new: State | None


def refresh(run: Deployment, *, alone: bool = True) -> None:
    """Look up the targets, or all; then begin from the results, also if some failed.

    Args:
        run: The run.
        alone: Whether the run is only a refresh, so that its outcome is reported and counted.

    Raises:
        Stopped: a provider failed.
    """
    lookups = {id(state): _LookUp(state, state) for state in run.resources}
    targets = [state for state in run.resources if state.urn in run.targets]
    missing = run.targets.missing() if run.targets else []
    for name in missing:
        run.fail(f"no resource of the stack is called '{name}'")
    run.check_running()
    try:
        in_parallel(run, [partial(_refresh_one, run, lookups[id(state)], alone=alone) for state in targets])
    finally:
        _rebuild(run, list(lookups.values()))


def _refresh_one(run: Deployment, item: _LookUp, *, alone: bool) -> None:
    run.check_running()
    old = item.old
    step = Step(op="refresh", old=old, new=old)
    run.events.pre(step)
    op = "same"
    try:
        if old.custom and not old.is_provider and not old.pending_replacement:
            op = _look_up(run, item, step)
    except ProviderError as error:
        raise run.step_failed(step, error) from error
    if alone:
        run.events.done(step, op)
    else:
        run.events.outputs(step)


def _look_up(run: Deployment, item: _LookUp, step: Step) -> str:
    old = item.old
    client = run.client(old.provider)
    reasons: tuple[str, ...] = ()
    try:
        with run.slots:
            read = client.read(old)
    except InitFailed as error:
        reasons = error.reasons
        read = Read(id=error.id, outputs=error.outputs, inputs=error.inputs)
        text = "\n".join(f"* {reason}" for reason in reasons)
        run.events.diagnostic("warning", f"the resource is not well:\n{text}", old.urn)
    if not read.id:
        item.new = step.new = None
        return "delete"
    inputs = read.inputs if read.inputs is not None else old.inputs
    new = old.copy(
        id=read.id, inputs=_unless_equal(inputs, old.inputs), outputs=_unless_equal(read.outputs, old.outputs)
    )
    new.init_errors = reasons
    if (
        new.inputs is old.inputs
        and new.outputs is old.outputs
        and (new.id, reasons) == (old.id, old.init_errors)
    ):
        new.recorded = old.recorded
    if new.inputs is not old.inputs or new.outputs is not old.outputs:
        new.modified = now()
    item.new = step.new = new
    if old.external:
        return "same" if new.outputs is old.outputs else "update"
    diff = client.diff(new, new.copy(inputs=old.inputs))
    if diff.changes is None:
        diff = input_diff(new.inputs, old.inputs, diff)
    step.detailed = {
        path: (_INVERSE.get(kind, kind), inputs) for path, (kind, inputs) in diff.detailed.items()
    }
    step.diffs = diff.diffs
    return "update" if diff.changes else "same"


def _unless_equal(current: Bag, recorded: Bag) -> Bag:
    return recorded if current == recorded else current


def _rebuild(run: Deployment, lookups: list[_LookUp]) -> None:
    """Collect the remaining states, without references to missing ones."""
    there: set[str] = set()
    above: dict[str, str] = {}
    resources: list[State] = []
    for item in lookups:
        new = item.new
        if new is None:
            above[item.old.urn] = above.get(item.old.parent, item.old.parent)
            run.snapshot.end(0, done=(item.old,), durable=False)
            continue
        state = _referring(new, there, above)
        resources.append(state)
        there.add(state.urn)
        if state.recorded is None or state.recorded is not item.old.recorded:
            run.snapshot.end(0, new=state, done=(item.old,), durable=False)
        else:
            run.snapshot.end(0, new=state.copy(recorded=state.recorded), done=(item.old,), same=True)
    run.rebase(run.snapshot.checkpoint().resources)


def _referring(state: State, there: set[str], above: dict[str, str]) -> State:
    """Return a state that refers only to existing states; properties without references are left out.

    The CLI does the same (``rebuildBaseState``), also if none is missing.
    """
    references = {
        key: present
        for key, urns in state.property_dependencies.items()
        if (present := [urn for urn in urns if urn in there])
    }
    if references == state.property_dependencies and state.references() <= there:
        return state
    return state.copy(
        parent=above.get(state.parent, state.parent),
        dependencies=tuple(urn for urn in state.dependencies if urn in there),
        property_dependencies=references,
        deleted_with=state.deleted_with if state.deleted_with in there else "",
    )
