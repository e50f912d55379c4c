"""Gateways: what their configuration says, who gets passwords, and what bounds their queues."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edgefleet.errors import InvalidInput
from edgefleet.model.spec import adapter, from_plain
from edgefleet.model.writers.servers import prefix, word, yes
from edgefleet.workloads.base.kind import Object, Place
from edgefleet.workloads.gateway import KIND, Gateway

PLACE = Place(name="devices")
MIB = 2**20
USERS = {"till": {"password": "TILL", "read": ["#"]}}
BRIDGE: dict[str, Any] = {"address": "mqtt.example.com", "client": "store-1", "topics": [{"topic": "a/#"}]}


def gateway(**fields: Any) -> Gateway:
    """A gateway of a fleet file with `fields`."""
    return from_plain(Gateway, {"kind": "gateway", "users": USERS, "secrets": {"TILL": "till"}, **fields})


def of_kind(kind: str, spec: Gateway) -> list[Object]:
    """The objects of a kind."""
    return [each for each in KIND.objects(spec, PLACE) if kind == each["kind"]]


def files(spec: Gateway) -> dict[str, str]:
    """The files of its ConfigMap."""
    (found,) = of_kind("ConfigMap", spec)
    return dict(found["data"])


def configured(name: str, spec: Gateway) -> list[str]:
    """The values of an option."""
    return re.findall(rf"^{name} (.*)$", files(spec)["mosquitto.conf"], re.MULTILINE)


@pytest.mark.parametrize(
    ("fields", "most"),
    [
        ({}, 64 * MIB * 4 // 5),
        ({"size": "64Mi"}, 32 * MIB),
        ({"size": "4Gi", "resources": {"memory": "64Mi", "memoryLimit": "1Gi"}}, 1024 * MIB * 4 // 5),
    ],
)
def test_memory_and_disk_bound_what_waits(fields: dict[str, Any], most: int) -> None:
    spec = gateway(**fields)
    assert [[str(most)], [str(most // 2)], [str(most // 1024)]] == [
        configured(name, spec) for name in ("memory_limit", "max_queued_bytes", "max_queued_messages")
    ]
    assert [str(MIB)] == configured("max_queued_bytes", gateway(queue="1Mi"))


def test_only_the_first_container_has_the_passwords() -> None:
    spec = gateway(
        secrets={"TILL": "till", "HUB": "hub", "OTHER": "other"},
        bridges={"hub": {**BRIDGE, "user": "store", "password": "HUB"}},
    )
    (owner,) = of_kind("StatefulSet", spec)
    pod = owner["spec"]["template"]["spec"]
    variables = {
        each["name"]: [variable["name"] for variable in each.get("env", ())]
        for each in (*pod["initContainers"], *pod["containers"])
    }
    assert {"passwords": ["HUB", "TILL"], "devices": ["OTHER"]} == variables
    assert "till TILL\n" == files(spec)["users"]
    assert "hub HUB\n" == files(spec)["bridges"]
    assert {"medium": "Memory", "sizeLimit": "4Mi"} in [volume.get("emptyDir") for volume in pod["volumes"]]


def test_nobody_gets_in_without_a_user_unless_it_is_said_what_they_may_do() -> None:
    assert ["false"] == configured("allow_anonymous", gateway())
    assert "user till\ntopic read #\n" == files(gateway())["acl"]
    spec = gateway(anonymous={"write": ["bells/+"]})
    assert ["true"] == configured("allow_anonymous", spec)
    assert "topic write bells/+\nuser till\ntopic read #\n" == files(spec)["acl"]


@pytest.mark.parametrize(
    ("fields", "address", "port"),
    [
        ({}, "mqtt.example.com:8883", 8883),
        ({"tls": False}, "mqtt.example.com:1883", 1883),
        ({"address": "mqtt.example.com:99"}, "mqtt.example.com:99", 99),
        ({"address": "hub.hub", "tls": False}, "hub.hub.svc.cluster.local:1883", None),
    ],
)
def test_a_bridge_reaches_its_broker(fields: dict[str, Any], address: str, port: int | None) -> None:
    """One that it needs is in the cluster, by its whole name."""
    spec = gateway(needs=["hub"], bridges={"hub": {**BRIDGE, **fields}})
    assert f"address {address}\n" in files(spec)["bridge-hub.conf"]
    (policy,) = of_kind("NetworkPolicy", spec)
    outside = [rule["ports"][0]["port"] for rule in policy["spec"]["egress"] if "ipBlock" in rule["to"][0]]
    assert outside == ([port] if port else [])


def test_devices_reach_the_port_with_tls_where_there_is_one() -> None:
    pem = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
    tls = {"certificate": pem, "key": "TILL"}
    for fields, port in (({}, 1883), ({"tls": tls}, 8883)):
        _, service = of_kind("Service", gateway(expose={"port": 1884}, **fields))
        assert {"port": 1884, "targetPort": port} == {
            key: service["spec"]["ports"][0][key] for key in ("port", "targetPort")
        }


@pytest.mark.parametrize("topic", ["#", "a", "/a/", "a/+/b", "+/#", "$SYS/broker/#", "{site.name}/a"])
def test_topics_are_those_of_mqtt(topic: str) -> None:
    assert f"topic read {topic}\n" in files(gateway(anonymous={"read": [topic]}))["acl"]


@pytest.mark.parametrize(
    "topic", ["", "a#", "a/#/b", "a+", "a b", "a\nuser b", "{node.name}/a", "{{site.name}}", "ä"]
)
def test_what_is_no_topic_is_refused(topic: str) -> None:
    with pytest.raises(ValidationError, match=r"anonymous\.read"):
        adapter(Gateway).validate_python({"kind": "gateway", "anonymous": {"read": [topic]}})


@pytest.mark.parametrize("writer", [word, prefix, yes])
@given(text=st.text(min_size=1).filter(lambda text: not re.fullmatch(r"[!-~]+", text)))
def test_nothing_but_a_word_stands_in_a_configuration(writer: Callable[[str], str], text: str) -> None:
    """Whatever grammars the fields have."""
    with pytest.raises(InvalidInput, match="cannot be written into mosquitto"):
        writer(text)
