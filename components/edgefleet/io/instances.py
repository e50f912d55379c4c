"""Launching machines on EC2: settings of every machine, and whether image and type go together."""

from collections.abc import Iterable, Mapping
from typing import Any

from edgefleet.errors import Problem
from edgefleet.io import ec2
from edgefleet.io.aws import Aws
from edgefleet.io.environment import Environment

METADATA = {"HttpTokens": "required", "HttpPutResponseHopLimit": 1, "HttpEndpoint": "enabled"}
"""Version 2 of the instance metadata only, and for the machine itself: a container is a hop further."""


def launch_settings(aws: Aws, image: str, disk: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    """Parameters of RunInstances that are every machine's: one, encrypted, tagged with its disk.

    Args:
        aws: where to ask about the image.
        image: id of the machine image.
        disk: settings of the root disk, as the API names them.
        tags: of machine and disk.
    """
    device = {
        "DeviceName": _root_device(aws, image),
        "Ebs": {"Encrypted": True, "DeleteOnTermination": True, **disk},
    }
    return {
        "ImageId": image,
        "MinCount": 1,
        "MaxCount": 1,
        "BlockDeviceMappings": [device],
        "MetadataOptions": METADATA,
        "TagSpecifications": ec2.tagged("instance", tags) + ec2.tagged("volume", tags),
    }


def run_one(environment: Environment, place: str, **parameters: Any) -> dict[str, Any]:
    """Start one machine."""
    return dict(environment.call("ec2", "run_instances", place, **parameters)["Instances"][0])


def interface(subnet: str, groups: Iterable[str]) -> dict[str, Any]:
    """The one network interface of a machine; it goes with it."""
    made: dict[str, Any] = {"DeviceIndex": 0, "SubnetId": subnet, "DeleteOnTermination": True}
    listed = sorted(groups)
    return {**made, "Groups": listed} if listed else made


def _root_device(aws: Aws, image: str) -> str:
    """Name of the root disk of machines of `image`: another name would give them a second disk."""
    found = aws.call("ec2", "describe_images", f"image {image}", ImageIds=[image])["Images"]
    return str(found[0].get("RootDeviceName") or "/dev/xvda") if found else "/dev/xvda"


def architecture_problems(aws: Aws, image: str, instance_type: str) -> list[Problem]:
    """Problems of starting `image` on a machine of `instance_type`."""
    found = aws.seek("ec2", "describe_images", f"image {image}", ImageIds=[image]) or {}
    images = found.get("Images") or []
    if not images:
        hint = f"name one of {aws.region}: `aws ec2 describe-images --owners self amazon`"
        problem = f"there is no machine image {image} in {aws.region} that this account may use"
        return [Problem(code="no-image", path="image", problem=problem, hint=hint)]
    about = aws.seek("ec2", "describe_instance_types", f"type {instance_type}", InstanceTypes=[instance_type])
    types = (about or {}).get("InstanceTypes") or []
    if not types:
        hint = "`aws ec2 describe-instance-type-offerings` lists those of the region"
        problem = f"there is no instance type {instance_type} in {aws.region}"
        return [Problem(code="no-type", path="instanceType", problem=problem, hint=hint)]
    offered = types[0].get("ProcessorInfo", {}).get("SupportedArchitectures") or []
    needed = images[0].get("Architecture", "")
    if needed and offered and needed not in offered:
        problem = f"{image} is for {needed}, {instance_type} has {' and '.join(offered)}"
        hint = "choose an image of the other architecture, or another type"
        return [Problem(code="architecture", path="image", problem=problem, hint=hint)]
    return []
