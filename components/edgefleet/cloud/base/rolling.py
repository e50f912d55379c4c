"""The next action on a hub's servers that keeps etcd's majority. Pure.

Pulumi creates before it deletes and sees one machine at a time, so it cannot keep a quorum. Here one machine
at a time is added and awaited before an old one is removed. The action depends only on the observed state, so
that an update continues after a kill at any point. Sources: etcd, "Runtime
reconfiguration" (one at a time, add before remove); k3s docs, datastore/ha-embedded; k3s removes the etcd
member of a node that is deleted (pkg/etcd, the node controller).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Literal

Start = Literal["init", "join", "restore"]
ALIVE = frozenset({"pending", "running"})
STOPPED = frozenset({"stopping", "stopped"})


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for one server."""

    index: int
    config: str
    """Digest of the settings of a server in this slot."""


@dataclass(frozen=True, slots=True)
class Member:
    """A machine of the set."""

    instance: str
    """Its id, which is also its node's name."""
    slot: int
    config: str
    state: str
    """EC2's state: ``pending``, ``running``, ``stopped`` ..."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """The observed state of the hub's Kubernetes."""

    nodes: Mapping[str, bool] | None
    """dict[node -> whether it is ready]; None if it does not answer."""
    was_initialised: bool
    """Whether it ever ran."""
    can_restore: bool = False
    """Whether a snapshot to restore is named."""


@dataclass(frozen=True, slots=True)
class Launch:
    """Start a machine for a slot."""

    slot: Slot
    how: Start


@dataclass(frozen=True, slots=True)
class Resume:
    """Start a stopped machine."""

    instance: str


@dataclass(frozen=True, slots=True)
class AwaitJoined:
    """Wait until the node of a machine is ready."""

    instance: str


@dataclass(frozen=True, slots=True)
class RemoveNode:
    """Remove a node with its etcd member from the cluster, then terminate its machine, if any."""

    node: str


@dataclass(frozen=True, slots=True)
class Terminate:
    """Terminate a machine that is no node of the cluster."""

    instance: str


@dataclass(frozen=True, slots=True)
class Stuck:
    """Every action would lose data or the majority."""

    problem: str
    hint: str


@dataclass(frozen=True, slots=True)
class Done:
    """All servers match their slots."""


Action = Launch | Resume | AwaitJoined | RemoveNode | Terminate | Stuck | Done


def next_action(slots: Sequence[Slot], members: Sequence[Member], cluster: Cluster) -> Action:
    """The next action."""
    alive = sorted((member for member in members if member.state in ALIVE), key=attrgetter("instance"))
    stopped = [member for member in members if member.state in STOPPED]
    if stopped:
        return Resume(min(member.instance for member in stopped))
    if not alive:
        return _first(slots, cluster)
    if cluster.nodes is None:
        return AwaitJoined(alive[0].instance)
    return (
        _dead(alive, cluster.nodes)
        or _unjoined(slots, alive, cluster.nodes)
        or _empty(slots, alive)
        or _superfluous(slots, alive, cluster.nodes)
        or _stale(slots, alive)
        or Done()
    )


def quorum(count: int) -> int:
    """The majority of `count` members of etcd."""
    return count // 2 + 1


def _first(slots: Sequence[Slot], cluster: Cluster) -> Action:
    """The first machine."""
    if not cluster.was_initialised:
        return Launch(slots[0], "init")
    if cluster.can_restore:
        return Launch(slots[0], "restore")
    return Stuck(
        "all servers of the hub are gone, and etcd's data with them",
        "name a snapshot in controlPlane.snapshots.restore and run up; `aws s3 ls` shows them below"
        " hub/snapshots in the hub's bucket",
    )


def _dead(alive: Sequence[Member], nodes: Mapping[str, bool]) -> Action | None:
    """A node without a machine, which counts against the majority until it is removed."""
    there = {member.instance for member in alive}
    gone = sorted(node for node in nodes if node not in there)
    return RemoveNode(gone[0]) if gone else None


def _unjoined(slots: Sequence[Slot], alive: Sequence[Member], nodes: Mapping[str, bool]) -> Action | None:
    """Finish the change in progress first, or undo it if its slot has changed."""
    for member in alive:
        if nodes.get(member.instance):
            continue
        if not _is_current(member, slots) and member.instance not in nodes:
            return Terminate(member.instance)
        if not _is_current(member, slots):
            return RemoveNode(member.instance)
        return AwaitJoined(member.instance)
    return None


def _superfluous(slots: Sequence[Slot], alive: Sequence[Member], nodes: Mapping[str, bool]) -> Action | None:
    """A machine that has a replacement, or whose slot no longer exists."""
    for member in alive:
        others = [other for other in alive if other.slot == member.slot and other.instance != member.instance]
        is_replaced = not _is_current(member, slots) and any(_is_current(other, slots) for other in others)
        is_twice = any(_is_current(other, slots) and other.instance < member.instance for other in others)
        if not (is_replaced or is_twice or member.slot >= len(slots)):
            continue
        rest = sum(ready for node, ready in nodes.items() if node != member.instance)
        if rest < quorum(len(nodes) - 1):
            members = f"{rest} of {len(nodes) - 1} members"
            problem = f"removing {member.instance} would leave etcd {members}: no majority"
            return Stuck(problem, "restore the other servers first, then run up again")
        return RemoveNode(member.instance)
    return None


def _empty(slots: Sequence[Slot], alive: Sequence[Member]) -> Action | None:
    """A slot without a machine, filled before any machine is removed."""
    free = [slot for slot in slots if not any(member.slot == slot.index for member in alive)]
    return Launch(free[0], "join") if free else None


def _stale(slots: Sequence[Slot], alive: Sequence[Member]) -> Action | None:
    """A slot whose machine is outdated: its replacement joins first."""
    for slot in slots:
        if not any(member.slot == slot.index and member.config == slot.config for member in alive):
            return Launch(slot, "join")
    return None


def _is_current(member: Member, slots: Sequence[Slot]) -> bool:
    return member.slot < len(slots) and slots[member.slot].config == member.config
