"""Events become steps: one for each resource, with what is secret and unknown as words."""

from typing import Any

import pytest
from pulumi.automation.events import EngineEvent

from edgefleet.engine.outcomes import Collector
from edgefleet.model.steps import Outcome
from edgefleet.provider import properties
from pulumi_embedded import values

URN = "urn:pulumi:dev::fleet::edgefleet:index:Site::berlin"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "[secret]"}
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def event(kind: str, op: str, *, urn: str = URN, **metadata: Any) -> EngineEvent:
    """Return an event as the CLI writes it."""
    type_ = urn.split("::")[2]
    body = {"metadata": {"op": op, "urn": urn, "type": type_, **metadata}}
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, kind: body})


def state(inputs: dict[str, Any], outputs: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"type": "t", "urn": URN, "id": "i", "inputs": inputs, "outputs": outputs or {}}


def said(message: str, severity: str = "error") -> EngineEvent:
    body = {"message": message, "severity": severity, "color": "never", "urn": URN}
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, "diagnosticEvent": body})


def collect(*events: EngineEvent) -> Outcome:
    collector = Collector()
    for item in events:
        collector(item)
    return collector.outcome("pulumi", "dev", "up", result="succeeded", seconds=1.0)


def test_a_replacement_is_one_step() -> None:
    """Its halves are reported as one, whichever comes first."""
    whole = event(
        "resourcePreEvent",
        "replace",
        old=state({"a": 1}),
        new=state({"a": 2}),
        detailedDiff={"a": {"diffKind": "update-replace", "inputDiff": True}},
    )
    for first, last in (("create-replacement", "delete-replaced"), ("delete-replaced", "create-replacement")):
        outcome = collect(
            event("resourcePreEvent", first, old=state({"a": 1})),
            whole,
            event("resourcePreEvent", last, old=state({"a": 1})),
        )
        assert [("replace", ("a",))] == [(step.op, step.diff) for step in outcome.steps]


def test_what_an_earlier_run_left_is_a_step_of_its_own() -> None:
    """The resource stays what it is, whichever comes first; a failed removal does not make it fail."""
    own = event("resourcePreEvent", "same", old=state({"a": 2}), new=state({"a": 2}))
    left = event("resourcePreEvent", "delete-replaced", old=state({"a": 1}))
    for events in ((own, left), (left, own)):
        steps = collect(*events).steps
        assert [("same", False), ("delete", True)] == [(step.op, step.is_remains) for step in steps]
        failed = collect(
            *events, event("resOpFailedEvent", "delete-replaced", old=state({}), status=2, steps=0)
        )
        assert [("same", False)] == [(step.op, step.is_remains) for step in failed.steps]


def test_what_is_left_of_a_deleted_resource_goes_with_it() -> None:
    """One deletion is reported, whichever comes first."""
    own, left = (event("resourcePreEvent", op, old=state({})) for op in ("delete", "delete-replaced"))
    for events in ((own, left), (left, own)):
        assert [("delete", False)] == [(step.op, step.is_remains) for step in collect(*events).steps]


def test_an_old_half_alone_is_a_deletion() -> None:
    """What an earlier run left to delete is deleted."""
    outcome = collect(event("resourcePreEvent", "delete-replaced", old=state({})))
    assert ["delete"] == [step.op for step in outcome.steps]


def test_secrets_and_unknowns_are_words() -> None:
    """At any depth, in inputs and outputs."""
    outcome = collect(
        event("resourcePreEvent", "create", new=state({"a": [SECRET, {"b": UNKNOWN}]})),
        event("resOutputsEvent", "create", new=state({}, {"c": UNKNOWN})),
    )
    (step,) = outcome.steps
    assert {"a": ["[secret]", {"b": "[unknown]"}]} == step.new_inputs
    assert {"c": "[unknown]"} == step.new_outputs


@pytest.mark.parametrize("unknown", sorted(properties.UNKNOWN_TEXTS))
def test_each_kind_of_unknown_is_one_word(unknown: str) -> None:
    """A provider in Go spells an unknown by the kind of value that it will be."""
    assert {"a": ["[unknown]"]} == collect(
        event("resourcePreEvent", "create", new=state({"a": [unknown]}))
    ).steps[0].new_inputs


def test_both_engines_know_the_same_signatures() -> None:
    """The provider's codec and the embedded engine's are of packages that do not import each other."""
    assert (properties.SIGNATURE, properties.SECRET) == (values.SIGNATURE, values.SECRET)
    assert properties.UNKNOWN_TEXTS == values.UNKNOWNS
    assert properties.UNKNOWN_TEXT == values.UNKNOWN
    assert {*properties.REFUSED, properties.OUTPUT} == values.UNSUPPORTED.keys()


def test_a_refresh_is_what_it_came_to() -> None:
    """Same, update or delete; never just refresh."""
    for op in ("same", "update", "delete"):
        outcome = collect(
            event("resourcePreEvent", "refresh", old=state({})), event("resOutputsEvent", op, old=state({}))
        )
        assert [op] == [step.op for step in outcome.steps]


def test_default_providers_are_no_steps() -> None:
    """No program names them."""
    urn = "urn:pulumi:dev::fleet::pulumi:providers:edgefleet::default"
    assert () == collect(event("resourcePreEvent", "create", urn=urn, new=state({}))).steps


def test_a_failed_step_did_not_happen() -> None:
    """It is reported by its diagnostic."""
    outcome = collect(
        event("resourcePreEvent", "create", new=state({})),
        said("Preview failed: <{%reset%}>no room<{%reset%}>\n"),
        event("resOpFailedEvent", "create", new=state({}), status=2, steps=0),
        said("update failed"),
        said("chatter", "debug"),
    )
    assert () == outcome.steps
    assert [("error", "no room", URN)] == [(d.severity, d.message, d.urn) for d in outcome.diagnostics]


def test_the_stacks_outputs_are_the_outcomes() -> None:
    """As they were last told, secrets hidden."""
    urn = "urn:pulumi:dev::fleet::pulumi:pulumi:Stack::fleet-dev"
    outcome = collect(
        event("resourcePreEvent", "create", urn=urn, new=state({})),
        event("resOutputsEvent", "create", urn=urn, new=state({}, {"a": 1, "b": SECRET})),
    )
    assert {"a": 1, "b": "[secret]"} == outcome.outputs
