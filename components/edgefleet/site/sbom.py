"""The bill of materials of an image, as CycloneDX 1.6: third-party parts, and the tools.

The same bytes for the same image: its serial number follows from its parts, and it has no time of day. It is
rendered once for a profile and completed for each of its images.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from urllib.parse import urlsplit, urlunsplit

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from edgefleet.io.version import version
from edgefleet.model import strict_json
from edgefleet.model.listing import Entry
from edgefleet.model.medium import Base
from edgefleet.model.programs import KUBEEDGE, PROGRAMS
from edgefleet.model.references import parse_reference
from edgefleet.model.site import Node, SiteSpec
from edgefleet.site.manifest import Manifest

SPACE = uuid.UUID("0c6d8a54-5f0e-5d27-9a55-2f7a3cf0b7d1")
"""Namespace of serial numbers, which are UUIDs of an image's parts (RFC 9562, version 5)."""
IMAGE = "image"
_SERIAL = uuid.UUID("00000000-0000-4000-8000-000000000000")
_NAME, _DIGEST = "edgefleet-image-name", "f" * 64
_WHERE = ("edgefleet-fleet", "edgefleet-region", "edgefleet-site", "edgefleet-node")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One third-party part."""

    kind: ComponentType
    name: str
    version: str = ""
    sha256: str = ""
    """Hex SHA-256 of its file in the image; empty if the node downloads it."""
    purl: str = ""
    source: str = ""
    """Its source."""
    path: str = ""
    """Its path in the image."""
    note: str = ""


def bill(spec: SiteSpec, manifest: Manifest) -> bytes:
    """The bill of one image of a site."""
    found = parts(spec, spec.nodes[manifest.node], manifest)
    text = _rendered(tuple(found), tuple(sorted(manifest.tools.items())), manifest.format)
    values = {
        str(_SERIAL): str(uuid.uuid5(SPACE, f"{manifest.parts or manifest.digest} {manifest.image}")),
        _NAME: manifest.image,
        _DIGEST: manifest.digest.removeprefix("sha256:"),
    }
    of = (manifest.fleet, manifest.region, manifest.site, manifest.node)
    for old, new in (values | dict(zip(_WHERE, of, strict=True))).items():
        text = text.replace(old, new)
    return text.encode() + b"\n"


def parts(spec: SiteSpec, node: Node, manifest: Manifest) -> list[Part]:
    """Third-party parts, in the image or started from it."""
    there = manifest.carried
    others = []
    if manifest.base is not None and node.image.base is not None:
        others.append(_base(node.image.base, ComponentType.OPERATING_SYSTEM))
    if node.image.netboot is not None:
        started = (node.image.netboot.kernel, *node.image.netboot.initrd)
        others += [
            _base(start, ComponentType.FILE, note="downloaded when the node starts") for start in started
        ]
    others += _downloaded(spec, node, there)
    for name, extension in sorted(node.extensions.items()):
        if f"extensions/{name}.raw" not in there:
            base = Base(source=extension.source, sha256=extension.sha256)
            others.append(_base(base, ComponentType.FILE, note=_elsewhere(node)))
    for file in node.payload:
        if file.path in there:
            others.append(_carried(there[file.path], file.version or spec.k3s.version))
    return others


def _downloaded(spec: SiteSpec, node: Node, there: Mapping[str, Entry]) -> list[Part]:
    """The program of the node's runtime that its image does not have."""
    if spec.k3s.version and "bin/k3s" not in there:
        return [_k3s(spec, node)]
    if node.runtime == KUBEEDGE and f"bin/{PROGRAMS[KUBEEDGE].name}" not in there:
        return [_kubeedge(spec, node)]
    return []


def _k3s(spec: SiteSpec, node: Node) -> Part:
    return Part(
        kind=ComponentType.APPLICATION,
        name="k3s",
        version=spec.k3s.version,
        sha256=spec.k3s.sha256.get(node.arch, ""),
        purl=_github("k3s-io", "k3s", spec.k3s.version),
        source=spec.k3s.release_url,
        note=_elsewhere(node),
    )


def _kubeedge(spec: SiteSpec, node: Node) -> Part:
    version = spec.kubeedge.version
    return Part(
        kind=ComponentType.APPLICATION,
        name=KUBEEDGE,
        version=version,
        purl=_github(KUBEEDGE, KUBEEDGE, version),
        source=PROGRAMS[KUBEEDGE].address(version, node.arch),
        note=_elsewhere(node),
    )


def _elsewhere(node: Node) -> str:
    return "carried by another medium" if node.payload else "downloaded at the node's first start"


def _base(base: Base, kind: ComponentType, note: str = "") -> Part:
    name = PurePosixPath(urlsplit(base.source).path).name or base.source
    return Part(kind=kind, name=name, sha256=base.sha256, source=without_login(base.source), note=note)


