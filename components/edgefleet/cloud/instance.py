"""`edgefleet:aws:Instance`: a single machine, for bastions and tests; a hub's servers are a `ServerSet`."""

from base64 import b64decode
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from edgefleet.cloud.base import Ec2Resource, Tagged
from edgefleet.errors import InvalidInput, Problem
from edgefleet.io import ec2
from edgefleet.io.environment import Created, Outside
from edgefleet.io.instances import Machine, architecture_problems, interface, launch_settings, run_one
from edgefleet.io.waiting import until
from edgefleet.model.effects import Effect
from edgefleet.model.spec import Unordered, spec

LONGEST = 16_384
"""Bytes of user-data that EC2 takes, before base64."""


@spec
class InstanceSpec(Tagged):
    """A machine (EC2 API, RunInstances): encrypted disk, metadata version 2 only with one hop."""

    image: Annotated[str, Effect.NONE]
    """Id of the machine image."""
    instance_type: Annotated[str, Effect.NONE]
    """Type, ``t3.micro``; changed by stopping and starting it."""
    subnet_id: Annotated[str, Effect.NONE]
    """Id of the subnet."""
    security_groups: Annotated[tuple[str, ...], Unordered(), Effect.NONE] = ()
    """Ids of security groups; the network's default where there is none."""
    instance_profile: Annotated[str | None, Effect.NONE] = None
    """Name of the instance profile."""
    key_name: Annotated[str | None, Effect.NONE] = None
    """Name of the key pair for SSH."""
    user_data: Annotated[str, Effect.NONE] = ""
    """First-boot configuration; at most 16,384 bytes, and without secrets: whoever is on it can read it."""
    disk_size: Annotated[int, Effect.NONE] = 20
    """GiB of its disk."""
    disk_type: Annotated[str, Effect.NONE] = "gp3"
    """Kind of its disk."""


@spec
class InstanceOutputs:
    """What is known of a machine."""

    private_ip: str
    """Its address inside."""
    public_ip: str | None
    """Its address outside, where it has one."""
    zone: str
    """Its availability zone."""
    state: str
    """``running`` where all is well."""


