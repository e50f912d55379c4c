"""`edgefleet:aws:ServerSet`: the hub's servers as one resource that rolls its members one at a time.

`edgefleet.cloud.base.rolling` chooses each action from the observed state: machines by tag, nodes by a query
of a server through Systems Manager. So an interrupted update continues at any point.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from edgefleet.cloud.base import CloudResource, Ec2Tagged, Namesake, none_stays
from edgefleet.cloud.base.constraints import (
    Api,
    Arn,
    GiB,
    GroupId,
    ImageId,
    KeyArn,
    ParameterName,
    SubnetId,
    UserData,
    fits,
)
from edgefleet.cloud.base.quotas import at_most
from edgefleet.cloud.base.rolling import Done, Slot, Stuck, next_action
from edgefleet.cloud.server_machines import Seen, ServerMachines
from edgefleet.errors import EdgefleetError, InvalidInput, OutsideFailure, Problem
from edgefleet.io.environment import Created, Environment, Found, Incomplete
from edgefleet.io.instances import architecture_problems
from edgefleet.model.hub import InstanceType
from edgefleet.model.releases import Version
from edgefleet.model.spec import Unordered, spec, to_plain
from edgefleet.model.unknown import is_known
from edgefleet.model.version_skew import upgrade_problems

COUNTS = (1, 3, 5)
MOST_STEPS = 60
"""Limit of actions in one update, above what five servers need to join, leave and end."""


@spec
class ServerUserData:
    """First-boot configuration of a server, by how its etcd begins; without secrets."""

    init: UserData
    """Of the first server."""
    join: UserData
    """Of each other one."""
    restore: UserData | None = None
    """Of the first one of a hub that begins from a snapshot."""


@spec
class ServerVolume:
    """The encrypted disk of each server."""

    size: GiB = 40
    """GiB."""
    type: Literal["gp3", "io2"] = "gp3"
    """Kind of disk."""
    iops: Annotated[int, Field(ge=100, le=256_000)] | None = None
    """Operations a second; the kind's own base where it is absent."""
    key_arn: KeyArn | None = None
    """ARN of the KMS key; the account's own for disks where it is absent."""


@spec
class ServerSetSpec(Ec2Tagged):
    """The hub's servers: machines with embedded etcd, over several zones."""

    name: Annotated[str, fits(256, least=1)]
    """Name, unique in the account and region."""
    image: ImageId
    """Id of the machine image."""
    instance_type: InstanceType
    """Type of each machine."""
    subnets: Annotated[tuple[SubnetId, ...], Field(min_length=1)]
    """Ids of subnets, one a zone; server after server is put into the next one."""
    security_groups: Annotated[tuple[GroupId, ...], Unordered(), at_most("security groups of an interface")]
    """Ids of security groups."""
    instance_profile: Annotated[str, Api("iam.CreateInstanceProfile.InstanceProfileName")]
    """Name of the instance profile by which servers fetch their secrets."""
    user_data: ServerUserData
    """First-boot configuration."""
    marker: ParameterName
    """Name of the parameter that records that the cluster was initialised; it is deleted with the set."""
    target_groups: Annotated[tuple[Arn, ...], Unordered()] = ()
    """ARNs of target groups that servers are in."""
    servers: int = 3
    """1, 3 or 5."""
    roll_on: Annotated[str, fits(1_024)] | None = None
    """Servers are replaced when this changes; when `user_data.join` does, where it is absent."""
    k3s_version: Version | None = None
    """Release that servers run; a change is checked for skew and rolls nothing: a Plan upgrades them."""
    volume: ServerVolume = ServerVolume()
    """The disk of each."""
    join_seconds: Annotated[int, Field(ge=60, le=7_200)] = 900
    """Seconds that a server may take to join."""


@spec
class ServerMember:
    """One server."""

    instance: str
    """Id of its machine; also the name of its node."""
    slot: int
    """Its place, from 0."""
    zone: str
    """Availability zone."""
    private_ip: str
    """Address inside."""
    state: str
    """``running`` where all is well."""


@spec
class ServerSetOutputs:
    """What is known of the servers."""

    config: str
    """Digest of the servers' settings."""
    state: str
    """``complete`` if each slot has one running, current server; else ``incomplete``."""
    members: list[ServerMember]
    """The servers, by place."""


