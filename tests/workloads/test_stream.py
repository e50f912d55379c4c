"""Streams: bounds of their buffer, and subjects that JetStream takes."""

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from pydantic import ValidationError

from edgefleet.errors import InvalidInput
from edgefleet.fleetfile.load import load_fleet
from edgefleet.io.yaml_text import from_yaml
from edgefleet.keys.certificates import key_pem
from edgefleet.keys.derivation import hub_master, site_key
from edgefleet.keys.site_certificate import admitted_uris, certificate_key, identified, site_authority
from edgefleet.model.firstboot import Target
from edgefleet.model.quantities import parse_size
from edgefleet.model.spec import adapter, from_plain
from edgefleet.runtimes.base.k3s_manifests import workload_manifests
from edgefleet.site.inputs import FleetKeys
from edgefleet.workloads.base.kind import Object, Place
from edgefleet.workloads.base.nats import overlap
from edgefleet.workloads.composing import hub_objects_of, objects_of
from edgefleet.workloads.stream import KIND, Stream, volume_size

EXAMPLES = Path(__file__).resolve().parents[2] / "docs/examples"
FLEET = load_fleet(EXAMPLES / "workloads.fleet.yaml", EXAMPLES)
SECRET = base64.b64encode(bytes(range(32))).decode()
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
    """The volume has room for indexes and a block besides."""
    spec = stream(buffer="4Gi", maxAge=14)
    found = files(spec)
    most = 4 * 1024 * MIB
    assert most == found["stream.json"]["max_bytes"] == found["nats.json"]["jetstream"]["max_file_store"]
    assert 14 * 86400 * 10**9 == found["stream.json"]["max_age"]
    (claim,) = of_kind("StatefulSet", spec)["spec"]["volumeClaimTemplates"]
    assert "4616Mi" == claim["spec"]["resources"]["requests"]["storage"]


@pytest.mark.parametrize("size", ["16Mi", "17000001", "3G", "1Ti"])
def test_a_volume_is_an_eighth_and_a_block_larger_than_its_buffer(size: str) -> None:
    least = 9 * parse_size(size) / 8 + 8 * MIB
    assert least <= parse_size(volume_size(parse_size(size))) < least + MIB


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


LINKED = {"to": "hub", "address": "streams.example:7422"}
SITES = (("de-1", ("urn:edgefleet:shops:eu:de-1:2",)), ("at-1", ("urn:edgefleet:shops:eu:at-1:1",)))
AT_HUB = Place(name="telemetry", side="hub", sites=SITES)


def hub_files(spec: Stream, place: Place = AT_HUB) -> dict[str, Any]:
    """`files` of the part at the hub."""
    (found,) = [each for each in KIND.cloud(spec, place) if each["kind"] == "ConfigMap"]
    return {name: json.loads(text) for name, text in found["data"].items()}


def test_each_site_has_rights_of_its_own() -> None:
    """It answers for its own JetStream and delivers to its own subjects, and no more."""
    server = hub_files(stream(**LINKED))["nats.json"]
    local, *users = server["accounts"]["SITES"]["users"]
    assert {uri for _, uris in SITES for uri in uris} == {each["user"] for each in users}
    for (site, _), each in zip(SITES, users, strict=True):
        assert {f"$EDGEFLEET.{site}.>", f"$JSC.R.{site}.>"} == {*each["permissions"]["publish"]["allow"]}
        assert f"$JS.{site}.API.>" in each["permissions"]["subscribe"]["allow"]
    assert "$EDGEFLEET.*.>" in local["permissions"]["publish"]["deny"]
    assert server["leafnodes"]["tls"]["verify_and_map"]


def test_the_hub_has_the_stream_of_each_site_below_its_name() -> None:
    kept = hub_files(stream(subjects=["sensors.*.heat", "alarms.>"], hub={"size": "1Gi"}, **LINKED))[
        "stream.json"
    ]
    assert "subjects" not in kept
    assert "duplicate_window" not in kept
    assert [("$JS.de-1.API", 1), ("$JS.at-1.API", 1)] == [
        (each["external"]["api"], each["opt_start_seq"]) for each in kept["sources"]
    ]
    assert ["de-1.sensors.{{wildcard(1)}}.heat", "de-1.alarms.>"] == [
        each["dest"] for each in kept["sources"][0]["subject_transforms"]
    ]


