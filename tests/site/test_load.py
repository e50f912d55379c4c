"""What workloads take of a site's nodes, and what does not fit."""

from dataclasses import replace
from typing import Any

import pytest
from tests.site.conftest import GOLDEN, spec_of

from edgefleet.fleetfile.artifacts_lock import EMPTY, ArtifactsLock, LockedImage
from edgefleet.model.hardware import DataDisk, Hardware
from edgefleet.model.medium import PayloadFile
from edgefleet.model.site import Node, SiteSpec
from edgefleet.site.capacity import tight
from edgefleet.site.load import Lack, Loads, Room, SiteLoad, room
from edgefleet.workloads.demand import Demand, Load

SITE = spec_of(GOLDEN / "recipe-1/server-static")
NODE: Node = next(iter(SITE.nodes.values()))
GB = 1000**3


def rooms(*memory: int) -> dict[str, Room]:
    """Nodes n1, n2, ... with so many GB, of which k3s takes one."""
    return {
        f"n{index}": Room(
            whole=Demand(cpu=4000, memory=size * GB, disk=100 * GB),
            taken={"k3s": Demand(cpu=100, memory=GB)},
            has_disk=True,
        )
        for index, size in enumerate(memory, start=1)
    }


def load(memory: int = 0, count: int = 1, *, cpu: int = 0, **more: Any) -> Load:
    """Pods that take so many GB each."""
    return Load(pod=Demand(cpu=cpu, memory=memory * GB), count=count, **more)


def lacks(nodes: dict[str, Room], placed: dict[str, tuple[str, Load]]) -> list[tuple[Any, ...]]:
    """(resource, nodes, workloads in GB) of what does not fit; `placed` has names of nodes and Pods."""
    of = SiteLoad(
        site="a",
        rooms=nodes,
        loads={name: (pods,) for name, (_, pods) in placed.items()},
        nodes={name: tuple(where.split()) for name, (where, _) in placed.items()},
    )
    return [(lack.resource, " ".join(lack.nodes), amounts(lack)) for lack in of.lacks()]


