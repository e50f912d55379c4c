"""The provenance of an image: an in-toto Statement of SLSA, the same bytes for the same image.

Sources: in-toto/attestation, spec/v1 (statement.md); slsa.dev/spec/v1.0/provenance. It has no time of day, so
that a verifier can reproduce it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from edgefleet.io.version import version
from edgefleet.model import strict_json
from edgefleet.model.medium import Base
from edgefleet.model.site import Node, SiteSpec
from edgefleet.site.manifest import Manifest
from edgefleet.site.sbom import without_login

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD = "https://edgefleet.dev/image-build/v1"
BUILDER = "https://edgefleet.dev/builder/v1"


def write_statement(spec: SiteSpec, manifest: Manifest, *, seed: str, beside: Mapping[str, str]) -> bytes:
    """The statement about one image.

    Args:
        spec: its site.
        manifest: its manifest.
        seed: ``sha256:<hex>`` of its seed.
        beside: dict[name of a file beside it -> hex SHA-256], which it binds to the image.
    """
    predicate = {
        "buildDefinition": {
            "buildType": BUILD,
            "externalParameters": parameters(manifest),
            "internalParameters": {"share": manifest.share},
            "resolvedDependencies": list(_dependencies(spec.nodes[manifest.node], manifest, seed)),
        },
        "runDetails": {
            "builder": {"id": BUILDER, "version": {"edgefleet": version(), **dict(manifest.tools)}},
            "metadata": {"invocationId": manifest.parts or manifest.digest},
            "byproducts": [
                {"name": name, "digest": {"sha256": digest}} for name, digest in sorted(beside.items())
            ],
        },
    }
    plain = {
        "_type": STATEMENT,
        "subject": [{"name": manifest.image, "digest": _digest(manifest.digest)}],
        "predicateType": PREDICATE,
        "predicate": predicate,
    }
    return strict_json.write(plain)


def parameters(manifest: Manifest) -> dict[str, Any]:
    """The identity of an image: what was requested."""
    return {
        "fleet": manifest.fleet,
        "region": manifest.region,
        "site": manifest.site,
        "node": manifest.node,
        "keyGeneration": manifest.key_generation,
        "recipe": manifest.recipe,
        "format": manifest.format,
        "arch": manifest.arch,
    }


def _dependencies(node: Node, manifest: Manifest, seed: str) -> Iterator[dict[str, Any]]:
    if manifest.of_seed:
        yield {"name": "seed", "digest": _digest(seed)}
    if manifest.base is not None and node.image.base is not None:
        yield _base("base", node.image.base)
    if node.image.netboot is not None:
        yield _base("kernel", node.image.netboot.kernel)
        for number, each in enumerate(node.image.netboot.initrd):
            yield _base(f"initrd{number}", each)
    platforms = {file.path: file.version for file in node.payload if file.version.startswith("sha256:")}
    for path, entry in manifest.carried.items():
        made: dict[str, Any] = {"name": entry.path, "digest": _digest(entry.digest)}
        if path in platforms:
            made["annotations"] = {"platformManifest": platforms[path]}
        yield made


def _base(name: str, base: Base) -> dict[str, Any]:
    return {"name": name, "uri": without_login(base.source), "digest": {"sha256": base.sha256}}


def _digest(digest: str) -> dict[str, str]:
    return {"sha256": digest.removeprefix("sha256:")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The parts of a statement that a verifier compares."""

    images: Mapping[str, str]
    """dict[image -> hex SHA-256]."""
    beside: Mapping[str, str]
    """dict[file beside it -> hex SHA-256]."""
    parameters: Mapping[str, Any]
    """See `parameters`."""


def read_statement(data: bytes) -> Statement:
    """The statement that `write_statement` wrote.

    Raises:
        ValueError: it is not such a statement.
    """
    try:
        plain = strict_json.parse(data)
        if (plain["_type"], plain["predicateType"]) != (STATEMENT, PREDICATE):
            raise ValueError(plain["predicateType"])
        predicate = plain["predicate"]
        images, beside = (
            {str(part["name"]): str(part["digest"]["sha256"]) for part in parts}
            for parts in (plain["subject"], predicate["runDetails"]["byproducts"])
        )
        asked = {**predicate["buildDefinition"]["externalParameters"]}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(str(error) or type(error).__name__) from error
    return Statement(images=images, beside=beside, parameters=asked)
