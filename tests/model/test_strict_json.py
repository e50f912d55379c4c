"""Documents of outside origin are read in one way, or refused with the reason."""

import json
import time
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from edgefleet.model import strict_json
from edgefleet.model.spec import spec


@spec
class Thing:
    """A spec of this test."""

    first_name: str
    size: Annotated[int, Field(ge=0)] = 0
    parts: tuple[str, ...] = ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)


@given(JSON)
def test_what_is_json_is_read(value: object) -> None:
    assert value == strict_json.parse(json.dumps(value).encode())


@given(st.binary(max_size=200))
def test_what_is_none_is_a_value_error(data: bytes) -> None:
    """Never another exception."""
    try:
        strict_json.parse(data)
        strict_json.read(Thing, data)
    except ValueError:
        return


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1, "a": 1}', "a key twice"),
        ('[{"b": {"a": 1, "a": 2}}]', "a key twice"),
        ("[" * 200_000, "more than 32 levels"),
        ("[" * 33 + "]" * 33, "more than 32 levels"),
        ('{"a":' * 33 + "1" + "}" * 33, "more than 32 levels"),
        ("[NaN]", "NaN is not JSON"),
        ("[-Infinity]", "-Infinity is not JSON"),
        ("9" * 5_000, "integer string conversion"),
        ('"' + "x" * 1_100 + '"', "has 1,102 bytes, and 1,000 are allowed"),
        ("\ufeff{}", "BOM"),
    ],
)
def test_a_document_that_readers_may_understand_differently_is_refused(text: str, reason: str) -> None:
    """At once, whatever its length."""
    limit = 1_000 if "x" in text else strict_json.LARGEST
    started = time.monotonic()
    with pytest.raises(ValueError, match=reason):
        strict_json.parse(text.encode(), limit=limit)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"firstName": 1}', "firstName: Input should be a valid string"),
        ('{"firstName": "a", "size": "1"}', "size: Input should be a valid integer"),
        ('{"firstName": "a", "size": -1}', "size: Input should be greater"),
        ('{"firstName": "a", "size": true}', "size: Input should be a valid integer"),
        ('{"first_name": "a"}', "firstName: "),
        ('{"firstName": "a", "more": 1}', "more: "),
        ('{"firstName": "a", "parts": "ab"}', "parts: "),
        ("[]", "Input should be an object"),
    ],
)
def test_a_value_of_another_type_is_named(text: str, reason: str) -> None:
    """No text becomes a number, and no unknown key is passed over; the value itself is not shown."""
    with pytest.raises(ValueError, match=reason):
        strict_json.read(Thing, text.encode())


def test_what_is_written_is_read_back() -> None:
    """The same bytes each time, defaults left out."""
    thing = Thing(first_name="a", parts=("b", "c"))
    data = strict_json.write(thing)
    assert (thing, data) == (strict_json.read(Thing, data), strict_json.write(thing))
    assert {"firstName": "a", "parts": ["b", "c"]} == json.loads(data)
