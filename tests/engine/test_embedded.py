"""The embedded engine as edgefleet's: its provider, its errors and its commands."""

import json
from pathlib import Path

import pytest
from tests.engine.conftest import Project
from tests.pulumi_embedded.conftest import ENVIRON

from edgefleet.engine.api import Options
from edgefleet.engine.embedded import EmbeddedEngine
from edgefleet.errors import InvalidInput, Refused


def test_an_unknown_type_of_the_package_is_reported(project: Project) -> None:
    """By the provider, with the nearest names or those that there are."""
    outcome = project.run("up", 'pulumi.CustomResource("edgefleet:index:SiteImage", "berlin", {})')
    assert "failed" == outcome.result
    assert 1 == len(outcome.diagnostics)
    assert "edgefleet:index:SiteImage" in outcome.diagnostics[0].message
    assert "urn:pulumi:dev::shops::edgefleet:index" not in project.checkpoint.read_text()


def test_an_error_of_a_component_is_raised_as_it_is(project: Project) -> None:
    """A guard that refuses inside the program is a refusal with its own words and exit code, not a crash."""
    program = """
from edgefleet.errors import Problem, Refused
raise Refused(Problem(problem="the hub would be begun again", hint="restore it", code="guard"))
"""
    with pytest.raises(Refused) as caught:
        project.run("up", program)
    assert ("the hub would be begun again", "guard", 3) == (
        caught.value.problem.problem,
        caught.value.problem.code,
        caught.value.exit_code,
    )


def test_a_stack_that_is_not_there_names_the_command_that_creates_it(project: Project) -> None:
    """Edgefleet's own, and the CLI's."""
    with pytest.raises(InvalidInput, match="there is no stack called 'west'") as caught:
        project.run("up", "", stack="west")
    assert "create it with `edgefleet init -s west` or `pulumi stack init west`" == caught.value.problem.hint
    assert 1 == caught.value.exit_code


def test_a_folder_without_a_project_names_the_command_that_creates_one(tmp_path: Path) -> None:
    """Also where only the state is read."""
    with pytest.raises(InvalidInput, match="there is no such file") as caught:
        EmbeddedEngine(environ=ENVIRON).state(Options(stack="dev", project=tmp_path))
    assert "run this in a project's folder, or create one with `edgefleet new`" == caught.value.problem.hint


def test_what_only_the_cli_handles_names_the_option_that_takes_it(project: Project) -> None:
    """`--engine pulumi` is edgefleet's."""
    with pytest.raises(Refused, match="hosts edgefleet, kubernetes, not the package 'aws'") as caught:
        project.run("preview", 'pulumi.CustomResource("aws:s3:Bucket", "logs", {})')
    assert "use the Pulumi CLI for this stack (`--engine pulumi`)" == caught.value.problem.hint
    assert 3 == caught.value.exit_code


def test_a_damaged_journal_names_the_refresh(project: Project) -> None:
    """With the stack's name."""
    project.run("up", "")
    journal = project.root / ".pulumi" / "journals" / "shops" / "dev.jsonl"
    journal.parent.mkdir(exist_ok=True)
    journal.write_text('{"version":1}\n{"begi\n{"end":0,"done":[]}\n')
    with pytest.raises(InvalidInput, match="is damaged before its end") as caught:
        project.run("up", "")
    assert "run `edgefleet refresh -s dev`, and look in the cloud" in caught.value.problem.hint


def test_a_creation_of_unknown_outcome_names_the_command_that_forgets_it(project: Project) -> None:
    """With the stack's name."""
    project.run("up", "")
    document = json.loads(project.checkpoint.read_text())
    urn = "urn:pulumi:dev::shops::edgefleet:index:SiteImages::berlin"
    lost = {"urn": urn, "custom": True, "type": "edgefleet:index:SiteImages"}
    document["checkpoint"]["latest"]["pending_operations"] = [{"resource": lost, "type": "creating"}]
    project.checkpoint.write_text(json.dumps(document))
    (warning,) = project.run("preview", "").diagnostics
    assert "then `edgefleet refresh -s dev --clear-pending-creates` forgets the attempt" in warning.message


def test_the_projects_own_passphrase_is_taken_where_none_is_given(project: Project) -> None:
    """What `edgefleet init` keeps; a variable comes first."""
    file = project.root / ".edgefleet" / "passphrase"
    file.parent.mkdir()
    file.write_text("own\n")
    (project.root / "Pulumi.dev.yaml").write_text("config: {}\n")
    program = 'pulumi.export("word", pulumi.Output.secret("hush"))'
    project.environ = {}
    assert "succeeded" == project.run("up", program).result
    project.environ = {"PULUMI_CONFIG_PASSPHRASE": "own"}
    assert "succeeded" == project.run("preview", program).result
    project.environ = ENVIRON
    with pytest.raises(InvalidInput, match="the passphrase is not this stack's"):
        project.run("preview", program)
