"""The provider itself: its configuration, what it refuses, and how it says what went wrong."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2
from pulumi.runtime.proto import provider_pb2 as proto
from tests.site.conftest import fake_site

from edgefleet.cloud.bucket import Bucket
from edgefleet.errors import OutsideFailure, Problem
from edgefleet.io.emulator import Emulator
from edgefleet.model.unknown import UNKNOWN
from edgefleet.provider.engine_log import EngineLog
from edgefleet.provider.properties import Secret, encode
from edgefleet.provider.servicer import Servicer
from edgefleet.site.resource import Site

PROVIDER: dict[str, Any] = {"urn": "urn:pulumi:dev::fleet::pulumi:providers:edgefleet::cloud"}


class Broken(Site):
    """A resource with a bug."""

    def plan(self, spec: Any, environment: Any) -> Any:
        """Fail with what holds a secret."""
        del environment
        return {}[spec.key]


def test_the_handshake_offers_what_the_codec_can_do(servicer: Servicer) -> None:
    """Secrets, resources and outputs; no byte strings."""
    answer = servicer.Handshake(proto.ProviderHandshakeRequest(engine_address="127.0.0.1:1"), None)
    offered = (
        answer.accept_secrets,
        answer.accept_resources,
        answer.accept_outputs,
        answer.accepts_byte_string,
    )
    assert (True, True, True, False) == offered


def test_a_configuration_is_checked_whole(servicer: Servicer) -> None:
    """Unknown keys and a wrong endpoint at once would hide each other; each is reported by its path."""
    for news, expected in (
        ({"region": "eu-central-1", "version": "1.0.0", "endpoint": "emulated"}, {}),
        ({"region": UNKNOWN}, {}),
        (
            {"endpoint": "s3.example"},
            {"endpoint": "s3.example is not `emulated` or an address; write emulated, or an address such as"},
        ),
        ({"defaultTags": '{"tags": {"team": "edge"}}', "ignoreTags": {"keys": UNKNOWN}}, {}),
        ({"defaultTags": "team"}, {"defaultTags": "expected"}),
        (
            {"defaultTags": {"tags": {"team": "edge"}}, "ignoreTags": '{"keyPrefixes": ["te"]}'},
            {"defaultTags.tags.team": "is a tag that ignoreTags covers; remove it here or from ignoreTags"},
        ),
        (
            {"externalId": "shop", "allowedAccountIds": ["1" * 12], "forbiddenAccountIds": ["2" * 12]},
            {"externalId": "is of a role, and none is given; add roleArn", "forbiddenAccountIds": "has no"},
        ),
        (
            {"assumeRoles": [{"roleArn": "fleet"}], "allowedAccountIds": ["prod"]},
            {
                "assumeRoles[0].roleArn": "fleet is not the ARN of a role",
                "allowedAccountIds[0]": "prod is not the number of an account; write its 12 digits",
            },
        ),
        ({"rolArn": "x"}, {"rolArn": "unknown key rolArn; did you mean roleArn?"}),
        ({"region": 5}, {"region": "expected text; write one value"}),
    ):
        answer = servicer.CheckConfig(proto.CheckRequest(news=encode(news), **PROVIDER), None)
        found = {each.property: each.reason for each in answer.failures}
        assert expected.keys() == found.keys()
        assert expected == {path: found[path][: len(text)] for path, text in expected.items()}


def test_another_configuration_updates_the_provider_and_replaces_nothing(servicer: Servicer) -> None:
    """Replacing a provider would replace all that it made; and the difference is detailed."""
    old, new = (
        encode({"region": "eu-central-1", "profile": "a"}),
        encode({"region": "us-east-1", "version": "9"}),
    )
    answer = servicer.DiffConfig(proto.DiffRequest(old_inputs=old, news=new, **PROVIDER), None)
    assert (proto.DiffResponse.DIFF_SOME, []) == (answer.changes, list(answer.replaces))
    kinds = {path: each.kind for path, each in answer.detailedDiff.items()}
    assert {"region": proto.PropertyDiff.UPDATE, "profile": proto.PropertyDiff.DELETE} == kinds
    assert answer.hasDetailedDiff


def test_the_emulated_cloud_is_found_or_started_where_it_is_configured(tmp_path: Path, call: Any) -> None:
    """And the person at the engine reads that it was lost."""
    asked, said = [], []

    def start(project: Path, /) -> Emulator:
        asked.append(project)
        return Emulator(url="http://127.0.0.1:1", pid=1, was_lost=True)

    servicer = Servicer(
        project=tmp_path,
        start_emulator=start,
        log=lambda severity, message, _urn="": said.append((severity, message)),
    )
    arguments = encode({"endpoint": "emulated", "region": Secret("eu-central-1")})
    servicer.Configure(proto.ConfigureRequest(args=arguments), call.context)
    assert [tmp_path] == asked
    assert ["warning"] == [severity for severity, _ in said]
    assert said[0][1].startswith("the emulated cloud of this project had stopped and its resources are gone")


def test_an_emulated_cloud_that_cannot_start_fails_configuring(tmp_path: Path, call: Any) -> None:
    """In one sentence."""

    def start(_project: Path, /) -> Emulator:
        raise OutsideFailure(Problem(problem="needs moto", hint="install it"))

    servicer = Servicer(project=tmp_path, start_emulator=start)
    with pytest.raises(Exception, match=r"^needs moto; install it$"):
        servicer.Configure(proto.ConfigureRequest(args=encode({"endpoint": "emulated"})), call.context)


def test_nothing_is_made_before_configuring(tmp_path: Path, call: Any, site: Any) -> None:
    """Which cloud it would be made in not acknowledged."""
    call.servicer = Servicer(resources=(Site(render=lambda *_: fake_site({})),), project=tmp_path)
    with pytest.raises(Exception, match="the provider is not configured yet"):
        call.create(site())


def test_a_type_it_does_not_have_is_named_with_those_it_has(call: Any) -> None:
    """Also where an old engine sends the URN alone."""
    call.type = "edgefleet:index:SiteImage"
    with pytest.raises(Exception, match="no resource edgefleet:index:SiteImage; it has edgefleet:aws:Bucket"):
        call.check({})
    urn = "urn:pulumi:dev::fleet::edgefleet:index:Fleet$edgefleet:aws:Bucket::a::b"
    request = proto.CheckRequest(urn=urn, news=encode({"name": "images"}))
    assert [] == list(call.servicer.Check(request, call.context).failures)


def test_there_are_no_functions(call: Any) -> None:
    """Invoke and Call say so."""
    for method, request in (
        (call.servicer.Invoke, proto.InvokeRequest(tok="edgefleet:index:getSite")),
        (call.servicer.Call, proto.CallRequest(tok="edgefleet:index:getSite")),
    ):
        with pytest.raises(Exception, match="edgefleet has no function edgefleet:index:getSite") as caught:
            method(request, call.context)
        assert grpc.StatusCode.INVALID_ARGUMENT == caught.value.code  # type: ignore[attr-defined]  # these tests' context


def test_once_cancelled_nothing_more_is_begun_but_questions_are_answered(call: Any, site: Any) -> None:
    """Ctrl-C once: finish what is under way."""
    call.servicer.Cancel(None, call.context)
    with pytest.raises(Exception, match="not started, because the run is being cancelled"):
        call.create(site())
    assert [] == list(call.check(site()).failures)


def test_a_bug_is_one_line_without_the_secret_it_fell_over(call: Any, site: Any, capfd: Any) -> None:
    """With a switch to see more."""
    call.servicer = Servicer(resources=(Broken(render=lambda *_: fake_site({})),), project=call.project)
    call.configure()
    with pytest.raises(Exception, match="edgefleet has a bug") as caught:
        call.create(site(), preview=True)
    said = str(caught.value)
    assert grpc.StatusCode.INTERNAL == caught.value.code  # type: ignore[attr-defined]  # these tests' context
    assert 1 == len(said.splitlines())
    assert "Create of edgefleet:index:Site: edgefleet has a bug: KeyError at resource.py:" in said
    assert "EDGEFLEET_DEBUG=1" in said
    assert site()["key"] not in said
    assert caught.value.__cause__ is None
    assert "" == capfd.readouterr().err


def test_the_debug_switch_prints_the_traceback_on_standard_error(
    call: Any, site: Any, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the person who asked; the engine still gets its line."""
    monkeypatch.setenv("EDGEFLEET_DEBUG", "1")
    call.servicer = Servicer(resources=(Broken(render=lambda *_: fake_site({})),), project=call.project)
    call.configure()
    with pytest.raises(Exception, match="edgefleet has a bug"):
        call.create(site(), preview=True)
    assert "Traceback" in capfd.readouterr().err


