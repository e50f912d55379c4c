"""What to do next with a hub's servers, so that etcd keeps its majority. Pure.

Pulumi makes before it removes and sees one machine at a time, so it cannot keep a quorum; here one machine at
a time is added, waited for, and only then an old one taken away. All comes from what is seen, nothing is
remembered: after a kill at any point the next look goes on from there. Sources: etcd, "Runtime
reconfiguration" (one at a time, add before remove); k3s docs, datastore/ha-embedded; k3s removes the etcd
member of a node that is deleted (pkg/etcd, the node controller).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Start = Literal["init", "join", "restore"]
ALIVE = frozenset({"pending", "running"})
STOPPED = frozenset({"stopping", "stopped"})


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for one server."""

    index: int
    config: str
    """Digest of all that makes a server of this place what it is."""


@dataclass(frozen=True, slots=True)
class Member:
    """A machine of the set."""

    instance: str
    """Its id; also the name of its node."""
    slot: int
    config: str
    state: str
    """As EC2 has it: ``pending``, ``running``, ``stopped`` ..."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """What the hub's Kubernetes says."""

    nodes: Mapping[str, bool] | None
    """dict[node -> whether it is ready]; None where it does not answer."""
    was_initialised: bool
    """Whether it ever ran."""
    can_restore: bool = False
    """Whether a snapshot to begin with is named."""


@dataclass(frozen=True, slots=True)
class Launch:
    """Start a machine for a slot."""

    slot: Slot
    how: Start


@dataclass(frozen=True, slots=True)
class Resume:
    """Start a machine that somebody stopped."""

    instance: str


@dataclass(frozen=True, slots=True)
class AwaitJoined:
    """Wait until the node of a machine is ready."""

    instance: str


@dataclass(frozen=True, slots=True)
class RemoveNode:
    """Take a node, and with it its member of etcd, out of the cluster; then end its machine, if any."""

    node: str


@dataclass(frozen=True, slots=True)
class Terminate:
    """End a machine that is no node of the cluster."""

    instance: str


@dataclass(frozen=True, slots=True)
class Stuck:
    """Nothing can be done without losing something."""

    problem: str
    hint: str


@dataclass(frozen=True, slots=True)
class Done:
    """All is as wanted."""


Action = Launch | Resume | AwaitJoined | RemoveNode | Terminate | Stuck | Done


def next_action(wanted: Sequence[Slot], members: Sequence[Member], cluster: Cluster) -> Action:
    """The one thing to do now."""
    alive = sorted((each for each in members if each.state in ALIVE), key=lambda each: each.instance)
    stopped = [each for each in members if each.state in STOPPED]
    if stopped:
        return Resume(min(each.instance for each in stopped))
    if not alive:
        return _first(wanted, cluster)
    if cluster.nodes is None:
        return AwaitJoined(alive[0].instance)
    return (
        _dead(alive, cluster.nodes)
        or _unjoined(wanted, alive, cluster.nodes)
        or _empty(wanted, alive)
        or _superfluous(wanted, alive, cluster.nodes)
        or _stale(wanted, alive)
        or Done()
    )


def quorum(count: int) -> int:
    """How many of `count` members of etcd make a majority."""
    return count // 2 + 1


def _first(wanted: Sequence[Slot], cluster: Cluster) -> Action:
    """There is no machine at all."""
    if not cluster.was_initialised:
        return Launch(wanted[0], "init")
    if cluster.can_restore:
        return Launch(wanted[0], "restore")
    return Stuck(
        "all servers of the hub are gone, and etcd's data with them",
        "name a snapshot in controlPlane.snapshots.restore and run up; `aws s3 ls` shows them below"
        " hub/snapshots in the hub's bucket",
    )


def _dead(alive: Sequence[Member], nodes: Mapping[str, bool]) -> Action | None:
    """Nodes whose machines are gone count against the majority until they are removed."""
    there = {each.instance for each in alive}
    gone = sorted(node for node in nodes if node not in there)
    return RemoveNode(gone[0]) if gone else None


def _unjoined(wanted: Sequence[Slot], alive: Sequence[Member], nodes: Mapping[str, bool]) -> Action | None:
    """One change at a time: what was begun is finished first, or given up where it is no longer wanted."""
    for each in alive:
        if nodes.get(each.instance):
            continue
        if not _is_current(each, wanted) and each.instance not in nodes:
            return Terminate(each.instance)
        if not _is_current(each, wanted):
            return RemoveNode(each.instance)
        return AwaitJoined(each.instance)
    return None


def _superfluous(wanted: Sequence[Slot], alive: Sequence[Member], nodes: Mapping[str, bool]) -> Action | None:
    """A machine that another one has taken the place of, or whose place is no more."""
    for each in alive:
        others = [one for one in alive if one.slot == each.slot and one.instance != each.instance]
        is_replaced = not _is_current(each, wanted) and any(_is_current(one, wanted) for one in others)
        is_twice = any(_is_current(one, wanted) and one.instance < each.instance for one in others)
        if not (is_replaced or is_twice or each.slot >= len(wanted)):
            continue
        left = sum(ready for node, ready in nodes.items() if node != each.instance)
        if left < quorum(len(nodes) - 1):
            return Stuck(
                f"removing {each.instance} would leave etcd {left} of {len(nodes) - 1} members: no majority",
                "restore the other servers first, then run up again",
            )
        return RemoveNode(each.instance)
    return None


def _empty(wanted: Sequence[Slot], alive: Sequence[Member]) -> Action | None:
    """A place without a machine; before any is taken away, so that there is always one more."""
    free = [slot for slot in wanted if not any(each.slot == slot.index for each in alive)]
    return Launch(free[0], "join") if free else None


def _stale(wanted: Sequence[Slot], alive: Sequence[Member]) -> Action | None:
    """A place whose machine is not as wanted: another one joins first."""
    for slot in wanted:
        if not any(each.slot == slot.index and each.config == slot.config for each in alive):
            return Launch(slot, "join")
    return None


def _is_current(member: Member, wanted: Sequence[Slot]) -> bool:
    return member.slot < len(wanted) and wanted[member.slot].config == member.config
