"""Deletions after the program: resources that it no longer has and replaced ones; in a destroy, all.

What depends on others is deleted before them: resources are put into levels of which each needs only
later ones, and the members of a level are deleted side by side.

A protected resource stays, with all that it needs, and is reported; all others are deleted. So what a run
deletes does not depend on which of its threads is first (the CLI's ``performPostSteps``).
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from pulumi_embedded import replacement, step_executor
from pulumi_embedded.checkpoint import State
from pulumi_embedded.deployment import Deployment, Stopped
from pulumi_embedded.events import Step
from pulumi_embedded.provider_call import ProviderError


def delete_obsolete(run: Deployment) -> None:
    """Delete the resources that the program no longer declares.

    Raises:
        Stopped: a deletion failed, or one is needed that is not among the targets.
    """
    allowed = _allowed(run)
    chosen = [(state, _deletion(run, state)) for state in run.resources if state.urn in allowed]
    steps = {id(state): step for state, step in chosen if step is not None}
    _refuse_untargeted(run, steps.values())
    for state in run.resources:
        if state.urn not in allowed and state.urn not in run.retained and not state.delete:
            step_executor.carry_over(run, state)
    run.deleting.update(step.state.urn for step in steps.values())
    protected = {number for number, step in steps.items() if step.op == "delete" and step.state.protect}
    reached: list[Step] = []
    try:
        for level in levels(run.resources, set(steps) - _needed_by(run.resources, protected)):
            numbers = [id(state) for state in level]
            reached += [steps[number] for number in numbers if number in protected]
            in_parallel(
                run, [partial(_delete, run, steps[number]) for number in numbers if number not in protected]
            )
    finally:
        for step in reached:
            run.events.pre(step)
            run.step_failed(step, ProviderError(_PROTECTED.format(step.state.urn)))
    if reached:
        raise Stopped


_PROTECTED = (
    "resource '{}' cannot be deleted because it is protected; "
    "set protect=False in the program and run `up`, or `pulumi state unprotect` it"
)


def _deletion(run: Deployment, state: State) -> Step | None:
    """Return the step that deletes an old state, if it is to be deleted."""
    if id(state) in run.deleted and state.urn in run.retained:
        return None
    if state.delete:
        return Step(op="discard-replaced" if state.external else "delete-replaced", old=state)
    if state.urn in run.retained:
        return None
    if state.pending_replacement:
        return Step(op="remove-pending-replace", old=state)
    return Step(op="discard" if state.external else "delete", old=state)


def _delete(run: Deployment, step: Step) -> None:
    run.check_running()
    if step.op == "remove-pending-replace":
        run.events.pre(step)
        run.snapshot.end(0, done=(step.old,))
        run.events.done(step)
        return
    try:
        step_executor.delete(run, step)
    except ProviderError as error:
        raise run.step_failed(step, error) from error


def _allowed(run: Deployment) -> set[str]:
    """Return the URNs that may be deleted: the targets with their dependents, or all."""
    if not run.targets:
        return {state.urn for state in run.resources}
    allowed: set[str] = set()
    for state in run.resources:
        if state.urn in run.targets or state.references() & allowed:
            allowed.add(state.urn)
            allowed.update(dependent.urn for dependent, _ in replacement.dependents(run, state))
    return allowed


def _refuse_untargeted(run: Deployment, steps: Iterable[Step]) -> None:
    others = [step.state.urn for step in steps if step.state.urn not in run.targets]
    for urn in others:
        run.fail(
            f"'{urn}' would have to be deleted as well, but is not a target; target it, or keep "
            "what it needs",
            urn,
        )
    if others and not run.preview:
        raise Stopped


def _needed_by(resources: list[State], numbers: set[int]) -> set[int]:
    """Return the `id` of all states that those numbered need, directly or through others.

    Of a resource that is replaced, the new state is needed, and the old one where there is no other.
    """
    current = {state.urn for state in resources if not state.delete}
    urns: set[str] = set()
    needed: set[int] = set()
    for state in reversed(resources):
        if state.urn in urns and not (state.delete and state.urn in current):
            needed.add(id(state))
        if id(state) in needed or id(state) in numbers:
            urns |= state.references()
    return needed


def levels(resources: list[State], chosen: set[int]) -> list[list[State]]:
    """Put states to delete into levels, those without chosen dependents first.

    Args:
        resources: In order: each after the resources that it needs.
        chosen: `id` of those to delete.
    """
    heights: dict[int, int] = {}
    by_urn: dict[str, int] = {}
    for state in reversed(resources):
        if id(state) not in chosen:
            continue
        # All dependents of this one came before and stored its height under its URN.
        heights[id(state)] = height = by_urn.get(state.urn, 0)
        for urn in state.references():
            by_urn[urn] = max(by_urn.get(urn, 0), height + 1)
    _below_components(resources, heights)
    grouped: dict[int, list[State]] = {}
    for state in reversed(resources):
        if id(state) in heights:
            grouped.setdefault(heights[id(state)], []).append(state)
    return [grouped[height] for height in sorted(grouped)]


def _below_components(resources: list[State], heights: dict[int, int]) -> None:
    """Raise the children of a component above the component's dependents, as the CLI does."""
    members: dict[str, list[int]] = {}
    position = {id(state): number for number, state in enumerate(resources)}
    states = [state for state in resources if id(state) in heights]
    for state in states:
        if state.parent:
            members.setdefault(state.parent, []).append(id(state))
    components = {state.urn for state in states if not state.custom and state.parent}
    for state in reversed(states):
        for urn in state.references(parent=False) & components:
            for child in members.get(urn, ()):
                if position[child] < position[id(state)]:
                    heights[child] = max(heights[child], heights[id(state)] + 1)


def in_parallel(run: Deployment, calls: list[Callable[[], None]]) -> None:
    """Make calls side by side; wait for all.

    Raises:
        Stopped: one of them failed.
    """
    if len(calls) == 1:
        calls[0]()
        return
    with ThreadPoolExecutor(max_workers=run.parallel) as pool:
        futures = [pool.submit(call) for call in calls]
    failures = [error for future in futures if (error := future.exception()) is not None]
    for failure in failures:
        if not isinstance(failure, Stopped):
            raise failure
    if failures:
        raise Stopped
