"""The resource of one site, as a program and the state describe it: its type, inputs and outputs.

Code that finds sites among the resources of a stack takes the type from here; the resource itself is in
`edgefleet.site.resource`.
"""

from dataclasses import field, fields
from typing import Annotated, Final

from edgefleet.model.effects import Effect
from edgefleet.model.site import SiteSpec
from edgefleet.model.spec import Secret, spec

TOKEN: Final = "edgefleet:index:Site"  # noqa: S105 - a type token
"""Pulumi type; a compatibility promise, as state files hold it."""


def id_of(store: str, site: str) -> str:
    """The id of a site's resource: the place of its images, which its removal clears."""
    return f"{store.rstrip('/')}/sites/{site}"


@spec
class SiteInputs(SiteSpec):
    """A site's plain spec, the place of its images, and the secrets in them."""

    store: Annotated[str, Effect.NONE]
    """Store of the images: ``file:<directory in the project>`` or ``s3://<bucket>/<prefix>``."""
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
    """``sha256:<hex>`` of the image; null where it is lost, not built, or unknown."""
    uri: str
    """Its address in the store."""
    size: int | None
    """Bytes; null with the digest."""
    files: dict[str, str]
    """dict[path in the image -> digest of the file]."""
    identity: str | None = None
    """``sha256:<hex>`` of the parts of the whole image (seed, base, payload), where the store holds only the
    seed."""
    unknown_because: str | None = None
    """Path of an input that is not known yet, in a preview."""

    @property
    def name(self) -> str:
        """Name of its file, ``n1.iso``."""
        return self.uri.rpartition("/")[2]


@spec
class SiteOutputs:
    """The stored images of a site; each part is a separate field."""

    images: dict[str, StoredImage]
    """dict[node name -> image]."""
