"""What a project asks for that the embedded engine does not do is refused by name, with nothing touched."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from edgefleet.errors import InvalidInput, Refused
from pulumi_embedded import errors as embedded
from pulumi_embedded.builtin import stack_outputs
from pulumi_embedded.project import open_project

PROJECT = "name: fleet\nruntime: python\n"
HERE = "backend: {url: 'file://.'}\n"


def refused(project: Any, operation: str = "up") -> str:
    """Return what the engine says; nothing is there afterwards that was not before."""
    project.write('Thing("first", {"value": 1})')
    before = files(project.root)
    with pytest.raises(Refused) as caught:
        project.run(operation)
    assert before == files(project.root)
    return str(caught.value)


def files(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(
    "name", ["../../escaped", "a/b", "..", ".", ".hidden", "a" * 101, "a\nb", "Кпроект", "/etc"]
)
@pytest.mark.parametrize("operation", ["preview", "up", "destroy"])
def test_a_projects_name_is_one_that_the_cli_takes(project: Any, name: str, operation: str) -> None:
    """Files are named by it: another one would be written outside the folder of the state."""
    settings = yaml.safe_dump({"name": name, "runtime": "python", "backend": {"url": "file://."}})
    (project.root / "Pulumi.yaml").write_text(settings)
    project.write('Thing("first", {"value": 1})')
    before = files(project.root), {*project.root.parent.iterdir()}
    with pytest.raises(InvalidInput, match="is not a project's name"):
        project.run(operation)
    assert before == (files(project.root), {*project.root.parent.iterdir()})


@pytest.mark.parametrize(
    "name", ["organization/../fleet", "organization/fleet/..", "..", "organization/./dev"]
)
def test_a_reference_names_no_file_outside_the_state(project: Any, name: str) -> None:
    """The outputs of another stack are read from a file that is named by project and stack."""
    with pytest.raises(embedded.InvalidInput, match=r"is not a (project|stack)'s name"):
        stack_outputs(name, project=open_project(project.root, {}), environ=project.environ, report=print)


def test_the_state_is_for_its_owner_alone(project: Any) -> None:
    """Its secrets are encrypted, but a weak passphrase can be guessed from a copy; modes are as the CLI's."""
    project.write('Thing("first", {"value": 1})')
    umask = os.umask(0)
    try:
        assert {"first"} <= project.ops("up").keys()
    finally:
        os.umask(umask)
    state = project.root / ".pulumi"
    modes = {stat.S_IMODE(path.lstat().st_mode) for path in (state, *state.rglob("*")) if path.is_dir()}
    assert {0o700} == modes
    assert {0o600} == {stat.S_IMODE(path.lstat().st_mode) for path in state.rglob("*") if path.is_file()}


def log_in(project: Any, url: str) -> None:
    """Do what `pulumi login URL` does."""
    home = project.root / "home"
    home.mkdir()
    (home / "credentials.json").write_text(json.dumps({"current": url, "accounts": {url: {}}}))
    project.environ["PULUMI_HOME"] = str(home)


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ("plugins: {providers: [{name: aws, path: ./aws}]}", "the provider 'aws'"),
        ("plugins: {analyzers: [{name: nobody-public, path: ./p}]}", "the policy pack 'nobody-public'"),
        ("plugins: {languages: [{name: python, path: ./p}]}", "the language host 'python'"),
        ("packages: {random: terraform-provider@hashicorp/random}", "packages"),
        ("config: {region: {default: eu}}", "config"),
        ("options: {refresh: always}", "options"),
        ("requiredPulumiVersion: '>=3.300.0'", "requiredPulumiVersion"),
        ("backend: {url: 's3://user:secret@states'}", "backend.url of Pulumi.yaml is s3://states"),
        ("runtime: {name: nodejs}", "'nodejs' is not Python"),
        ("runtime: {name: python, options: {typechecker: mypy}}", "typechecker"),
    ],
)
def test_a_setting_of_the_project_is_refused_by_name(project: Any, more: str, named: str) -> None:
    """Ignoring it would make a run mean less than it says."""
    lines = [
        line for line in (PROJECT + HERE).splitlines() if line.partition(":")[0] != more.partition(":")[0]
    ]
    (project.root / "Pulumi.yaml").write_text("\n".join([*lines, more]))
    assert named in refused(project)


