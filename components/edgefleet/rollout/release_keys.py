"""The release keys of a stack: the delegation in its store, which a root key signs.

The store proves nothing: what no root of the fleet file has signed counts as no delegation, and is written
over only where a person states a version. A version is written only in the place of the one that was read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from edgefleet.errors import InvalidInput, OutsideFailure
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.io.signing import PublicKey
from edgefleet.io.store import ArtifactStore
from edgefleet.keys.channel_key import ChannelKey
from edgefleet.keys.delegation import KIND, Delegation, read_delegation, verified_delegation
from edgefleet.keys.signed_document import LARGEST, Signer, opened, signed

PLACE = "delegation.json"
"""Its key in the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDelegation:
    """What a store has."""

    data: bytes | None = field(repr=False)
    """Its bytes; `None` where there are none."""
    delegation: Delegation | None
    """`None` where there is none, or none that a root has signed."""
    signers: tuple[str, ...] = ()
    """Ids of the keys that it names as its signers."""
    flaw: str = ""
    """Why it is none."""


def roots_of(fleet: Fleet) -> tuple[ChannelKey, ...]:
    """The root keys of a fleet; none without a channel."""
    return () if fleet.channel is None else tuple(map(ChannelKey.of_pem, fleet.channel.roots))


def stored_delegation(store: ArtifactStore, roots: Sequence[ChannelKey], *, fleet: str) -> StoredDelegation:
    """The delegation of a fleet, by its name and root keys, in its store.

    Raises:
        OutsideFailure: the store does not answer.
    """
    data = store.get(PLACE)
    if data is None:
        return StoredDelegation(data=None, delegation=None)
    try:
        delegation = verified_delegation(data, roots, fleet=fleet)
    except ValueError as error:
        return StoredDelegation(data=data, delegation=None, flaw=str(error))
    signers = tuple(signature.key for signature in opened(data, KIND).signatures)
    return StoredDelegation(data=data, delegation=delegation, signers=signers)


def stated_delegation(store: ArtifactStore) -> Delegation | None:
    """What the delegation in a store states, of which nothing is verified; `None` where it is none.

    Raises:
        OutsideFailure: the store does not answer.
    """
    data = store.get(PLACE, limit=LARGEST)
    try:
        return None if data is None else read_delegation(opened(data, KIND).payload)
    except ValueError:
        return None


def store_delegation(
    store: ArtifactStore, delegation: Delegation, root: tuple[ChannelKey, Signer], *, was: bytes | None
) -> None:
    """Sign a delegation, and put it in the place of what was read.

    Raises:
        OutsideFailure: another one was written since then, or the store or the key does not answer.
    """
    data = signed(KIND, delegation.payload, [root])
    if not store.swap(PLACE, data, was=was):
        problem = "another delegation was written at the same time"
        hint = "run edgefleet keys status, and again what is still missing"
        raise OutsideFailure.at(store.uri(PLACE), "delegation-raced", problem, hint)


def channel_key(public: PublicKey, where: str) -> ChannelKey:
    """A key as one of the channel.

    Raises:
        InvalidInput: it is of another kind.
    """
    try:
        return ChannelKey.of_pem(public.pem)
    except ValueError as error:
        hint = "create one with: edgefleet keys new, or in AWS KMS: --key-spec ECC_NIST_P256"
        raise InvalidInput.at(where, "signing-key", str(error), hint) from error
