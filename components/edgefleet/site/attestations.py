"""The attestations beside an image: manifest, bill of materials, statement, and the signed statement.

All follow from the image, so a second build writes nothing. A build without a key keeps a signature that
still matches; that of a changed image is removed.

They are verified before a byte of the image is read. A signature binds a statement to a key; the statement
names site, node and key generation, and binds image, manifest and bill by their digests. So the order is:
size of each file, envelope, signature, identity, manifest. Trust needs a key from elsewhere: the one beside
an image proves nothing.
"""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from edgefleet.errors import EdgefleetError, InvalidInput
from edgefleet.io import disk
from edgefleet.io.signing import PublicKey, Signing, public_from
from edgefleet.keys import dsse
from edgefleet.model import strict_json
from edgefleet.model.site import SiteSpec
from edgefleet.site import sbom
from edgefleet.site.expectation import Expectation, Flaw
from edgefleet.site.manifest import HINT, ONE, Manifest, Signer, read_manifest
from edgefleet.site.provenance import Statement, parameters, read_statement, write_statement

BILL, STATEMENT, SIGNED = ".cdx.json", ".intoto.json", ".dsse.json"
"""Endings of bill, statement, and the statement in its signed envelope."""
KEY = "signing.pub"
"""The public key beside them: it identifies the signer, but is no ground for trust."""


def paths(image: Path) -> tuple[Path, ...]:
    """Paths of the attestations of `image`."""
    return tuple(image.with_name(f"{image.name}{ending}") for ending in (ONE, BILL, STATEMENT, SIGNED))


UNSIGNED = "not signed"
LARGEST = 16 * 1024**2
"""Most bytes of one attestation."""
LARGEST_KEY = 16 * 1024


def write(folder: Path, spec: SiteSpec, manifest: Manifest, *, seed: str, signing: Signing | None) -> None:
    """Write the attestations of one image to the folder of its site, unless they already exist.

    `seed` is ``sha256:<hex>`` of its seed. Without a key to sign with, an earlier signature that fits stays.

    Raises:
        OutsideFailure: the disk is full, or the key in KMS could not be reached.
    """
    of_manifest, of_bill, of_statement, of_signed = paths(folder / manifest.image)
    if signing is None and _is_signed(folder / manifest.image, manifest):
        return
    bill_of_materials = sbom.bill(spec, manifest)
    public = None if signing is None else signing.public
    manifest = replace(
        manifest, signature=None if public is None else Signer(algorithm=public.algorithm, key=public.id)
    )
    manifest_json = strict_json.write(manifest)
    beside = {of_manifest.name: _hex(manifest_json), of_bill.name: _hex(bill_of_materials)}
    stated = write_statement(spec, manifest, seed=seed, beside=beside)
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
    if not paths(image)[-1].exists():
        return False
    try:
        there = attested(image).manifest
    except EdgefleetError:
        return False
    return there.signature is not None and replace(there, signature=None) == manifest