def test_a_site_without_certificates_that_count_keeps_its_messages_there() -> None:
    """Nobody connects as it; its stream stays a source, as a source that goes takes nothing with it."""
    found = hub_files(stream(**LINKED), Place(name="telemetry", side="hub", sites=(("de-1", ()),)))
    assert ["local"] == [each["user"] for each in found["nats.json"]["accounts"]["SITES"]["users"]]
    assert 1 == len(found["stream.json"]["sources"])


def test_a_site_opens_the_connection() -> None:
    spec, place = stream(**LINKED), Place(name="telemetry", site="de-1")
    (found,) = [each for each in KIND.objects(spec, place) if each["kind"] == "ConfigMap"]
    server = json.loads(found["data"]["nats.json"])
    assert "de-1" == server["jetstream"]["domain"]
    assert [["tls://streams.example:7422"]] == [each["urls"] for each in server["leafnodes"]["remotes"]]
    egress = of_kind("NetworkPolicy", spec, place)["spec"]["egress"]
    assert 7422 in [port["port"] for each in egress for port in each.get("ports", ())]


def test_without_sites_there_is_no_part_at_the_hub() -> None:
    assert [] == [*KIND.cloud(stream(**LINKED), Place(name="telemetry", side="hub"))]
    assert not KIND.has_cloud(stream())


def test_the_secret_of_a_site_has_its_certificate_and_key() -> None:
    """In the manifest alone: the objects, which previews show, have none."""
    key = site_key(SECRET, fleet="shops", region="eu", site="de-ber-001", generation=1)
    site = FLEET.sites["de-ber-001"]
    by = site_authority(hub_master(SECRET, fleet="shops", region="eu"), fleet="shops", region="eu")
    site = identified(site, key, by, FLEET.control_plane)
    text = workload_manifests(Target(site=site, name=next(iter(site.nodes)), key=key))["workload-telemetry"]
    found = {each["metadata"]["name"]: each for each in from_yaml(text)}["telemetry-certificate"][
        "stringData"
    ]
    certificate = x509.load_pem_x509_certificate(found["tls.crt"].encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    assert ["urn:edgefleet:shops:eu:de-ber-001", "urn:edgefleet:shops:eu:de-ber-001:1"] == uris
    assert key_pem(certificate_key(key)) == found["tls.key"]
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(found["ca.crt"].encode()))
    assert "PRIVATE KEY" not in str(objects_of(site))


def test_a_site_without_a_certificate_is_refused() -> None:
    site = FLEET.sites["de-ber-001"]
    with pytest.raises(InvalidInput, match="de-ber-001: has no certificate"):
        workload_manifests(Target(site=site, name=next(iter(site.nodes)), key=""))


@pytest.mark.parametrize(
    ("current", "revoked", "expected"), [(1, 0, [1]), (3, 0, [1, 2, 3]), (3, 2, [3]), (2, 2, [])]
)
def test_the_hub_admits_generations_that_are_not_revoked(
    current: int, revoked: int, expected: list[int]
) -> None:
    site = replace(FLEET.sites["depot"], key_generation=current)
    uris = admitted_uris(site, {"depot": revoked} if revoked else {})
    assert [f"urn:edgefleet:shops:eu:depot:{each}" for each in expected] == uris


def test_the_entry_at_the_hub_names_its_sites() -> None:
    entry = FLEET.hub_workloads["telemetry"]
    uri = "urn:edgefleet:shops:eu:{}:1".format
    assert {name: [uri(name)] for name in ("at-vie-001", "de-ber-001")} == entry["sites"]
    names = [each["metadata"]["name"] for each in hub_objects_of(FLEET.hub_workloads)["telemetry"]]
    assert ["telemetry-certificate", "telemetry-sites"] == [name for name in names if name != "telemetry"]


def test_the_certificate_of_the_hub_is_for_its_host() -> None:
    found = FleetKeys(secret=SECRET, fleet=FLEET).hub_certificate("streams.shops.example")
    certificate = x509.load_pem_x509_certificate(found["tls.crt"].encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert ["streams.shops.example"] == names.get_values_for_type(x509.DNSName)
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(found["ca.crt"].encode()))
