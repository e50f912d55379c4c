"""The life of a site's images through the provider's protocol, as the embedded engine calls it."""

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2 as proto

from edgefleet.model.unknown import UNKNOWN
from edgefleet.provider.properties import Secret, decode, encode

KINDS = {number: name for name, number in proto.PropertyDiff.Kind.items()}
Site = Callable[..., dict[str, Any]]


def paths(answer: Any) -> dict[str, str]:
    """dict[path -> kind] of a detailed difference."""
    return {path: KINDS[each.kind] for path, each in answer.detailedDiff.items()}


def changed(inputs: dict[str, Any], change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """A copy of `inputs` after `change`."""
    new = copy.deepcopy(inputs)
    change(new)
    return new


# check


def test_good_inputs_come_back_with_their_secrets_made_secret(call: Any, site: Site) -> None:
    """A key given in plain is encrypted in state all the same."""
    inputs = site(passphrases={"shop": "hunter22"})
    answer = call.check(inputs)
    assert [] == list(answer.failures)
    expected = inputs | {"key": Secret(inputs["key"]), "passphrases": Secret({"shop": "hunter22"})}
    assert expected == decode(answer.inputs)
    assert answer.inputs == call.check(expected).inputs


def test_recorded_inputs_are_not_checked_again(call: Any, site: Site) -> None:
    """They were checked when they were recorded; others, and secrets in plain text, are checked."""
    inputs = site()
    recorded = decode(call.check(inputs).inputs)
    wrong = recorded | {"recipe": "x"}
    assert [] == list(call.check(wrong, olds=wrong).failures)
    assert ["recipe"] == [failure.property for failure in call.check(wrong, olds=recorded).failures]
    assert recorded == decode(call.check(inputs, olds=inputs).inputs)


def test_everything_wrong_is_reported_at_once_with_its_path(call: Any, site: Site) -> None:
    """In plain words, with what to do."""
    inputs = site(2, keyGeneration="x")
    inputs["nodes"]["n1"]["cpu"] = inputs["nodes"]["n1"].pop("cpus")
    inputs["nodes"]["n2"]["runtime"] = "boss"
    inputs["users"] = {"name": "ops"}
    del inputs["recipe"]
    assert {
        "keyGeneration": "expected a whole number; write digits only, such as 4",
        "nodes.n1.cpu": "unknown key cpu; did you mean cpus?",
        "nodes.n2.runtime": "this value cannot stand here; one of: containerd, k3s-agent, k3s-ha, "
        "k3s-server, krustlet, kubeedge",
        "users": "expected a list; write [first, second], or one item a line after a hyphen",
        "recipe": "recipe is missing; add it: recipe: 1",
    } == call.failures(inputs)


def test_what_is_wrong_with_a_secret_is_reported_without_showing_it(call: Any, site: Site) -> None:
    """The CLI prints the value of the property that a failure names, so it names none."""
    failures = call.failures(site(key="hunter22"))
    assert [""] == list(failures)
    assert failures[""].startswith("key: this is not a key that was derived for a site")
    assert "hunter22" not in failures[""]


def test_a_name_that_climbs_out_of_the_store_is_refused(call: Any, site: Site, tmp_path: Path) -> None:
    """And nothing is made."""
    failures = call.failures(site(name="../../etc"))
    assert ["name"] == list(failures)
    assert [] == list(tmp_path.iterdir())


def test_what_is_unknown_yet_is_not_called_wrong_but_the_rest_is(call: Any, site: Site) -> None:
    """In a preview an input may come from a resource that does not exist."""
    inputs = site(2)
    inputs["nodes"]["n1"]["network"]["address"] = UNKNOWN
    inputs["nodes"]["n2"] = UNKNOWN
    inputs["keyGeneration"] = "x"
    assert ["keyGeneration"] == list(call.failures(inputs))
    assert [] == list(call.failures(site(nodes=1) | {"nodes": UNKNOWN}))


def test_an_asset_is_refused_by_its_path(call: Any, site: Site) -> None:
    """Not with a bug."""
    asset = {"4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", "text": "x"}
    assert ["k3s.version"] == list(call.failures(site(k3s={"version": asset})))


# diff


def test_equal_inputs_differ_in_nothing_and_nothing_is_rendered(call: Any, site: Site, renderer: Any) -> None:
    """A thousand unchanged sites must cost next to nothing."""
    _, outputs = call.create(site())
    rendered = renderer.calls
    answer = call.diff(site(), site(), outputs)
    assert (proto.DiffResponse.DIFF_NONE, {}) == (answer.changes, paths(answer))
    assert rendered == renderer.calls


def test_a_default_written_out_is_no_difference(call: Any, site: Site) -> None:
    """Nor is a number that came as 8.0."""
    new = site(timezone="Etc/UTC", keyGeneration=1, link={"class": "steady"})
    assert proto.DiffResponse.DIFF_NONE == call.diff(site(), new).changes


def test_changes_are_named_by_their_path_in_the_spec(call: Any, site: Site) -> None:
    """Added, removed and changed; a node that comes or goes is one change."""

    def change(new: dict[str, Any]) -> None:
        new["nodes"]["n1"]["network"]["address"] = "10.20.7.99/24"
        new["nodes"]["n1"]["labels"] = {"example.com/tier": "gold"}
        del new["nodes"]["n1"]["network"]["dns"]
        new["nodes"]["n3"] = new["nodes"].pop("n2")
        new["users"][0]["sshKeys"].append(
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAdWTir664y2SylPXTmezFVyd60QnEiB1WNSzvoIs2Ot other@example"
        )

    answer = call.diff(site(2), changed(site(2), change))
    assert {
        "nodes.n1.network.address": "UPDATE",
        'nodes.n1.labels["example.com/tier"]': "ADD",
        "nodes.n1.network.dns": "DELETE",
        "nodes.n2": "DELETE",
        "nodes.n3": "ADD",
        "users[0].sshKeys": "UPDATE",
    } == paths(answer)
    assert (["nodes", "users"], [], True) == (
        list(answer.diffs),
        list(answer.replaces),
        answer.hasDetailedDiff,
    )
    assert {True} == {each.inputDiff for each in answer.detailedDiff.values()}


@pytest.mark.parametrize("name", ["name", "store"])
def test_another_place_is_another_resource(name: str, call: Any, site: Site) -> None:
    """The new one can be made before the old one goes."""
    answer = call.diff(site(), site() | {name: "file:elsewhere" if name == "store" else "store-0008"})
    assert {name: "UPDATE_REPLACE"} == paths(answer)
    assert ([name], False) == (list(answer.replaces), answer.deleteBeforeReplace)


def test_a_replacement_in_the_same_place_must_remove_first(call: Any, site: Site) -> None:
    """Two of one identity cannot be side by side, should an engine replace."""
    assert call.diff(site(), site(keyGeneration=2)).deleteBeforeReplace


def test_a_changed_secret_is_named_not_shown(call: Any, site: Site) -> None:
    """By its path alone."""
    old, new = (site(passphrases=Secret({"shop": each})) for each in ("hunter22", "hunter23"))
    answer = call.diff(old, new)
    assert {"passphrases.shop": "UPDATE"} == paths(answer)
    assert b"hunter" not in answer.SerializeToString()


def test_ignored_paths_are_no_difference(call: Any, site: Site) -> None:
    """As the program's ``ignoreChanges`` says."""
    answer = call.diff(site(), site(keyGeneration=2, timezone="Europe/Berlin"), ignoreChanges=["timezone"])
    assert {"keyGeneration": "ADD", "key": "UPDATE"} == paths(answer)


def test_the_kind_of_a_change_is_by_what_was_written_down(call: Any, site: Site) -> None:
    """A default that was left out and is now given otherwise was added; engines show it so."""
    left_out, written, other = site(), site(timezone="Etc/UTC"), site(timezone="Europe/Berlin")
    assert {"timezone": "ADD"} == paths(call.diff(left_out, other))
    assert {"timezone": "UPDATE"} == paths(call.diff(written, other))
    assert {"timezone": "DELETE"} == paths(call.diff(other, left_out))


def test_an_unknown_input_differs(call: Any, site: Site) -> None:
    """It may come out equal, but nobody knows."""
    new = changed(site(), lambda new: new["nodes"]["n1"]["network"].update(gateway=UNKNOWN))
    assert {"nodes.n1.network.gateway": "UPDATE"} == paths(call.diff(site(), new))


def test_inputs_that_an_older_version_wrote_are_compared_as_they_are(call: Any, site: Site) -> None:
    """A field that no longer exists is a difference, no error."""
    assert {"colour": "DELETE"} == paths(call.diff(site() | {"colour": "red"}, site()))


# create, read, update, delete


def test_preview_and_up_agree_and_another_preview_finds_nothing(call: Any, site: Site) -> None:
    """The preview tells the truth, id and digests included."""
    previewed = call.create(site(3), preview=True)
    assert not (call.project / "images").exists()
    assert previewed == call.create(site(3))
    assert proto.DiffResponse.DIFF_NONE == call.diff(site(3), site(3), previewed[1]).changes


def test_an_unknown_input_makes_digests_null_and_says_why(call: Any, site: Site, renderer: Any) -> None:
    """Never a guess: the fake renderer is not even asked."""
    inputs = site(2)
    inputs["nodes"]["n2"]["network"]["gateway"] = UNKNOWN
    identity, outputs = call.create(inputs, preview=True)
    unknown: dict[str, Any] = {"uri": None, "size": None, "unknownBecause": "nodes.n2.network.gateway"}
    image = {"seed": None, "files": {}, **unknown}
    expected = {"images": {"n1": image, "n2": image}, "release": {"digest": None, **unknown}}
    assert ("", expected, 0) == (identity, outputs, renderer.calls)
    assert UNKNOWN == call.create(site() | {"nodes": UNKNOWN}, preview=True)[1]["images"]
    assert expected == call.update("it", inputs, {}, preview=True)


def test_an_unknown_outside_a_preview_is_refused(call: Any, site: Site) -> None:
    """An engine that would do that has a bug; a seed with it would be one too."""
    with pytest.raises(Exception, match="its value is not known yet, and nothing can be derived from it"):
        call.create(site() | {"nodes": UNKNOWN})


def test_an_update_previews_what_it_does(call: Any, site: Site) -> None:
    """Old and new digest are both there before anything happens."""
    identity, before = call.create(site(2))
    new = site(2)
    new["nodes"]["n2"]["memory"] *= 2
    previewed = call.update(identity, new, before, preview=True)
    assert before["images"]["n1"] == previewed["images"]["n1"]
    assert before["images"]["n2"] != previewed["images"]["n2"]
    assert previewed == call.update(identity, new, before)


def test_a_refresh_keeps_inputs_and_their_secrets(call: Any, site: Site) -> None:
    """The key does not become plain on the way."""
    inputs = site() | {"key": Secret(site()["key"])}
    identity, outputs = call.create(inputs)
    answer = call.read(identity, outputs, inputs)
    assert (identity, outputs, inputs) == (answer.id, decode(answer.properties), decode(answer.inputs))


def test_a_lost_image_differs_in_the_next_diff_without_a_path_among_the_inputs(call: Any, site: Site) -> None:
    """After the refresh that found it."""
    identity, outputs = call.create(site(2))
    (call.project / "images/sites/store-0007/n2.iso").unlink()
    found = decode(call.read(identity, outputs, site(2)).properties)
    answer = call.diff(site(2), site(2), found)
    assert ({}, ["images"]) == (paths(answer), list(answer.diffs))
    assert outputs == call.update(identity, site(2), found)


def test_a_site_that_is_gone_reads_as_nothing(call: Any, site: Site) -> None:
    """An empty answer, as the protocol has it."""
    identity, outputs = call.create(site())
    shutil.rmtree(call.project / "images")
    answer = call.read(identity, outputs, site())
    assert ("", False) == (answer.id, answer.HasField("properties"))


def test_an_import_finds_what_is_there(call: Any, site: Site) -> None:
    """What images do not show is left to the program; the next update compares digests."""
    identity, outputs = call.create(site(2))
    answer = call.read(identity, {}, {})
    found = decode(answer.properties)["images"]
    assert {"name": "store-0007", "store": "file:images"} == decode(answer.inputs)
    assert {node: image["seed"] for node, image in outputs["images"].items()} == {
        node: image["seed"] for node, image in found.items()
    }


def test_removing_leaves_nothing_and_again_is_success(call: Any, site: Site) -> None:
    """Not even directories."""
    identity, _ = call.create(site(2))
    call.configure()  # a later run
    for _ in range(2):
        call.delete(identity, site(2))
    assert [] == list(call.project.iterdir())


def test_a_forced_replacement_keeps_the_new_images(call: Any, site: Site) -> None:
    """The CLI's ``--replace`` asks for no diff: it creates in the same place, then deletes the original."""
    identity, _ = call.create(site(2))
    call.configure()  # a later run
    call.create(site(1))
    call.delete(identity, site(2))
    assert ["n1.iso"] == [each.name for each in (call.project / "images").rglob("*.iso")]


def test_state_of_a_site_of_three_nodes_stays_below_8_kb(call: Any, site: Site) -> None:
    """The engine writes the whole state again and again: inputs and outputs together, as JSON."""
    inputs = site(3)
    for node in inputs["nodes"].values():
        node["labels"] = {f"example.com/label-{number}": "some-value" for number in range(5)}
        node["network"]["extraAddresses"] = ["2001:db8::10/64", "10.99.0.10/16"]
    identity, outputs = call.create(inputs)
    for memory in (1, 2, 3):  # so that it has all earlier releases that a site may have
        inputs["nodes"]["n1"]["memory"] += memory
        outputs = call.update(identity, inputs, outputs)
    size = len(json.dumps({"inputs": inputs, "outputs": outputs}))
    assert size < 8 * 1024
    assert {"images", "release"} == set(outputs)


def test_a_full_store_is_reported_as_made_in_part_with_what_there_is(call: Any, site: Site) -> None:
    """Otherwise the image that was written would be orphaned."""
    (call.project / "images/sites/store-0007/n2.iso/in the way").mkdir(parents=True)
    with pytest.raises(Exception, match="1 of 2 images") as caught:
        call.create(site(2))
    status = caught.value.details  # type: ignore[attr-defined]  # of the context of these tests
    carried = proto.ErrorResourceInitFailed()
    from pulumi.runtime.proto import status_pb2  # noqa: PLC0415 - only here

    assert status_pb2.Status.FromString(status).details[0].Unpack(carried)
    digests = {node: image["seed"] for node, image in decode(carried.properties)["images"].items()}
    assert ("file:images/sites/store-0007", None) == (carried.id, digests["n2"])
    assert digests["n1"].startswith("sha256:")
    assert 2 == len(carried.reasons)


def test_inputs_are_encoded_the_same_each_time(site: Site) -> None:
    """The fast way to see that nothing changed compares messages."""
    assert encode(site(3)) == encode(copy.deepcopy(site(3)))
