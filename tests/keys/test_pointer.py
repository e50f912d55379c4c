"""Pointers: one text for each, read strictly; verified in the order of what can be trusted."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.keys.channel import BERLIN, DAY, NOW, POINTER, delegation, pair, signer

from edgefleet.keys.line_form import LARGEST
from edgefleet.keys.pointer import (
    FIRST,
    MOST_NODES,
    Addressee,
    NodeRelease,
    Pointer,
    read_pointer,
    verified_pointer,
)
from edgefleet.keys.signed_document import signed
from edgefleet.model.names import LABEL_RE

TEXT = f"""\
edgefleet-pointer 1
fleet retail
region eu
site berlin
generation 1
sequence 42
issued 1796050000
not-before 1796050000
expires 1798642000
floor 40
release sha256:{"a" * 64}
previous sha256:{"0" * 64}
node n1 {"b" * 64} 4096 {"c" * 64}
node n2 {"d" * 64} 1 {"e" * 64}
"""
NAMES = st.from_regex(LABEL_RE, fullmatch=True)
NUMBERS = st.integers(0, LARGEST)
HEXES = st.text("0123456789abcdef", min_size=64, max_size=64)


@st.composite
def pointers(draw: st.DrawFn) -> Pointer:
    """Any pointer."""
    floor, sequence = sorted((draw(NUMBERS), draw(NUMBERS)))
    not_before, expires = sorted(draw(st.sets(NUMBERS, min_size=2, max_size=2)))
    whom = Addressee(fleet=draw(NAMES), region=draw(NAMES), site=draw(NAMES), generation=draw(NUMBERS))
    nodes = tuple(
        NodeRelease(node=name, ciphertext=draw(HEXES), size=draw(NUMBERS), part=draw(HEXES))
        for name in sorted(draw(st.sets(NAMES, min_size=1, max_size=4)))
    )
    return Pointer(
        addressee=whom,
        sequence=sequence,
        issued=draw(NUMBERS),
        not_before=not_before,
        expires=expires,
        floor=floor,
        release=f"sha256:{draw(HEXES)}",
        previous=f"sha256:{draw(HEXES)}",
        nodes=nodes,
    )


def test_a_pointer_has_a_known_text() -> None:
    """Line by line, as the shell on a node reads it."""
    assert TEXT == POINTER.payload.decode()
    assert FIRST == POINTER.previous


@given(pointers())
def test_a_pointer_comes_back_from_its_text(pointer: Pointer) -> None:
    """Whatever is in it."""
    assert pointer == read_pointer(pointer.payload)


@given(at=st.integers(0, len(TEXT) - 1), by=st.integers(0, 255))
def test_no_text_but_that_of_a_pointer_is_read(at: int, by: int) -> None:
    """What is read is exactly what writing it gives."""
    other = TEXT.encode()[:at] + bytes([by]) + TEXT.encode()[at + 1 :]
    try:
        pointer = read_pointer(other)
    except ValueError:
        return
    assert other == pointer.payload
    assert (pointer == POINTER) is (other == POINTER.payload)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("edgefleet-pointer 1", "edgefleet-pointer 2", "does not begin with the line edgefleet-pointer 1"),
        ("fleet retail\n", "", "has the line 'region eu' where one of fleet is expected"),
        ("fleet retail", "fleet Retail", "has 'Retail' in the line fleet, which is not a name"),
        ("fleet retail", "fleet retail ", "has the line 'fleet retail ' where"),
        ("fleet retail", f"fleet {'a' * 64}", "in the line fleet, which is not a name"),
        (
            "region eu\nsite berlin",
            "site berlin\nregion eu",
            "has the line 'site berlin' where one of region",
        ),
        ("sequence 42", "sequence 042", "has '042' in the line sequence, which is not a number"),
        ("sequence 42", "sequence -1", "which is not a number of at most 12 digits"),
        ("sequence 42", f"sequence {10**12}", "which is not a number of at most 12 digits"),
        ("sequence 42", "sequence \u0664\u0662", "has characters that are not ASCII"),
        ("floor 40", "floor 43", "has a floor of 43, above its own sequence 42"),
        ("expires 1798642000", "expires 1796050000", "ends before it begins"),
        ("release sha256:", "release sha512:", "which is not sha256: and 64 hexadecimal digits"),
        ("node n1", "node n3", "has nodes out of their order, or twice"),
        ("node n1", "node n2", "has nodes out of their order, or twice"),
        (" 4096 ", " 4096  ", "where one of node is expected"),
        ("bbbb", "BBBB", "which is not a SHA-256 of 64 hexadecimal digits"),
        ("node n1", "more 1\nnode n1", "has the line 'more 1' where one of node is expected"),
        ("\n", "\r\n", "does not begin with"),
        ("eeee\n", "eeee", "or ends within a line"),
        ("eeee\n", "eeee\n\n", "has the line '' where one of node is expected"),
    ],
)
def test_another_text_is_refused_with_its_reason(old: str, new: str, reason: str) -> None:
    """Each names the line."""
    assert old in TEXT
    with pytest.raises(ValueError, match=reason.replace(".", r"\.")):
        read_pointer(TEXT.replace(old, new).encode())


@pytest.mark.parametrize(
    "wrong",
    [
        {"sequence": -1},
        {"sequence": LARGEST + 1},
        {"release": "sha256:x"},
        {"addressee": replace(BERLIN, site="berlin\nsite other")},
        {"nodes": ()},
        {"nodes": POINTER.nodes[::-1]},
        {"nodes": tuple(replace(POINTER.nodes[0], node=f"n{at:03}") for at in range(MOST_NODES + 1))},
    ],
)
def test_no_other_pointer_can_be_made(wrong: dict[str, Any]) -> None:
    """So that none is signed."""
    with pytest.raises(ValueError, match=r"^has "):
        replace(POINTER, **wrong)


def test_the_largest_pointer_can_be_signed() -> None:
    """With as many nodes, and as long names, as there may be, and four signatures."""
    long = "a" * 60
    nodes = [
        NodeRelease(node=f"{long}{at:03}", ciphertext="b" * 64, size=LARGEST, part="c" * 64)
        for at in range(MOST_NODES)
    ]
    assert signed("pointer", replace(POINTER, nodes=tuple(nodes)).payload, signer(1, 2, 3, 4))


def test_each_pointer_names_the_one_before_it() -> None:
    """By the digest of its text, whichever key signed it."""
    follower = replace(POINTER, sequence=43, previous=POINTER.digest)
    assert f"previous {POINTER.digest}\n".encode() in follower.payload
    assert follower.digest != POINTER.digest


DATA = signed("pointer", POINTER.payload, signer(1))


def test_a_pointer_of_a_delegated_key_is_taken() -> None:
    """Before the key ends."""
    assert POINTER == verified_pointer(DATA, delegation(1, 2), BERLIN, now=NOW)


def test_a_key_that_is_not_delegated_or_has_ended_signs_nothing() -> None:
    """A stolen key is out of the next version; an old one ends by itself, on the second."""
    with pytest.raises(ValueError, match=f"may sign it; it names {pair(1).key.id[:16]}"):
        verified_pointer(DATA, delegation(2), BERLIN, now=NOW)
    end = NOW + 180 * DAY
    assert POINTER == verified_pointer(DATA, delegation(1), BERLIN, now=end - 1)
    with pytest.raises(ValueError, match="is signed by a release key that has ended"):
        verified_pointer(DATA, delegation(1), BERLIN, now=end)


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"fleet": "wholesale"}, "berlin of wholesale"),
        ({"region": "us"}, "berlin of retail, us"),
        ({"site": "hamburg"}, "hamburg of"),
        ({"generation": 2}, "key generation 2"),
    ],
)
def test_a_pointer_for_someone_else_is_refused(other: dict[str, Any], named: str) -> None:
    """Each name counts: of another fleet, region, site or key generation it is another's."""
    with pytest.raises(ValueError, match=f"is for berlin of retail, eu, key generation 1, not for .*{named}"):
        verified_pointer(DATA, delegation(1), replace(BERLIN, **other), now=NOW)


def test_the_signature_comes_before_what_a_pointer_says() -> None:
    """A text that is no pointer is refused for its signature, if that is wrong too."""
    garbage = signed("pointer", b"x", signer(3))
    with pytest.raises(ValueError, match="is not signed by a key"):
        verified_pointer(garbage, delegation(1), BERLIN, now=NOW)
    with pytest.raises(ValueError, match="does not begin with the line"):
        verified_pointer(signed("pointer", b"x", signer(1)), delegation(1), BERLIN, now=NOW)
