"""Manifests and indexes of container images (OCI image specification 1.1), read strictly.

A document that can be read both as a manifest and as an index is refused, as two programs may choose
differently (CVE-2021-41190). Unknown fields are ignored, as the specification requires.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from edgefleet.errors import InvalidInput, OutsideFailure
from edgefleet.model import strict_json
from edgefleet.model.listing import Sha256, sha256

OCI_INDEX, OCI_MANIFEST = (f"application/vnd.oci.image.{kind}.v1+json" for kind in ("index", "manifest"))
"""Types of documents that state none: docker's own must (OCI image specification; distribution)."""
INDEXES = frozenset({OCI_INDEX, "application/vnd.docker.distribution.manifest.list.v2+json"})
MANIFESTS = frozenset({OCI_MANIFEST, "application/vnd.docker.distribution.manifest.v2+json"})
LARGEST = 4 * 1024**2
"""Bytes of a document."""
LARGEST_BLOB = 16 * 1024**3
"""Bytes of a layer."""


class _Read(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", alias_generator=to_camel)


class Platform(_Read):
    """What an image runs on."""

    os: str = ""
    architecture: str = ""
    variant: str = ""

    def __str__(self) -> str:
        """``linux/arm64/v8``."""
        return "/".join(filter(None, (self.os, self.architecture, self.variant)))


class Descriptor(_Read):
    """A part of an image, or an image of an index."""

    media_type: str = ""
    digest: Sha256
    size: Annotated[int, Field(ge=0, le=LARGEST_BLOB)]
    """Bytes."""
    annotations: dict[str, str] | None = None
    platform: Platform | None = None

    def note(self, name: str) -> str:
        """An annotation; empty without one."""
        return (self.annotations or {}).get(name, "")


class _Document(_Read):
    media_type: str = ""
    config: Descriptor | None = None
    layers: list[Descriptor] | None = None
    manifests: list[Descriptor] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A manifest or an index, as it was sent."""

    digest: str
    """``sha256:<hex>`` of `data`."""
    media_type: str
    data: bytes = field(repr=False)
    config: Descriptor | None
    """None in an index."""
    layers: tuple[Descriptor, ...]
    entries: tuple[Descriptor, ...]
    """Images of an index."""

    @property
    def is_index(self) -> bool:
        """Whether it lists platforms rather than layers."""
        return self.config is None


def manifest_of(data: bytes, *, where: str, media_type: str = "") -> Manifest:
    """`data` as a manifest or an index; `media_type` is what the server stated.

    Raises:
        OutsideFailure: it is none.
    """
    plain = _read(_Document, data, where, "the response is not an image manifest")
    kind = plain.media_type or media_type or (OCI_MANIFEST if plain.manifests is None else OCI_INDEX)
    is_index = (
        kind in INDEXES and plain.manifests is not None and plain.config is None and plain.layers is None
    )
    is_manifest = kind in MANIFESTS and plain.config is not None and plain.manifests is None
    if not is_index and not is_manifest:
        problem = "the response is not an image manifest"
        if kind.startswith("application/vnd.docker.distribution.manifest.v1"):
            problem = "has this image as schema 1 (2015) only, which is no longer supported"
        raise OutsideFailure.at(where, "bad-manifest", problem, "check the image's name and registry")
    return Manifest(
        digest=sha256(data),
        media_type=kind,
        data=data,
        config=plain.config,
        layers=tuple(plain.layers or ()),
        entries=tuple(plain.manifests or ()),
    )


def platform_of(config: bytes, *, where: str) -> Platform:
    """The platform that an image's configuration states; nothing in one that is empty.

    Raises:
        OutsideFailure: it is no configuration.
    """
    return _read(Platform, config or b"{}", where, "the image's configuration cannot be read")


def one_platform(manifest: Manifest, *, where: str, meant: str) -> Manifest:
    """`manifest` itself, of one platform.

    Raises:
        InvalidInput: it is an index.
    """
    if manifest.is_index:
        problem = f"{manifest.digest} is an index of platforms, where the digest of {meant} is meant"
        hint = "run edgefleet artifacts lock -s STACK, which looks up the digest for each platform"
        raise InvalidInput.at(where, "index-digest", problem, hint)
    return manifest


Model = TypeVar("Model", bound=BaseModel)


def _read(kind: type[Model], data: bytes, where: str, problem: str) -> Model:
    try:
        plain: Any = strict_json.parse(data, limit=LARGEST)
        return kind.model_validate(plain)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        why = f"{'.'.join(map(str, first['loc']))}: {first['msg']}".lower()
    except ValueError as error:
        why = str(error)
    raise OutsideFailure.at(
        where, "bad-manifest", f"{problem}: {why[:200]}", "check the image's name and registry"
    )
