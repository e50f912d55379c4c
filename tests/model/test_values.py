"""Single values: sizes, rates, addresses, keys, releases, stores, paths."""

import base64
from collections.abc import Callable
from ipaddress import IPv4Address, ip_interface
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from edgefleet.model.addresses import hardware_address, host_address, plain_address
from edgefleet.model.credentials import public_key
from edgefleet.model.geography import time_zone
from edgefleet.model.k3s_config import Plain, config_key, config_value, resolved
from edgefleet.model.names import page, page_of
from edgefleet.model.paths import format_path, parse_path
from edgefleet.model.quantities import parse_rate, parse_size
from edgefleet.model.releases import release, store


def hint_of(check: Callable[[Any], Any], value: Any) -> str:
    """The hint of the problem that `check` finds with `value`."""
    with pytest.raises(PydanticCustomError) as caught:
        check(value)
    assert caught.value.context is not None
    return str(caught.value.context["hint"])


@pytest.mark.parametrize(
    ("text", "size"),
    [("512Mi", 512 * 1024**2), ("8Gi", 8 * 1024**3), ("64G", 64 * 1000**3), ("1.5Ki", 1536), ("7", 7)],
)
def test_sizes_are_kubernetes_quantities(text: str, size: int) -> None:
    """Binary and decimal suffixes mean what Kubernetes means by them."""
    assert size == parse_size(text)


@pytest.mark.parametrize("text", ["", "0", "8GB", "8 gb", "-1Gi", "1.3", "8g", "x", "9999999Pi", "1e3"])
def test_what_is_no_size_is_refused(text: str) -> None:
    """Nothing is guessed, and the hint is one that would be right."""
    assert hint_of(parse_size, text).startswith("write a Kubernetes quantity such as 8Gi")


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("20Mbit", 20_000_000),
        ("1.5Gbit", 1_500_000_000),
        ("512kbit", 512_000),
        ("9600bit", 9600),
        ("64000", 64000),
    ],
)
def test_rates_are_bits(text: str, rate: int) -> None:
    """Rates are decimal multiples of a bit per second."""
    assert rate == parse_rate(text)


@pytest.mark.parametrize(("text", "good"), [("20Mbps", "20Mbit"), ("1 gbit/s", "1Gbit"), ("5k", "5kbit")])
def test_a_wrong_rate_is_answered_with_the_right_one(text: str, good: str) -> None:
    """The number that was written stands in the hint."""
    assert f"write bits per second such as {good}" == hint_of(parse_rate, text)


@given(st.ip_addresses(v=4), st.integers(8, 30))
def test_an_address_stays_what_it_is_or_is_refused(ip: IPv4Address, prefix: int) -> None:
    """Whatever address is accepted is the same host in the same network, in its shortest form."""
    text = f"{ip}/{prefix}"
    try:
        made = host_address(text)
    except PydanticCustomError:
        interface = ip_interface(text)
        ends = {interface.network.network_address, interface.network.broadcast_address}
        assert interface.ip in ends or ip.is_multicast or ip.is_loopback or ip.is_unspecified
    else:
        assert ip_interface(text) == ip_interface(made)


def test_ipv6_is_shortened_and_a_point_to_point_link_has_two_hosts() -> None:
    """Both families; RFC 3021's /31 has no network and no broadcast address."""
    assert "fd00::5/64" == host_address("FD00:0:0::5/64")
    assert "10.0.0.0/31" == host_address("10.0.0.0/31")
    assert "write it like fd00::5/64" == hint_of(host_address, "fd00::5")
    assert "such as 10.1.0.1" in hint_of(plain_address, "10.1.0.1/24")


@pytest.mark.parametrize("text", ["02-00-5E-10-00-01", " 02:00:5e:10:00:01"])
def test_hardware_addresses_have_one_form(text: str) -> None:
    """Two spellings of one address must not hide a duplicate."""
    assert "02:00:5e:10:00:01" == hardware_address(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("00:00:00:00:00:00", "write the address on the machine's label, or the one that ip link shows"),
        ("ff:ff:ff:ff:ff:ff", "write the address on the machine's label, or the one that ip link shows"),
        ("02:00:5e:10:00", "write six pairs like 02:00:5e:10:00:01"),
        ("02005e100001", "write six pairs like 02:00:5e:10:00:01"),
    ],
)
def test_no_interface_has_such_an_address(text: str, hint: str) -> None:
    """Broadcast, nothing and half an address are mistakes."""
    assert hint == hint_of(hardware_address, text)


def key(kind: str = "ssh-ed25519", body: bytes = b"k" * 32) -> str:
    """A public key with a made-up body."""
    fields = [kind.encode(), body]
    blob = b"".join(len(field).to_bytes(4, "big") + field for field in fields)
    return f"{kind} {base64.b64encode(blob).decode()} somebody"


