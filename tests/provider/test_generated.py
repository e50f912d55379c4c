"""What `make schema` writes is what is checked in: the stub of a program's classes, and the reference."""

import pydoc
import re
from pathlib import Path

import pytest
from bench import api_limits, python_stub, resource_reference

from edgefleet.cloud.base.api_limits import LIMITS
from edgefleet.fleet import aws
from edgefleet.fleet.provider import ProviderArgs
from edgefleet.model.type_introspection import fields_of
from edgefleet.provider.configuration import Config
from edgefleet.provider.registry import RESOURCES

ROOT = Path(__file__).resolve().parents[2]
STUB = ROOT / "components" / "edgefleet" / "fleet" / "aws.pyi"


def test_the_stubs_are_current() -> None:
    """`make schema` writes them again; the formatter has its say after it."""
    assert _bare(python_stub.text()) == _bare(STUB.read_text(encoding="utf-8"))
    provider = STUB.with_name("provider.pyi").read_text(encoding="utf-8")
    assert _bare(python_stub.provider_text()) == _bare(provider)
    assert set(ProviderArgs.__annotations__) == set(fields_of(Config))


def test_the_limits_are_those_of_botocore() -> None:
    """A release of botocore that changes a limit of an input changes it here."""
    stored = {path: (least, most, pattern) for path, (least, most, pattern) in LIMITS.items()}
    assert stored == api_limits.limits()


def test_the_classes_are_those_of_the_stub() -> None:
    """Each name that a type checker accepts can be imported, and nothing else."""
    names = re.findall(r"^class (\w+)", STUB.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert {"Vpc", "VpcArgs", "SecurityRule"} <= set(names)
    assert names == [getattr(aws, name).__name__ for name in names]
    with pytest.raises(AttributeError, match=r"no attribute 'Instance'; docs/resources.md lists the kinds"):
        _ = aws.Instance  # type: ignore[attr-defined]  # the stub has none either


def test_the_classes_are_listed_for_completion() -> None:
    """``dir()`` names each resource and its inputs before any class is built."""
    names = re.findall(
        r"^class (\w+)(?=\(pulumi\.CustomResource)", STUB.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted([*names, *(f"{name}Args" for name in names)]) == dir(aws)


def test_help_shows_inputs_and_outputs() -> None:
    """What the stub is to an editor, `help()` is to a person at a prompt."""
    text = pydoc.plain(pydoc.render_doc(aws.Subnet))
    for line in (
        "vpcId: string (required)",
        "Id of the network.",
        "availabilityZone: string",
        "Zone that it is in.",
    ):
        assert line in text


def test_the_reference_is_current() -> None:
    """It lists every kind with its fields."""
    text = (ROOT / "docs" / "resources.md").read_text(encoding="utf-8")
    assert resource_reference.text() == text
    assert [] == [each.TOKEN for each in RESOURCES if f"## {each.TOKEN}\n" not in text]


def _bare(text: str) -> str:
    """Without what a formatter may change: blanks, line breaks and last commas."""
    return "".join(text.split()).replace(",)", ")").replace(",]", "]").replace(",}", "}")