@pytest.mark.parametrize("version", [0, 1])
def test_only_the_known_format_of_the_schema_is_given(version: int, call: Any) -> None:
    """Which is version 0."""
    request = proto.GetSchemaRequest(version=version)
    if version == 0:
        assert call.servicer.GetSchema(request, call.context).schema.startswith("{")
    else:
        with pytest.raises(Exception, match="ask for version 0"):
            call.servicer.GetSchema(request, call.context)


def test_problems_travel_as_data_too(call: Any) -> None:
    """So that an engine can show them in its own shape."""
    call.type = "edgefleet:nope:Nope"
    with pytest.raises(Exception, match="no resource") as caught:
        call.check({})
    problems = caught.value.problems  # type: ignore[attr-defined]  # these tests' context
    assert ["unknown-resource"] == [each.code for each in problems]


def test_attaching_to_a_running_provider_is_answered(servicer: Servicer) -> None:
    """As is the question for its version and its mappings."""
    assert servicer.Attach(plugin_pb2.PluginAttach(address="127.0.0.1:1"), None) is not None
    assert servicer.GetPluginInfo(None, None).version
    assert "" == servicer.GetMapping(proto.GetMappingRequest(), None).provider
    assert [] == list(servicer.GetMappings(proto.GetMappingsRequest(), None).providers)


