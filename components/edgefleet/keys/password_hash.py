"""SHA-512-crypt, the form of passwords on Linux: ``$6$<salt>$<hash>``. Pure.

Specification: U. Drepper, "Unix crypt using SHA-256 and SHA-512", version 0.6. Python 3.13 removed the
standard library's module; those on PyPI are either unmaintained, or untyped with thirty other schemes.
"""

import hashlib

ROUNDS = 5000
"""Rounds of a hash without ``rounds=``."""
ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SIZE = 64


def sha512_crypt(password: str, salt: str, *, rounds: int = ROUNDS) -> str:
    """The hash of `password`, as in ``/etc/shadow``.

    Args:
        password: the password.
        salt: at most 16 of `ALPHABET`.
        rounds: 1,000 at least; more make guesses dearer, which a random password does not need.
    """
    key, salted = password.encode(), salt.encode()
    digest = _first(key, salted)
    keyed = _stretched(hashlib.sha512(key * len(key)).digest(), len(key))
    seasoned = _stretched(hashlib.sha512(salted * (16 + digest[0])).digest(), len(salted))
    for round_ in range(rounds):
        parts = [keyed if round_ % 2 else digest]
        parts += [seasoned] if round_ % 3 else []
        parts += [keyed] if round_ % 7 else []
        parts.append(digest if round_ % 2 else keyed)
        digest = hashlib.sha512(b"".join(parts)).digest()
    option = "" if rounds == ROUNDS else f"rounds={rounds}$"
    return f"$6${option}{salt}${_text(digest)}"


def _first(key: bytes, salt: bytes) -> bytes:
    alternate = hashlib.sha512(key + salt + key).digest()
    digest = hashlib.sha512(key + salt + _stretched(alternate, len(key)))
    length = len(key)
    while length:
        digest.update(alternate if length & 1 else key)
        length >>= 1
    return digest.digest()


def _stretched(digest: bytes, length: int) -> bytes:
    return (digest * (length // SIZE + 1))[:length]


def _text(digest: bytes) -> str:
    """Groups of three bytes, in the specification's order, as four letters each."""
    groups, (first, second, third) = [], (0, 21, 42)
    for _ in range(21):
        groups.append(_letters((digest[first] << 16) | (digest[second] << 8) | digest[third], 4))
        first, second, third = second + 1, third + 1, first + 1
    return "".join(groups) + _letters(digest[63], 2)


def _letters(number: int, count: int) -> str:
    return "".join(ALPHABET[(number >> 6 * index) & 63] for index in range(count))
