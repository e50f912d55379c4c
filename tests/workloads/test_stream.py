"""Streams: bounds of their buffer, and subjects that JetStream takes."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from edgefleet.model.quantities import parse_size
from edgefleet.model.spec import adapter, from_plain
from edgefleet.workloads.base.kind import Object, Place
from edgefleet.workloads.base.nats import overlap
from edgefleet.workloads.stream import KIND, Stream, volume_size

PLACE = Place(name="telemetry")
MIB = 2**20


def stream(**fields: Any) -> Stream:
    """A stream of a fleet file with `fields`."""
    return from_plain(Stream, {"kind": "stream", "subjects": ["sensors.>"], **fields})


def of_kind(kind: str, spec: Stream, place: Place = PLACE) -> Object:
    """The only object of a kind."""
    (found,) = [each for each in KIND.objects(spec, place) if kind == each["kind"]]
    return found


def files(spec: Stream) -> dict[str, Any]:
    """dict[name of a file -> what it has] of its configuration."""
    return {name: json.loads(text) for name, text in of_kind("ConfigMap", spec)["data"].items()}


def test_the_buffer_bounds_stream_server_and_volume() -> None:
    """The volume has room for indexes besides."""
    spec = stream(buffer="4Gi", maxAge=14)
    found = files(spec)
    most = 4 * 1024 * MIB
    assert most == found["stream.json"]["max_bytes"] == found["nats.json"]["jetstream"]["max_file_store"]
    assert 14 * 86400 * 10**9 == found["stream.json"]["max_age"]
    (claim,) = of_kind("StatefulSet", spec)["spec"]["volumeClaimTemplates"]
    assert "4608Mi" == claim["spec"]["resources"]["requests"]["storage"]


@pytest.mark.parametrize("size", ["16Mi", "17000001", "3G", "1Ti"])
def test_a_volume_is_an_eighth_larger_than_its_buffer(size: str) -> None:
    assert (
        9 * parse_size(size) / 8 <= parse_size(volume_size(parse_size(size))) < 9 * parse_size(size) / 8 + MIB
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ("old", 120 * 10**9, "1s")),
        ({"discard": "new", "deduplicate": "1h", "sync": "always"}, ("new", 3600 * 10**9, "always")),
    ],
)
def test_fields_are_options(fields: dict[str, Any], expected: tuple[Any, ...]) -> None:
    found = files(stream(**fields))
    of_stream, sync = found["stream.json"], found["nats.json"]["jetstream"]["sync_interval"]
    assert expected == (of_stream["discard"], of_stream["duplicate_window"], sync)


def test_a_pod_is_ready_once_its_stream_is_declared() -> None:
    server, declaring = of_kind("StatefulSet", stream())["spec"]["template"]["spec"]["containers"]
    assert "/healthz" == server["readinessProbe"]["httpGet"]["path"]
    assert ["test", "-f", "/run/edgefleet/declared"] == declaring["readinessProbe"]["exec"]["command"]
    assert "telemetry" == declaring["command"][-1]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a.b", "a.b", True),
        ("a.b", "a.c", False),
        ("a.*", "a.c", True),
        ("a.>", "a.b.c", True),
        ("a.>", "a", False),
        ("a.*.c", "a.b.>", True),
        ("a.*", "a.b.c", False),
        ("b.>", "a.>", False),
    ],
)
def test_subjects_overlap_if_a_message_has_both(one: str, other: str, *, expected: bool) -> None:
    assert expected is overlap(one.split("."), other.split(".")) is overlap(other.split("."), one.split("."))


@pytest.mark.parametrize("subject", ["", ">", "*.a", "a..b", "a.>.b", "$JS.API", "a b", "a.>\n", "a.b*"])
def test_what_is_no_subject_is_refused(subject: str) -> None:
    with pytest.raises(ValidationError, match="subjects"):
        adapter(Stream).validate_python({"kind": "stream", "subjects": [subject]})
