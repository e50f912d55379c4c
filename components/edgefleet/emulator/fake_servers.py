"""A stand-in for k3s on the hub's servers, as emulated machines run nothing.

For each server set (machines with one value of the tag ``edgefleet:set``) it keeps the nodes of a cluster, as
k3s with embedded etcd does. The first machine initialises it, each other becomes ready some queries after it
runs, a terminated machine stays a dead member until its node is deleted, and without a majority the API does
not answer. It supports only the three commands that `edgefleet.cloud.server_set` sends.
``GET /edgefleet-emulator/clusters`` returns the history, for tests.
"""

import uuid
from dataclasses import dataclass, field
from typing import Any

from edgefleet.emulator.requests import Answer, Call, Fake, Refusal, moto_backend

STORY = "/edgefleet-emulator/clusters"
LOOKS = 1
"""Queries after which a running machine is ready."""
UNAVAILABLE = (
    "The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?"
)


@dataclass
class FakeCluster:
    """One emulated k3s cluster."""

    nodes: dict[str, int] = field(default_factory=dict)
    """dict[node -> queries until it is ready]."""
    story: list[dict[str, Any]] = field(default_factory=list)
    """After each query or removal: ready and all nodes."""


class FakeServers(Fake):
    """Answers Run Command for the hub's servers."""

    def reset(self) -> None:
        """No cluster."""
        self._clusters: dict[str, FakeCluster] = {}
        self._ran: dict[str, tuple[bool, str]] = {}

    def answer(self, call: Call) -> Answer | None:
        """Answer for the servers."""
        if call.path == STORY:
            return {name: {"nodes": of.nodes, "story": of.story} for name, of in self._clusters.items()}
        if call.target == "AmazonSSM.SendCommand":
            return self._send(call)
        if call.target == "AmazonSSM.GetCommandInvocation":
            is_done, output = self._ran[call.json["CommandId"]]
            status, shown, errors = ("Success", output, "") if is_done else ("Failed", "", output)
            return {"Status": status, "StandardOutputContent": shown, "StandardErrorContent": errors}
        return None

    def _send(self, call: Call) -> Answer:
        request = call.json
        (instance,) = request["InstanceIds"]
        machines = _machines(call.region)
        if machines.get(instance, ("", "gone"))[1] != "running":
            raise Refusal("InvalidInstanceId")
        name = machines[instance][0]
        alive = {machine for machine, (of, state) in machines.items() if of == name and state == "running"}
        cluster = self._clusters.setdefault(name, FakeCluster())
        identity = str(uuid.uuid4())
        self._ran[identity] = _answered(cluster, alive, request["Parameters"]["commands"][0])
        return {"Command": {"CommandId": identity, "InstanceIds": [instance], "Status": "Pending"}}


def _answered(cluster: FakeCluster, alive: set[str], command: str) -> tuple[bool, str]:
    """(whether it succeeded, its output)."""
    if "get nodes" in command:
        return _nodes(cluster, alive)
    if "kubectl drain" in command:
        return True, ""  # nothing runs on it
    if "delete node" in command:
        return _delete(cluster, alive, command.rsplit(maxsplit=1)[-1])
    return False, f"the emulated servers do not know the command {command!r}"


def _nodes(cluster: FakeCluster, alive: set[str]) -> tuple[bool, str]:
    if not set(cluster.nodes) & alive:
        cluster.nodes.clear()  # all members ended: the next machine begins another cluster
    for machine in sorted(alive):
        looks = cluster.nodes.get(machine)
        if looks is None:
            if cluster.nodes and not _answers(cluster, alive):
                continue  # no other member can admit it
            cluster.nodes[machine] = LOOKS
        elif looks > 0:
            cluster.nodes[machine] = looks - 1
    _tell(cluster, alive)
    if not _answers(cluster, alive):
        return False, UNAVAILABLE
    ready = _ready(cluster, alive)
    return True, "".join(f"{node} {node in ready}\n" for node in sorted(cluster.nodes))


def _delete(cluster: FakeCluster, alive: set[str], node: str) -> tuple[bool, str]:
    if not _answers(cluster, alive):
        return False, UNAVAILABLE
    cluster.nodes.pop(node, None)
    _tell(cluster, alive)
    return True, f'node "{node}" deleted'


def _ready(cluster: FakeCluster, alive: set[str]) -> set[str]:
    return {node for node, looks in cluster.nodes.items() if looks == 0 and node in alive}


def _answers(cluster: FakeCluster, alive: set[str]) -> bool:
    """Whether there is a majority; a joining member does not vote yet."""
    voting = [node for node, looks in cluster.nodes.items() if looks == 0]
    return bool(voting) and len(_ready(cluster, alive)) >= len(voting) // 2 + 1


def _tell(cluster: FakeCluster, alive: set[str]) -> None:
    cluster.story.append({"ready": sorted(_ready(cluster, alive)), "nodes": sorted(cluster.nodes)})


def _machines(region: str) -> dict[str, tuple[str, str]]:
    """dict[instance -> (server set, state)] of moto's machines."""
    machines = {}
    for reservation in moto_backend("ec2", region).reservations.values():
        for instance in reservation.instances:
            tags = {tag["key"]: tag["value"] for tag in instance.get_tags()}
            machines[instance.id] = (tags.get("edgefleet:set", ""), instance.state)
    return machines
