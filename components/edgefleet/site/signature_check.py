"""Verifying an image's attestations against the image and against trusted keys; offline.

A statement binds image, manifest and bill by their digests; a signature binds the statement to a key. Trust
needs a key from elsewhere: the one beside an image proves nothing.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from edgefleet.errors import InvalidInput
from edgefleet.io import disk
from edgefleet.io.signing import PublicKey, public_from
from edgefleet.keys import dsse
from edgefleet.site import provenance, sbom
from edgefleet.site.attestations import KEY, paths
from edgefleet.site.manifest import HINT
from edgefleet.site.verification import Opened

UNSIGNED = "not signed"


def check_beside(image: Opened, trusted: Iterable[PublicKey]) -> str:
    """The signer, in words.

    Args:
        image: the image, whose own bytes were verified against its manifest.
        trusted: trusted keys; without any, a signature is reported but not trusted.

    Raises:
        InvalidInput: an attestation is missing or of another image, or no trusted key signed it.
    """
    of_manifest, of_bill, of_statement, of_signed = paths(image.path)
    stated = _there(of_statement)
    try:
        images, beside = provenance.subjects(stated)
    except ValueError as error:
        raise _wrong(of_statement, f"is not a statement about an image ({error})") from error
    hex_digest = image.manifest.digest.removeprefix("sha256:")
    if images != {image.manifest.image: hex_digest}:
        raise _wrong(of_statement, "is about another image")
    for path in (of_manifest, of_bill):
        if hashlib.sha256(_there(path)).hexdigest() != beside.get(path.name):
            raise _wrong(path, f"is not what {of_statement.name} speaks of")
    _check_bill(of_bill, hex_digest)
    return _signed(image, stated, of_signed, tuple(trusted))


def _check_bill(path: Path, hex_digest: str) -> None:
    try:
        found = sbom.hashes(_there(path))
    except ValueError as error:
        raise _wrong(path, f"is not a bill of materials ({error})") from error
    if found.get("SHA-256") != hex_digest:
        raise _wrong(path, "is the bill of another image")


def _signed(image: Opened, stated: bytes, path: Path, trusted: tuple[PublicKey, ...]) -> str:
    signature = image.manifest.signature
    if signature is None:
        if trusted:
            raise _wrong(image.path, "is not signed, and --key requires a signature")
        return UNSIGNED
    name = f"{signature.algorithm} {signature.key}"
    try:
        envelope = dsse.from_bytes(_there(path))
    except ValueError as error:
        raise _wrong(path, f"is not a signed statement ({error})") from error
    if envelope.payload != stated:
        raise _wrong(path, "is a signature of other contents")
    if trusted:
        return _by_one_of(trusted, envelope, image.path, name)
    over, key_beside = dsse.signed_bytes(stated), disk.read(image.path.with_name(KEY))
    if key_beside is not None and not public_from(key_beside, KEY).has_signed(over, envelope.signature):
        raise _wrong(path, f"is not signed by {KEY}, which lies beside it")
    return f"signed by {name}, not checked against a key you trust (--key FILE)"


def _by_one_of(trusted: tuple[PublicKey, ...], envelope: dsse.Envelope, image: Path, name: str) -> str:
    for key in trusted:
        if key.has_signed(dsse.signed_bytes(envelope.payload), envelope.signature):
            return f"signed by {key.algorithm} {key.id}, a trusted key"
    raise _wrong(image, f"is not signed by a trusted key; it names {name}")


def _there(path: Path) -> bytes:
    data = disk.read(path)
    if data is None:
        raise _wrong(path, "is missing")
    return data


def _wrong(where: Path, problem: str) -> InvalidInput:
    return InvalidInput.at(where, "provenance", problem, HINT)
