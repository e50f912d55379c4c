"""Caches: what their configuration says, and that no value changes its structure."""

import re
from typing import Any

import pytest
from pydantic import ValidationError

from edgefleet.errors import InvalidInput
from edgefleet.model.spec import adapter, from_plain
from edgefleet.model.writers.servers import below, plain
from edgefleet.workloads.base.kind import Object, Place
from edgefleet.workloads.cache import KIND, Cache

PLACE = Place(name="menu")


def cache(**fields: Any) -> Cache:
    """A cache of a fleet file with `fields` besides its origin."""
    return from_plain(Cache, {"kind": "cache", "origin": "https://menu.example.com", **fields})


def of_kind(kind: str, spec: Cache) -> Object:
    """The only object of a kind."""
    (found,) = [each for each in KIND.objects(spec, PLACE) if kind == each["kind"]]
    return found


def configuration(spec: Cache) -> str:
    """Its nginx.conf."""
    text: str = of_kind("ConfigMap", spec)["data"]["nginx.conf"]
    return text


def directive(name: str, spec: Cache) -> list[str]:
    """The arguments of each directive `name`, as words."""
    return re.findall(rf"^ *{re.escape(name)} (.*);$", configuration(spec), re.MULTILINE)


def egress(spec: Cache) -> list[Any]:
    """The rules of what leaves its namespace, without those of DNS and of its own Pods."""
    rules = of_kind("NetworkPolicy", spec)["spec"]["egress"]
    return [rule for rule in rules if "ipBlock" in rule["to"][0]]


@pytest.mark.parametrize(
    ("origin", "upstream", "host", "name", "port"),
    [
        (
            "https://menu.example.com/",
            "https://menu.example.com",
            "menu.example.com",
            "menu.example.com",
            443,
        ),
        ("http://10.0.0.1:81/a/b", "http://10.0.0.1:81/a/b", "10.0.0.1:81", "10.0.0.1", 81),
        ("http://menu.example.com", "http://menu.example.com", "menu.example.com", "menu.example.com", 80),
        ("https://[fd00::1]:8443", "https://[fd00::1]:8443", "[fd00::1]:8443", "[fd00::1]", 8443),
    ],
)
def test_the_origin_is_asked_by_its_name_and_reached_at_its_port(
    origin: str, upstream: str, host: str, name: str, port: int
) -> None:
    spec = cache(origin=origin)
    assert [upstream] == [value.removeprefix("$origin ") for value in directive("set", spec)]
    assert f"Host {host}" in directive("proxy_set_header", spec)
    assert [name] == directive("proxy_ssl_name", spec)
    assert [[{"port": port, "protocol": "TCP"}]] == [rule["ports"] for rule in egress(spec)]


def test_another_host_is_that_of_header_and_certificate() -> None:
    spec = cache(host="shop.example.com:8443")
    assert "Host shop.example.com:8443" in directive("proxy_set_header", spec)
    assert ["shop.example.com"] == directive("proxy_ssl_name", spec)
    assert ["$origin https://menu.example.com"] == directive("set", spec)


def test_a_workload_of_the_site_is_an_origin_by_its_whole_name() -> None:
    """As nginx's resolver knows no search domains; it needs no way out of the cluster."""
    spec = cache(origin="http://shop.shop:8080/a", needs=["shop"])
    assert ["$origin http://shop.shop.svc.cluster.local:8080/a"] == directive("set", spec)
    assert [] == egress(spec)
    assert ["$origin http://shop.shop:8080"] == directive("set", cache(origin="http://shop.shop:8080"))


def test_what_stays_on_the_disk_follows_size_and_days() -> None:
    text = configuration(cache(size="10Gi", staleFor="2w", validFor="90s"))
    assert f"max_size={9 * 2**30} inactive=14d;" in text
    assert "proxy_cache_valid 200 203 301 302 308 90s;" in text
    assert "proxy_ignore_headers" not in text
    assert "proxy_ignore_headers" in configuration(cache(force=True))


def test_a_change_of_the_configuration_restarts_the_pod() -> None:
    first, second = (
        of_kind("StatefulSet", cache(validFor=time))["spec"]["template"]["metadata"]["annotations"]
        for time in ("1m", "2m")
    )
    assert first != second


def test_an_own_authority_takes_the_place_of_the_well_known_ones() -> None:
    pem = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
    spec = cache(authority=pem)
    assert ["/etc/edgefleet/authority.pem"] == directive("proxy_ssl_trusted_certificate", spec)
    assert pem == of_kind("ConfigMap", spec)["data"]["authority.pem"]


@pytest.mark.parametrize("port", [8080, 8081])
def test_probes_have_a_port_of_their_own(port: int) -> None:
    (container,) = of_kind("StatefulSet", cache(port=port))["spec"]["template"]["spec"]["containers"]
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    assert ports["http"] == port != ports["health"]
    assert {"path": "/", "port": "health"} == container["readinessProbe"]["httpGet"]
    assert sorted(map(str, ports.values())) == sorted(directive("listen", cache(port=port)))


@pytest.mark.parametrize(
    "origin",
    [
        "ftp://menu.example.com",
        "https://user:word@menu.example.com",
        "https://menu.example.com/?a=b",
        "https://menu.example.com/$uri",
        "https://menu.example.com/;deny all",
        "https://menu.example.com/\n}",
        "https://{node.name}.example.com",
        "https://{site.location.city}.example.com",
        "https://{{site.name}}.example.com",
        "https://10.0.0.300",
        "https://menu.example.com:70000",
        "menu.example.com",
    ],
)
def test_what_is_no_address_of_an_origin_is_refused(origin: str) -> None:
    with pytest.raises(ValidationError, match="origin"):
        adapter(Cache).validate_python({"kind": "cache", "origin": origin})


@pytest.mark.parametrize("text", ["a b", "a;b", "$uri", "{", "a\nb", '"', "'", "", "#"])
def test_nothing_but_a_word_stands_in_a_configuration(text: str) -> None:
    """Whatever grammars the fields have."""
    with pytest.raises(InvalidInput, match="cannot be written into nginx"):
        plain(text)
    with pytest.raises(InvalidInput, match="cannot be written into nginx"):
        below(f"/{text} ")


def test_uncached_paths_match_themselves_and_what_is_below_them() -> None:
    pattern = re.compile(below("/a.b+c/").removeprefix("~"))
    assert [True, True, False, False] == [
        bool(pattern.match(path)) for path in ("/a.b+c", "/a.b+c/d", "/a.b+cd", "/axbbc")
    ]
