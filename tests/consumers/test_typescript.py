"""The TypeScript project, with an SDK that is generated from the schema."""

import shutil
from collections.abc import Callable
from typing import Any

import pytest

from edgefleet.plugin import schema

GENERATOR = "pulumi-typescript-sdk"
NEEDS = f"needs {GENERATOR}, which `make test-parity` builds, node and npm, and a registry that answers npm"


@pytest.mark.pulumi_cli
@pytest.mark.slow
def test_its_types_and_its_unit_tests_pass(project: Callable[[str], Any]) -> None:
    """`tsc` accepts the program, with each output that it reads; its tests run under Pulumi's mocks."""
    if not all(map(shutil.which, (GENERATOR, "node", "npm"))):
        pytest.skip(NEEDS)
    shops = project("typescript")
    (shops.root / "schema.json").write_text(schema())
    shops.run(GENERATOR, "schema.json", "sdks/edgefleet")
    try:
        shops.run("npm", "install", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=60000")
    except AssertionError as error:
        if any(reason in str(error) for reason in ("ENOTFOUND", "ECONNREFUSED", "ETIMEDOUT", "EAI_AGAIN")):
            pytest.skip(NEEDS)
        raise
    assert "# pass 2" in shops.run("npm", "test")
