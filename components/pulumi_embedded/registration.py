"""The steps of a registration, as the CLI's step generator decides, one resource at a time.

A registration comes from a thread of the program's executor and returns when its resource exists.
Registrations run side by side: a resource needs the outputs of its dependencies, so these return first.
"""

import re
from collections.abc import Callable
from typing import Any

from pulumi_embedded import imports, paths, replacement, step_executor
from pulumi_embedded.checkpoint import PROVIDER_PREFIX, STACK_TYPE, State, provider_urn
from pulumi_embedded.deployment import Deployment, Stopped, make_urn
from pulumi_embedded.events import Step
from pulumi_embedded.goals import Goal, with_version
from pulumi_embedded.provider_call import ProviderError
from pulumi_embedded.providers import Diff, Lifecycle
from pulumi_embedded.registry import default_inputs
from pulumi_embedded.values import Bag, reveal


def register(run: Deployment, goal: Goal) -> Step:
    """Create, update or keep one resource; in a preview, find out which.

    Returns:
        The step whose new state the program gets.

    Raises:
        Stopped: it failed, or something before it did.
    """
    run.check_running()
    urn, parent = run.urn(goal)
    goal.options = run.handed_down.get(parent, {}) | goal.options
    old = find_old(run, urn, goal, parent)
    new = goal.state(urn, parent)
    if old is not None:
        new.created, new.modified = old.created, old.modified
        if old.urn != urn:
            new.alias = old.urn
    try:
        step = _decide(run, goal, old, new)
    except ProviderError as error:
        raise run.fail(str(error), urn) from error
    with run.lock:
        run.news[urn], run.handed_down[urn] = step, goal.handed_down
    return step


def find_old(run: Deployment, urn: str, goal: Goal, parent: str) -> State | None:
    """Find a resource in the old state, by its URN or an alias.

    Raises:
        Stopped: another resource of the program continues the same old one.
    """
    with run.lock:
        if urn in run.aliased:
            raise _claimed_twice(run, urn, urn, run.aliased[urn])
        if urn in run.olds:
            return run.olds[urn]
        for alias in _aliases(run, goal, parent):
            old = run.olds.get(alias)
            if old is None:
                continue
            if alias in run.claimed or alias in run.aliased:
                raise _claimed_twice(run, urn, alias, run.aliased.get(alias, alias))
            run.aliases[urn], run.aliased[alias] = alias, urn
            return old
    return None


def _claimed_twice(run: Deployment, urn: str, old: str, other: str) -> Stopped:
    return run.fail(
        f"duplicate resource URN '{old}': '{other}' continues it; remove the alias or take another name",
        urn,
    )


def _aliases(run: Deployment, goal: Goal, parent: str) -> list[str]:
    urns = [_alias(run, goal, parent, alias) for alias in goal.aliases]
    above = run.aliases.get(parent)
    if above is None:
        return urns
    names = [(goal.type, goal.name), *(_type_and_name(urn) for urn in urns)]
    return [*urns, *(_under_old_parent(run, parent, above, *name) for name in names)]


def _type_and_name(urn: str) -> tuple[str, str]:
    types, _, name = urn.split("::", 2)[2].partition("::")
    return types.rpartition("$")[2], name


def _under_old_parent(run: Deployment, parent: str, above: str, type_: str, name: str) -> str:
    """Return the URN of a child under its parent's old name, which its own may begin with."""
    old_name, new_name = _type_and_name(above)[1], _type_and_name(parent)[1]
    if name.startswith(new_name):
        name = old_name + name.removeprefix(new_name)
    return make_urn(run.stack, run.project.name, above, type_, name)


def _alias(run: Deployment, goal: Goal, parent: str, alias: Any) -> str:
    if isinstance(alias, str):
        return alias
    if alias.WhichOneof("alias") == "urn":
        return str(alias.urn)
    spec = alias.spec
    above = "" if spec.noParent else run.aliases.get(spec.parentUrn, spec.parentUrn) or parent
    return make_urn(
        spec.stack or run.stack,
        spec.project or run.project.name,
        above,
        spec.type or goal.type,
        spec.name or goal.name,
    )


