"""Execute steps: the provider's call, the journal before and after it, the events around it."""

from collections.abc import Callable
from dataclasses import dataclass

from pulumi_embedded.checkpoint import State, now
from pulumi_embedded.deployment import Deployment
from pulumi_embedded.errors import OutsideFailure
from pulumi_embedded.events import Step
from pulumi_embedded.provider_call import InitFailed, ProviderError, TimedOut
from pulumi_embedded.providers import Lifecycle
from pulumi_embedded.values import Bag, is_secret, secret

_ADVISORY = (
    "source_position",
    "ignore_changes",
    "replace_on_changes",
    "hide_diff",
    "additional_secret_outputs",
    "import_id",
)
_UNDER_WAY = "its outcome is not known, so it stays pending and the next run reports what to do"
_COMPARED = (
    "urn",
    "type",
    "custom",
    "custom_timeouts",
    "retain_on_delete",
    "provider",
    "parent",
    "deleted_with",
    "protect",
    "dependencies",
    "property_dependencies",
)


def same(run: Deployment, step: Step) -> Step:
    """Keep a resource unchanged, with its new options."""
    old, new = step.old, step.new
    assert old is not None  # noqa: S101 - a same step has an old state
    assert new is not None  # noqa: S101
    new.id, new.outputs, new.init_errors = old.id, old.outputs, old.init_errors
    if new.inputs == old.inputs:
        new.inputs = old.inputs
    mark_secrets(new)
    try:
        if new.is_provider:
            run.registry.adopt(new, old.inputs)
    except ProviderError as error:
        raise run.step_failed(step, error) from error
    is_equal = (new.inputs, new.outputs) == (old.inputs, old.outputs) and all(
        getattr(old, name) == getattr(new, name) for name in _COMPARED
    )
    if is_equal and all(getattr(old, name) == getattr(new, name) for name in _ADVISORY):
        new.recorded = old.recorded
    run.retained.add(old.urn)
    run.events.pre(step)
    write_journal(run, lambda: run.snapshot.end(0, new=new, done=(old,), same=new.recorded is not None))
    run.events.done(step, show=run.preview or new.custom)
    return step


def skip(run: Deployment, old: State | None, new: State) -> Step:
    """Keep a resource that is not a target, with its dependencies."""
    if old is None:
        run.skipped.add(new.urn)
        new.inputs = Bag()
        step = Step(op="same", old=new, new=new)
        run.events.pre(step)
        run.events.done(step, show=run.preview or new.custom)
        return step
    with run.lock:
        for needed in _needed(run, old):
            carry_over(run, needed)
        return carry_over(run, old)


def carry_over(run: Deployment, old: State) -> Step:
    """Carry an old state over unchanged."""
    copy = old.copy()
    copy.recorded = old.recorded
    step = Step(op="same", old=old, new=copy)
    run.retained.add(old.urn)
    run.events.pre(step)
    run.snapshot.end(0, new=copy, done=(old,), same=True)
    run.events.done(step, show=run.preview or old.custom)
    return step


def _needed(run: Deployment, state: State) -> list[State]:
    """Return the dependencies of an untouched resource that are not retained yet, deepest first."""
    order: list[State] = []

    def visit(urn: str) -> None:
        old = run.olds.get(urn)
        if old is None or urn in run.retained or old in order:
            return
        for needed in sorted(old.references()):
            visit(needed)
        order.append(old)

    for urn in sorted(state.references()):
        visit(urn)
    return order


def create(run: Deployment, manager: Lifecycle | None, step: Step, *, replaced: State | None = None) -> Step:
    """Create a resource.

    Args:
        run: The run.
        manager: Its manager; None for a component.
        step: ``create`` or ``create-replacement``.
        replaced: The state that it replaces, to be marked for deletion.
    """
    new = step.new
    assert new is not None  # noqa: S101 - a create step has a new state
    run.check_running()
    run.events.pre(step)

    def call() -> None:
        if manager is not None:
            new.id, new.outputs = manager.create(new, preview=run.preview)

    called = execute(run, step, "creating", call)
    if called.failure is not None:
        new.id, new.outputs = called.failure.id, called.failure.outputs
    new.created = new.modified = now()
    if replaced is not None:
        replaced.delete = True
    gone = (step.old,) if step.old is not None and step.old.pending_replacement else ()
    return _finish(run, step, gone, called, amended=replaced)


def update(run: Deployment, manager: Lifecycle | None, step: Step) -> Step:
    """Update a resource in place."""
    old, new = step.old, step.new
    assert old is not None  # noqa: S101 - an update step has both states
    assert new is not None  # noqa: S101
    new.id, new.outputs = old.id, old.outputs
    run.check_running()
    run.retained.add(old.urn)
    run.events.pre(step)

    def call() -> None:
        if manager is not None:
            new.outputs = manager.update(old, new, preview=run.preview)

    called = execute(run, step, "updating", call)
    if called.failure is not None:
        # The resource was not updated to the new inputs, so the old ones stay on record.
        new.outputs, new.inputs = called.failure.outputs, old.inputs
    if manager is not None:
        new.modified = now()
    return _finish(run, step, (old,), called)


