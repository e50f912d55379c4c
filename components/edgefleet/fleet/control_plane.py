"""`ControlPlane`: a region's hub. Of the kind ``none`` it is the bucket that releases come from."""

from typing import NotRequired, TypedDict

import pulumi

from edgefleet.fleet import tokens
from edgefleet.fleet.aws import Bucket


class ControlPlaneArgs(TypedDict):
    """Inputs of a hub."""

    bucket: NotRequired[str | None]
    """Declared name of the artifacts bucket; absent for a hub without one."""
    tags: NotRequired[dict[str, str]]
    """Tags of everything that is made."""


class ControlPlane(pulumi.ComponentResource):
    """A region's hub of the kind ``none``: sites are self-contained, releases come from a bucket."""

    bucket: Bucket | None
    """The artifacts bucket."""

    def __init__(self, name: str, args: ControlPlaneArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(tokens.CONTROL_PLANE, name, {}, opts)
        declared = args.get("bucket")
        self.bucket = None
        if declared is not None:
            self.bucket = Bucket(
                "artifacts",
                {"name": declared, "tags": args.get("tags", {})},
                pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({"bucket": declared})
