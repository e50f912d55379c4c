"""The resource of one site, as a program and the state describe it: its type, inputs and outputs.

Code that finds sites among the resources of a stack takes the type from here; the resource itself is in
`edgefleet.site.resource`.
"""

from collections.abc import Mapping
from dataclasses import field, fields
from typing import Annotated, Any, Final

from edgefleet.model.effects import Effect
from edgefleet.model.names import SecretName
from edgefleet.model.releases import Store
from edgefleet.model.site import SiteSpec
from edgefleet.model.spec import Secret, spec
from edgefleet.model.syntax import Grammar

TOKEN: Final = "edgefleet:index:Site"  # noqa: S105 - a type token
"""Pulumi type; a compatibility promise, as state files hold it."""
ROSTER: Final = "edgefleet:index:Roster"
"""Pulumi type of the names of a fleet's sites."""

SEED, PARTS, IMAGE = "seed", "parts", "image"
"""The names of an image's digests, wherever one is shown: of the seed's bytes; of the digests of seed, base
and payload, where these make one image; of the bytes of the file that is written to a medium."""
RELEASE: Final = "release"
"""The name of a release's digest, of its manifest."""

KEY_HINT: Final = (
    "give `secret: edgefleet.fleet_secret()` in its place, and the program derives the key, or derive it: "
    "edgefleet.site_key(edgefleet.fleet_secret(), fleet=..., region=..., site=...)"
)
_SITE_KEY = Grammar(
    "[A-Za-z0-9+/]{48}",
    "key",
    "a key that was derived for a site; the fleet secret and other secrets cannot stand here",
    KEY_HINT,
    48,
    is_private=True,
)
SiteKey = Annotated[str, _SITE_KEY]
passphrase = Grammar(
    r"[^\x00-\x08\x0b-\x1f\x7f-\x9f]+",
    "bad-passphrase",
    "a secret without control characters",
    "set it again, with at most 16,000 characters in lines that end in \\n",
    16_000,
    is_ascii=False,
    is_trimmed=True,
    has_lines=True,
    is_private=True,
)
Passphrase = Annotated[str, passphrase]


def id_of(store: str, site: str) -> str:
    """The id of a site's resource: the place of its images, which its removal clears."""
    return f"{store.rstrip('/')}/sites/{site}"


def desired(image: Mapping[str, Any]) -> str | None:
    """The digest that identifies a recorded image: of its parts if it is composed, else of its seed.

    `None` where the store has none.
    """
    seed: str | None = image.get(SEED)
    return None if seed is None else image.get(PARTS) or seed


def kind_of(image: Mapping[str, Any]) -> str:
    """What `desired` is the digest of."""
    return PARTS if image.get(PARTS) else SEED


def site_of(resource: str) -> str:
    """The site that the resource called `resource` is: a `Fleet` calls it ``<its own name>/<site>``."""
    return resource.rpartition("/")[2]


@spec
class SiteInputs(SiteSpec):
    """A site's plain spec, the place of its images, and the secrets in them."""

    store: Annotated[Store, Effect.NONE]
    """Store of the images: ``file:<directory in the project>`` or ``s3://<bucket>/<prefix>``."""
    key: Annotated[SiteKey, Secret(), Effect.REFLASH] = field(repr=False)
    """The site's derived key (``edgefleet.site_key``); the fleet secret and another site's are refused."""
    passphrases: Annotated[dict[SecretName, Passphrase], Secret(), Effect.REFLASH] = field(
        default_factory=dict, repr=False
    )
    """dict[name -> secret of the stack], only those that the site refers to."""

    @property
    def spec(self) -> SiteSpec:
        """The site's own spec, without secrets and without the place of its images."""
        return SiteSpec(**{each.name: getattr(self, each.name) for each in fields(SiteSpec)})


@spec
class StoredImage:
    """One node's image."""

    seed: str | None
    """``sha256:<hex>`` of the seed, the file in the store; null where it is lost, not built, or unknown."""
    uri: str
    """Its address in the store."""
    size: int | None
    """Bytes of the seed; null with its digest."""
    files: dict[str, str]
    """dict[path in the seed -> digest of the file]."""
    parts: str | None = None
    """``sha256:<hex>`` of the parts of the whole image (seed, base, payload), where the store holds only the
    seed."""
    release: str | None = None
    """``sha256:<hex>`` of the node's part of its site's release, which the node records."""
    unknown_because: str | None = None
    """Path of an input that is not known yet, in a preview."""

    @property
    def name(self) -> str:
        """Name of its file, ``n1.iso``."""
        return self.uri.rpartition("/")[2]


@spec
class StoredBundle:
    """What one node fetches of its site's release, encrypted to it."""

    ciphertext: str | None
    """Hex SHA-256 of its bytes, its name in the store; null where it is lost, or was not stored."""
    size: int | None
    """Bytes of it; null with its digest."""
    part: str
    """Hex digest of the node's part of the release."""
    fixed: str
    """Digest of what the node's image has besides the release: a change of that takes another image."""


@spec
class StoredRelease:
    """A site's release."""

    digest: str | None
    """``sha256:<hex>`` of its manifest; null where it is lost, not stored, or unknown."""
    uri: str
    """Its address in the store."""
    size: int | None
    """Bytes of its document; null with its digest."""
    document: str | None = None
    """``sha256:<hex>`` of its document, the file in the store."""
    earlier: tuple[str, ...] = ()
    """Digests of the releases before it that the store still has, the newest first."""
    bundles: dict[str, StoredBundle] = field(default_factory=dict)
    """dict[node -> what it fetches]; empty without a channel."""
    earlier_bundles: dict[str, dict[str, StoredBundle]] = field(default_factory=dict)
    """dict[digest of an earlier release -> its bundles]."""
    unknown_because: str | None = None
    """Path of an input that is not known yet, in a preview."""


@spec
class SiteOutputs:
    """The stored images and release of a site; each part is a separate field."""

    images: dict[str, StoredImage]
    """dict[node name -> image]."""
    release: StoredRelease
    """All that its nodes are to be after their first boot."""
