"""The machines of one server set: found by their tags, queried and changed one at a time."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgefleet.cloud.base.rolling import (
    Action,
    AwaitJoined,
    Cluster,
    Launch,
    Member,
    RemoveNode,
    Resume,
    Terminate,
)
from edgefleet.errors import EdgefleetError, OutsideFailure, Refused
from edgefleet.io import run_command
from edgefleet.io.archives import compressed
from edgefleet.io.aws import error_code
from edgefleet.io.environment import Environment
from edgefleet.io.instances import interface, launch_settings, run_one
from edgefleet.io.tagging import EC2
from edgefleet.io.waiting import until
from edgefleet.model.tags import PREFIX

if TYPE_CHECKING:
    from edgefleet.cloud.server_set import ServerSetSpec

SET, SLOT, CONFIG = (f"{PREFIX}{name}" for name in ("set", "slot", "config"))
"""Tags of a server: its set, its slot, and the digest of its settings."""
KUBECTL = ("k3s", "kubectl")
READY = '{range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}'
"""jsonpath of each node's name and state: the whole objects exceed the 24,000 characters that SSM returns."""
NODES = (*KUBECTL, "get", "nodes", "-o", f"jsonpath={READY}")
DRAIN = (*KUBECTL, "drain", "--ignore-daemonsets", "--delete-emptydir-data", "--force", "--timeout=120s")
DELETE = (*KUBECTL, "delete", "node", "--ignore-not-found", "--wait=true", "--timeout=120s")
NODE = re.compile(r"(?P<name>[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?) (?P<ready>True|False|Unknown)?")
"""A line of the answer; the name is a DNS subdomain (Kubernetes docs, "Object Names and IDs")."""
LOST = 1_000
"""Slot of a machine whose tag names none: no set has it, so the machine is superfluous."""
END = 600.0
"""Seconds that a machine may take to end or to start."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A machine of the set, as EC2 describes it."""

    member: Member
    described: Mapping[str, Any]

    @property
    def tags(self) -> dict[str, str]:
        """Its tags."""
        return EC2.parsed(self.described.get("Tags"))


