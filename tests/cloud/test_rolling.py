"""What is done next with a hub's servers, in a world where anything may be interrupted or die."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgefleet.cloud.base import rolling
from edgefleet.cloud.base.rolling import (
    AwaitJoined,
    Cluster,
    Done,
    Launch,
    Member,
    RemoveNode,
    Resume,
    Slot,
    Stuck,
    Terminate,
    next_action,
    quorum,
)


def slots(count: int, config: str = "a") -> list[Slot]:
    return [Slot(index, config) for index in range(count)]


@dataclass
class World:
    """Machines and a cluster that behave as EC2 and k3s do."""

    machines: dict[str, Member] = field(default_factory=dict)
    nodes: dict[str, bool] = field(default_factory=dict)
    was_initialised: bool = False
    launched: int = 0
    trouble: list[str] = field(default_factory=list)

    def look(self) -> tuple[list[Member], Cluster]:
        ready = sum(self.is_ready(node) for node in self.nodes)
        answers = bool(self.nodes) and ready >= quorum(len(self.nodes))
        nodes = {node: self.is_ready(node) for node in self.nodes} if answers else None
        return list(self.machines.values()), Cluster(nodes, self.was_initialised)

    def is_ready(self, node: str) -> bool:
        machine = self.machines.get(node)
        return self.nodes[node] and machine is not None and machine.state == "running"

    def act(self, action: rolling.Action) -> None:
        if isinstance(action, Launch):
            self.launched += 1
            name = f"i-{self.launched:04d}"
            self.machines[name] = Member(name, action.slot.index, action.slot.config, "running")
            if action.how == "init":
                self.nodes[name] = False
        elif isinstance(action, Resume):
            self.machines[action.instance] = replace(self.machines[action.instance], state="running")
        elif isinstance(action, AwaitJoined):
            self.nodes[action.instance] = True
            self.was_initialised = True
        else:
            self._take_away(action)

    def _take_away(self, action: rolling.Action) -> None:
        if isinstance(action, RemoveNode):
            was = sum(self.is_ready(node) for node in self.nodes) >= quorum(len(self.nodes))
            del self.nodes[action.node]
            self.machines.pop(action.node, None)
            now = sum(self.is_ready(node) for node in self.nodes) >= quorum(len(self.nodes))
            if was and not now:
                self.trouble.append(f"{action.node} was removed and the majority with it")
        elif isinstance(action, Terminate):
            if action.instance in self.nodes:
                self.trouble.append(f"{action.instance} ended while a member")
            del self.machines[action.instance]

    def settle(self, wanted: list[Slot], *, steps: int = 100) -> rolling.Action:
        """Act until there is nothing to do; a server that leaves the cluster ends."""
        for _ in range(steps):
            action = next_action(wanted, *self.look())
            if isinstance(action, Done | Stuck):
                return action
            self.act(action)
            alive = [each for each in self.machines.values() if each.state == "running"]
            assert len(alive) <= len(wanted) + 5
        raise AssertionError("it does not end")


def brought_up(count: int) -> World:
    world = World()
    assert Done() == world.settle(slots(count))
    return world


@pytest.mark.parametrize("count", [1, 3, 5])
def test_the_first_begins_and_the_others_join(count: int) -> None:
    """Each is waited for before the next one."""
    world = World()
    seen = []
    while not isinstance(action := next_action(slots(count), *world.look()), Done):
        seen.append(action)
        world.act(action)
    starts = [each.how for each in seen if isinstance(each, Launch)]
    assert ["init", *["join"] * (count - 1)] == starts
    assert [AwaitJoined] * count == [type(each) for each in seen[1::2]]


@pytest.mark.parametrize("count", [1, 3, 5])
def test_a_new_configuration_replaces_one_after_the_other(count: int) -> None:
    """One more joins, then the old one leaves; the cluster never has fewer than it should."""
    world = brought_up(count)
    fewest, most = count, count
    wanted = slots(count, "b")
    while not isinstance(action := next_action(wanted, *world.look()), Done):
        world.act(action)
        ready = sum(map(world.is_ready, world.nodes))
        fewest, most = min(fewest, ready), max(most, ready)
    assert (count, count + 1) == (fewest, most)
    assert ["b"] * count == [each.config for each in world.machines.values()]
    assert [] == world.trouble


@pytest.mark.parametrize(("old", "new"), [(1, 3), (3, 5), (5, 3), (3, 1), (1, 5), (5, 1)])
def test_it_grows_and_shrinks_one_at_a_time(old: int, new: int) -> None:
    world = brought_up(old)
    assert Done() == world.settle(slots(new))
    assert new == len(world.machines) == len(world.nodes)
    assert [] == world.trouble


def test_a_dead_member_leaves_before_another_joins() -> None:
    """As long as it counts, another loss would be one too many."""
    world = brought_up(3)
    del world.machines["i-0002"]
    assert RemoveNode("i-0002") == next_action(slots(3), *world.look())
    assert Done() == world.settle(slots(3))
    assert 3 == len(world.nodes)


def test_one_that_somebody_stopped_is_started() -> None:
    world = brought_up(3)
    world.machines["i-0002"] = replace(world.machines["i-0002"], state="stopped")
    assert Resume("i-0002") == next_action(slots(3), *world.look())
    assert Done() == world.settle(slots(3))


def test_a_hub_that_lost_all_its_servers_is_not_begun_anew() -> None:
    """A new, empty cluster in the place of the old one would be the worst."""
    world = brought_up(3)
    world.machines.clear()
    members, cluster = world.look()
    found = next_action(slots(3), members, cluster)
    assert isinstance(found, Stuck)
    assert "restore" in found.hint
    restored = next_action(slots(3), members, replace(cluster, can_restore=True))
    assert Launch(slots(3)[0], "restore") == restored


def test_without_a_majority_nothing_is_removed() -> None:
    """The API does not answer then; the ones that are left are waited for."""
    world = brought_up(3)
    del world.machines["i-0002"], world.machines["i-0003"]
    assert isinstance(next_action(slots(3), *world.look()), AwaitJoined)


def test_a_machine_that_never_joined_and_is_no_longer_wanted_is_ended() -> None:
    """The configuration was changed before it came up."""
    world = brought_up(3)
    world.act(Launch(Slot(0, "b"), "join"))
    assert Terminate("i-0004") == next_action(slots(3, "c"), *world.look())
    assert Done() == world.settle(slots(3, "c"))
    assert {"c"} == {each.config for each in world.machines.values()}


@settings(max_examples=300)
@given(st.data())
def test_whatever_happens_it_ends_as_wanted_and_never_loses_the_majority_itself(data: st.DataObject) -> None:
    """Changes of mind at any moment, and machines that die where the others can bear it."""
    world = World()
    wanted = slots(data.draw(st.sampled_from([1, 3, 5])))
    for _ in range(data.draw(st.integers(0, 60))):
        action = next_action(wanted, *world.look())
        world.act(action)
        event = data.draw(st.sampled_from(["nothing"] * 8 + ["mind", "death", "stop"]))
        ready = [node for node in world.nodes if world.is_ready(node)]
        can_bear = len(ready) - 1 >= quorum(len(world.nodes)) and len(ready) == len(world.nodes)
        if event == "mind":
            count = data.draw(st.sampled_from([1, 3, 5]))
            wanted = slots(count, data.draw(st.sampled_from(["a", "b"])))
        elif event == "death" and can_bear:
            del world.machines[data.draw(st.sampled_from(sorted(ready)))]
        elif event == "stop" and can_bear:
            name = data.draw(st.sampled_from(sorted(ready)))
            world.machines[name] = replace(world.machines[name], state="stopped")
    assert Done() == world.settle(wanted)
    assert [] == world.trouble
    alive = sorted((each.slot, each.config) for each in world.machines.values())
    assert sorted((slot.index, slot.config) for slot in wanted) == alive
    assert set(world.machines) == set(world.nodes)
    assert Done() == next_action(wanted, *world.look())