def delete(run: Deployment, step: Step, *, pending: bool = False) -> None:
    """Delete a resource, or forget it if it is not managed here.

    Args:
        run: The run.
        step: ``delete`` or ``delete-replaced``.
        pending: Whether it stays on record until its replacement exists.

    Raises:
        Stopped: the provider failed.
    """
    old = step.old
    assert old is not None  # noqa: S101 - a delete step has an old state
    run.events.pre(step)
    if run.preview:
        old.pending_replacement = pending
    else:
        spared = old.external or old.retain_on_delete or old.deleted_with in run.deleting or not old.custom
        # A run that was interrupted in a replacement may have deleted it already.
        spared = spared or old.pending_replacement

        def call() -> None:
            if not spared:
                manager: Lifecycle = run.registry if old.is_provider else run.client(old.provider)
                manager.delete(old)

        called = execute(run, step, "deleting", call, touches=not (spared or old.is_provider))
        if called.failure is not None:
            write_journal(run, lambda: run.snapshot.end(called.number))
            raise run.step_failed(step, called.failure)
        old.pending_replacement = pending
        done, amended = ((), old) if pending else ((old,), None)
        write_journal(run, lambda: run.snapshot.end(called.number, done=done, amended=amended))
    run.events.done(step, show=run.preview or old.custom or step.op == "delete")


def read(run: Deployment, step: Step) -> Step:
    """Look a resource up by the id in the program; it is not managed here.

    Raises:
        Stopped: there is no such resource, or the provider failed.
    """
    new = step.new
    assert new is not None  # noqa: S101 - a read step has a new state
    run.events.pre(step)

    def call() -> None:
        new.outputs = new.inputs
        found = run.client(new.provider).read(new)
        if not found.id:
            raise ProviderError(f"resource '{new.id}' does not exist")
        new.id, new.outputs = found.id, found.outputs

    called = execute(run, step, "reading", call)
    if called.failure is not None:
        new.outputs = called.failure.outputs
    if step.old is not None:
        new.created, new.modified = step.old.created, step.old.modified
        if new.inputs != step.old.inputs or new.outputs != step.old.outputs:
            new.modified = now()
    if step.op == "read-replacement" and step.old is not None:
        step.old.delete = True
        return _finish(run, step, (), called, amended=step.old)
    return _finish(run, step, (step.old,), called)


@dataclass(frozen=True, slots=True)
class CallResult:
    """The result of a call: its operation's number in the journal, and the error of a partial success."""

    number: int = 0
    failure: InitFailed | None = None


def execute(
    run: Deployment,
    step: Step,
    kind: str,
    call: Callable[[], None],
    *,
    touches: bool | None = None,
) -> CallResult:
    """Call the provider, after the journal has recorded the operation.

    Raises:
        Stopped: it failed without an effect.
    """
    state = step.state
    is_outside = (state.custom and not state.is_provider) if touches is None else touches
    number = 0
    try:
        with run.slots:
            if is_outside and not run.preview:
                # What waited for its turn does not begin any more; what is on record as begun has its turn.
                run.check_running()
                number = run.snapshot.begin(kind, state)
            call()
    except InitFailed as error:
        return CallResult(number, error)
    except TimedOut as error:
        if number:
            error = TimedOut(f"{error}; {_UNDER_WAY}")
        raise run.step_failed(step, error) from error
    except ProviderError as error:
        if number:
            write_journal(run, lambda: run.snapshot.end(number))
        raise run.step_failed(step, error) from error
    except OutsideFailure as error:
        raise run.refuse(error) from error
    return CallResult(number)


def _finish(
    run: Deployment,
    step: Step,
    done: tuple[State | None, ...],
    called: CallResult,
    *,
    amended: State | None = None,
) -> Step:
    """Record the outcome of a step in one record; then report it."""
    new = step.new
    assert new is not None  # noqa: S101 - callers have one
    if called.failure is not None:
        new.init_errors = called.failure.reasons or (str(called.failure),)
    mark_secrets(new)
    if not run.preview:
        write_journal(run, lambda: run.snapshot.end(called.number, new=new, done=done, amended=amended))
    if called.failure is not None:
        raise run.step_failed(step, called.failure)
    run.events.done(step, show=run.preview or new.custom)
    return step


def write_journal(run: Deployment, write: Callable[[], None]) -> None:
    """Write to the journal; a failed write ends the run.

    Raises:
        Stopped: the write failed.
    """
    try:
        write()
    except OutsideFailure as error:
        raise run.refuse(error) from error


def mark_secrets(state: State) -> None:
    """Mark outputs as secret that the program declares so, or whose input of the same name is."""
    named = set(state.additional_secret_outputs) - {"id"}
    if state.custom:
        named |= {key for key, value in state.inputs.data.items() if is_secret(value)}
    outputs = state.outputs.data
    found = {key for key in named & outputs.keys() if not is_secret(outputs[key])}
    if found:
        state.outputs = Bag({key: secret(value) if key in found else value for key, value in outputs.items()})


def change_outputs(run: Deployment, step: Step, outputs: Bag) -> None:
    """Record the outputs that a component registers at its end."""
    new = step.new
    assert new is not None  # noqa: S101 - only registered resources have outputs
    if new.outputs != outputs:
        new.outputs = outputs
        if not run.preview:
            new.modified = now()
            write_journal(run, lambda: run.snapshot.amend(new))
    run.events.outputs(step)
