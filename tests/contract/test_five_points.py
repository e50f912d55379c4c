"""Where the SDK's own provider server goes wrong ours must not: each of the five, over a real socket.

The SDK's server (`pulumi.provider.experimental.server`, SDK 3.272) hands unknown values over as their
reserved string, drops the old inputs of Diff and Update, fails DiffConfig when the answer has a detailed
difference, shows tracebacks, and never reports a resource that was made in part.
"""

import copy
import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2 as proto
from pulumi.runtime.proto import status_pb2
from tests.contract.conftest import served

from edgefleet.model.unknown import UNKNOWN
from edgefleet.provider.properties import UNKNOWN_TEXT, decode, encode
from edgefleet.site.resource import Site

ABOUT: dict[str, Any] = {
    "urn": "urn:pulumi:dev::fleet::edgefleet:index:Site::store-0007",
    "type": "edgefleet:index:Site",
    "name": "store-0007",
}


def test_an_unknown_value_is_never_taken_for_text(stub: Any, site: dict[str, Any]) -> None:
    """1: its reserved string would be hashed into a seed; ours says which input is missing."""
    site["nodes"]["n1"]["hostname"] = UNKNOWN
    answer = stub.Create(proto.CreateRequest(properties=encode(site), preview=True, **ABOUT))
    images = decode(answer.properties)["images"]
    assert {("n1", None, "nodes.n1.hostname"), ("n2", None, "nodes.n1.hostname")} == {
        (node, image["seed"], image["unknownBecause"]) for node, image in images.items()
    }
    as_text = hashlib.sha256(UNKNOWN_TEXT.encode()).hexdigest()
    assert as_text not in str(answer)


def test_old_inputs_reach_diff(stub: Any, site: dict[str, Any]) -> None:
    """2: outputs repeat no input, so without the old inputs everything would differ."""
    new = copy.deepcopy(site)
    new["nodes"]["n2"]["network"]["address"] = "10.20.7.99/24"
    request = proto.DiffRequest(id="x", old_inputs=encode(site), news=encode(new), olds=encode({}), **ABOUT)
    answer = stub.Diff(request)
    assert ["nodes.n2.network.address"] == list(answer.detailedDiff)
    assert proto.PropertyDiff.UPDATE == answer.detailedDiff["nodes.n2.network.address"].kind
    request.news.CopyFrom(encode(site))
    assert proto.DiffResponse.DIFF_NONE == stub.Diff(request).changes


def test_a_neighbour_s_address_changes_the_images_of_all_nodes(site: dict[str, Any], tmp_path: Path) -> None:
    """Each node's firewall lists its neighbours: the preview shows that the change of one reflashes both."""
    new = copy.deepcopy(site)
    new["nodes"]["n2"]["network"]["address"] = "10.20.7.99/24"
    with served(Site(), tmp_path) as client:
        requests = [
            proto.CreateRequest(properties=encode(inputs), preview=True, **ABOUT)
            for inputs in (site, site, new)
        ]
        images = [decode(client.Create(request).properties)["images"] for request in requests]
    first, again, changed = ({node: image["seed"] for node, image in each.items()} for each in images)
    assert first == again
    assert {"n1", "n2"} == {node for node in first if first[node] != changed[node]}


def test_old_inputs_and_outputs_reach_update(
    stub: Any, site: dict[str, Any], recording: Any, tmp_path: Path
) -> None:
    """2: what was recorded decides which images are written; the untouched one keeps its file."""
    made = stub.Create(proto.CreateRequest(properties=encode(site), **ABOUT))
    untouched = tmp_path / "images/sites/store-0007/n1.iso"
    before = untouched.stat().st_ino
    new = copy.deepcopy(site)
    new["nodes"]["n2"]["memory"] *= 2
    stub.Update(
        proto.UpdateRequest(
            id=made.id, old_inputs=encode(site), olds=made.properties, news=encode(new), **ABOUT
        )
    )
    assert [decode(made.properties)] == recording.updates
    assert before == untouched.stat().st_ino


def test_a_changed_configuration_is_answered_in_detail(stub: Any) -> None:
    """3: the SDK's server fails this call as soon as the answer says which property differs."""
    answer = stub.DiffConfig(
        proto.DiffRequest(
            urn="urn:pulumi:dev::fleet::pulumi:providers:edgefleet::cloud",
            old_inputs=encode({"region": "eu-central-1"}),
            news=encode({"region": "us-east-1", "profile": UNKNOWN}),
        )
    )
    kinds = {path: each.kind for path, each in answer.detailedDiff.items()}
    assert {"region": proto.PropertyDiff.UPDATE, "profile": proto.PropertyDiff.ADD} == kinds
    assert (proto.DiffResponse.DIFF_SOME, []) == (answer.changes, list(answer.replaces))


@pytest.mark.parametrize("name", ["bug", "outside"])
def test_nobody_is_shown_a_traceback(name: str, stub: Any, site: dict[str, Any], tmp_path: Path) -> None:
    """4: neither for what a person can fix nor for a bug; one line, and no secret in it."""
    if name == "outside":
        (tmp_path / "images").write_text("a file in the way")
        site["nodes"].pop("n2")
        request = proto.CreateRequest(properties=encode(site), **ABOUT)
        expected = (grpc.StatusCode.ABORTED, "a file is where a directory is needed; move that file away")
    else:
        request = proto.CreateRequest(properties=encode(site | {"name": "bug"}), preview=True, **ABOUT)
        expected = (grpc.StatusCode.INTERNAL, "edgefleet has a bug: KeyError at")
    with pytest.raises(grpc.RpcError) as caught:
        stub.Create(request)
    code, text = expected
    said = caught.value.details() or ""
    assert code == caught.value.code()
    assert text in said
    assert 1 == len(said.splitlines())
    assert "Traceback" not in said
    assert site["key"] not in said


def test_a_resource_that_was_made_in_part_is_reported_as_made(
    stub: Any, site: dict[str, Any], tmp_path: Path
) -> None:
    """5: with its id and what there is of it, so that it is recorded and not orphaned."""
    (tmp_path / "images/sites/store-0007/n2.iso/in the way").mkdir(parents=True)
    with pytest.raises(grpc.RpcError) as caught:
        stub.Create(proto.CreateRequest(properties=encode(site), **ABOUT))
    trailing: dict[str, Any] = {each.key: each.value for each in caught.value.trailing_metadata()}
    status = status_pb2.Status.FromString(trailing["grpc-status-details-bin"])
    failed, problems = proto.ErrorResourceInitFailed(), Struct()
    assert status.details[0].Unpack(failed)
    assert status.details[1].Unpack(problems)
    images = decode(failed.properties)["images"]
    assert "file:images/sites/store-0007" == failed.id
    assert (True, None) == (images["n1"]["seed"].startswith("sha256:"), images["n2"]["seed"])
    assert "1 of 2 images of site store-0007 are missing or altered" in failed.reasons[0]
    assert "is-a-directory" == decode(problems)["problems"][1]["code"]


def test_many_calls_at_once_are_each_answered(stub: Any, site: dict[str, Any]) -> None:
    """An engine asks for as many as it has steps under way."""

    def create(number: int) -> str:
        name = f"store-{number:04}"
        about = ABOUT | {"name": name, "urn": ABOUT["urn"].replace("store-0007", name)}
        return str(stub.Create(proto.CreateRequest(properties=encode(site | {"name": name}), **about)).id)

    with ThreadPoolExecutor(16) as pool:
        ids = list(pool.map(create, range(64)))
    assert [f"file:images/sites/store-{number:04}" for number in range(64)] == ids
