"""The private names of the Pulumi SDK are verified for each minor that may be installed."""

import tomllib
from contextvars import ContextVar
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from pulumi.runtime import resource, rpc, settings

from pulumi_embedded import sdk, values
from pulumi_embedded.errors import OutsideFailure
from pulumi_embedded.run import Request, run

ROOT = Path(__file__).parents[2]


def test_the_installed_minor_is_a_verified_one() -> None:
    """This run of the tests is what verifies it."""
    sdk.check_sdk(sdk.installed_sdk())


def test_the_package_requires_the_verified_minors() -> None:
    """Pip installs no other."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert [sdk.requirement()] == [item for item in project["dependencies"] if item.startswith("pulumi>")]


def test_verified_minors_are_without_gaps() -> None:
    """The requirement is one range."""
    minors = [minor for _, minor in sdk.VERIFIED]
    assert {3} == {major for major, _ in sdk.VERIFIED}
    assert [*range(minors[0], minors[-1] + 1)] == minors


def test_the_name_of_a_registration_is_the_sdks() -> None:
    """The coroutine that `register_resource` defines; its name is what limits how many begin at once."""
    outer, _, inner = sdk.REGISTRATION.partition(".<locals>.")
    constants: tuple[Any, ...] = getattr(resource, outer).__code__.co_consts
    assert [inner] == [
        item.co_name for item in constants if isinstance(item, CodeType) and item.co_name == inner
    ]


def test_the_root_resource_is_a_context_variable_of_the_sdk() -> None:
    """Each run sets it again."""
    assert isinstance(getattr(settings, sdk.ROOT), ContextVar)


def test_the_signatures_are_the_sdks() -> None:
    """Secrets, assets, archives, outputs and unknowns are spelled as the SDK does."""
    assert (rpc._special_sig_key, rpc._special_secret_sig) == (values.SIGNATURE, values.SECRET)
    unsupported = {rpc._special_asset_sig, rpc._special_archive_sig, rpc._special_output_value_sig}
    assert unsupported == set(values.UNSUPPORTED)
    assert rpc.UNKNOWN in values.UNKNOWNS


@pytest.mark.parametrize("installed", ["3.271.0", "3.273.1", "4.272.0", "3", "none"])
def test_another_sdk_is_one_error(tmp_path: Path, installed: str) -> None:
    """With the names, the versions and what to install, before anything of the project is read."""
    request = Request(operation="preview", stack="dev", root=tmp_path, sdk=installed)
    with pytest.raises(OutsideFailure) as caught:
        run(request, {}, lambda _event: None)
    assert (
        f"pulumi {installed}: the embedded engine relies on private names of the Pulumi SDK "
        "(runtime.resource: register_resource.<locals>.do_register, runtime.settings: ROOT), which are "
        "verified with 3.272 only; install a verified one, `pip install 'pulumi>=3.272,<3.273'`, or use the "
        "Pulumi CLI"
    ) == str(caught.value)
    assert "sdk-version" == caught.value.problem.code
