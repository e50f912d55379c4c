"""Plain data within a spec is what JSON and YAML have alike, without control characters."""

from math import inf

import pytest
from pydantic import TypeAdapter, ValidationError

from edgefleet.model.plain_data import Plain

ADAPTER: TypeAdapter[dict[str, object]] = TypeAdapter(Plain)


def test_data_that_json_has_are_kept() -> None:
    plain = {"spec": {"replicas": 2, "ratio": 0.5, "paused": False, "none": None, "args": ["a\n", "\tb"]}}
    assert plain == ADAPTER.validate_python(plain)


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