def _decide(run: Deployment, goal: Goal, old: State | None, new: State) -> Step:
    """Find out the steps, and execute them."""
    manager = _manager(run, goal, new)
    is_implied = goal.is_provider or goal.type == STACK_TYPE
    if not is_implied and new.urn not in run.targets:
        return step_executor.skip(run, old, new)
    _refuse_skipped(run, new)
    if manager is not None and imports.is_needed(new.import_id, old):
        return _import(run, goal, manager, old, new)
    deleted_ahead = old is not None and _is_deleted_ahead(run, old) and old.urn == new.urn
    if manager is not None:
        forget = old is None or old.external or deleted_ahead
        new.inputs = _check(run, manager, new, None if forget else old)
    if old is None:
        return step_executor.create(run, manager, Step(op="create", new=new))
    if deleted_ahead:
        return replacement.recreate(run, manager, old, new)
    if old.external:
        return replacement.create_first(run, manager, old, new, Diff(changes=True))
    return _change(run, goal, manager, old, new)


def _is_deleted_ahead(run: Deployment, old: State) -> bool:
    """Return whether a resource was deleted because a dependency is replaced; wait for the deletion."""
    deletion = run.recreate.get(old.urn)
    if deletion is not None:
        deletion.is_deleted.wait()
    return deletion is not None


def _import(run: Deployment, goal: Goal, manager: Lifecycle, old: State | None, new: State) -> Step:
    """Take over an existing resource, then update it to the declared form."""
    imported = imports.import_resource(run, manager, old, new)
    wanted = new.copy(created=imported.created, modified=imported.modified, inputs=goal.inputs)
    wanted.inputs = _check(run, manager, wanted, imported)
    return _change(run, goal, manager, imported, wanted, is_imported=True)


def _manager(run: Deployment, goal: Goal, new: State) -> Lifecycle | None:
    """Return the manager of the resource: a provider, the registry for providers, None for components."""
    if goal.custom:
        run.registry.require(goal.package, goal.version)
    if goal.is_provider:
        return run.registry
    if not goal.custom:
        return None
    new.provider = goal.provider or default_provider(run, goal.package, goal.version)
    return run.client(new.provider)


def _check(run: Deployment, manager: Lifecycle, new: State, old: State | None) -> Bag:
    """Check the declared inputs; those of an old state take the place of ignored changes."""
    olds = None if old is None else old.inputs
    checked = manager.check(new.urn, olds, _without_ignored(new, old))
    if checked.failures:
        for name, reason in checked.failures:
            what = f"property '{name}'" if name else "resource"
            run.fail(f"{new.type} {new.name}: {what}: {reason}", new.urn)
        raise Stopped
    return checked.inputs


def _refuse_skipped(run: Deployment, new: State) -> None:
    """Stop at a target that needs a resource that neither exists nor is a target."""
    missing = sorted(new.references(parent=False) & run.skipped)
    if missing:
        named = ", ".join(missing)
        raise run.fail(
            f"depends on what was not created because it is not a target: {named}; target that as well",
            new.urn,
        )


def _without_ignored(new: State, old: State | None) -> Bag:
    """Return the new inputs with the old ones at the paths of ``ignoreChanges``."""
    if old is None or not new.ignore_changes:
        return new.inputs
    data: Any = new.inputs.data
    for path in new.ignore_changes:
        data = paths.reset(paths.parse(path), old.inputs.data, data)
    return Bag(data)


def _change(  # noqa: PLR0913 - two states, and what they are compared by
    run: Deployment,
    goal: Goal,
    manager: Lifecycle | None,
    old: State,
    new: State,
    *,
    is_imported: bool = False,
) -> Step:
    """Compare with the old state: same, update or replace; an equal import is the same."""
    diff = compare(run, manager, old, new)
    diff = replacement.on_changes(diff, new.replace_on_changes, has_init_errors=bool(old.init_errors))
    if diff.changes or old.pending_replacement:
        if diff.is_replace or old.pending_replacement:
            return _replace(run, goal, manager, (old, new), diff)
        return step_executor.update(run, manager, Step.of("update", old, new, diff))
    if old.init_errors:
        return step_executor.update(run, manager, Step.of("update", old, new, diff))
    if is_imported:
        return Step(op="import", old=old, new=old)
    return step_executor.same(run, Step(op="same", old=old, new=new))


