"""Import: an existing resource is looked up by its id and managed from then on.

Its live state is recorded first, then compared with the program like any resource, so that differences are a
separate update (the CLI does so since 3.200: `ImportStep`, then the usual steps).
"""

from pulumi_embedded import step_executor
from pulumi_embedded.checkpoint import State, now
from pulumi_embedded.deployment import Deployment
from pulumi_embedded.events import Step
from pulumi_embedded.provider_call import InitFailed, ProviderError
from pulumi_embedded.providers import Lifecycle


def is_needed(import_id: str, old: State | None) -> bool:
    """Return whether a resource is to be imported: it was not imported, or under another id."""
    return bool(import_id) and (old is None or old.external or (old.import_id or old.id) != import_id)


def import_resource(run: Deployment, manager: Lifecycle, old: State | None, intended: State) -> State:
    """Look a resource up and record its live state.

    Args:
        run: The run.
        manager: Who manages it.
        old: The state of its name so far, which it replaces.
        intended: The declared state, with the id to import.

    Returns:
        The recorded live state.

    Raises:
        Stopped: there is no such resource, or the provider failed.
    """
    imported = intended.copy(id=intended.import_id)
    op = "import" if old is None else "import-replacement"
    step = Step(op=op, new=imported)
    run.check_running()
    run.events.pre(step)
    called = step_executor.execute(run, step, "importing", lambda: _read(manager, imported))
    imported.created = imported.modified = now()
    step.old = imported
    step_executor.mark_secrets(imported)
    if old is not None:
        _supersede(run, old, imported)
    if not run.preview:
        step_executor.write_journal(run, lambda: run.snapshot.end(called.number, new=imported, amended=old))
    run.events.done(step)
    if old is not None:
        whole = Step(op="replace", old=old, new=imported)
        run.events.pre(whole)
        run.events.done(whole)
    return imported


def _read(manager: Lifecycle, imported: State) -> None:
    """Fill in the live state.

    Raises:
        ProviderError: there is no such resource, or the provider does not return its inputs.
    """
    asked = imported.copy(inputs=type(imported.inputs)(), outputs=type(imported.outputs)())
    try:
        read = manager.read(asked)
        id_, outputs, inputs = read.id, read.outputs, read.inputs
    except InitFailed as error:
        id_, outputs, inputs = error.id, error.outputs, error.inputs
        imported.init_errors = error.reasons or (str(error),)
    if not id_:
        raise ProviderError(f"resource '{imported.import_id}' does not exist")
    if inputs is None:
        raise ProviderError(f"the provider cannot import a {imported.type}: it does not return its inputs")
    imported.id, imported.inputs, imported.outputs = id_, inputs, outputs


def _supersede(run: Deployment, old: State, imported: State) -> None:
    """Mark the previous resource of the name for deletion at the end."""
    with run.lock:
        run.retained.add(old.urn)
        run.replaced.add(imported.urn)
    old.delete = True
