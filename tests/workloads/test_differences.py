"""What a change of workloads does to objects: each value with its path, equal at sites that change alike."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgefleet.model.steps import SECRET
from edgefleet.workloads.differences import ObjectChange, differences, renewed

TILL: dict[str, Any] = {
    "kind": "web",
    "image": "registry.example/shop/till:1.4",
    "port": 8080,
    "environment": {"MODE": "a"},
    "secrets": {"API_KEY": "{secret: till-api}"},
}
MENU: dict[str, Any] = {"kind": "web", "image": "registry.example/shop/menu:2", "port": 8081}
CONTAINER = "spec.template.spec.containers.till"
Values = list[tuple[str, str, Any, Any]]


def site(name: str = "store-0007", **workloads: dict[str, Any]) -> dict[str, Any]:
    """A plain site with these workloads."""
    nodes = {node: {"hostname": f"{name}-{node}"} for node in ("n1", "n2")}
    return {"name": name, "nodes": nodes, "workloads": workloads}


def values(changes: tuple[ObjectChange, ...]) -> Values:
    """(object, path, old, new) of each."""
    return [(change.object, change.path, change.old, change.new) for change in changes]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"image": "registry.example/shop/till:1.5"},
            [("Deployment/till", f"{CONTAINER}.image", TILL["image"], "registry.example/shop/till:1.5")],
        ),
        ({"environment": {"MODE": "b"}}, [("Deployment/till", f"{CONTAINER}.env.MODE.value", "a", "b")]),
        (
            {"environment": {}},
            [("Deployment/till", f"{CONTAINER}.env.MODE", {"name": "MODE", "value": "a"}, None)],
        ),
        (
            {"secrets": {"API_KEY": "{secret: other}"}},
            [("Secret/till", "stringData.API_KEY", "{secret: till-api}", "{secret: other}")],
        ),
        (
            {"resources": {"memory": "128Mi"}},
            [
                ("Deployment/till", f"{CONTAINER}.resources.{side}.memory", "64Mi", "128Mi")
                for side in ("requests", "limits")
            ],
        ),
        ({"args": ["-v"]}, [("Deployment/till", f"{CONTAINER}.args", None, ["-v"])]),
        (
            {"nodes": ["n2"]},
            [
                (
                    "Deployment/till",
                    "spec.template.spec.affinity",
                    None,
                    {
                        "nodeAffinity": {
                            "requiredDuringSchedulingIgnoredDuringExecution": {
                                "nodeSelectorTerms": [
                                    {
                                        "matchExpressions": [
                                            {
                                                "key": "kubernetes.io/hostname",
                                                "operator": "In",
                                                "values": ["{site.name}-n2"],
                                            }
                                        ]
                                    }
                                ]
                            }
                        }
                    },
                )
            ],
        ),
    ],
)
def test_each_value_that_differs(fields: dict[str, Any], expected: Values) -> None:
    """With its path, in which an item of a list has its name; nothing else."""
    found = differences(site(till=TILL), site(till=TILL | fields))
    assert {"till": expected} == {name: values(changes) for name, changes in found.items()}
    assert {"changed"} == {change.op for change in found["till"]}


def test_lists_without_names_show_the_items_that_differ() -> None:
    """Rules of a NetworkPolicy have none: what was added has its position."""
    found = differences(site(till=TILL), site(till=TILL | {"egress": [{"to": "10.0.0.0/8", "port": 443}]}))
    rule = {"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 443, "protocol": "TCP"}]}
    assert [("NetworkPolicy/till", "spec.egress[2]", None, rule)] == values(found["till"])
    other = differences(
        site(till=TILL | {"egress": [{"to": "10.0.0.0/8", "port": 443}]}),
        site(till=TILL | {"egress": [{"to": "10.0.0.0/8", "port": 8443}]}),
    )
    port = ("NetworkPolicy/till", "spec.egress[2].ports[0].port", 443, 8443)
    assert [port] == values(other["till"])


def test_new_and_removed_workloads_name_their_objects() -> None:
    """So does the object that all workloads share, with the first and the last of them."""
    found = differences(site(till=TILL, menu=MENU), site(till=TILL, food=MENU))
    kinds = ("Namespace", "Deployment", "Service", "NetworkPolicy")
    assert {
        "food": [("added", f"{kind}/food") for kind in kinds],
        "menu": [("removed", f"{kind}/menu") for kind in kinds],
    } == {name: [(change.op, change.object) for change in changes] for name, changes in found.items()}
    first = differences(site(), site(menu=MENU))
    assert ["PriorityClass/edgefleet-critical"] == [change.object for change in first["edgefleet"]]


def test_what_stays_equal_is_nothing() -> None:
    """Neither is a workload without objects, nor a field that enters none."""
    carried = {"kind": "payload", "images": ["registry.example/a:1"]}
    assert {} == differences(site(till=TILL), site(till=dict(TILL)))
    assert {} == differences(site(x=carried), site(x=carried | {"images": ["registry.example/a:2"]}))


def test_sites_that_change_alike_have_equal_changes() -> None:
    """A value with the name of its site has the placeholder; a longer name is not taken for it."""
    found = [
        differences(
            site(name, till=TILL | {"environment": {"STORE": name, "OTHER": "store-00071"}}),
            site(name, till=TILL | {"environment": {"STORE": f"shop-{name}", "OTHER": "store-00072"}}),
        )
        for name in ("store-0007", "store-0008")
    ]
    assert found[0] == found[1]
    assert [
        (f"{CONTAINER}.env.OTHER.value", "store-00071", "store-00072"),
        (f"{CONTAINER}.env.STORE.value", "{site.name}", "shop-{site.name}"),
    ] == [entry[1:] for entry in values(found[0]["till"])]


@pytest.mark.parametrize(
    "broken",
    [
        {"kind": "no-more"},
        {"kind": "web", "image": "[unknown]", "port": 80},
        {"image": "no kind"},
        {"kind": "web", "image": "registry.example/a:1", "port": 80, "nodes": ["gone"]},
    ],
)
def test_a_workload_that_cannot_be_composed_is_left_out(broken: dict[str, Any]) -> None:
    """Of another release, or not known yet: the others are compared."""
    found = differences(site(till=broken, menu=MENU), site(till=TILL, menu=MENU | {"replicas": 2}))
    assert "replicas" in json.dumps(values(found["menu"]))
    assert broken.get("nodes") or "till" not in found
    assert {} == differences({"workloads": "[unknown]", "nodes": "[unknown]"}, {})


def test_no_text_of_a_secret_is_shown() -> None:
    """A Secret has references; a text in one is masked. A new text of the same secret names where it is."""
    patch = {"kind": "Secret", "merge": {"stringData": {"X": "a text"}}}
    found = differences(site(till=TILL), site(till=TILL | {"patches": [patch]}))
    assert "a text" not in repr(found)
    assert {("Secret/till", "stringData.X", None, SECRET)} <= set(values(found["till"]))
    (again,) = renewed(site(till=TILL, menu=MENU), {"till-api"})
    assert ("Secret/till", "stringData.API_KEY") == (again.object, again.path)
    assert [] == [*renewed(site(till=TILL), {"another"})]


ENTRIES = st.fixed_dictionaries(
    {
        "kind": st.just("web"),
        "image": st.sampled_from(["a.example/x:1", "a.example/x:2"]),
        "port": st.just(80),
    },
    optional={
        "replicas": st.integers(1, 3),
        "environment": st.dictionaries(st.sampled_from(["A", "B"]), st.sampled_from(["x", "store-0007"])),
        "egress": st.lists(st.fixed_dictionaries({"port": st.integers(1, 3)}), max_size=3),
        "args": st.lists(st.sampled_from(["-a", "-b"]), max_size=2),
    },
)
SITES = st.dictionaries(st.sampled_from(["till", "menu"]), ENTRIES)


@given(SITES, SITES)
def test_back_is_the_mirror_of_forth(old: dict[str, Any], new: dict[str, Any]) -> None:
    """What is added is removed on the way back, with the same values the other way round; both are pure."""
    there, back = differences(site(**old), site(**new)), differences(site(**new), site(**old))
    mirrored = {"added": "removed", "removed": "added", "changed": "changed"}

    def described(change: ObjectChange, *, is_back: bool) -> str:
        op = mirrored[change.op] if is_back else change.op
        ends = (change.new, change.old) if is_back else (change.old, change.new)
        return repr((change.workload, change.object, op, change.path.partition("[")[0], ends))

    assert there == differences(site(**old), site(**new))
    assert sorted(described(each, is_back=False) for changes in there.values() for each in changes) == sorted(
        described(each, is_back=True) for changes in back.values() for each in changes
    )
