"""Delegations: which release keys a root lets sign, read strictly."""

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.keys.channel import DAY, NOW, delegation, pair, signer

from edgefleet.keys.delegation import (
    MOST_KEYS,
    Delegation,
    ReleaseKey,
    read_delegation,
    verified_delegation,
)
from edgefleet.keys.line_form import LARGEST
from edgefleet.keys.signed_document import signed

ONE = delegation(1)
KEY = pair(1).key
TEXT = f"""\
edgefleet-delegation 1
fleet retail
version 3
issued {NOW}
key {KEY.id} {NOW + 180 * DAY} {base64.b64encode(KEY.der).decode()}
"""
OTHER = base64.b64encode(pair(2).key.der).decode()


def test_a_delegation_has_a_known_text() -> None:
    """Line by line, as the shell on a node reads it; keys are in the order of their names."""
    assert TEXT == ONE.payload.decode()
    two = delegation(1, 2)
    assert [each.key.id for each in two.keys] == sorted((pair(1).key.id, pair(2).key.id))


@given(
    numbers=st.sets(st.integers(1, 20), min_size=1, max_size=MOST_KEYS),
    version=st.integers(1, LARGEST),
    days=st.integers(1, 10_000),
)
def test_a_delegation_comes_back_from_its_text(numbers: set[int], version: int, days: int) -> None:
    """With one key or several."""
    one = delegation(*numbers, version=version, days=days)
    assert one == read_delegation(one.payload)


@given(at=st.integers(0, len(TEXT) - 1), by=st.integers(0, 255))
def test_no_text_but_that_of_a_delegation_is_read(at: int, by: int) -> None:
    """What is read is exactly what writing it gives; no byte of a key can differ."""
    other = TEXT.encode()[:at] + bytes([by]) + TEXT.encode()[at + 1 :]
    try:
        read = read_delegation(other)
    except ValueError:
        return
    assert other == read.payload
    assert {each.key for each in read.keys} == {KEY}


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("edgefleet-delegation", "edgefleet-pointer", "does not begin with the line edgefleet-delegation 1"),
        ("version 3", "version 0", "has version 0, and 1 is the first"),
        (f"issued {NOW}", f"issued {NOW + 180 * DAY}", "has a key that ends before it begins"),
        (KEY.id, pair(2).key.id, "has a key under the name of another"),
        (TEXT.rsplit(maxsplit=1)[-1], OTHER, "has a key under the name of another"),
        ("w==\n", "x==\n", "which is not a key in base64"),
        (TEXT.rsplit(maxsplit=1)[-1], f"{'A' * 122}==", "has a key that is not a public key in DER"),
        (TEXT.rsplit(maxsplit=1)[-1], OTHER[:-4], "which is not a key in base64"),
        ("key ", "root ", "where one of key is expected"),
        (TEXT[TEXT.index("key ") :], "", "has 0 lines key, where 1 to 8 are expected"),
        (TEXT[TEXT.index("key ") :], TEXT[TEXT.index("key ") :] * 2, "out of their order, or twice"),
        (TEXT[TEXT.index("key ") :], TEXT[TEXT.index("key ") :] * 9, "has 9 lines key"),
    ],
)
def test_another_text_is_refused_with_its_reason(old: str, new: str, reason: str) -> None:
    """A key is named by its own digest, and has one spelling."""
    assert old in TEXT
    with pytest.raises(ValueError, match=reason):
        read_delegation(TEXT.replace(old, new).encode())


def test_a_root_signs_a_delegation_of_its_fleet() -> None:
    """One of the roots is enough; a release key delegates nothing."""
    roots = (pair(10).key, pair(11).key)
    for number in (10, 11):
        assert ONE == verified_delegation(
            signed("delegation", ONE.payload, signer(number)), roots, fleet="retail"
        )
    with pytest.raises(ValueError, match="is not signed by a key that may sign it"):
        verified_delegation(signed("delegation", ONE.payload, signer(1)), roots, fleet="retail")
    with pytest.raises(ValueError, match="is for the fleet retail, not for wholesale"):
        verified_delegation(signed("delegation", ONE.payload, signer(10)), roots, fleet="wholesale")


def test_each_key_ends_at_its_own_time() -> None:
    """On the second."""
    first, second = delegation(1, 2).keys
    one: Delegation = replace(ONE, keys=(replace(first, expires=NOW + 1), second))
    assert (first.key, second.key) == one.valid_keys(NOW)
    assert (second.key,) == one.valid_keys(NOW + 1)
    assert () == one.valid_keys(second.expires)
    assert ReleaseKey(key=first.key, expires=NOW + 1) in one.keys
