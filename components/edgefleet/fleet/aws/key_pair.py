"""`KeyPair` (`edgefleet:aws:KeyPair`), written by `make schema`, not by hand."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi


class KeyPairArgs(TypedDict):
    """Inputs of a KeyPair."""

    region: NotRequired[pulumi.Input[str] | None]
    """AWS region where it is not the provider's."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]] | None]
    """Tags beside the ones that say whose it is."""
    name: pulumi.Input[str]
    """Name, unique in the region."""
    publicKey: pulumi.Input[str]
    """The one line of its .pub file."""


class KeyPair(pulumi.CustomResource):
    """A public SSH key (EC2 API, ImportKeyPair); the private half is never seen."""

    fingerprint: pulumi.Output[str]
    """Fingerprint, as AWS computes it."""

    def __init__(self, name: str, args: KeyPairArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edgefleet:aws:KeyPair", name, {"fingerprint": None, **args}, opts)
