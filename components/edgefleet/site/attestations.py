"""The attestations beside an image: manifest, bill of materials, statement, and the signed statement.

All follow from the image, so a second build writes nothing. A build without a key keeps a signature that
still matches; that of a changed image is removed.
"""

import hashlib
from dataclasses import replace
from pathlib import Path

from edgefleet.errors import InvalidInput
from edgefleet.io import disk
from edgefleet.io.signing import PublicKey, Signing
from edgefleet.keys import dsse
from edgefleet.model import strict_json
from edgefleet.model.site import SiteSpec
from edgefleet.site.manifest import ONE, Manifest, Signer, read_manifest
from edgefleet.site.provenance import read, statement
from edgefleet.site.sbom import bill

BILL, STATEMENT, SIGNED = ".cdx.json", ".intoto.json", ".dsse.json"
"""Endings of bill, statement, and the statement in its signed envelope."""
KEY = "signing.pub"
"""The public key beside them: it identifies the signer, but is no ground for trust."""


def paths(image: Path) -> tuple[Path, ...]:
    """Paths of the attestations of `image`."""
    return tuple(image.with_name(f"{image.name}{ending}") for ending in (ONE, BILL, STATEMENT, SIGNED))


def write(folder: Path, spec: SiteSpec, manifest: Manifest, *, seed: str, signing: Signing | None) -> None:
    """Write the attestations of one image, unless they already exist.

    Args:
        folder: of its site.
        spec: its site.
        manifest: its manifest.
        seed: ``sha256:<hex>`` of its seed.
        signing: the signer; `None` without one.

    Raises:
        OutsideFailure: the disk is full, or the key in KMS could not be reached.
    """
    of_manifest, of_bill, of_statement, of_signed = paths(folder / manifest.image)
    if signing is None and _is_signed(folder / manifest.image, manifest):
        return
    bill_of_materials = bill(spec, manifest)
    public = None if signing is None else signing.public
    manifest = replace(
        manifest, signature=None if public is None else Signer(algorithm=public.algorithm, key=public.id)
    )
    manifest_json = strict_json.write(manifest)
    beside = {of_manifest.name: _hex(manifest_json), of_bill.name: _hex(bill_of_materials)}
    stated = statement(spec, manifest, seed=seed, beside=beside)
    disk.update(of_bill, bill_of_materials, is_flushed=False)
    disk.update(of_manifest, manifest_json, is_flushed=False)
    disk.update(of_statement, stated, is_flushed=False)
    if signing is None:
        disk.remove(of_signed)
    elif not _has_signed(of_signed, stated, signing.public):
        data = signing.open().sign(dsse.signed_bytes(stated))
        signature = dsse.Signature(data=data, key=signing.public.id)
        disk.write(of_signed, dsse.to_bytes(dsse.Envelope(payload=stated, signatures=(signature,))))
    if public is not None:
        disk.update(folder / KEY, public.pem.encode(), is_flushed=False)


def _is_signed(image: Path, manifest: Manifest) -> bool:
    """Whether the attestations of `image` are signed, consistent, and of `manifest`."""
    of_manifest, of_bill, _, _ = paths(image)
    manifest_json, bill_of_materials, stated, signed = (disk.read(path) or b"" for path in paths(image))
    try:
        there = read_manifest(manifest_json, str(of_manifest))
        is_whole = dsse.from_bytes(signed).payload == stated
        beside = read(stated).beside
    except (InvalidInput, ValueError):
        return False
    digests = {of_manifest.name: _hex(manifest_json), of_bill.name: _hex(bill_of_materials)}
    is_signed = is_whole and beside == digests and there.signature is not None
    return is_signed and replace(there, signature=None) == manifest


def _has_signed(path: Path, stated: bytes, key: PublicKey) -> bool:
    """Whether `stated` has a valid signature; those of KMS differ each time."""
    try:
        envelope = dsse.from_bytes(disk.read(path) or b"")
    except ValueError:
        return False
    return envelope.payload == stated and envelope.is_signed_by(key)


def _hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
