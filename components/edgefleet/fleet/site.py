"""`Site`: one site of a fleet, with the boot images of its nodes."""

from collections.abc import Mapping
from typing import Any, NotRequired, Self, TypedDict

import pulumi

from edgefleet.model.site import SiteSpec
from edgefleet.model.site_resource import TOKEN
from edgefleet.provider.python_classes import existing
from edgefleet.site.inputs import laid_out


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
    declaredIn: NotRequired[str]
    """Path of the fleet file, for lines in messages; it is not recorded."""


class Site(pulumi.CustomResource):
    """One resource a site, so that the engine's cost grows with sites and nothing else."""

    images: pulumi.Output[dict[str, Any]]
    """dict[node name -> {digest, uri, size, files}]; known in preview."""

    def __init__(
        self, name: str, spec: SiteSpec, args: SiteArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        key, passphrases = args["key"], args["passphrases"]
        inputs = laid_out(
            spec,
            store=args["store"],
            key=key if isinstance(key, pulumi.Output) else pulumi.Output.secret(key),
            passphrases=pulumi.Output.secret(passphrases) if passphrases else None,
            identity=args.get("identity"),
        )
        if "declaredIn" in args:
            inputs["declaredIn"] = args["declaredIn"]
        super().__init__(TOKEN, name, inputs | {"images": None}, opts)

    @classmethod
    def get(
        cls,
        name: str,
        id: pulumi.Input[str],  # noqa: A002 - Pulumi's word
        opts: pulumi.ResourceOptions | None = None,
    ) -> Self:
        """Look up the images of a site by their place, ``<store>/sites/<site>``, without managing them."""
        return existing(cls, TOKEN, name, id, outputs={"images": None}, opts=opts)
