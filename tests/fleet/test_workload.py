"""`Workload`: the objects of one workload, in a cluster that a program reaches."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

import pulumi
import pytest
from google.protobuf.json_format import MessageToDict
from tests.fleet.test_open_inputs import known as output
from tests.fleet.test_open_inputs import unknown
from tests.workloads.rendered import RENDERED

import edgefleet
from edgefleet.fleet.objects import register
from edgefleet.fleet.plainly import ProgramError
from edgefleet.model.spec import outside_name

Record = Callable[..., Sequence[Any]]
"""The fixture of this folder: runs a program, gives back what it registered."""
SIGNATURE = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
"""How a secret value is marked on the wire (Pulumi, resource properties)."""
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
Make = Callable[[], Mapping[str, Any]]
WEB = {"kind": "web", "image": "registry.example/shop/till:1.4", "port": 8080}


def lone(record: Record, make: Make, *, is_preview: bool = False) -> dict[str, Any]:
    """dict[kind of an object -> its registration] of a program with one workload, called till.

    `make` gives its arguments, with fields of the workload besides those of `WEB` under ``workload``. It is
    called in the program, as an output belongs to one.
    """

    def program() -> None:
        args = make()
        given: Any = {**args, "workload": WEB | args.get("workload", {})}
        edgefleet.Workload("till", given)

    found = record(program, preview=is_preview)
    return {each.type.rpartition(":")[2]: each for each in found}


def environment(of: Any) -> dict[str, Any]:
    """dict[variable -> value] of the container of a Deployment."""
    (container,) = of.inputs["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each["value"] for each in container["env"] if "value" in each}


def examples() -> dict[str, Any]:
    """(kind, object) of the golden objects of all kinds of workloads, each kind once."""
    return {each["kind"]: each for objects in RENDERED.values() for each in objects}


@pytest.mark.parametrize(("kind", "item"), examples().items())
def test_an_object_is_registered_as_the_typed_class_registers_it(
    kind: str, item: Mapping[str, Any], record: Record
) -> None:
    """Type, inputs, secrets and the version of the plugin; the class also has aliases of old groups."""
    group, _, version = item["apiVersion"].rpartition("/")
    module = import_module(f"pulumi_kubernetes.{group.partition('.')[0] or 'core'}.{version}")
    typed: Any = getattr(module, kind)
    names = {outside_name(name): name for name in signature(typed._internal_init).parameters}
    (ours,) = record(lambda: register([item], "mine", "", pulumi.ResourceOptions()))
    name = ours.name
    (theirs,) = record(lambda: typed(name, **{names[key]: value for key, value in item.items()}))
    assert theirs == ours
    for answer in (theirs, ours):
        del answer.request.aliases[:]
        answer.request.sourcePosition.Clear()
        answer.request.stackTrace.Clear()
    assert theirs.request == ours.request


def test_what_others_need_is_registered_first(record: Record) -> None:
    """The namespace, then what Pods need when they start, then the rest."""
    args = {"workload": {"secrets": {"KEY": "key"}}, "passphrases": {"key": "opensesame"}}
    found = lone(record, lambda: args)
    needs = {kind: {*map(kind_in, each.request.dependencies)} for kind, each in found.items()}
    assert {
        "Workload": set(),
        "Namespace": set(),
        "Secret": {"Namespace"},
        "NetworkPolicy": {"Namespace"},
        "Deployment": {"Secret", "NetworkPolicy"},
        "Service": {"Secret", "NetworkPolicy"},
    } == needs


def kind_in(urn: str) -> str:
    """The kind of the object of a resource."""
    return urn.rpartition("::")[0].rpartition(":")[2]


def test_a_secret_is_one_of_the_stack_or_an_output(record: Record) -> None:
    """It stands in the Secret alone, marked as one."""
    found = lone(
        record,
        lambda: {
            "workload": {"secrets": {"ONE": "one", "TWO": output("second")}},
            "passphrases": pulumi.Output.secret({"one": "first"}),
        },
    )
    texts = found["Secret"].inputs["stringData"]
    assert SIGNATURE.items() <= texts.items()
    assert {"ONE": "first", "TWO": "second"} == texts["value"]
    assert "first" not in str(found["Deployment"].inputs)


def test_a_text_may_be_an_output_and_nothing_else_depends_on_it(record: Record) -> None:
    """What is made from an unknown value is unknown, what from a secret is one, and no more."""

    def args() -> dict[str, Any]:
        texts = {"A": pulumi.Output.secret("hidden"), "B": unknown("later"), "C": "in {region}"}
        return {"workload": {"environment": texts}}

    found = lone(record, args, is_preview=True)
    pod = MessageToDict(found["Deployment"].request.object)["spec"]["template"]["spec"]
    values = {each["name"]: each["value"] for each in pod["containers"][0]["env"]}
    assert {"A": {"value": "hidden", **SIGNATURE}, "B": UNKNOWN, "C": "in test"} == values
    assert found["Service"].inputs["spec"]["ports"][0]["port"] == WEB["port"]


def test_what_is_made_from_an_output_follows_it(record: Record) -> None:
    """An image of a registry in the same program, say, or a part of an address."""
    found = lone(record, lambda: {"workload": {"image": output("registry.example/till:1.5")}})
    (container,) = found["Deployment"].inputs["spec"]["template"]["spec"]["containers"]
    assert "registry.example/till:1.5" == container["image"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"port": 8080}, "workload.port: cannot be an output"),
        ({"environment": {"A": "1"}}, "workload.environment: cannot be an output"),
        ({"image": "two words"}, "workload.image: two words is not"),
    ],
)
def test_an_output_is_a_valid_text(changed: Mapping[str, Any], words: str, record: Record) -> None:
    """Of a field that does not decide which objects there are."""
    with pytest.raises(ProgramError, match=words):
        lone(record, lambda: {"workload": {key: output(value) for key, value in changed.items()}})


def test_objects_of_ones_own_are_rendered_with_the_program(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a fleet file renders them; what is wrong with them has the path of the argument."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    board = "{apiVersion: v1, kind: ConfigMap, metadata: {name: board}, data: {region: '${REGION}'}}"
    given = {"kind": "manifests", "files": [board], "values": {"REGION": "{region}"}}
    found = record(lambda: edgefleet.Workload("board", {"workload": given}))
    (made,) = [each for each in found if each.type.endswith(":ConfigMap")]
    assert pulumi.get_stack() == made.inputs["data"]["region"]
    assert "board" == made.inputs["metadata"]["namespace"]
    twice = {"kind": "manifests", "files": [board, board]}
    with pytest.raises(ProgramError, match=r"workload\.files\[1\]: ConfigMap board is there twice"):
        record(lambda: edgefleet.Workload("board", {"workload": twice}))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"imge": "x"}, "workload.imge: unknown key imge; did you mean image"),
        ({"kind": "webb"}, "workload.kind: webb is no kind of workload"),
        ({"where": {"cloud": True}}, "workload.where: where chooses among the sites of a fleet file"),
        ({"critical": True}, "workload.critical: the cluster may lack a priority class"),
        ({"environment": {"A": "{site.name}"}}, r"{site.name} has no value outside of a site"),
        ({"secrets": {"A": "key"}}, "passphrases: there is no secret 'key'"),
        ({"patches": [{"kind": "Job"}]}, "workload.patches.0.: no Job is among"),
    ],
)
def test_wrong_input_is_refused(changed: Mapping[str, Any], words: str, record: Record) -> None:
    """Each with the path of the argument."""
    with pytest.raises(ProgramError, match=words):
        lone(record, lambda: {"workload": changed})


def test_a_cluster_is_given_once(record: Record) -> None:
    with pytest.raises(ProgramError, match="renderTo: has no effect beside kubeconfig"):
        lone(record, lambda: {"kubeconfig": "apiVersion: v1", "renderTo": "objects"})


def test_a_name_is_that_of_a_namespace(record: Record) -> None:
    with pytest.raises(ProgramError, match="name: Till is not"):
        lone(record, lambda: {"name": "Till"})


@pytest.mark.parametrize(
    ("argument", "setting"), [("kubeconfig", "kubeconfig"), ("renderTo", "renderYamlToDirectory")]
)
def test_its_provider_is_made_from_its_arguments(argument: str, setting: str, record: Record) -> None:
    found = lone(record, lambda: {argument: "something"})
    provider = found.pop("kubernetes")
    assert "till/cluster" == provider.name
    assert "something" == provider.inputs[setting]
    found.pop("Workload")
    assert {True} == {"::till/cluster::" in each.request.provider for each in found.values()}


def test_a_namespace_that_exists_is_not_registered(record: Record) -> None:
    assert "Namespace" not in lone(record, lambda: {"createNamespace": False})