def compare(run: Deployment, manager: Lifecycle | None, old: State, new: State) -> Diff:
    """Return the differences; if a provider does not know them, compare inputs."""
    if new.deleted_with and new.deleted_with in run.replaced:
        return Diff(changes=True, replaces=("deletedWith",))
    if old.provider != new.provider and _provider_changed(run, old, new):
        return Diff(changes=True, replaces=("provider",))
    if manager is None:
        return Diff(changes=old.inputs != _without_ignored(new, old))
    diff = manager.diff(old, new)
    return diff if diff.changes is not None else input_diff(old.inputs, new.inputs, diff)


def input_diff(olds: Bag, news: Bag, answer: Diff) -> Diff:
    """Compare inputs property by property, secret or not."""
    before, after = reveal(olds.data), reveal(news.data)
    keys = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    kinds = {
        key: ("add" if key not in before else "delete" if key not in after else "update", True)
        for key in keys
    }
    return Diff(changes=bool(keys), replaces=answer.replaces, diffs=tuple(keys), detailed=kinds)


def _provider_changed(run: Deployment, old: State, new: State) -> bool:
    """Ask the new provider whether it can manage the old one's resources."""
    if not old.provider or not new.provider:
        return True
    was, now = provider_urn(old.provider), provider_urn(new.provider)
    if run.aliases.get(now) == was:
        return False
    before, after = run.olds.get(was), run.news.get(now)
    if before is None or after is None or after.new is None:
        return False
    diff = run.client(new.provider).diff_config(now, (before.inputs, before.outputs), after.new.inputs)
    return diff.is_replace


def _replace(
    run: Deployment, goal: Goal, manager: Lifecycle | None, states: tuple[State, State], diff: Diff
) -> Step:
    old, new = states
    if old.protect and new.protect:
        stop = run.fail(
            f"unable to replace resource '{new.urn}': it is protected; set protect=False and run again",
            new.urn,
        )
        if not run.preview:
            raise stop
    if new.import_id:
        _refuse_import(run, new, diff)
    if manager is not None:
        new.inputs = goal.inputs
        new.inputs = _check(run, manager, new, None)
    wanted = goal.delete_before_replace
    deletes_first = diff.delete_before_replace if wanted is None else wanted
    if old.pending_replacement and not deletes_first:
        return replacement.recreate(run, manager, old, new, diff)
    how: Callable[..., Step] = replacement.delete_first if deletes_first else replacement.create_first
    return how(run, manager, old, new, diff)


def _refuse_import(run: Deployment, new: State, diff: Diff) -> None:
    """Stop at an imported resource that would be replaced: its id would change."""
    keys = ", ".join(diff.replaces) or "its properties"
    message = (
        f"an imported resource cannot be replaced (because of {keys}); remove `import_` from the program"
    )
    if not run.preview:
        raise run.fail(message, new.urn)
    run.events.diagnostic("warning", message, new.urn)


def default_provider(run: Deployment, package: str, version: str = "") -> str:
    """Return the reference of a package's default provider, which is registered at its first use.

    One that the program asks for in a version has it in its name and inputs, as with the CLI.

    Raises:
        Refused: the engine does not host the package, or not in this version.
    """
    run.registry.require(package, version)
    name = re.sub(r"[^A-Za-z0-9_]", "_", f"default_{version}") if version else "default"
    with run.lock:
        if (package, name) not in run.defaults:
            inputs = default_inputs(run.config.package(package))
            inputs = with_version(inputs, version) if version else inputs
            run.defaults[package, name] = _register_provider(run, package, name, inputs)
        return run.defaults[package, name]


def _register_provider(run: Deployment, package: str, name: str, inputs: Bag) -> str:
    goal = Goal(type=f"{PROVIDER_PREFIX}{package}", name=name, custom=True, inputs=inputs)
    urn = make_urn(run.stack, run.project.name, "", goal.type, goal.name)
    run.claimed.add(urn)
    old = run.olds.get(urn)
    new = goal.state(urn, "")
    if old is not None:
        new.created, new.modified = old.created, old.modified
    step = _decide(run, goal, old, new)
    run.news[urn] = step
    assert step.new is not None  # noqa: S101 - a registration has a new state
    return f"{urn}::{step.new.id}"
