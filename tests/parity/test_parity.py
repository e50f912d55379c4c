"""Both engines do the same: each scenario is run by both, run by run, and then handed over both ways."""

import json
from typing import Any

import pytest
from pulumi import automation

from edgefleet.engine import Options
from edgefleet.planning.steps import Outcome

pytestmark = [pytest.mark.pulumi_cli, pytest.mark.slow]


def steps(outcome: Outcome) -> list[tuple[Any, ...]]:
    """Return what an outcome says of each resource, in an order that parallel runs share."""
    return sorted(
        (step.urn, step.op, step.diff, text(step.old_inputs), text(step.new_inputs)) for step in outcome.steps
    )


def text(value: Any) -> str:
    """Spell a value so that equal ones are equal."""
    return json.dumps(value, sort_keys=True, default=dict)


def told(outcome: Outcome) -> set[str]:
    """Return the resources that errors are about."""
    return {item.urn for item in outcome.diagnostics if item.severity == "error" and item.urn}


def test_both_engines_do_the_same(scenario: Any, local: Any, cli: Any) -> None:
    """Steps, diffs, outputs, state and what exists are equal; each engine takes over from the other."""
    for number, (operation, variables) in enumerate(scenario.RUNS):
        should_fail = operation.endswith("!")
        targets = getattr(scenario, "TARGETS", {}).get(number, ())
        outcomes: list[Any] = []
        for playground in (cli, local):
            playground.write(scenario.PROGRAM, variables)
            playground.outside(getattr(scenario, "OUTSIDE", {}).get(number, {}))
            planned = None
            if operation == "up" and number == len(scenario.RUNS) - 1:
                planned = playground.run("preview", targets=targets)
            done = playground.run(operation.rstrip("!"), targets=targets)
            outcomes.append((planned, done))
        (cli_plan, cli_done), (local_plan, local_done) = outcomes
        assert ("failed" if should_fail else "succeeded") == cli_done.result, cli_done.diagnostics
        assert cli_done.result == local_done.result, local_done.diagnostics
        assert steps(cli_done) == steps(local_done)
        assert told(cli_done) == told(local_done)
        assert cli_done.outputs == local_done.outputs
        if cli_plan is not None:
            assert steps(cli_plan) == steps(local_plan)
            assert cli_plan.outputs == local_plan.outputs
        assert cli.state() == local.state()
        assert cli.things() == local.things()
        assert cli.calls() == local.calls()
    hand_over(scenario, local, cli)
    hand_over(scenario, cli, local)


def hand_over(scenario: Any, playground: Any, heir: Any) -> None:
    """Check that the other engine finds nothing to do."""
    operation, _ = scenario.RUNS[-1]
    if operation != "up" or hasattr(scenario, "TARGETS"):
        return
    outcome = playground.with_engine(heir.engine).run("preview")
    assert "succeeded" == outcome.result, outcome.diagnostics
    changed = [(step.urn, step.op) for step in outcome.steps if step.op not in ("same", "read")]
    assert [] == changed


def test_the_cli_reads_a_stack_of_the_embedded_engine(local: Any, cli: Any) -> None:
    """`stack export`, `config` and `history` work on it, secrets included."""
    local.write('Thing("first", {"value": Output.secret(1)})', {})
    local.run("up")
    heir = local.with_engine(cli.engine)
    workspace = automation.LocalWorkspace(
        work_dir=str(local.root), env_vars=dict(cli.engine._environ), pulumi_command=cli.engine._command
    )
    stack = automation.Stack.select("dev", workspace)
    assert "hush" == stack.get_config("fleet:secret").value
    assert ["update"] == [item.kind for item in stack.history()]
    expected = {
        item.urn: item.outputs for item in local.engine.state(options(local), show_secrets=True).resources
    }
    found = {
        item.urn: item.outputs for item in heir.engine.state(options(local), show_secrets=True).resources
    }
    assert expected == found


def options(playground: Any) -> Any:
    return Options(stack="dev", project=playground.root)