def amounts(lack: Lack) -> dict[str, int]:
    """GB, or cores."""
    return {name: size // (GB if lack.resource != "cpu" else 1000) for name, size in lack.workloads.items()}


ALL = "n1 n2 n3"


@pytest.mark.parametrize(
    ("nodes", "placed", "expected"),
    [
        (rooms(4), {"x": ("n1", load(1, 3))}, []),
        (rooms(4), {"x": ("n1", load(1, 4))}, [("memory", "n1", {"x": 4})]),
        (rooms(4, 4, 4), {"x": (ALL, load(1, 9))}, []),
        (rooms(4, 4, 4), {"x": (ALL, load(1, 10))}, [("memory", ALL, {"x": 10})]),
        # Those that share fewer nodes are compared with these alone.
        (
            rooms(4, 4, 4),
            {"x": ("n1 n2", load(1, 5)), "y": ("n1", load(2)), "z": ("n3", load(1))},
            [("memory", "n1 n2", {"x": 5, "y": 2})],
        ),
        # The sum fits, and the largest Pod on no node.
        (rooms(4, 4, 4), {"x": (ALL, load(4))}, [("memory", "n1", {"x": 4})]),
        (rooms(4, 6, 4), {"x": (ALL, load(4))}, []),
        # A daemon is on every node, beside which the others find room.
        (rooms(4, 4, 2), {"x": (ALL, load(2, is_everywhere=True))}, [("memory", "n3", {"x": 2})]),
        (rooms(4, 4, 4), {"x": (ALL, load(2, is_everywhere=True)), "y": (ALL, load(1, 3))}, []),
        (
            rooms(4, 4, 4),
            {"x": (ALL, load(2, is_everywhere=True)), "y": (ALL, load(2))},
            [("memory", "n1", {"x": 2, "y": 2})],
        ),
        # Of all jobs one runs at a time.
        (rooms(4), {"x": ("n1", load(3, is_job=True)), "y": ("n1", load(2, is_job=True))}, []),
        (
            rooms(4),
            {"x": ("n1", load(3, is_job=True)), "y": ("n1", load(2, is_job=True)), "z": ("n1", load(1))},
            [("memory", "n1", {"x": 3, "z": 1})],
        ),
        # Each resource, and no node that has both.
        (rooms(2), {"x": ("n1", load(2, cpu=4000))}, [("memory", "n1", {"x": 2}), ("cpu", "n1", {"x": 4})]),
        (
            rooms(9, 2) | {"n1": replace(rooms(9)["n1"], whole=Demand(cpu=1000, memory=9 * GB))},
            {"x": ("n1 n2", load(2, cpu=2000))},
            [("cpu", "n1", {"x": 2})],
        ),
    ],
)
def test_what_does_not_fit(
    nodes: dict[str, Room], placed: dict[str, tuple[str, Load]], expected: list[tuple[Any, ...]]
) -> None:
    """Sums over nodes, each on the fewest; then what no single node has room for."""
    assert expected == lacks(nodes, placed)


def test_what_a_node_has_left() -> None:
    """k3s, the system, the payload, and the part of the disk that stays free."""
    file = PayloadFile(path="bin/k3s", digest=f"sha256:{64 * 'a'}", size=GB)
    node = replace(NODE, cpus=2, memory=4 * GB, disk=20 * GB, payload=(file,))
    assert Demand(cpu=1700, memory=2404 * 1000**2, disk=14 * GB) == room(node).left
    assert (
        Demand(cpu=1900, memory=3725 * 1000**2, disk=14 * GB) == room(replace(node, runtime="k3s-agent")).left
    )


def test_a_disk_for_data_has_no_known_size() -> None:
    """Volumes are on it where it holds k3s's folder: then they are not compared with the boot medium."""

    def known(path: str) -> set[str]:
        disk = DataDisk(device="/dev/disk/by-id/nvme-1", path=path)
        node = replace(NODE, hardware=Hardware(data_disk=disk))
        return set(Loads().of(replace(SITE, nodes={"n1": node})).usage().shares)

    assert {"memory", "cpu"} == known("/var/lib/rancher")
    assert {"memory", "cpu", "disk"} == known("/srv/data")


WEB: dict[str, Any] = {
    "kind": "web",
    "image": "registry.example/x:1",
    "port": 80,
    "resources": {"memory": "9G"},
}


@pytest.mark.parametrize(
    ("tolerates", "nodes"),
    [((), ("n2",)), (("shop/till",), ("n1", "n2"))],
)
def test_pods_take_nothing_of_nodes_whose_taints_keep_them_away(
    tolerates: tuple[str, ...], nodes: tuple[str, ...]
) -> None:
    """A preference of a node keeps none away."""
    taints = {"n1": ("shop/till=yes:NoSchedule",), "n2": ("shop/old:PreferNoSchedule",)}
    site = replace(
        SITE,
        nodes={name: replace(NODE, taints=of, memory=8 * GB) for name, of in taints.items()},
        workloads={"x": {**WEB, "tolerates": list(tolerates)}},
    )
    load = Loads().of(site)
    assert nodes == load.nodes["x"]
    assert [nodes if len(nodes) == 1 else ("n1",)] == [lack.nodes for lack in load.lacks()]


def test_images_take_the_size_that_the_lock_states() -> None:
    """Each once on a node, beside the archive of a payload."""
    size = LockedImage(digest=f"sha256:{64 * 'a'}", sha256=64 * "a", size=3 * GB)
    known: ArtifactsLock = {
        "api_version": "edgefleet.dev/v1",
        "images": {"registry.example/x:1": {NODE.arch: size}},
    }
    site = replace(SITE, workloads={"x": WEB, "y": WEB, "z": {**WEB, "image": "registry.example/z:1"}})
    (of,) = Loads(known).of(site).rooms.values()
    assert Demand(disk=3 * GB) == of.taken["images"]


def test_a_workload_is_looked_at_once_for_all_sites() -> None:
    """Texts of a site are in its entry, and take nothing; its nodes are its own."""
    entry = {"kind": "web", "image": "registry.example/x:1", "port": 80, "resources": {"memory": "1G"}}
    known = Loads()
    sites: list[SiteSpec] = [
        replace(SITE, name=name, workloads={"x": entry | {"environment": {"A": name}}}) for name in ("a", "b")
    ]
    first, second = (known.of(site) for site in sites)
    assert first.loads["x"] is second.loads["x"]
    assert (GB + 1596 * 1000**2, NODE.memory) == second.usage().shares["memory"]


def test_a_workload_that_is_patched_at_a_site_is_looked_at_there() -> None:
    """A value of the site in a patch may be an amount, or an image."""
    known = Loads()
    large = {"spec": {"replicas": 1000}}
    patches = [{"kind": "Deployment", "name": "x", "merge": large}]
    plain, patched = (
        replace(SITE, workloads={"x": WEB | {"resources": {"memory": "1G"}} | more})
        for more in ({}, {"patches": patches})
    )
    assert [[], ["memory", "cpu"]] == [[lack.resource for lack in known.lacks(of)] for of in (plain, patched)]


def test_a_lost_server_leaves_its_load_to_the_others() -> None:
    """A note names the site, the server and the sum; what ran on the lost one alone is lost with it."""
    site = spec_of(GOLDEN / "recipe-1/three-servers")
    web = {"kind": "web", "image": "registry.example/till:1", "port": 80, "replicas": 4}
    needs = {"cpu": "100m", "memory": "4Gi"}
    several = replace(site, workloads={"till": web | {"resources": needs, "nodes": ["a", "b", "c"]}})
    assert [] == [*Loads().lacks(several)]
    (note,) = tight({"de-fra-001": several}, EMPTY)
    assert "de-fra-001 has too little memory when a is lost: till" in note
    alone = replace(site, workloads={"till": web | {"replicas": 1, "resources": needs, "nodes": ["a"]}})
    assert [] == [*tight({"de-fra-001": alone}, EMPTY)]