class ServerMachines:
    """The machines of the set called `name`."""

    def __init__(
        self, name: str, environment: Environment, place: str, known: Collection[str] | None = ()
    ) -> None:
        """Nothing is queried yet.

        Args:
            name: of the set.
            environment: whose owner's tags its machines have.
            place: name of the set for messages.
            known: ids of machines that are the set's whatever their tags; None for all with its name.
        """
        self._name, self._outside, self.place, self._known = name, environment, place, known
        self._last_seen: list[Seen] = []
        self.strangers: list[Seen] = []
        """Machines of the last query that have the set's name and not its owner's tags."""
        self._is_begun = False

    def seen(self) -> list[Seen]:
        """The machines that are not terminated, the oldest first."""
        states = ["pending", "running", "stopping", "stopped"]
        filters = [
            {"Name": f"tag:{SET}", "Values": [self._name]},
            {"Name": "instance-state-name", "Values": states},
        ]
        pages = self._outside.aws.pages(
            "ec2", "describe_instances", self.place, key="Reservations", Filters=filters
        )
        instances = [machine for reservation in pages for machine in reservation["Instances"]]
        machines = [Seen(_member(machine), machine) for machine in instances]
        machines.sort(key=lambda seen: (str(seen.described["LaunchTime"]), seen.member.instance))
        self._last_seen = [machine for machine in machines if self._is_own(machine)]
        self.strangers = [machine for machine in machines if machine not in self._last_seen]
        return self._last_seen

    def require_own(self) -> None:
        """Refuse to go on beside machines of the last query that only have the set's name.

        Anyone who may tag machines could otherwise put one behind the hub's address.

        Raises:
            Refused: there is one.
        """
        if self.strangers:
            named = ", ".join(machine.member.instance for machine in self.strangers)
            problem = f"{named}: tagged as a server of this set, but not by this stack"
            hint = f"remove the tag {SET} from it, or terminate it, then run up again"
            raise Refused.at(self.place, "not-ours", problem, hint)

    def _is_own(self, machine: Seen) -> bool:
        owner = self._outside.owner
        is_known = self._known is None or machine.member.instance in self._known
        return owner is None or is_known or owner.holds(machine.tags)

    def last_seen(self) -> list[Seen]:
        """The machines of the last query."""
        return self._last_seen

    def cluster(self, seen: Sequence[Seen], marker: str, *, can_restore: bool) -> Cluster:
        """The state of the hub's Kubernetes, from the first server that answers."""
        nodes = None
        for machine in seen:
            if machine.member.state == "running" and nodes is None:
                nodes = self._nodes(machine.member.instance)
        if not self._is_begun:
            initialised = self._outside.aws.seek("ssm", "get_parameter", self.place, Name=marker)
            self._is_begun = initialised is not None
        return Cluster(nodes, self._is_begun, can_restore=can_restore)

    def act(
        self, action: Action, spec: "ServerSetSpec", tags: Mapping[str, str], seen: Sequence[Seen]
    ) -> None:
        """Take one action; a new machine gets `tags`."""
        if isinstance(action, Launch):
            self._launch(action, spec, tags)
        elif isinstance(action, AwaitJoined):
            self._await_joined(action.instance, spec, seen)
        elif isinstance(action, RemoveNode):
            self._remove_node(action.node, spec, seen)
        elif isinstance(action, Terminate):
            self.leave(action.instance, spec.target_groups)
            self.terminate(action.instance)
        elif isinstance(action, Resume):
            self._resume(action.instance)

    def settle(self, seen: Sequence[Seen], target_groups: Iterable[str], tags: Mapping[str, str]) -> None:
        """Set the target groups and tags of existing machines."""
        for machine in seen:
            own = {SET: self._name, SLOT: str(machine.member.slot), CONFIG: machine.member.config}
            EC2.set(self._outside.aws, machine.member.instance, {**tags, **own}, live=machine.tags)
        for group in sorted(target_groups):
            place, ask = self.place, self._outside.aws.call
            health = ask("elbv2", "describe_target_health", place, TargetGroupArn=group)
            there = {target["Target"]["Id"] for target in health["TargetHealthDescriptions"]}
            missing = [machine.member.instance for machine in seen if machine.member.instance not in there]
            if missing:
                targets = [{"Id": instance} for instance in missing]
                ask("elbv2", "register_targets", place, TargetGroupArn=group, Targets=targets)

    def leave(self, instance: str, target_groups: Iterable[str]) -> None:
        """Remove a machine from its target groups."""
        for group in sorted(target_groups):
            targets, ask = [{"Id": instance}], self._outside.aws.seek
            try:
                ask("elbv2", "deregister_targets", self.place, TargetGroupArn=group, Targets=targets)
            except EdgefleetError as error:
                if error_code(error) != "InvalidTarget":  # it was in none
                    raise

    def terminate(self, instance: str) -> None:
        """Terminate a machine and wait for its end."""
        self._outside.aws.seek("ec2", "terminate_instances", self.place, InstanceIds=[instance])
        what = f"{self.place}: {instance} terminated"
        until(lambda: self._is(instance, {"", "terminated"}), self._outside.clock, what=what, patience=END)

    def _launch(self, action: Launch, spec: "ServerSetSpec", tags: Mapping[str, str]) -> None:
        slot, aws, volume = action.slot, self._outside.aws, spec.volume
        subnet = spec.subnets[slot.index % len(spec.subnets)]
        own = {SET: self._name, SLOT: str(slot.index), CONFIG: slot.config}
        options = {"Iops": volume.iops, "KmsKeyId": volume.key_arn}
        given = {name: value for name, value in options.items() if value is not None}
        disk = {"VolumeSize": volume.size, "VolumeType": volume.type, **given}
        machine = run_one(
            self._outside,
            f"{self.place}, server {slot.index} in {subnet}, {spec.instance_type}",
            InstanceType=spec.instance_type,
            IamInstanceProfile={"Name": spec.instance_profile},
            NetworkInterfaces=[interface(subnet, spec.security_groups)],
            UserData=compressed(getattr(spec.user_data, action.how) or ""),
            **launch_settings(aws, spec.image, disk, {**tags, **own}),
        )
        instance = str(machine["InstanceId"])
        goal = f"{self.place}: {instance} running"
        until(lambda: self._is(instance, {"running"}), self._outside.clock, what=goal, patience=END)
        for group in sorted(spec.target_groups):
            targets = [{"Id": instance}]
            aws.call("elbv2", "register_targets", self.place, TargetGroupArn=group, Targets=targets)

    def _await_joined(self, instance: str, spec: "ServerSetSpec", seen: Sequence[Seen]) -> None:
        """Wait until its node is ready, then record that the cluster is initialised."""
        servers = [instance, *(one.member.instance for one in seen if one.member.state == "running")]

        def look() -> bool | None:
            answers = (self._nodes(each) for each in dict.fromkeys(servers))
            nodes: Mapping[str, bool] = next((each for each in answers if each is not None), {})
            return True if nodes.get(instance) else None

        what = f"{self.place}: {instance} joined"
        until(look, self._outside.clock, what=what, patience=spec.join_seconds)
        if not self._is_begun:
            about = {"Name": spec.marker, "Value": "begun", "Type": "String", "Overwrite": True}
            self._outside.aws.call("ssm", "put_parameter", self.place, **about)
            self._is_begun = True

    def _remove_node(self, node: str, spec: "ServerSetSpec", seen: Sequence[Seen]) -> None:
        """Drain and delete the node, so that k3s removes its etcd member, then terminate its machine."""
        running = [each.member.instance for each in seen if each.member.state == "running"]
        others = [each for each in running if each != node] or running
        if node in running:
            self.leave(node, spec.target_groups)
            run_command.run(others[0], (*DRAIN, node), self._outside, patience=180.0)  # best effort
        ran = run_command.run(others[0], (*DELETE, node), self._outside, patience=180.0)
        if ran is None or not ran.is_done:
            nothing = run_command.Ran(is_done=False, output="", error="its agent does not answer")
            where = f"{self.place}, {others[0]}"
            raise run_command.failed(ran or nothing, where, f"removing the node {node}")
        if node in running:
            self.terminate(node)

    def _resume(self, instance: str) -> None:
        aws, clock = self._outside.aws, self._outside.clock
        what = f"{self.place}: {instance}"
        until(lambda: self._is(instance, {"stopped"}), clock, what=f"{what} stopped", patience=END)
        aws.call("ec2", "start_instances", self.place, InstanceIds=[instance])
        until(lambda: self._is(instance, {"running"}), clock, what=f"{what} running", patience=END)

    def _nodes(self, instance: str) -> Mapping[str, bool] | None:
        """dict[node -> whether it is ready]; None if the server does not answer."""
        ran = run_command.run(instance, NODES, self._outside)
        return None if ran is None or not ran.is_done else nodes_of(ran.output, f"{self.place}, {instance}")

    def _is(self, instance: str, states: set[str]) -> bool | None:
        answer = self._outside.aws.seek("ec2", "describe_instances", self.place, InstanceIds=[instance]) or {}
        listed = [machine for item in answer.get("Reservations", ()) for machine in item["Instances"]]
        state = listed[0]["State"]["Name"] if listed else ""
        return True if state in states else None


def _member(described: Mapping[str, Any]) -> Member:
    tags = EC2.parsed(described.get("Tags"))
    return Member(
        instance=described["InstanceId"],
        slot=int(slot) if re.fullmatch("[0-9]{1,3}", slot := tags.get(SLOT, "0")) else LOST,
        config=tags.get(CONFIG, ""),
        state=described["State"]["Name"],
    )


def nodes_of(output: str, where: str) -> dict[str, bool]:
    """dict[node -> whether it is ready] of a server's answer to `NODES`, which is not trusted.

    Raises:
        OutsideFailure: a line is no node; only a server that was tampered with answers so.
    """
    lines = [NODE.fullmatch(line) for line in output.splitlines()]
    if None in lines:
        problem = "its answer about the cluster's nodes is not one of Kubernetes"
        hint = "inspect this server: replace it if it was tampered with (terminate it, then run up)"
        raise OutsideFailure.at(where, "nodes", problem, hint)
    return {line["name"]: line["ready"] == "True" for line in lines if line}
