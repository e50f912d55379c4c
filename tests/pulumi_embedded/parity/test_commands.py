"""The CLI's other commands work on stacks of the embedded engine, and that one on stacks the CLI made."""

import json
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.pulumi_cli, pytest.mark.slow]

PROGRAM = """
first = Thing("first", {"value": Output.secret(1), "plain": Config("fleet").get_secret("extra")})
export("serial", first.serial)
export("hidden", Output.secret("x"))
"""


@pytest.fixture
def pulumi(local: Any, cli: Any) -> Callable[..., str]:
    """Runs a command of the CLI in the embedded engine's project; returns what it prints."""
    engine = local.handed_to(cli).engine

    def run(*words: str) -> str:
        done = engine._command.run([*words, "--non-interactive"], str(local.root), dict(engine._environ))
        return str(done.stdout)

    return run


def test_the_cli_reads_what_the_embedded_engine_wrote(local: Any, pulumi: Callable[..., str]) -> None:
    """`stack ls`, `stack output`, `stack history`, `config` and `stack export`, secrets included."""
    local.write(PROGRAM, {})
    local.run("up")
    assert ["dev"] == [item["name"] for item in json.loads(pulumi("stack", "ls", "--json"))]
    outputs = json.loads(pulumi("stack", "output", "--json", "--show-secrets", "-s", "dev"))
    assert {"serial": "first-0", "hidden": "x"} == outputs
    history = json.loads(pulumi("stack", "history", "--json", "-s", "dev"))
    assert [("update", "succeeded")] == [(item["kind"], item["result"]) for item in history]
    assert {"create": 2} == history[0]["resourceChanges"]
    assert "hush" == pulumi("config", "get", "fleet:secret", "-s", "dev").strip()
    exported = json.loads(pulumi("stack", "export", "--show-secrets", "-s", "dev"))
    things = [item for item in exported["deployment"]["resources"] if item["type"] == "example:test:Thing"]
    assert ["1"] == [item["inputs"]["value"]["plaintext"] for item in things]


def test_the_cli_changes_what_the_embedded_engine_goes_on_with(
    local: Any, pulumi: Callable[..., str]
) -> None:
    """`config set`, `refresh`, `stack export | import` and `cancel`: afterwards nothing is lost."""
    local.write(PROGRAM, {})
    local.run("up")
    pulumi("config", "set", "fleet:extra", "more", "-s", "dev")
    changed = local.run("up")
    assert {"update"} == {op for _, op, *_ in changed["steps"]} - {"same"}
    assert "more" == local.things()["first-0"]["plain"]
    pulumi("refresh", "--yes", "-s", "dev")
    exported = local.root / "exported.json"
    pulumi("stack", "export", "--file", str(exported), "-s", "dev")
    pulumi("stack", "import", "--file", str(exported), "-s", "dev")
    pulumi("cancel", "--yes", "dev")
    again = local.run("up")
    assert {"same"} == {op for _, op, *_ in again["steps"]}


def test_the_embedded_engine_takes_a_stack_of_the_clis_making(local: Any, pulumi: Callable[..., str]) -> None:
    """`stack init`, then `config set --secret`: the stack is brought up and destroyed."""
    (local.root / ".pulumi" / "stacks" / "fleet" / "dev.json").unlink()
    (local.root / "stacks" / "Pulumi.dev.yaml").unlink()
    pulumi("stack", "init", "dev")
    pulumi("config", "set", "--secret", "fleet:extra", "quiet", "-s", "dev")
    local.write(PROGRAM, {})
    done = local.run("up")
    assert "succeeded" == done["result"], done
    assert "quiet" == local.things()["first-0"]["plain"]
    assert "quiet" not in (local.root / ".pulumi" / "stacks" / "fleet" / "dev.json").read_text()
    assert "succeeded" == local.run("destroy")["result"]
    assert {} == local.things()
