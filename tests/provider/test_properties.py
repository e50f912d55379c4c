"""The wire form of property values: what goes in comes out, and an unknown is never text."""

from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct
from hypothesis import given
from hypothesis import strategies as st

from edgefleet.errors import InvalidInput
from edgefleet.model.unknown import UNKNOWN
from edgefleet.provider import properties
from edgefleet.provider.properties import Output, Reference, Secret, decode, encode

# A name of the signature's own spelling would be read as a signature, as Pulumi reads it.
TEXTS = st.text(st.characters(exclude_categories=["Cs"])).filter(
    lambda text: text not in properties.UNKNOWN_TEXTS and text != properties.SIGNATURE
)
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
KNOWN = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
URNS = st.text("abc:", min_size=1)
VALUES = st.recursive(
    KNOWN
    | st.just(UNKNOWN)
    | st.builds(
        Reference, URNS, id=st.none() | st.just(UNKNOWN) | st.text("abc", min_size=1), version=st.text("1.")
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(TEXTS, inner, max_size=3)
        | st.builds(Secret, inner)
        | st.builds(
            Output, inner, is_secret=st.booleans(), dependencies=st.lists(URNS, max_size=2).map(tuple)
        )
    ),
    max_leaves=10,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=5))
def test_every_value_survives_the_wire(values: dict[str, Any]) -> None:
    """Secrets stay secret, unknowns unknown, whole numbers whole."""
    assert values == decode(Struct.FromString(encode(values).SerializeToString()))


@given(st.dictionaries(TEXTS, KNOWN, max_size=5))
def test_plain_values_stay_as_they_are(values: dict[str, Any]) -> None:
    """There is nothing to take off."""
    assert (values, []) == (properties.plain(values), list(properties.unknowns(values)))


@given(VALUES)
def test_taking_the_wrappings_off_leaves_no_wrapping(value: Any) -> None:
    """At any depth."""

    def wrapped(inside: Any) -> bool:
        if isinstance(inside, dict):
            return any(map(wrapped, inside.values()))
        return (
            any(map(wrapped, inside))
            if isinstance(inside, list)
            else isinstance(inside, Secret | Output | Reference)
        )

    assert not wrapped(properties.plain(value))


@pytest.mark.parametrize("text", sorted(properties.UNKNOWN_TEXTS))
def test_every_reserved_string_is_unknown_and_no_text(text: str) -> None:
    """Hashed into an image, it would be a guess; so it is nothing that can be hashed."""
    struct = Struct()
    struct.update({"hostname": text, "list": [text]})
    found = decode(struct)
    assert {"hostname": UNKNOWN, "list": [UNKNOWN]} == found
    assert [("hostname",), ("list", 0)] == sorted(properties.unknowns(found))
    assert not isinstance(found["hostname"], str)


@pytest.mark.parametrize(
    ("signature", "what"),
    [
        ("c44067f5952c0a294b673a41bacd8c17", "an asset"),
        ("0def7320c3a5731c473e5ecbe6d01bc7", "an archive"),
        ("?", "kind"),
    ],
)
def test_what_cannot_be_an_input_is_refused_by_its_path(signature: str, what: str) -> None:
    """No spec of ours takes a file of the program's machine."""
    struct = Struct()
    struct.update({"nodes": {"n1": [{properties.SIGNATURE: signature, "text": "x"}]}})
    with pytest.raises(InvalidInput, match=what) as caught:
        decode(struct)
    assert "nodes.n1[0]" == caught.value.problem.path


def test_a_secret_does_not_show_itself() -> None:
    """Representations end up in logs."""
    assert "Secret(...)" == repr(Secret("hunter22"))


def test_a_value_of_no_wire_form_is_a_mistake_of_ours() -> None:
    """Said by its type alone."""
    with pytest.raises(TypeError, match="object cannot be a property value"):
        encode({"a": object()})
