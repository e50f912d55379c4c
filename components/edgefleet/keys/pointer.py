"""Pointers: which release a site is to run, from when and until when. Pure.

A pointer is for one site of one key generation: a node compares the names with those of its own seed, so
that no pointer of another site, or of an earlier generation, is taken. The digest of the one before makes a
log of them.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from edgefleet.keys.channel_key import ChannelKey
from edgefleet.keys.delegation import Delegation
from edgefleet.keys.line_form import DIGEST, HEX, NAME, NUMBER, LineForm
from edgefleet.keys.signed_document import Kind, verified

KIND: Final[Kind] = "pointer"
FIRST = f"sha256:{'0' * 64}"
"""The digest before that of a site's first pointer."""
MOST_NODES = 200
"""Nodes of a site: their lines fit into the size of a signed document."""
_FORM = LineForm(
    head="edgefleet-pointer 1",
    fields={
        "fleet": NAME,
        "region": NAME,
        "site": NAME,
        "generation": NUMBER,
        "sequence": NUMBER,
        "issued": NUMBER,
        "not-before": NUMBER,
        "expires": NUMBER,
        "floor": NUMBER,
        "release": DIGEST,
        "previous": DIGEST,
    },
    row="node",
    columns=(NAME, HEX, NUMBER, HEX),
    most=MOST_NODES,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Whom a pointer is for, as the seed of a node has it."""

    fleet: str
    region: str
    site: str
    generation: int
    """Key generation."""

    def __str__(self) -> str:
        """``berlin of retail, eu, key generation 1``."""
        return f"{self.site} of {self.fleet}, {self.region}, key generation {self.generation}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRelease:
    """What one node is to fetch."""

    node: str
    ciphertext: str
    """Hex SHA-256 of the encrypted bundle, which is its name in the store."""
    size: int
    """Bytes of it."""
    part: str
    """Hex digest of the node's part of the release."""


@dataclass(frozen=True, kw_only=True)
class Pointer:
    """Which release a site is to run.

    Raises:
        ValueError: a value is outside of its limits, or two contradict each other.
    """

    addressee: Addressee
    sequence: int
    """A site's pointers are numbered; a node takes none that is below one that it has taken."""
    issued: int
    """When it was signed, seconds since 1970, as all times here."""
    not_before: int
    """When it begins to hold."""
    expires: int
    """When it ends: a node reports that it hears nothing new, and keeps running what it runs."""
    floor: int
    """A node whose health takes it back goes to no release below this sequence."""
    release: str
    """``sha256:<hex>`` of the manifest of the site's release."""
    previous: str = FIRST
    """`digest` of the pointer before it."""
    nodes: tuple[NodeRelease, ...]
    """Sorted by name."""

    def __post_init__(self) -> None:
        _ = self.payload
        if not self.floor <= self.sequence:
            raise ValueError(f"has a floor of {self.floor}, above its own sequence {self.sequence}")
        if not self.not_before < self.expires:
            raise ValueError("ends before it begins")
        names = [each.node for each in self.nodes]
        if names != sorted(set(names)):
            raise ValueError("has nodes out of their order, or twice")

    @cached_property
    def payload(self) -> bytes:
        """Its text."""
        whom = self.addressee
        values = {
            "fleet": whom.fleet,
            "region": whom.region,
            "site": whom.site,
            "generation": whom.generation,
            "sequence": self.sequence,
            "issued": self.issued,
            "not-before": self.not_before,
            "expires": self.expires,
            "floor": self.floor,
            "release": self.release,
            "previous": self.previous,
        }
        rows = [(each.node, each.ciphertext, each.size, each.part) for each in self.nodes]
        return _FORM.written(values, rows)

    @cached_property
    def digest(self) -> str:
        """``sha256:<hex>`` of its text, which the next one names."""
        return f"sha256:{hashlib.sha256(self.payload).hexdigest()}"


def read_pointer(payload: bytes) -> Pointer:
    """The pointer of its text.

    Raises:
        ValueError: it is none.
    """
    values, rows = _FORM.read(payload)
    return Pointer(
        addressee=Addressee(
            fleet=values["fleet"],
            region=values["region"],
            site=values["site"],
            generation=int(values["generation"]),
        ),
        sequence=int(values["sequence"]),
        issued=int(values["issued"]),
        not_before=int(values["not-before"]),
        expires=int(values["expires"]),
        floor=int(values["floor"]),
        release=values["release"],
        previous=values["previous"],
        nodes=tuple(
            NodeRelease(node=node, ciphertext=ciphertext, size=int(size), part=part)
            for node, ciphertext, size, part in rows
        ),
    )


def verified_pointer(data: bytes, delegation: Delegation, addressee: Addressee, *, now: int) -> Pointer:
    """The pointer of a signed document; its sequence and times are for the caller to compare.

    Args:
        data: the document, from an untrusted store.
        delegation: the newest one, verified.
        addressee: whom it must be for.
        now: seconds since 1970; a key that has ended then signs nothing.

    Raises:
        ValueError: it has another form, no key that the delegation names has signed it, that key has ended,
            or it is for someone else.
    """
    try:
        payload = verified(data, KIND, delegation.valid_keys(now))
    except ValueError:
        verified(data, KIND, _all(delegation))
        raise ValueError("is signed by a release key that has ended") from None
    pointer = read_pointer(payload)
    if pointer.addressee != addressee:
        raise ValueError(f"is for {pointer.addressee}, not for {addressee}")
    return pointer


def _all(delegation: Delegation) -> tuple[ChannelKey, ...]:
    return tuple(each.key for each in delegation.keys)