class ServerSet(CloudResource, spec=ServerSetSpec, outputs=ServerSetOutputs):
    """The kind; its id is its name."""

    REPLACE_ON = frozenset({"name", "marker"})
    CLAIMS = ("name",)
    CHANGING = frozenset({"config", "state", "members"})
    UNREADABLE = frozenset({"marker"})

    def identity(self, spec: ServerSetSpec) -> str:
        """Its name."""
        return spec.name

    def inspect(self, spec: ServerSetSpec) -> Iterable[Problem]:
        """A number without a majority."""
        yield from super().inspect(spec)
        if is_known(spec.servers) and spec.servers not in COUNTS:
            hint = "write 1, 3 or 5; 3 survive the loss of one"
            problem = f"{spec.servers} servers is not possible: etcd needs an odd number for its majority"
            yield Problem(code="server-count", path="servers", problem=problem, hint=hint)

    def inspect_change(self, old: ServerSetSpec, new: ServerSetSpec) -> Iterable[Problem]:
        """A version that must not follow the previous one, or another network."""
        if none_stays(old.subnets, new.subnets):
            problem = "none of the servers' subnets stays: etcd does not reach from one network into another"
            hint = (
                "inside the network keep one at first, run up, then exchange it; to move to another network,"
                " create a hub of another name there that begins with a snapshot (snapshots.restore)"
            )
            yield Problem(code="moved", path="subnets", problem=problem, hint=hint)
        if old.k3s_version and new.k3s_version and is_known(new.k3s_version):
            yield from upgrade_problems(old.k3s_version, new.k3s_version)

    def drifted(self, outputs: Mapping[str, Any]) -> list[str]:
        """A server that is missing, stopped or outdated."""
        return ["state"] if outputs.get("state", "complete") != "complete" else []

    def plan(self, spec: ServerSetSpec, environment: Environment) -> Mapping[str, Any]:
        """The settings of servers; the architectures of image and type must match.

        Raises:
            InvalidInput: no such image, or of another architecture than the type's.
        """
        if problems := architecture_problems(environment.aws, spec.image, spec.instance_type):
            raise InvalidInput(problems)
        return {"config": config_of(spec), "state": "complete"}

    def namesake(self, spec: ServerSetSpec, environment: Environment) -> Namesake | None:
        """By a machine that has the set's name and another owner."""
        machines = ServerMachines(spec.name, environment, self.place(environment, spec.name))
        machines.seen()
        return next((Namesake(spec.name, server.tags) for server in machines.strangers), None)

    def create(self, spec: ServerSetSpec, environment: Environment) -> Created[ServerSetOutputs]:
        """Create the servers, or continue after an interrupted run.

        Raises:
            Incomplete: some are there.
            Refused: a set of this name has another owner.
        """
        self.plan(spec, environment)
        machines = ServerMachines(spec.name, environment, self.place(environment, spec.name))
        for server in (*machines.seen(), *machines.strangers):
            self.require_mine(server.tags, spec.name, environment)
        return Created(id=spec.name, outputs=self._converged(spec, machines, environment))

    def read(
        self, identity: str, environment: Environment, recorded: Mapping[str, Any]
    ) -> Found[ServerSetOutputs] | None:
        """The live servers, from one call; an import takes all that have the set's name."""
        known = _instances(recorded) or None
        machines = ServerMachines(identity, environment, self.place(environment, identity), known)
        seen = machines.seen()
        if not seen:
            return None
        config = str(recorded.get("config") or seen[0].member.config.partition("/")[0])
        newest = seen[-1].described
        inputs = {
            "name": identity,
            "image": newest["ImageId"],
            "instanceType": newest["InstanceType"],
            "servers": len({server.member.slot for server in seen}),
        }
        outputs = _outputs(config, seen, _places(recorded, seen))
        return Found(id=identity, inputs=inputs, outputs=outputs, tags=seen[-1].tags)

    def update(
        self, identity: str, new: ServerSetSpec, environment: Environment, recorded: Mapping[str, Any]
    ) -> ServerSetOutputs:
        """Update the servers one at a time; recorded ones get the owner's tags.

        Raises:
            Incomplete: only some are updated; the next update continues.
            Refused: a machine has the set's name, but is neither recorded nor has the owner's tags.
        """
        self.plan(new, environment)
        place = self.place(environment, identity)
        return self._converged(
            new, ServerMachines(identity, environment, place, _instances(recorded)), environment
        )

    def change(self, identity: str, new: ServerSetSpec, environment: Environment) -> ServerSetOutputs:
        """As `update`, with nothing recorded."""
        return self.update(identity, new, environment, {})

    def destroy(self, identity: str, environment: Environment, inputs: Mapping[str, Any]) -> None:
        """Terminate all servers with etcd's data, and delete the record of the cluster.

        Raises:
            Refused: a machine has the set's name, and not its owner's tags.
        """
        place = self.place(environment, identity)
        machines = ServerMachines(identity, environment, place)
        seen = machines.seen()
        if any(self.is_taken(server.tags, identity, environment) for server in machines.strangers):
            return
        machines.require_own()
        for server in seen:
            machines.leave(server.member.instance, inputs.get("targetGroups") or ())
            machines.terminate(server.member.instance)
        if inputs.get("marker"):
            environment.aws.seek("ssm", "delete_parameter", place, Name=inputs["marker"])

    def _converged(
        self, spec: ServerSetSpec, machines: ServerMachines, environment: Environment
    ) -> ServerSetOutputs:
        """Take actions until all servers match their slots.

        Raises:
            Incomplete: an action failed; the existing servers are recorded.
        """
        try:
            for _ in range(MOST_STEPS):
                if self._step(spec, machines, environment):
                    return _outputs(config_of(spec), machines.seen(), spec.servers)
            hint = "check the servers, then run up again"
            problem = f"not in the desired state after {MOST_STEPS} steps"
            raise OutsideFailure.at(machines.place, "steps", problem, hint)
        except EdgefleetError as error:
            outputs = _outputs(config_of(spec), machines.last_seen(), spec.servers)
            if not outputs.members:
                raise
            raise Incomplete(error.problems, id=spec.name, outputs=outputs) from error

    def _step(self, spec: ServerSetSpec, machines: ServerMachines, environment: Environment) -> bool:
        """Take one action; returns whether all are done."""
        seen = machines.seen()
        machines.require_own()
        cluster = machines.cluster(seen, spec.marker, can_restore=bool(spec.user_data.restore))
        wanted = [Slot(index, slot_config(spec, index)) for index in range(spec.servers)]
        action = next_action(wanted, [each.member for each in seen], cluster)
        if isinstance(action, Stuck):
            raise OutsideFailure.at(machines.place, "stuck", action.problem, action.hint)
        if isinstance(action, Done):
            machines.settle(seen, spec.target_groups, self.tags(spec, environment))
            return True
        machines.act(action, spec, self.tags(spec, environment), seen)
        return False


