"""Sessions: how much fits, and who gets in."""

import re
from typing import Any

import pytest
from pydantic import ValidationError

from edgefleet.errors import InvalidInput
from edgefleet.model.spec import adapter, from_plain
from edgefleet.model.writers.servers import option
from edgefleet.workloads.base.kind import Object, Place
from edgefleet.workloads.session import KIND, Session

PLACE = Place(name="carts")
MIB = 2**20


def session(**fields: Any) -> Session:
    """A session store of a fleet file with `fields`."""
    return from_plain(Session, {"kind": "session", **fields})


def of_kind(kind: str, spec: Session) -> Object:
    """The only object of a kind."""
    (found,) = [each for each in KIND.objects(spec, PLACE) if kind == each["kind"]]
    return found


def container(spec: Session) -> Object:
    """Its only container."""
    (found,) = of_kind("StatefulSet", spec)["spec"]["template"]["spec"]["containers"]
    assert isinstance(found, dict)
    return found


def configured(name: str, spec: Session) -> str:
    """The value of an option."""
    (value,) = re.findall(rf"^{name} (.*)$", of_kind("ConfigMap", spec)["data"]["valkey.conf"], re.MULTILINE)
    return str(value)


@pytest.mark.parametrize(
    ("fields", "most"),
    [
        ({}, 256 * MIB // 5),
        ({"size": "10Gi"}, 128 * MIB * 2 // 5),
        ({"size": "10Gi", "resources": {"memory": "64Mi", "memoryLimit": "1Gi"}}, 1024 * MIB * 2 // 5),
        ({"data": "100Mi"}, 100 * MIB),
    ],
)
def test_the_data_leave_room_for_their_rewriting(fields: dict[str, Any], most: int) -> None:
    assert str(most) == configured("maxmemory", session(**fields))


def test_every_change_is_on_the_disk_once() -> None:
    assert ["yes", '""', "everysec", "volatile-lru"] == [
        configured(name, session()) for name in ("appendonly", "save", "appendfsync", "maxmemory-policy")
    ]


def test_a_password_is_that_of_server_and_probe() -> None:
    """It stands in no object but the Secret."""
    spec = session(secrets={"PASSWORD": "carts", "OTHER": "word"})
    assert ["sh", "-c"] == container(spec)["command"][:2]
    keys = {each["name"]: each["valueFrom"]["secretKeyRef"]["key"] for each in container(spec)["env"]}
    assert {"PASSWORD", "REDISCLI_AUTH", "VALKEYCLI_AUTH"} == {
        name for name, key in keys.items() if key == "PASSWORD"
    }
    assert "valkey-server" == container(session(secrets={"OTHER": "word"}))["command"][0]


def test_only_workloads_that_need_it_reach_it() -> None:
    (rule,) = of_kind("NetworkPolicy", session())["spec"]["ingress"]
    assert [{"port": 6379, "protocol": "TCP"}] == rule["ports"]
    labels = [
        each["namespaceSelector"]["matchLabels"] for each in rule["from"] if "namespaceSelector" in each
    ]
    assert [{"needs.edgefleet.dev/carts": "true"}] == labels


@pytest.mark.parametrize("fields", [{"eviction": "lru"}, {"sync": "no\nport 1"}, {"size": "256MB x"}])
def test_what_is_no_value_of_an_option_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(fields))):
        adapter(Session).validate_python({"kind": "session", **fields})


@pytest.mark.parametrize("text", ["no\nport 1", "a b", '"a', "", "A"])
def test_nothing_but_a_name_stands_in_a_configuration(text: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be written into Valkey"):
        option(text)
