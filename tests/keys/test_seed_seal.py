"""The seal of a seed: which changes break it."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgefleet.keys.derivation import site_key
from edgefleet.keys.seed_seal import SEALED, seal, seal_key

KEY = base64.b64encode(b"a key that only golden sites use").decode()
FILES = {"user-data": b"#cloud-config\n", "meta-data": b"instance-id: a\n", "network-config": b"version: 2\n"}


def test_the_seal_is_a_known_line() -> None:
    """As `openssl dgst -sha256 -hmac KEY` prints it for `edgefleet-seal/1` and the list of `sha256sum`."""
    expected = b"783145876548f9b2ab7d2fe5105fbd1c1c15f94db34d06adae912cfe7559c544\n"
    assert expected == seal(seal_key(KEY, node="n1"), FILES)


@pytest.mark.parametrize("name", SEALED)
@given(change=st.binary(min_size=1, max_size=8))
def test_each_file_is_sealed(name: str, change: bytes) -> None:
    key = seal_key(KEY, node="n1")
    assert seal(key, FILES) != seal(key, {**FILES, name: FILES[name] + change})


def test_content_does_not_move_between_files() -> None:
    """The same bytes in another order of files are another seed."""
    key = seal_key(KEY, node="n1")
    swapped = {**FILES, "user-data": FILES["meta-data"], "meta-data": FILES["user-data"]}
    assert seal(key, FILES) != seal(key, swapped)


def test_nodes_sites_and_key_generations_have_keys_of_their_own() -> None:
    """So that a seal of one is none of another."""
    secret = base64.b64encode(bytes(range(32))).decode()
    keys = {
        seal_key(site_key(secret, fleet="f", region="r", site=site, generation=generation), node=node)
        for site in ("a", "b")
        for generation in (1, 2)
        for node in ("n1", "n2")
    }
    assert 8 == len(keys)
