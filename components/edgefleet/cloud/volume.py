"""`edgefleet:aws:Volume`: an encrypted disk, and the machine that it is attached to."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal

from edgefleet.cloud.base import Ec2Resource, Tagged
from edgefleet.errors import Problem
from edgefleet.io import ec2
from edgefleet.io.environment import Outside
from edgefleet.io.waiting import until
from edgefleet.model.effects import Effect
from edgefleet.model.spec import spec

Kind = Literal["gp3", "io2", "st1"]


@spec
class VolumeSpec(Tagged):
    """A disk (EC2 API, CreateVolume); always encrypted."""

    zone: Annotated[str, Effect.NONE]
    """Availability zone, ``eu-central-1a``."""
    size: Annotated[int, Effect.NONE]
    """GiB; it can grow and not shrink."""
    type: Annotated[Kind, Effect.NONE] = "gp3"
    """Kind of disk."""
    iops: Annotated[int | None, Effect.NONE] = None
    """Operations a second; the kind's own base where it is absent."""
    throughput: Annotated[int | None, Effect.NONE] = None
    """MiB a second of a gp3 disk; its base where it is absent."""
    key_arn: Annotated[str | None, Effect.NONE] = None
    """ARN of the KMS key; the account's own for disks where it is absent."""
    snapshot: Annotated[str | None, Effect.NONE] = None
    """Id of the snapshot that it is made from."""


@spec
class VolumeOutputs:
    """What is known of a disk."""

    arn: str
    """Amazon Resource Name."""


class Volume(Ec2Resource):
    """The kind."""

    TOKEN = "edgefleet:aws:Volume"  # noqa: S105 - a type token
    Spec: ClassVar[type[Any]] = VolumeSpec
    Outputs: ClassVar[type[Any]] = VolumeOutputs
    REPLACE_ON = frozenset({"zone", "keyArn", "snapshot"})
    THING = ec2.Thing("volume", "describe_volumes", "Volumes", "VolumeId", "volume-id")

    def inspect(self, spec: VolumeSpec) -> Iterable[Problem]:
        """A size that cannot be, or speeds that the kind has not."""
        yield from super().inspect(spec)
        most = 16_384
        if not 1 <= spec.size <= most:
            hint = f"write 1 to {most} GiB"
            yield Problem(code="range", path="size", problem=f"{spec.size} GiB is no size", hint=hint)
        if spec.type == "io2" and spec.iops is None:
            yield Problem(code="iops", path="iops", problem="is missing", hint="an io2 disk needs it")
        if spec.throughput is not None and spec.type != "gp3":
            hint = "remove it, or use gp3"
            problem = f"is not for {spec.type}"
            yield Problem(code="throughput", path="throughput", problem=problem, hint=hint)

    def inspect_change(self, old: VolumeSpec, new: VolumeSpec) -> Iterable[Problem]:
        """A disk does not shrink."""
        if new.size < old.size and new.zone == old.zone:
            problem = f"{new.size} GiB is less than the {old.size} GiB that it has"
            hint = "disks grow only; make another one and copy"
            yield Problem(code="shrink", path="size", problem=problem, hint=hint)

    def make(self, spec: VolumeSpec, outside: Outside, place: str) -> Mapping[str, Any]:
        """Make it, and wait until it is there."""
        return outside.aws.call(
            "ec2",
            "create_volume",
            place,
            AvailabilityZone=spec.zone,
            Size=spec.size,
            VolumeType=spec.type,
            Iops=spec.iops,
            Throughput=spec.throughput,
            Encrypted=True,
            KmsKeyId=spec.key_arn,
            SnapshotId=spec.snapshot,
            ClientToken=ec2.client_token(outside),
            TagSpecifications=ec2.tagged(self.THING.kind, self.tags(spec, outside)),
        )

    def settle(self, found: Mapping[str, Any], spec: VolumeSpec, outside: Outside) -> Mapping[str, Any]:
        """Its size and speeds."""
        identity = found["VolumeId"]
        place = self.place(outside, identity)
        if found.get("State") == "creating":
            until(lambda: self._available(identity, outside), outside.clock, what=f"{place}: available")
        wanted = {
            "Size": spec.size,
            "VolumeType": spec.type,
            "Iops": spec.iops,
            "Throughput": spec.throughput,
        }
        changed = {
            key: value for key, value in wanted.items() if value is not None and found.get(key) != value
        }
        if changed:
            outside.aws.call("ec2", "modify_volume", place, VolumeId=identity, **changed)
        return found

    def inputs(self, found: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
        """Its size and kind; speeds that are a kind's own are not said."""
        del outside
        base = {"gp3": (3000, 125)}.get(found["VolumeType"], (None, None))
        iops, throughput = found.get("Iops"), found.get("Throughput")
        return {
            "zone": found["AvailabilityZone"],
            "size": found["Size"],
            "type": found["VolumeType"],
            "iops": None if iops in {base[0], 0} else iops,
            "throughput": None if throughput in {base[1], 0} else throughput,
            "snapshot": found.get("SnapshotId") or None,
        }

    def outputs(self, found: Mapping[str, Any], outside: Outside) -> VolumeOutputs:
        """Its name."""
        return VolumeOutputs(arn=outside.aws.arn("ec2", f"volume/{found['VolumeId']}"))

    def remove(self, found: Mapping[str, Any], outside: Outside, place: str) -> None:
        """Remove it with all that is on it."""
        outside.aws.seek("ec2", "delete_volume", place, VolumeId=found["VolumeId"])

    def users(self, identity: str, outside: Outside) -> list[str]:
        """Machines that it is attached to."""
        found = ec2.get(outside.aws, self.THING, identity) or {}
        return [each["InstanceId"] for each in found.get("Attachments") or ()]

    def _available(self, identity: str, outside: Outside) -> bool | None:
        found = ec2.get(outside.aws, self.THING, identity) or {}
        return True if found.get("State") == "available" else None
