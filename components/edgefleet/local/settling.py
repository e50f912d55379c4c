"""What an earlier run left pending: creations whose answer nobody heard.

Where a provider knows a thing's id before it is there (it says so in previews), the thing is looked up: it
is found and taken over, or it was never made. Of the others only somebody who looks outside can know; they
stay pending in the checkpoint, in the CLI's format, until they are cleared or imported.
"""

from edgefleet.local.calling import ProviderError
from edgefleet.local.checkpoint import Pending, State, now
from edgefleet.local.deployment import Deployment
from edgefleet.local.values import UNKNOWN, has_unknown

_FOUND = "an earlier run ended while it was creating this; it was found, and the run goes on with it"
_NEVER = "an earlier run ended before it had created this; nothing was made"
_UNKNOWN = (
    "an earlier run ended while it was creating {urn}: whether that exists is not known. "
    "Look for it outside; delete what you find, or take it over with "
    "`pulumi refresh --import-pending-creates '{urn}' ID`; "
    "then `edgefleet refresh -s {stack} --clear-pending-creates` forgets the attempt"
)
_OTHER = "an earlier run ended while it was {what} {urn}; `edgefleet refresh -s {stack}` finds out how it is"


def settle(run: Deployment, *, clear: bool = False) -> None:
    """Find out what became of pending operations; say what cannot be found out.

    Args:
        run: The run; nothing was done in it yet.
        clear: Whether creations that cannot be found out are forgotten.
    """
    if not run.snapshot.base.pending:
        return
    for pending in run.snapshot.base.pending:
        urn = pending.resource.urn
        if pending.type != "creating":
            text = _OTHER.format(what=pending.type, urn=urn, stack=run.stack)
            run.events.diagnostic("warning", text, urn)
        elif not _settle_one(run, pending):
            if clear:
                run.snapshot.settle(pending)
                run.events.diagnostic("warning", f"forgot that {urn} was being created", urn)
            else:
                run.events.diagnostic("warning", _UNKNOWN.format(urn=urn, stack=run.stack), urn)
    run.rebase(run.snapshot.checkpoint().resources)


def _settle_one(run: Deployment, pending: Pending) -> bool:
    """Look a creation up by the id that it would have; say whether that settled it."""
    wanted = pending.resource
    if not wanted.provider or has_unknown(wanted.inputs.data):
        return False
    try:
        client = run.client(wanted.provider)
        id_, _ = client.create(wanted, preview=True)
        if not id_ or id_ == UNKNOWN:
            return False
        read = client.read(wanted.copy(id=id_))
    except ProviderError:
        return False
    if not read.id:
        run.snapshot.settle(pending)
        run.events.diagnostic("info", _NEVER, wanted.urn)
        return True
    old = run.olds.get(wanted.urn)
    if old is not None and old.id == read.id:
        # It was to take the place of one that is the same thing outside: the state has it.
        run.snapshot.settle(pending)
        return True
    inputs = wanted.inputs if read.inputs is None else read.inputs
    found = wanted.copy(id=read.id, inputs=inputs, outputs=read.outputs, created=now(), modified=now())
    _take_over(run, pending, found, old)
    run.events.diagnostic("info", _FOUND, wanted.urn)
    return True


def _take_over(run: Deployment, pending: Pending, found: State, old: State | None) -> None:
    if old is None:
        run.snapshot.settle(pending, found=found)
    elif old.pending_replacement:
        run.snapshot.settle(pending, found=found)
        run.snapshot.end(0, done=(old,))
    else:
        old.delete = True
        run.snapshot.settle(pending, found=found, replaced=old)
