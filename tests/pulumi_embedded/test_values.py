"""Property values keep their meaning in either form."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_embedded.values import (
    MASK,
    SECRET,
    SIGNATURE,
    UNKNOWNS,
    Bag,
    has_unknown,
    mask,
    reveal,
    secret,
    to_struct,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers(-(10**12), 10**12) | st.floats(allow_nan=False, allow_infinity=False, width=32)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4) | inner.map(secret),
    max_leaves=12,
)
OBJECTS = st.dictionaries(TEXT, VALUES, max_size=5)


@given(OBJECTS)
def test_both_forms_are_equal(data: dict[str, Any]) -> None:
    """A bag made of data is equal to one made of the same data on the wire."""
    wire = Bag(struct=to_struct(data))
    assert data == wire.data
    assert Bag(data) == wire


@given(OBJECTS)
def test_what_is_masked_shows_no_secret(data: dict[str, Any]) -> None:
    """Masking hides each secret and nothing else."""
    assert mask({"a": secret(data)}) == {"a": {SIGNATURE: SECRET, "ciphertext": MASK}}
    assert mask(reveal(data)) == reveal(data)


@pytest.mark.parametrize("unknown", sorted(UNKNOWNS))
def test_a_secret_unknown_is_unknown(unknown: str) -> None:
    """An unknown of each kind is found inside lists, objects and secrets."""
    assert has_unknown([{"a": secret(unknown)}])
    assert not has_unknown({"a": ["b"]})