def without_login(source: str) -> str:
    """An address without a login."""
    parts = urlsplit(source)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _carried(entry: Entry, release: str) -> Part:
    """A file of the payload: a program, an extension, k3s's own images, or a container image."""
    path, sha256 = entry.path, entry.digest.removeprefix("sha256:")
    name, folder = PurePosixPath(path).name, PurePosixPath(path).parent.name
    if folder == "extensions":
        return Part(kind=ComponentType.FILE, name=name, sha256=sha256, path=path)
    if folder == "bin":
        return _program(path, name, sha256, release)
    if name.startswith("k3s-airgap-images-"):
        purl = _github("k3s-io", "k3s", release)
        return Part(kind=ComponentType.FILE, name=name, version=release, sha256=sha256, purl=purl, path=path)
    image = parse_reference(
        name.removesuffix(".tar").replace("+", "/").replace("@", ":").replace(":sha256:", "@sha256:")
    )
    repository = f"{image.registry}/{image.repository}"
    oci = PackageURL(
        type="oci",
        name=image.repository.rpartition("/")[2],
        version=release,
        qualifiers={"repository_url": repository},
    )
    return Part(
        kind=ComponentType.CONTAINER,
        name=str(image),
        version=release,
        sha256=sha256,
        purl=oci.to_string(),
        path=path,
        note="version is the digest of the manifest for the node's platform",
    )


def _program(path: str, name: str, sha256: str, release: str) -> Part:
    kind = ComponentType.APPLICATION
    for key, program in PROGRAMS.items():
        if program.name == name:
            owner, repository = urlsplit(program.url).path.split("/")[1:3]
            called = KUBEEDGE if key == KUBEEDGE else name
            purl = _github(owner, repository, release)
            return Part(kind=kind, name=called, version=release, sha256=sha256, purl=purl, path=path)
    known = _github("k3s-io", "k3s", release) if name == "k3s" else ""
    return Part(kind=kind, name=name, version=release, sha256=sha256, purl=known, path=path)


def _github(owner: str, repository: str, release: str) -> str:
    return PackageURL(type="github", namespace=owner, name=repository, version=release).to_string()


@lru_cache(maxsize=256)
def _rendered(parts: tuple[Part, ...], tools: tuple[tuple[str, str], ...], kind: str) -> str:
    """The bill of all images of the same parts, with placeholders for the image's own values."""
    names = ("fleet", "region", "site", "node")
    image = Component(
        type=ComponentType.FILE,
        name=_NAME,
        bom_ref=IMAGE,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=_DIGEST)],
        properties=[
            Property(name="edgefleet:format", value=kind),
            *(
                Property(name=f"edgefleet:{name}", value=word)
                for name, word in zip(names, _WHERE, strict=True)
            ),
        ],
    )
    used = [("edgefleet", version()), *tools]
    metadata = BomMetaData(
        component=image,
        tools=ToolRepository(
            components=[
                Component(type=ComponentType.APPLICATION, name=name, version=number, bom_ref=f"tool:{name}")
                for name, number in used
            ]
        ),
    )
    metadata.timestamp = None  # type: ignore[assignment]  # optional in the format, and an image has no time
    components = [_component(part) for part in parts]
    bom = Bom(serial_number=_SERIAL, metadata=metadata, components=components)
    bom.register_dependency(image, components)
    return json.dumps(json.loads(JsonV1Dot6(bom).output_as_string()), indent=1, sort_keys=True)


def _component(part: Part) -> Component:
    properties = {"edgefleet:path": part.path, "edgefleet:note": part.note}
    return Component(
        type=part.kind,
        name=part.name,
        version=part.version or None,
        bom_ref=f"{part.kind.value}:{part.name}:{part.sha256[:16] or part.version}",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=part.sha256)] if part.sha256 else [],
        purl=PackageURL.from_string(part.purl) if part.purl else None,
        external_references=[_source(part.source)] if part.source else [],
        properties=[Property(name=name, value=value) for name, value in properties.items() if value],
    )


def _source(address: str) -> ExternalReference:
    return ExternalReference(type=ExternalReferenceType.DISTRIBUTION, url=XsUri(address))


def hashes(data: bytes) -> Mapping[str, str]:
    """dict[algorithm -> hex] of the image that a bill is of.

    Raises:
        ValueError: it is not a bill.
    """
    try:
        plain = strict_json.parse(data)
        found = plain["metadata"]["component"]["hashes"]
        if plain["bomFormat"] != "CycloneDX":
            raise ValueError(plain["bomFormat"])
        return {each["alg"]: each["content"] for each in found}
    except (KeyError, TypeError) as error:
        raise ValueError(str(error) or type(error).__name__) from error
