"""The YAML project, on the Pulumi CLI with its language host."""

import json
import shutil
from collections.abc import Callable
from typing import Any

import pytest

YAML_HOST = "pulumi-language-yaml"
NEEDS = f"needs the Pulumi CLI and {YAML_HOST} on PATH, which `make test-parity` builds"


@pytest.mark.pulumi_cli
@pytest.mark.slow
def test_its_readme_brings_it_up_and_removes_it(project: Callable[[str], Any]) -> None:
    """By each command as it is written; its outputs are known, a second preview changes nothing."""
    if not all(map(shutil.which, ("pulumi", YAML_HOST))):
        pytest.skip(NEEDS)
    shops = project("yaml")
    init, secret, preview, up, outputs, destroy, stop = shops.commands()
    try:
        for command in (init, secret, preview, up):
            shops.run_as_written(command)
        digests = json.loads(shops.run_as_written(outputs))
        assert {"berlin": {"n1", "n2"}, "hamburg": {"n1"}} == {
            site: set(nodes) for site, nodes in digests.items()
        }
        shown = json.loads(shops.run_as_written("pulumi stack output --json"))
        assert ("https://hub.shops.example:6443", "[secret]") == (shown["endpoint"], shown["kubeconfigs"])
        texts = json.loads(shops.run_as_written("pulumi stack output --json --show-secrets kubeconfigs"))
        assert {"deployer", "readOnly"} == {role for role, text in texts.items() if "kind: Config" in text}
        shops.run_as_written("pulumi preview --expect-no-changes")
        shops.run_as_written(destroy)
        assert "resources" not in json.loads(shops.run_as_written("pulumi stack export"))["deployment"]
    finally:
        shops.run_as_written(stop)