class Instance(Ec2Resource):
    """The kind."""

    TOKEN = "edgefleet:aws:Instance"  # noqa: S105 - a type token
    Spec: ClassVar[type[Any]] = InstanceSpec
    Outputs: ClassVar[type[Any]] = InstanceOutputs
    REPLACE_ON = frozenset(
        {"image", "subnetId", "keyName", "userData", "diskSize", "diskType", "instanceProfile"}
    )
    CHANGING = frozenset({"publicIp", "state"})
    THING = ec2.Thing("instance", "describe_instances", "Reservations", "InstanceId", "instance-id")

    def inspect(self, spec: InstanceSpec) -> Iterable[Problem]:
        """User-data that is too long."""
        yield from super().inspect(spec)
        size = len(spec.user_data.encode())
        if size > LONGEST:
            problem, hint = f"has {size:,} bytes", f"use {LONGEST:,} at most; let it fetch the rest"
            yield Problem(code="too-long", path="userData", problem=problem, hint=hint)

    def drifted(self, outputs: Mapping[str, Any]) -> list[str]:
        """Stopped by somebody."""
        return ["state"] if outputs.get("state", "running") != "running" else []

    def plan(self, spec: InstanceSpec, outside: Outside) -> Mapping[str, Any]:
        """Nothing but that it will run; the image and the type have to go together.

        Raises:
            InvalidInput: no such image, or of another architecture than the type's.
        """
        problems = architecture_problems(outside.aws, spec.image, spec.instance_type)
        if problems:
            raise InvalidInput(problems)
        return {"state": "running"}

    def create(self, spec: InstanceSpec, outside: Outside) -> Created[InstanceOutputs]:
        """Launch it, and wait until it runs."""
        self.plan(spec, outside)
        return super().create(spec, outside)

    def make(self, spec: InstanceSpec, outside: Outside, place: str) -> Mapping[str, Any]:
        """Launch it; its client token makes a second call an answer to the first."""
        machine = Machine(
            image=spec.image,
            instance_type=spec.instance_type,
            profile=spec.instance_profile,
            disk={"VolumeSize": spec.disk_size, "VolumeType": spec.disk_type},
        )
        return run_one(
            outside,
            place,
            NetworkInterfaces=[interface(spec.subnet_id, spec.security_groups)],
            KeyName=spec.key_name,
            UserData=spec.user_data or None,
            ClientToken=ec2.client_token(outside),
            **launch_settings(outside.aws, machine, self.tags(spec, outside)),
        )

    def settle(self, found: Mapping[str, Any], spec: InstanceSpec, outside: Outside) -> Mapping[str, Any]:
        """Its type and groups; it runs afterwards."""
        identity = found["InstanceId"]
        aws, place = outside.aws, self.place(outside, identity)
        groups = {each["GroupId"] for each in found.get("SecurityGroups") or ()}
        if spec.security_groups and groups != set(spec.security_groups):
            aws.call(
                "ec2",
                "modify_instance_attribute",
                place,
                InstanceId=identity,
                Groups=sorted(spec.security_groups),
            )
        if found["InstanceType"] != spec.instance_type:
            self._stop(identity, outside)
            value = {"Value": spec.instance_type}
            aws.call("ec2", "modify_instance_attribute", place, InstanceId=identity, InstanceType=value)
        if self._state(identity, outside) in {"stopped", "stopping"}:
            self._await(identity, outside, "stopped")
            aws.call("ec2", "start_instances", place, InstanceIds=[identity])
        return self._await(identity, outside, "running")

    def inputs(self, found: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
        """What can be asked of it; its user-data costs a call of its own."""
        identity = found["InstanceId"]
        aws, place = outside.aws, self.place(outside, identity)
        asked = aws.call(
            "ec2", "describe_instance_attribute", place, InstanceId=identity, Attribute="userData"
        )
        profile = found.get("IamInstanceProfile", {}).get("Arn", "").rpartition("/")[2]
        return {
            "image": found["ImageId"],
            "instanceType": found["InstanceType"],
            "subnetId": found["SubnetId"],
            "securityGroups": sorted(each["GroupId"] for each in found["SecurityGroups"]),
            "instanceProfile": profile or None,
            "keyName": found.get("KeyName"),
            "userData": _decoded(asked.get("UserData", {}).get("Value", "")),
        }

    def outputs(self, found: Mapping[str, Any], outside: Outside) -> InstanceOutputs:
        """Its addresses and state."""
        del outside
        return InstanceOutputs(
            private_ip=found.get("PrivateIpAddress", ""),
            public_ip=found.get("PublicIpAddress") or None,
            zone=found["Placement"]["AvailabilityZone"],
            state=found["State"]["Name"],
        )

    def remove(self, found: Mapping[str, Any], outside: Outside, place: str) -> None:
        """Terminate it, and wait until it is gone, as its subnet and groups are in use until then."""
        identity = found["InstanceId"]
        outside.aws.seek("ec2", "terminate_instances", place, InstanceIds=[identity])
        until(lambda: self._is_gone(identity, outside), outside.clock, what=f"{place}: terminated")

    def _is_gone(self, identity: str, outside: Outside) -> bool | None:
        return True if self._state(identity, outside) in {"", "terminated"} else None

    def _stop(self, identity: str, outside: Outside) -> None:
        place = self.place(outside, identity)
        outside.aws.call("ec2", "stop_instances", place, InstanceIds=[identity])
        self._await(identity, outside, "stopped")

    def _state(self, identity: str, outside: Outside) -> str:
        place = self.place(outside, identity)
        found = outside.aws.seek("ec2", "describe_instances", place, InstanceIds=[identity])
        listed = [each for one in (found or {}).get("Reservations", ()) for each in one["Instances"]]
        return str(listed[0]["State"]["Name"]) if listed else ""

    def _await(self, identity: str, outside: Outside, state: str) -> Mapping[str, Any]:
        def look() -> Mapping[str, Any] | None:
            found = ec2.get(outside.aws, self.THING, identity)
            return found if found is not None and found["State"]["Name"] == state else None

        return until(look, outside.clock, what=f"{self.place(outside, identity)}: {state}")


def _decoded(text: str) -> str:
    return b64decode(text).decode(errors="replace") if text else ""
