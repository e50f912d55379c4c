"""Passwords of consoles and ends of tunnels: derived, and of one site or node alone."""

import base64
import shutil
import subprocess
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.site.conftest import GOLDEN, spec_of

from edgefleet.keys.break_glass import (
    LENGTH,
    console_hash,
    console_password,
    tunnel_address,
    tunnel_host,
    tunnel_key,
)
from edgefleet.keys.derivation import LETTERS, netboot_word
from edgefleet.keys.password_hash import sha512_crypt

ONE, OTHER = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))
NETWORK = "fd12:3456:789a::/64"


def test_each_site_has_a_password_of_its_own_and_its_boxes_a_hash_of_it() -> None:
    assert console_password(ONE) == console_password(ONE)
    assert console_password(ONE) != console_password(OTHER)
    assert LENGTH == len(console_password(ONE))
    assert set(console_password(ONE)) <= set(LETTERS)
    _, kind, rounds, salt, _ = console_hash(ONE).split("$")
    assert ("6", "rounds=1000") == (kind, rounds)
    assert console_hash(ONE) == sha512_crypt(console_password(ONE), salt, rounds=1000)
    assert console_password(ONE) not in console_hash(ONE)


def test_each_node_has_a_netboot_word_of_its_own() -> None:
    """Three groups of letters that every keyboard has at the same places, 60 bits."""
    words = {netboot_word(key, node=node) for key in (ONE, OTHER) for node in ("n1", "n2")}
    assert 4 == len(words)
    for word in sorted(words):
        assert [5, 5, 5] == [len(group) for group in word.split("-")]
        assert set(word) <= {*LETTERS, "-"}


def test_wireguard_takes_the_key_as_it_is() -> None:
    """`wg pubkey` is an independent witness, and each node has a key of its own."""
    private, public = tunnel_key(ONE, node="n1")
    assert (private, public) != tunnel_key(ONE, node="n2")
    tool = shutil.which("wg")
    if tool is None:
        pytest.skip("needs wg: apt-get install wireguard-tools")
    done = subprocess.run([tool, "pubkey"], input=private, capture_output=True, text=True, check=True)
    assert public == done.stdout.strip()


@given(node=st.text(st.characters(codec="ascii", categories=["L"]), min_size=1, max_size=20))
def test_a_box_has_an_address_of_the_network_that_is_not_the_other_ends(node: str) -> None:
    site = spec_of(GOLDEN / "recipe-1" / "server-static")
    address = tunnel_address(site, node, NETWORK)
    assert ip_address(address) in ip_network(NETWORK)
    assert address not in {tunnel_host(NETWORK), str(ip_network(NETWORK)[0])}
