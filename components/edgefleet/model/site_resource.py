"""The resource of one site, as a program and the state describe it: its type, inputs and outputs.

Whatever has to recognise a site among the resources of a stack takes the type from here; what the resource
does is in `edgefleet.site.resource`.
"""

from dataclasses import field, fields
from typing import Annotated, Final

from edgefleet.model.effects import Effect
from edgefleet.model.site import SiteSpec
from edgefleet.model.spec import Secret, spec

TOKEN: Final = "edgefleet:index:Site"  # noqa: S105 - a type token
"""Pulumi type; a compatibility promise, as state files hold it."""


@spec
class SiteInputs(SiteSpec):
    """A site's plain spec, where its images are kept, and the secrets that enter them."""

    store: Annotated[str, Effect.NONE]
    """Where the images are kept: ``file:<directory in the project>`` or ``s3://<bucket>/<prefix>``."""
    key: Annotated[str, Secret(), Effect.REFLASH] = field(repr=False)
    """The site's derived key, base64 of 32 bytes; never the fleet's secret."""
    passphrases: Annotated[dict[str, str], Secret(), Effect.REFLASH] = field(default_factory=dict, repr=False)
    """dict[name -> Wi-Fi passphrase], only those that the site's nodes use."""

    @property
    def spec(self) -> SiteSpec:
        """The site's own spec, without secrets and without the place of its images."""
        return SiteSpec(**{each.name: getattr(self, each.name) for each in fields(SiteSpec)})


@spec
class StoredImage:
    """One node's image."""

    digest: str | None
    """``sha256:<hex>`` of the image; null where it is lost, not made, or not known yet."""
    uri: str
    """Where it is kept."""
    size: int | None
    """Bytes; null with the digest."""
    files: dict[str, str]
    """dict[path in the image -> digest of the file]."""
    identity: str | None = None
    """``sha256:<hex>`` of what the whole image is made of (seed, base, payload), where the seed, which is
    what the store keeps, is not all of it."""
    unknown_because: str | None = None
    """Path of an input that is not known yet, in a preview."""


@spec
class SiteOutputs:
    """What is kept for a site; each part of it is a field of its own."""

    images: dict[str, StoredImage]
    """dict[node name -> image]."""
