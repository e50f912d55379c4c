"""Replacements: the new resource is created before the old one is deleted, or after.

If the old one is deleted first, so are all dependents that are replaced with it: each is compared as if its
dependencies were unknown (the CLI's ``calculateDependentReplacements``).
"""

from dataclasses import replace

from pulumi_embedded import paths, step_executor
from pulumi_embedded.checkpoint import State, provider_urn
from pulumi_embedded.deployment import DeletedAhead, Deployment
from pulumi_embedded.events import Step
from pulumi_embedded.providers import Diff, Lifecycle
from pulumi_embedded.values import UNKNOWN, Bag

_INIT_ERROR = "#initerror"


def create_first(run: Deployment, manager: Lifecycle | None, old: State, new: State, diff: Diff) -> Step:
    """Create the new one; the old one is deleted at the end of the program."""
    run.retained.add(old.urn)
    run.replaced.add(new.urn)
    step = Step.of("create-replacement", old, new, diff)
    step_executor.create(run, manager, step, replaced=old)
    return report(run, Step.of("replace", old, new, diff))


def delete_first(run: Deployment, manager: Lifecycle | None, old: State, new: State, diff: Diff) -> Step:
    """Delete the dependents that are replaced too, then the old one; then create the new one."""
    run.replaced.add(new.urn)
    for state in _choose(run, old, new):
        try:
            step_executor.delete(run, Step(op="delete-replaced", old=state), pending=True)
        finally:
            run.recreate[state.urn].is_deleted.set()
    run.retained.add(old.urn)
    if not old.pending_replacement:
        step_executor.delete(run, Step(op="delete-replaced", old=old), pending=True)
    return _create(run, manager, Step.of("replace", old, new, diff), diff.replaces)


def recreate(
    run: Deployment, manager: Lifecycle | None, old: State, new: State, diff: Diff | None = None
) -> Step:
    """Create what was deleted already: in this run for a dependency, or in one that was interrupted.

    Args:
        run: The run.
        manager: Its manager; None for a component.
        old: The deleted one.
        new: The one to create.
        diff: Their difference, for one that an interrupted run deleted.
    """
    run.retained.add(old.urn)
    run.replaced.add(new.urn)
    if diff is not None:
        return _create(run, manager, Step.of("replace", old, new, diff), diff.replaces)
    run.deleting.discard(old.urn)
    return _create(run, manager, Step(op="replace", old=old, new=new), run.recreate[old.urn].keys)


def _create(run: Deployment, manager: Lifecycle | None, step: Step, keys: tuple[str, ...]) -> Step:
    report(run, step)
    half = replace(step, op="create-replacement", keys=keys)
    step_executor.create(run, manager, half)
    return replace(half, op="replace")


def report(run: Deployment, step: Step) -> Step:
    """Report the replacement as a whole; its halves do all the work."""
    run.events.pre(step)
    run.events.done(step, show=run.preview or step.state.custom)
    return step


def _choose(run: Deployment, old: State, new: State) -> list[State]:
    """Choose and mark the dependents to delete before a resource, in this order.

    All are marked before one of them is deleted: none is registered in between, what is deleted with another
    is not deleted by itself, and a protected one keeps them all.
    """
    with run.lock:
        found = reversed([*dependents(run, old), *_deleted_with(run, new.urn)])
        chosen = {
            state.urn: (state, keys)
            for state, keys in found
            if id(state) not in run.deleted and not state.pending_replacement
        }
        for urn, (state, _) in chosen.items():
            if state.protect:
                raise run.fail(
                    f"unable to replace resource '{urn}' as part of replacing '{old.urn}': it is protected; "
                    "set protect=False and run again",
                    old.urn,
                )
        run.deleted.update(id(state) for state, _ in chosen.values())
        run.recreate.update({urn: DeletedAhead(keys) for urn, (_, keys) in chosen.items()})
        run.deleting.update([*chosen, *([] if old.pending_replacement else [old.urn])])
    return [state for state, _ in chosen.values()]


def _deleted_with(run: Deployment, urn: str) -> list[tuple[State, tuple[str, ...]]]:
    """Return what is deleted with a resource (the CLI's ``findDependentCascadeReplacements``)."""
    olds = [state for state in run.resources if not state.delete and state.deleted_with == urn]
    return [(state, ()) for state in olds if not run.is_registered(state)]


def dependents(run: Deployment, root: State) -> list[tuple[State, tuple[str, ...]]]:
    """Return what must be replaced if `root` is, needed first, with the properties that cause it."""
    replacements: list[tuple[State, tuple[str, ...]]] = []
    replaced = {root.urn}
    reached = {root.urn}
    start = next((n for n, state in enumerate(run.resources) if state is root), len(run.resources))
    for state in run.resources[start + 1 :]:
        if run.is_registered(state) or not state.references(parent=False) & reached:
            continue
        reached.add(state.urn)
        keys = _needs_replacement(run, state, replaced)
        if keys is not None:
            replaced.add(state.urn)
            replacements.append((state, keys))
    return replacements


def _needs_replacement(run: Deployment, state: State, replaced: set[str]) -> tuple[str, ...] | None:
    """Return the properties that require a state's replacement, or None."""
    if not state.custom or state.external:
        return None
    if state.provider and provider_urn(state.provider) in replaced:
        return ()
    if state.deleted_with in replaced:
        return ()
    touched = {key for key, urns in state.property_dependencies.items() if replaced.intersection(urns)}
    if not touched & state.inputs.data.keys():
        return None
    inputs = Bag({key: UNKNOWN if key in touched else value for key, value in state.inputs.data.items()})
    manager: Lifecycle = run.registry if state.is_provider else run.client(state.provider)
    diff = on_changes(manager.diff(state, state.copy(inputs=inputs)), state.replace_on_changes)
    return diff.replaces if diff.is_replace else None


def on_changes(diff: Diff, patterns: tuple[str, ...], *, has_init_errors: bool = False) -> Diff:
    """Turn changes under the paths of ``replaceOnChanges`` into replacements."""
    if not patterns or not (diff.changes or has_init_errors):
        return diff
    wanted = [paths.parse(pattern) for pattern in patterns]

    def hit(path: str) -> bool:
        return any(paths.contains(pattern, paths.parse(path)) for pattern in wanted)

    detailed = {
        path: (kind if kind.endswith("replace") or not hit(path) else f"{kind}-replace", inputs)
        for path, (kind, inputs) in diff.detailed.items()
    }
    keys = {*diff.replaces, *(key for key in diff.diffs if hit(key))}
    if has_init_errors and hit(_INIT_ERROR):
        keys.add(_INIT_ERROR)
    return Diff(
        changes=diff.changes or bool(keys),
        replaces=tuple(sorted(keys)),
        diffs=diff.diffs,
        detailed=detailed,
        delete_before_replace=diff.delete_before_replace,
    )
