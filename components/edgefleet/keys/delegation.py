"""Delegations: which release keys a root key lets sign, and until when. Pure.

A node has the public halves of the roots from its image, and takes the delegation of the highest version
that one of them has signed. So a stolen release key ends with a version without it.
"""

import base64
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from edgefleet.keys.channel_key import ChannelKey
from edgefleet.keys.line_form import DER, HEX, NAME, NUMBER, LineForm
from edgefleet.keys.signed_document import Kind, verified

KIND: Final[Kind] = "delegation"
MOST_KEYS = 8
"""Release keys of a delegation."""
_FORM = LineForm(
    head="edgefleet-delegation 1",
    fields={"fleet": NAME, "version": NUMBER, "issued": NUMBER},
    row="key",
    columns=(HEX, NUMBER, DER),
    most=MOST_KEYS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseKey:
    """A key that may sign pointers for a time."""

    key: ChannelKey
    expires: int
    """Seconds since 1970; from then on it signs nothing."""


@dataclass(frozen=True, kw_only=True)
class Delegation:
    """The release keys of a fleet.

    Raises:
        ValueError: a value is outside of its limits, a key ends before it begins, or one is there twice.
    """

    fleet: str
    version: int
    """From 1; a node takes none below one that it has taken."""
    issued: int
    """When it was signed, seconds since 1970."""
    keys: tuple[ReleaseKey, ...]
    """Sorted by `ChannelKey.id`."""

    def __post_init__(self) -> None:
        _ = self.payload
        ids = [each.key.id for each in self.keys]
        if ids != sorted(set(ids)):
            raise ValueError("has keys out of their order, or twice")
        if self.version < 1:
            raise ValueError("has version 0, and 1 is the first")
        if ended := [each.key.id[:16] for each in self.keys if each.expires <= self.issued]:
            raise ValueError(f"has a key that ends before it begins: {', '.join(ended)}")

    @cached_property
    def payload(self) -> bytes:
        """Its text."""
        rows = [(each.key.id, each.expires, base64.b64encode(each.key.der).decode()) for each in self.keys]
        return _FORM.written({"fleet": self.fleet, "version": self.version, "issued": self.issued}, rows)

    def ended(self, at: int) -> tuple[ReleaseKey, ...]:
        """Its keys, each of which ends at `at`, seconds since 1970, or before."""
        return tuple(replace(each, expires=min(each.expires, at)) for each in self.keys)

    def valid_keys(self, now: int) -> tuple[ChannelKey, ...]:
        """Those that have not ended at `now`, seconds since 1970."""
        return tuple(each.key for each in self.keys if now < each.expires)


def following(before: Delegation | None, keys: Iterable[ReleaseKey], *, fleet: str, now: int) -> Delegation:
    """The version after `before` with these keys but those that have ended; the first where there is none.

    Raises:
        ValueError: none is left, or there are too many.
    """
    current = {each.key.id: each for each in keys if each.expires > now}
    return Delegation(
        fleet=fleet,
        version=1 if before is None else before.version + 1,
        issued=now,
        keys=tuple(current[name] for name in sorted(current)),
    )


def read_delegation(payload: bytes) -> Delegation:
    """The delegation of its text.

    Raises:
        ValueError: it is none.
    """
    values, rows = _FORM.read(payload)
    return Delegation(
        fleet=values["fleet"],
        version=int(values["version"]),
        issued=int(values["issued"]),
        keys=tuple(_release_key(*row) for row in rows),
    )


def _release_key(name: str, expires: str, der: str) -> ReleaseKey:
    try:
        key = ChannelKey.of_der(base64.b64decode(der, validate=True))
    except ValueError as error:
        raise ValueError(f"has a key that {error}") from error
    if key.id != name or base64.b64encode(key.der).decode() != der:
        raise ValueError(f"has a key under the name of another: {name[:16]}")
    return ReleaseKey(key=key, expires=int(expires))


def verified_delegation(data: bytes, roots: Collection[ChannelKey], *, fleet: str) -> Delegation:
    """The delegation of a signed document; its version is for the caller to compare.

    Args:
        data: the document, from an untrusted store.
        roots: the keys of which one must have signed it.
        fleet: the fleet that it must be of.

    Raises:
        ValueError: it has another form, no root has signed it, or it is of another fleet.
    """
    delegation = read_delegation(verified(data, KIND, roots))
    if delegation.fleet != fleet:
        raise ValueError(f"is for the fleet {delegation.fleet}, not for {fleet}")
    return delegation