def config_of(spec: ServerSetSpec) -> str:
    """Digest of the settings of all servers."""
    parts = {
        "image": spec.image,
        "type": spec.instance_type,
        "groups": sorted(spec.security_groups),
        "profile": spec.instance_profile,
        "userData": spec.roll_on or spec.user_data.join,
        "volume": to_plain(spec.volume),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def slot_config(spec: ServerSetSpec, index: int) -> str:
    """Digest of the settings of one slot: those of all servers, and its subnet."""
    return f"{config_of(spec)}/{spec.subnets[index % len(spec.subnets)]}"


def _instances(recorded: Mapping[str, Any]) -> set[str]:
    """Ids of the recorded servers."""
    return {member["instance"] for member in recorded.get("members") or ()}


def _places(recorded: Mapping[str, Any], seen: Iterable[Seen]) -> int:
    """Number of slots: recorded, otherwise observed."""
    slots = {each["slot"] for each in recorded.get("members") or ()}
    return len(slots or {each.member.slot for each in seen})


def _outputs(config: str, seen: Iterable[Seen], places: int) -> ServerSetOutputs:
    ordered = sorted(seen, key=lambda server: (server.member.slot, server.member.instance))
    members = [
        ServerMember(
            instance=server.member.instance,
            slot=server.member.slot,
            zone=server.described["Placement"]["AvailabilityZone"],
            private_ip=server.described.get("PrivateIpAddress", ""),
            state=server.member.state,
        )
        for server in ordered
    ]
    right = [
        server.member.slot
        for server in ordered
        if server.member.state == "running" and server.member.config.partition("/")[0] == config
    ]
    is_complete = right == list(range(places)) and len(right) == len(members)
    return ServerSetOutputs(config=config, state="complete" if is_complete else "incomplete", members=members)