def _has_signed(path: Path, stated: bytes, key: PublicKey) -> bool:
    """Whether `stated` has a valid signature; those of KMS differ each time."""
    try:
        envelope = dsse.from_bytes(disk.read(path) or b"")
    except ValueError:
        return False
    return envelope.payload == stated and envelope.is_signed_by(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested:
    """What the attestations of an image state."""

    manifest: Manifest
    signer: str
    """Who signed, in words."""
    is_trusted: bool
    """Whether a trusted key signed."""


def attested(
    image: Path, trusted: tuple[PublicKey, ...] = (), expected: Expectation | None = None
) -> Attested:
    """The manifest of `image`, its attestations verified.

    Args:
        image: its path; the file itself is not opened.
        trusted: trusted keys, one of which must have signed; without any, a signature is reported only.
        expected: what the fleet file asks for; without it an image may be of any time.

    Raises:
        InvalidInput: an attestation is missing or of another image, no trusted key signed it, or another
            image is expected there.
    """
    of_manifest, of_bill, of_statement, of_signed = paths(image)
    envelope = _envelope(image, of_signed, trusted)
    stated = _there(of_statement)
    if envelope is not None and envelope.payload != stated:
        raise _wrong(of_signed, "is a signature of other contents")
    try:
        statement = read_statement(stated)
    except ValueError as error:
        raise _wrong(of_statement, f"is not a statement about an image ({error})") from error
    _check_place(image, statement)
    _check_expected(image, expected.flaw_of(statement.parameters) if expected else None)
    manifest_json, bill = _there(of_manifest), _there(of_bill)
    for path, data in ((of_manifest, manifest_json), (of_bill, bill)):
        if _hex(data) != statement.beside.get(path.name):
            raise _wrong(path, f"is not what {of_statement.name} states")
    manifest = read_manifest(manifest_json, str(of_manifest))
    if parameters(manifest) != statement.parameters:
        raise _wrong(of_manifest, f"is of another image than {of_statement.name}")
    if statement.images != {manifest.image: manifest.digest.removeprefix("sha256:")}:
        raise _wrong(of_statement, "is about another image")
    _check_bill(of_bill, bill, manifest)
    _check_expected(image, expected.flaw(manifest) if expected else None)
    signer = _signer(image, manifest, envelope, trusted)
    return Attested(manifest=manifest, signer=signer, is_trusted=bool(trusted))


def _envelope(image: Path, path: Path, trusted: tuple[PublicKey, ...]) -> dsse.Envelope | None:
    """The signed statement; of a trusted key, if there are any."""
    data = disk.read(path, limit=dsse.LARGEST)
    if data is None:
        if trusted:
            raise _unsigned(image, f"is not signed, and --key requires a signature: {path.name} is missing")
        return None
    try:
        envelope = dsse.from_bytes(data)
    except ValueError as error:
        raise _wrong(path, f"is not a signed statement ({error})") from error
    if trusted and not any(envelope.is_signed_by(key) for key in trusted):
        names = ", ".join(signature.key or "no key" for signature in envelope.signatures)
        raise _unsigned(image, f"is not signed by a trusted key; it names {names}")
    return envelope


def _check_place(image: Path, statement: Statement) -> None:
    """Refuse an image that lies where another site's or node's is expected."""
    site, node = (statement.parameters.get(name) for name in ("site", "node"))
    if (site, node) == (image.parent.name, image.name.partition(".")[0]) and image.name in statement.images:
        return
    problem = f"is the image of site {site}, node {node}; its place is that of site {image.parent.name}"
    hint = f"keep each image as SITE/NODE.*: move it to {site}/, or build the one that is expected here"
    raise InvalidInput.at(image, "wrong-place", problem, hint)


def _check_expected(image: Path, flaw: Flaw | None) -> None:
    if flaw is not None:
        raise InvalidInput.at(image, *flaw, "build the site again, and use the new image")


def _check_bill(path: Path, data: bytes, manifest: Manifest) -> None:
    try:
        hashes = sbom.hashes(data)
    except ValueError as error:
        raise _wrong(path, f"is not a bill of materials ({error})") from error
    if f"sha256:{hashes.get('SHA-256')}" != manifest.digest:
        raise _wrong(path, "is the bill of another image")


def _signer(
    image: Path, manifest: Manifest, envelope: dsse.Envelope | None, trusted: tuple[PublicKey, ...]
) -> str:
    if envelope is None:
        if manifest.signature is not None:
            raise _wrong(paths(image)[-1], "is missing")
        return UNSIGNED
    if manifest.signature is None:
        raise _wrong(image, f"has a signature that {image.name}{ONE} does not state")
    beside = disk.read(image.with_name(KEY), limit=LARGEST_KEY)
    if beside is not None and not envelope.is_signed_by(public_from(beside, str(image.with_name(KEY)))):
        raise _wrong(paths(image)[-1], f"is not signed by {KEY}, which lies beside it")
    for key in trusted:
        if envelope.is_signed_by(key):
            return f"signed by {key.algorithm} {key.id}, a trusted key"
    name = f"{manifest.signature.algorithm} {manifest.signature.key}"
    return f"signed by {name}, not checked against a key you trust (--key FILE)"


def _there(path: Path) -> bytes:
    data = disk.read(path, limit=LARGEST)
    if data is None:
        raise _wrong(path, "is missing")
    return data


def _wrong(where: Path, problem: str) -> InvalidInput:
    return InvalidInput.at(where, "provenance", problem, HINT)


def _unsigned(image: Path, problem: str) -> InvalidInput:
    return InvalidInput.at(image, "not-trusted", problem, HINT)


def _hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