def test_the_projects_own_provider_is_no_other(project: Any) -> None:
    """What Pulumi.yaml states of example's plugin is no reason to refuse."""
    more = "plugins: {providers: [{name: example, path: ./plugin}]}"
    (project.root / "Pulumi.yaml").write_text(f"{PROJECT}{HERE}{more}")
    project.write('Thing("first", {"value": 1})')
    assert {"first": "create", "fleet-dev": "create"} == project.ops("up")


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("secretsprovider: awskms://alias/fleet", "awskms://alias/fleet"),
        ("encryptedkey: AAAA", "encryptedkey"),
        ("environment: [shops]", "environment"),
    ],
)
def test_a_setting_of_the_stack_is_refused_by_name(project: Any, line: str, named: str) -> None:
    """Secrets that another provider keeps, and configuration from elsewhere."""
    (project.root / "Pulumi.dev.yaml").write_text(line)
    assert named in refused(project)


@pytest.mark.parametrize("line", ["a: !!timestamp soon", "a: !!bool 2", "a: !!int ''", "a: !!int x", "a: {"])
@pytest.mark.parametrize("name", ["Pulumi.yaml", "Pulumi.dev.yaml"])
def test_yaml_that_no_reader_takes_is_reported_with_its_file(project: Any, name: str, line: str) -> None:
    """PyYAML raises errors of its own code where a tag does not fit its value."""
    project.write('Thing("first", {"value": 1})')
    path = project.root / name
    path.write_text(line)
    with pytest.raises(InvalidInput) as caught:
        project.run("preview")
    assert f"{path}" in str(caught.value.problems[0].where)
    assert "is not YAML" == caught.value.problems[0].problem


@pytest.mark.parametrize("url", ["s3://states", "https://api.pulumi.com", "gs://x"])
def test_a_login_elsewhere_is_refused_by_name(project: Any, url: str) -> None:
    """Where Pulumi.yaml declares no backend, the CLI would go there."""
    (project.root / "Pulumi.yaml").write_text(PROJECT)
    log_in(project, url)
    told = refused(project)
    assert "credentials.json" in told
    assert url.partition("?")[0] in told


def test_a_login_matters_only_where_no_backend_is_declared(project: Any) -> None:
    """As for the CLI, the project's own word comes first."""
    log_in(project, "s3://states")
    project.write('Thing("first", {"value": 1})')
    assert {"first": "create", "fleet-dev": "create"} == project.ops("up")
    assert project.checkpoint.exists()


def test_a_login_to_a_directory_is_where_state_is(project: Any) -> None:
    """The CLI would keep it there, so both find the same."""
    (project.root / "Pulumi.yaml").write_text(PROJECT)
    log_in(project, f"file://{project.root / 'elsewhere'}")
    project.write('Thing("first", {"value": 1})')
    assert {"first": "create", "fleet-dev": "create"} == project.ops("up")
    assert (project.root / "elsewhere" / ".pulumi" / "stacks" / "fleet" / "dev.json").exists()


def test_no_backend_at_all_is_reported(project: Any) -> None:
    """With the line that declares one."""
    (project.root / "Pulumi.yaml").write_text(PROJECT)
    project.environ["PULUMI_HOME"] = str(project.root / "home")
    assert "backend: {url: 'file://.'}" in refused(project, "preview")


def test_two_backends_are_refused(project: Any) -> None:
    """The environment and Pulumi.yaml must say the same."""
    project.environ["PULUMI_BACKEND_URL"] = "file:///elsewhere"
    assert "a stack has one state" in refused(project)
    project.environ["PULUMI_BACKEND_URL"] = f"file://{project.root}"
    assert "create" == project.ops("up")["first"]


@pytest.mark.parametrize("content", ["{", "[]", "\x00"])
def test_a_login_that_cannot_be_read_is_reported(project: Any, content: str) -> None:
    """It is not taken for none."""
    (project.root / "Pulumi.yaml").write_text(PROJECT)
    log_in(project, "s3://states")
    (project.root / "home" / "credentials.json").write_text(content)
    project.write("")
    with pytest.raises(InvalidInput, match="login") as caught:
        project.run("preview")
    assert 1 == caught.value.exit_code


def test_a_program_that_is_not_there_is_reported_with_its_place(tmp_path: Path) -> None:
    """Before anything runs, as the CLI does."""
    (tmp_path / "Pulumi.yaml").write_text(
        "name: fleet\nruntime: python\nmain: infra\nbackend: {url: 'file://.'}\n"
    )
    with pytest.raises(embedded.InvalidInput) as caught:
        open_project(tmp_path, {})
    assert ("main", f"{tmp_path / 'infra'} does not exist") == (
        caught.value.problems[0].path,
        caught.value.problems[0].problem,
    )