def test_a_public_key_must_be_whole() -> None:
    """A key that lost its end in a copy would lock everybody out at the first boot."""
    assert key() == public_key(key() + "\n")
    whole = key().split(" ")
    for broken in (
        whole[0],
        f"{whole[0]} {whole[1][:-8]}",
        f"ssh-rsa {whole[1]}",
        f"ssh-dss {whole[1]}",
        whole[1],
        key() + "\n" + key(),
        "restrict " + key(),
    ):
        assert ".pub" in hint_of(public_key, broken)


@pytest.mark.parametrize(("text", "good"), [("1.36.4", "v1.36.4+k3s1"), ("v1.36.4-k3s2", "v1.36.4+k3s2")])
def test_a_wrong_release_is_answered_with_the_right_name(text: str, good: str) -> None:
    """Image tags write - for +, people leave out half."""
    assert f"write its whole name such as {good}" == hint_of(release, text)
    assert good == release(good)


def test_only_unquoted_text_means_something_else_in_k3s_configuration() -> None:
    """YAML 1.2's core schema: true, false and whole numbers; yes, 0640 and 1.10 are text."""
    read = [resolved(Plain(text)) for text in ("true", "False", "8", "-1", "yes", "0640", "1.10", "x")]
    assert [True, False, 8, -1, "yes", "0640", "1.10", "x"] == read
    assert "true" == resolved("true")
    assert ["8"] == config_value([Plain("8")])
    assert [str] == [type(item) for item in config_value([Plain("a")])]  # type: ignore[union-attr]  # a list gives a list
    assert "list of text" in hint_of(config_value, {"a": "b"})
    assert "kubelet-arg+" == config_key("kubelet-arg+")
    assert "set labels" == hint_of(config_key, "node-label+")


@pytest.mark.parametrize("uri", ["file:.edgefleet/images/dev", "s3://bucket/images", "s3://bucket"])
def test_stores_are_a_directory_of_the_project_or_a_bucket(uri: str) -> None:
    """Both are written as a URI."""
    assert uri == store(uri)


@pytest.mark.parametrize(
    "uri", ["file:../x", "file:/etc", "file://host/x", "images", "s3:bucket", "s3://b/../c"]
)
def test_a_store_never_leads_out(uri: str) -> None:
    """A fleet file cannot have images written anywhere on a machine."""
    assert "file:.edgefleet/images/dev" in hint_of(store, uri)


@pytest.mark.parametrize(
    "address",
    ["https://shops.example/{site}", "http://{region}.lan:8080/#/{fleet}/{site}", "https://x/?s={site}"],
)
def test_a_page_is_an_address_with_names_in_braces(address: str) -> None:
    assert address == page(address)
    made = page_of(address, fleet="retail", region="eu", site="berlin")
    assert ("berlin" in made, "{" in made) == (True, False)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://shops.example/", "add {site}"),
        ("https://shops.example/{sites}", "did you mean site?"),
        ("https://me:secret@shops.example/{site}", "without a user"),
        ("javascript:alert({site})", "https://"),
        ("https:///{site}", "https://"),
        ("https://shops.example/{site}/{", "https://"),
        ('https://shops.example/{site}"><script>', "https://"),
        ("https://shops.example/{site} x", "https://"),
        ("https://shops.example/{site}/" + "x" * 200, "https://"),
    ],
)
def test_what_is_no_page_of_a_site_is_refused(address: str, said: str) -> None:
    """With what to write in its place."""
    assert said in hint_of(page, address)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "Europe/../Etc/UTC", "Europe", ""])
def test_a_time_zone_is_no_path(name: str) -> None:
    """The tz database is files, and a name must not reach others."""
    expected = f"^{name} is not a time zone$" if name else '^"" is not a time zone$'
    with pytest.raises(PydanticCustomError, match=expected):
        time_zone(name)


parts = st.lists(st.one_of(st.text(min_size=1), st.integers(0, 99)), max_size=5).filter(
    lambda found: not found or isinstance(found[0], str)
)


@given(parts)
def test_paths_are_read_back(found: list[str | int]) -> None:
    """Whatever a key is called, its path names it and nothing else."""
    assert tuple(found) == parse_path(format_path(found))


def test_paths_read_like_pulumi_writes_them() -> None:
    """Dots between plain names, brackets and quotes around the others."""
    path = 'nodes.n1.labels["example.com/tier"]'
    assert ("nodes", "n1", "labels", "example.com/tier") == parse_path(path)
    assert path == format_path(parse_path(path))
    assert ("users", 0, "sshKeys") == parse_path("users[0].sshKeys")
    assert ("a", "[b") == parse_path("a[b")
