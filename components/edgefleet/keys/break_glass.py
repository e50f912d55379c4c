"""Emergency access to a node: its console's password and its end of a tunnel, both derived. Pure."""

import base64
import hashlib
from ipaddress import IPv6Network

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edgefleet.keys.derivation import derive, letters
from edgefleet.keys.password_hash import ALPHABET, sha512_crypt
from edgefleet.model.safety import RESCUE
from edgefleet.model.site import SiteSpec

USER = RESCUE
ROUNDS = 1000
"""The minimum: 80 random bits need no more, and a preview computes the hash for each node."""
LENGTH = 20
"""Letters of a password, of 4 bits each."""


def console_password(key: str) -> str:
    """The password of `USER` at the consoles of the site with this key; 80 bits."""
    return letters(key, "console-password", length=LENGTH)


def console_hash(key: str) -> str:
    """The hash of that password, which the nodes hold."""
    salt = "".join(ALPHABET[each & 63] for each in derive(key, "console-salt", length=16))
    return sha512_crypt(console_password(key), salt, rounds=ROUNDS)


def tunnel_key(key: str, *, node: str) -> tuple[str, str]:
    """(private key, public key) of a node's end of the tunnel, as WireGuard writes them."""
    secret = bytearray(derive(key, "wireguard", node=node))
    secret[0] &= 248
    secret[31] = (secret[31] & 127) | 64
    public = X25519PrivateKey.from_private_bytes(bytes(secret)).public_key()
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return base64.b64encode(secret).decode(), base64.b64encode(raw).decode()


def tunnel_address(site: SiteSpec, node: str, network: str) -> str:
    """A node's address in `network`, derived from its names."""
    named = f"{site.fleet}\0{site.region}\0{site.name}\0{node}".encode()
    whole = IPv6Network(network)
    number = int.from_bytes(hashlib.sha256(named).digest()) % (whole.num_addresses - 2)
    return str(whole[number + 2])


def tunnel_host(network: str) -> str:
    """The address of the machine at the other end: the first of `network`."""
    return str(IPv6Network(network)[1])
