"""The seal of a seed: what a node verifies before it applies a seed after its first boot. Pure.

HMAC-SHA256 over the digests of the files that cloud-init reads, by a key of the node that its first seed
brings. A seed of another node, key generation or origin has no valid seal. An older seed of the same node and
key generation has one: anyone who holds it holds that node's secrets already, and raising the key generation
ends it.
"""

import hashlib
import hmac
from collections.abc import Mapping

NAME = "edgefleet-seal"
"""The file beside those that it seals."""
SEALED = ("user-data", "meta-data", "network-config")
"""Files that cloud-init reads, in the order in which they are sealed."""


def seal_key(key: str, *, node: str) -> str:
    """The key of a node's seals, 64 hexadecimal digits."""
    from edgefleet.keys.derivation import derive  # noqa: PLC0415 - image formats import this module

    return derive(key, "seed-seal", node=node).hex()


def seal(key: str, files: Mapping[str, bytes]) -> bytes:
    """The seal of a seed's `files`, a line of 64 hexadecimal digits."""
    listed = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in SEALED)
    code = hmac.new(key.encode(), f"{NAME}/1\n{listed}".encode(), "sha256")
    return f"{code.hexdigest()}\n".encode()
