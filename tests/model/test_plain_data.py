"""Plain data within a spec is what JSON and YAML have alike, without control characters."""

from math import inf

import pytest
from pydantic import TypeAdapter, ValidationError

from edgefleet.model.k3s_config import Plain as Unquoted
from edgefleet.model.plain_data import ByText, Plain

ADAPTER: TypeAdapter[dict[str, object]] = TypeAdapter(Plain)


def test_data_that_json_has_are_kept() -> None:
    plain = {"spec": {"replicas": 2, "ratio": 0.5, "paused": False, "none": None, "args": ["a\n", "\tb"]}}
    assert plain == ADAPTER.validate_python(plain)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2", 2),
        ("-0", 0),
        ("true", True),
        ("False", False),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1.0", 1),
        ("1e3", 1000),
        *((text, text) for text in ("007", "1.2.3", "10.0.0.1", "yes", "1e400", "1_000", "e3", ".", "0x1f")),
    ],
)
def test_unquoted_text_of_a_fleet_file_is_as_in_yaml(text: str, value: object) -> None:
    """A replica count is a number, a version is text; what is quoted is text."""
    read = ADAPTER.validate_python({"a": [Unquoted(text)], "b": text})
    assert ({"a": [value], "b": text}, type(value)) == (read, type(read["a"][0]))  # type: ignore[index]  # a list


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({1: "a"}, "valid string"),
        ({"a\x00": "b"}, "is not a key"),
        ({"a": ["b\x1b[31m"]}, "has control characters"),
        ({"a": {"b": "\u202e"}}, "has control characters"),
        ({"a": inf}, "is no text, number or boolean"),
        ({"a": (1, 2)}, "is no text, number or boolean"),
    ],
)
def test_other_data_are_refused(value: object, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ADAPTER.validate_python(value)


def test_a_cached_function_sees_keys_in_one_order() -> None:
    """The first caller does not decide what the others get."""
    assert ByText.of({"b": 1, "a": {"d": 2, "c": 3}}) == ByText.of({"a": {"c": 3, "d": 2}, "b": 1})
    value = ByText.of({"b": 1, "a": {"d": 2, "c": 3}}).value
    assert ["a", "b"] == list(value)
    assert ["c", "d"] == list(value["a"])
