"""Recovery of an earlier run's pending operations, whose outcome is unknown.

A change or a deletion is looked up by the id on record, and the state is what is there from then on. A
creation is looked up where its provider knows a resource's id beforehand (it returns one in previews): it
is found and taken over, or was never created. Of the others only a person who looks outside can know; they
stay pending in the checkpoint, in the CLI's format, until they are cleared or imported.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, fields

from pulumi_embedded import step_executor
from pulumi_embedded.checkpoint import Pending, State, now
from pulumi_embedded.deployment import Deployment
from pulumi_embedded.provider_call import InitFailed, ProviderError
from pulumi_embedded.providers import Client
from pulumi_embedded.values import UNKNOWN, Bag, has_unknown, is_secret, reveal, secret

_FOUND = "an earlier run ended while it was creating this; it was found, and the run continues with it"
_NEVER = "an earlier run ended before it had created this; nothing was created"
_LOOKED_UP = (
    "an earlier run ended while it was {what} this; it was read again, and its actual state is recorded"
)
_UNKNOWN = (
    "{runs} ended while it was creating {urn}: it is unknown whether that exists. Look for it "
    "in the cloud; delete it, or take it over with "
    "`pulumi refresh --import-pending-creates '{urn}' ID`; "
    "then `{clear}` forgets the attempt"
)
_OTHER = (
    "{runs} ended while it was {what} {urn}, and it cannot be looked up now; "
    "the next run tries again, and `{clear}` forgets it"
)
_FORGOTTEN = "forgot that {runs} was {what} {urn}"
_LOOKS = ("reading", "importing")
"""Operations that change nothing outside; neither does one on a provider's own record."""


def recover(run: Deployment, *, clear: bool = False) -> None:
    """Find out the outcome of pending operations; report those whose outcome cannot be found out.

    Args:
        run: The run; nothing was done in it yet.
        clear: Whether operations are forgotten whose outcome cannot be found out.
    """
    if not run.snapshot.base.pending:
        return
    unknown = [pending for pending in run.snapshot.base.pending if not _is_recovered(run, pending)]
    if clear:
        for pending in unknown:
            run.snapshot.resolve(pending)
    attempts = Counter((pending.type, pending.resource.urn) for pending in unknown)
    for (kind, urn), count in attempts.items():
        runs = "an earlier run" if count == 1 else f"each of {count} earlier runs"
        text = _FORGOTTEN if clear else _UNKNOWN if kind == "creating" else _OTHER
        message = text.format(runs=runs, what=kind, urn=urn, clear=run.clear_command)
        run.events.diagnostic("warning", message, urn)
    run.rebase(run.snapshot.checkpoint().resources)


def _is_recovered(run: Deployment, pending: Pending) -> bool:
    """Find out an operation's outcome; return whether that was possible."""
    try:
        return _recovery_of(pending)(run, pending)
    except ProviderError:
        return False


def _recovery_of(pending: Pending) -> Callable[[Deployment, Pending], bool]:
    """Return the function that finds out the outcome of an operation of this type."""
    if pending.type in _LOOKS or not pending.resource.custom or pending.resource.is_provider:
        return _recover_nothing
    return _recover_creation if pending.type == "creating" else _recover_change


def _recover_nothing(run: Deployment, pending: Pending) -> bool:
    """Forget an operation that changed nothing outside."""
    run.snapshot.resolve(pending)
    return True


# creations


def _recover_creation(run: Deployment, pending: Pending) -> bool:
    """Look a creation up by its planned id."""
    intended = pending.resource
    if not intended.provider or has_unknown(intended.inputs.data):
        return False
    client = run.client(intended.provider)
    id_, _ = client.create(intended, preview=True)
    if not id_ or id_ == UNKNOWN:
        return False
    observed = _observe(client, intended.copy(id=id_))
    if observed is None:
        run.snapshot.resolve(pending)
        run.events.diagnostic("info", _NEVER, intended.urn)
        return True
    old = run.olds.get(intended.urn)
    if old is not None and old.id == observed.id and not old.pending_replacement:
        # It was to take the place of one that is the same thing outside: the state has it.
        run.snapshot.resolve(pending)
        return True
    state = intended.copy(id=observed.id, created=now())
    _record(state, observed, (intended,))
    _take_over(run, pending, state, old)
    run.events.diagnostic("info", _FOUND, intended.urn)
    return True