def test_a_bucket_is_previewed_and_diffed_like_any_resource(tmp_path: Path, call: Any) -> None:
    """One adapter serves every resource."""
    call.servicer = Servicer(resources=(Bucket(),), project=tmp_path)
    call.type = Bucket.TOKEN
    call.configure(region="eu-central-1", endpoint="http://127.0.0.1:1")
    inputs = {"name": "retail-images", "tags": {"a": "b"}}
    identity, outputs = call.create(inputs, preview=True)
    assert ("retail-images", "arn:aws:s3:::retail-images") == (identity, outputs["arn"])
    assert UNKNOWN == call.create(inputs | {"name": UNKNOWN}, preview=True)[1]["arn"]
    answer = call.diff(inputs, inputs | {"name": "other-images", "versioning": True}, outputs)
    assert (["name"], ["name"], []) == (list(answer.diffs), list(answer.replaces), list(answer.stables))
    answer = call.diff(inputs, inputs | {"tags": {}}, outputs)
    assert ({"tags"}, ["arn", "region"]) == (set(answer.diffs), list(answer.stables))
    answer = call.diff(inputs, inputs, outputs | {"publicAccessBlocked": False})
    assert ({}, ["publicAccessBlocked"]) == (dict(answer.detailedDiff), list(answer.diffs))


class Engine(engine_pb2_grpc.EngineServicer):
    """An engine that keeps what the provider logs."""

    def __init__(self) -> None:
        self.told: list[tuple[int, str, str]] = []

    def Log(self, request: Any, _context: Any) -> Any:  # noqa: N802 - the protocol names its calls
        self.told.append((request.severity, request.message, request.urn))
        return Empty()


def test_the_engine_gets_the_address_and_its_absence_is_no_failure() -> None:
    """A warning that cannot be logged must not fail its call."""
    engine, server = Engine(), grpc.server(ThreadPoolExecutor(1))
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    log = EngineLog.at(f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}")
    server.start()
    log("warning", "the emulated cloud was lost", "urn:x")
    server.stop(None).wait()
    log("warning", "nobody hears this")
    assert [(engine_pb2.WARNING, "the emulated cloud was lost", "urn:x")] == engine.told
