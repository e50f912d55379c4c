"""What the embedded engine does not do is refused by name: the CLI is the way out, and nothing is touched."""

from typing import Any

import pytest

from edgefleet.errors import Refused

PROGRAMS = {
    "transforms": 'Thing("a", {}, Opts(transforms=[lambda args: None]))',
    "transforms of the stack": "pulumi.runtime.register_resource_transform(lambda args: None)",
    "transforms of invokes": "pulumi.runtime.register_invoke_transform(lambda args: None)",
    "resource hooks": 'hook = pulumi.ResourceHook("h", lambda args: None)\n'
    'Thing("a", {}, Opts(hooks=pulumi.ResourceHookBinding(before_create=[hook])))',
    "error hooks": 'hook = pulumi.ErrorHook("h", lambda args: True)\n'
    'Thing("a", {}, Opts(hooks=pulumi.ResourceHookBinding(on_error=[hook])))',
    "a component of another package": 'pulumi.ComponentResource("aws:a:B", "b", {}, remote=True)',
    "'aws'": 'pulumi.CustomResource("aws:s3:Bucket", "b", {})',
    "'gcp'": 'pulumi.ProviderResource("gcp", "b", {})',
    "'azure'": 'pulumi.CustomResource("azure:a:B", "b", {}, Opts(id="x"))',
    "'random'": 'pulumi.runtime.invoke("random:a:b", {})',
    "methods of components": 'pulumi.runtime.call("example:a:B/c", {})',
    "replacementTrigger": 'Thing("a", {}, Opts(replacement_trigger=1))',
    "replaceWith": 'Thing("a", {}, Opts(replace_with=[Group("b")]))',
    "state migrations": 'Thing("a", {}, Opts(state_migrations=[lambda args: None]))',
    "environment variable mappings": 'pulumi.ProviderResource("example", "a", {}, '
    'Opts(env_var_mappings={"A": "B"}))',
    "a plugin version": 'Thing("a", {}, Opts(version="1.2.3"))',
    "pluginDownloadURL": 'Thing("a", {}, Opts(plugin_download_url="https://example.com"))',
    "an asset": 'Thing("a", {"value": {"in": [pulumi.StringAsset("x")]}})',
    "an archive": 'Thing("a", {"value": pulumi.FileArchive("x")})',
}


@pytest.mark.parametrize("named", PROGRAMS)
def test_what_a_program_asks_for_is_refused_by_name(project: Any, named: str) -> None:
    """In a preview, and in an update that none went before: what needs it is not made."""
    project.write(PROGRAMS[named])
    for operation in ("preview", "up"):
        with pytest.raises(Refused) as caught:
            project.run(operation)
        assert named in str(caught.value)
        assert "Pulumi CLI" in caught.value.problem.hint
    assert not (project.root / ".standin" / "calls.jsonl").exists()


@pytest.mark.parametrize(
    ("file", "line", "named"),
    [
        ("Pulumi.yaml", "policies: [{path: ./guard}]", "policies"),
        ("Pulumi.yaml", "packages: {random: random}", "packages"),
        ("Pulumi.yaml", "config: {a: b}", "config"),
        ("Pulumi.dev.yaml", "environment: [shared]", "environment"),
        ("Pulumi.dev.yaml", "secretsprovider: awskms://alias/x", "awskms://alias/x"),
    ],
)
def test_what_a_project_asks_for_is_refused_by_name(project: Any, file: str, line: str, named: str) -> None:
    """Policy packs, packages, environments and other secrets providers are the CLI's."""
    path = project.root / file
    path.write_text(f"{path.read_text()}{line}\n")
    project.write('Thing("first", {"value": 1})')
    with pytest.raises(Refused) as caught:
        project.run("up")
    assert named in str(caught.value)
    assert "Pulumi CLI" in caught.value.problem.hint
    assert not (project.root / ".standin").exists()