def _take_over(run: Deployment, pending: Pending, state: State, old: State | None) -> None:
    if old is None:
        run.snapshot.resolve(pending, created=state)
    elif old.pending_replacement:
        # In the old one's place: what needs it stands after that.
        for part in fields(State):
            setattr(old, part.name, getattr(state, part.name))
        run.snapshot.resolve(pending, replaced=old)
    else:
        old.delete = True
        run.snapshot.resolve(pending, created=state, replaced=old)


# changes and deletions


def _recover_change(run: Deployment, pending: Pending) -> bool:
    """Look up the resource of an update or deletion, and record its live state."""
    intended = pending.resource
    state = _on_record(run, intended)
    if state is None or state.pending_replacement:
        run.snapshot.resolve(pending)
        return True
    observed = _observe(run.client(state.provider), state)
    if observed is None and state.delete:
        run.snapshot.end(0, done=(state,))
        run.snapshot.resolve(pending)
    elif observed is None:
        # As if it was deleted to be replaced: what needs it may still be on record.
        state.pending_replacement = True
        run.snapshot.resolve(pending, replaced=state)
    elif observed.inputs is not None:
        _record(state, observed, (state, intended))
        run.snapshot.resolve(pending, replaced=state)
    elif pending.type == "deleting":
        run.snapshot.resolve(pending)
    else:
        return False
    run.events.diagnostic("info", _LOOKED_UP.format(what=pending.type), intended.urn)
    return True


def _on_record(run: Deployment, intended: State) -> State | None:
    """Find the state of an interrupted update: by its name, or by its id if the name has changed."""
    same = [state for state in run.resources if (state.type, state.id) == (intended.type, intended.id)]
    return next((state for state in same if state.urn == intended.urn), same[0] if same else None)


# look-ups


@dataclass(frozen=True, slots=True, kw_only=True)
class _Observed:
    """The live state of a resource."""

    id: str
    inputs: Bag | None
    outputs: Bag
    reasons: tuple[str, ...] = ()
    """Why it is not ready, if so."""


def _observe(client: Client, state: State) -> _Observed | None:
    """Look a resource up by its id; return None if it does not exist.

    Raises:
        ProviderError: the provider could not read it.
    """
    try:
        read = client.read(state)
    except InitFailed as error:
        return _Observed(id=error.id, inputs=error.inputs, outputs=error.outputs, reasons=error.reasons)
    return _Observed(id=read.id, inputs=read.inputs, outputs=read.outputs) if read.id else None


def _record(state: State, observed: _Observed, candidates: tuple[State, ...]) -> None:
    """Put the live values into a state; secret ones stay secret.

    Args:
        state: The state.
        observed: The live state.
        candidates: States whose values it may have.
    """
    if observed.inputs is not None:
        state.inputs = _marked(observed.inputs, tuple(other.inputs for other in candidates))
    state.outputs = _marked(observed.outputs, tuple(other.outputs for other in candidates))
    state.init_errors = observed.reasons
    state.modified = now()
    step_executor.mark_secrets(state)


def _marked(observed: Bag, candidates: tuple[Bag, ...]) -> Bag:
    """Return the candidate with the observed values; else these, with the candidates' secrets marked."""
    values = reveal(observed.data)
    for bag in candidates:
        if reveal(bag.data) == values:
            return bag
    secrets = {key for bag in candidates for key, value in bag.data.items() if is_secret(value)}
    return Bag(
        {
            key: secret(value) if key in secrets and not is_secret(value) else value
            for key, value in observed.data.items()
        }
    )
