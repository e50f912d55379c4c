"""`Site`: one site of a fleet, with the boot images of its nodes."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pulumi

from edgefleet.model.site import SiteSpec
from edgefleet.model.site_resource import TOKEN
from edgefleet.model.spec import to_plain


class SiteArgs(TypedDict):
    """Inputs beside the site's plain spec."""

    store: pulumi.Input[str]
    """Where the images are kept: ``file:<directory>`` or ``s3://<bucket>/<prefix>``."""
    key: pulumi.Input[str]
    """The site's derived key, secret; never the fleet's."""
    passphrases: pulumi.Input[Mapping[str, pulumi.Input[str]]]
    """dict[name -> Wi-Fi passphrase], only those that the site's nodes use; secret."""
    identity: NotRequired[pulumi.Input[dict[str, str]] | None]
    """The site's certificate, {certificate, authority, hub}; public."""


class Site(pulumi.CustomResource):
    """One resource a site, so that the engine's cost grows with sites and nothing else."""

    images: pulumi.Output[dict[str, Any]]
    """dict[node name -> {digest, uri, size, files}]; known in preview."""

    def __init__(
        self,
        name: str,
        spec: SiteSpec,
        args: SiteArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs: dict[str, Any] = to_plain(spec)
        inputs["store"] = args["store"]
        key = args["key"]
        inputs["key"] = key if isinstance(key, pulumi.Output) else pulumi.Output.secret(key)
        if args["passphrases"]:
            inputs["passphrases"] = pulumi.Output.secret(args["passphrases"])
        if args.get("identity") is not None:
            inputs["identity"] = args["identity"]
        inputs["images"] = None
        super().__init__(TOKEN, name, inputs, opts)
