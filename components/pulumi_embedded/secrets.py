"""The passphrase secrets provider of the Pulumi CLI: the same salt, the same ciphertexts.

A key is PBKDF2-HMAC-SHA256 of the passphrase (1,000,000 rounds, 8 bytes of salt); a value is AES-256-GCM,
written ``v1:<nonce>:<ciphertext>`` in base64. The stack file's ``encryptionsalt`` is ``v1:<salt>:<the
word pulumi, encrypted>``, so that a wrong passphrase is noticed before it does harm (Pulumi docs,
Concepts/Secrets; format of CLI 3.260).
"""

import base64
import binascii
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from pulumi_embedded.errors import InvalidInput, OutsideFailure, Problem

_ROUNDS = 1_000_000
_KEY_BYTES = 32
_NONCE_BYTES = 12
_SALT_BYTES = 8
_PARTS = 3
_KNOWN = "pulumi"


class Crypter:
    """Encrypts and decrypts with one key."""

    def __init__(self, key: bytes, salt: str) -> None:
        self._cipher = AESGCM(key)
        self.salt = salt
        """The ``encryptionsalt`` that this key goes with."""

    def encrypt(self, text: str) -> str:
        """Encrypt a text under a fresh nonce."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, text.encode(), None)
        return f"v1:{base64.b64encode(nonce).decode()}:{base64.b64encode(sealed).decode()}"

    def decrypt(self, text: str) -> str:
        """Decrypt a ``v1:`` text.

        Raises:
            InvalidInput: it was not encrypted with this key, or is damaged.
        """
        try:
            _version, nonce, sealed = text.removeprefix("v1").split(":")
            clear = self._cipher.decrypt(_bytes(nonce), _bytes(sealed), None).decode()
        except (ValueError, InvalidTag) as error:
            raise InvalidInput(
                Problem(
                    problem="a secret cannot be decrypted with this stack's passphrase",
                    hint="restore the stack file and the state from the same backup; they belong together",
                    code="secret-damaged",
                )
            ) from error
        return clear


def open_salt(passphrase: str, salt: str) -> Crypter:
    """Create the crypter of a stack, and check the passphrase.

    Args:
        passphrase: The user's; an empty one is valid.
        salt: The stack file's ``encryptionsalt``.

    Raises:
        InvalidInput: the salt is malformed, or the passphrase is wrong.
    """
    parts = salt.split(":", 2)
    if len(parts) != _PARTS or parts[0] != "v1":
        raise InvalidInput(
            Problem(
                problem="encryptionsalt of the stack file is not a v1 salt",
                hint="restore the line as `pulumi stack init` wrote it",
                code="bad-salt",
            )
        )
    try:
        crypter = Crypter(_key(passphrase, _bytes(parts[1])), salt)
        if crypter.decrypt(parts[2]) == _KNOWN:
            return crypter
    except (InvalidInput, ValueError) as error:
        raise _wrong_passphrase() from error
    raise _wrong_passphrase()


def open_crypter(environ: Mapping[str, str], salt: str) -> Crypter:
    """Create the crypter of a stack with the passphrase of the environment.

    Raises:
        InvalidInput: there is no passphrase, or it is not this stack's.
        OutsideFailure: the file with it cannot be read.
    """
    return open_salt(find_passphrase(environ), salt)


def new_salt(passphrase: str) -> Crypter:
    """Create a crypter with a new salt, for a stack without one."""
    salt = os.urandom(_SALT_BYTES)
    key = _key(passphrase, salt)
    return Crypter(key, f"v1:{base64.b64encode(salt).decode()}:{Crypter(key, '').encrypt(_KNOWN)}")


def find_passphrase(environ: Mapping[str, str]) -> str:
    """Return the passphrase from the CLI's sources.

    Args:
        environ: The process's environment: the passphrase, or the path of a file with it.

    Raises:
        InvalidInput: there is none.
        OutsideFailure: the file cannot be read.
    """
    if "PULUMI_CONFIG_PASSPHRASE" in environ:
        return environ["PULUMI_CONFIG_PASSPHRASE"]
    file = environ.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    if not file:
        raise InvalidInput(
            Problem(
                problem="no passphrase for this stack's secrets",
                hint="set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE",
                code="no-passphrase",
            )
        )
    try:
        return Path(file).read_text().strip()
    except OSError as error:
        raise OutsideFailure(
            Problem(
                where=file,
                problem=f"the passphrase cannot be read: {error.strerror}",
                hint="make the file readable, or set PULUMI_CONFIG_PASSPHRASE",
                code="no-passphrase",
            )
        ) from error


def _wrong_passphrase() -> InvalidInput:
    return InvalidInput(
        Problem(
            problem="the passphrase is not this stack's",
            hint=(
                "set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to the one it was created with"
            ),
            code="wrong-passphrase",
        )
    )


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(text) from error


@lru_cache(maxsize=8)
def _key(passphrase: str, salt: bytes) -> bytes:
    """Derive a key; a third of a second, hence kept for the life of the process."""
    return PBKDF2HMAC(algorithm=SHA256(), length=_KEY_BYTES, salt=salt, iterations=_ROUNDS).derive(
        passphrase.encode()
    )
