"""Container registries of a node: where images are pulled from, and how nodes log in there.

Source: k3s docs, installation/private-registry. The trusted certificates of a node are here too.
"""

import base64
import binascii
import re
from dataclasses import field, replace
from textwrap import wrap
from typing import Annotated

from edgefleet.model.effects import Effect
from edgefleet.model.names import RegistryEndpoint
from edgefleet.model.spec import spec
from edgefleet.model.syntax import LOGIN, Grammar, shown, wrong

ANY = "*"
"""The host that stands for every registry without settings of its own."""


def _expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise wrong("bad-rewrite", f"{shown(text)} is not a regular expression: {error}", REWRITE) from None
    return text


REWRITE = 'write an expression and what replaces it, such as "^library/(.*)$": "mirror/$1"'
_IMAGE_PATTERN = Grammar(
    r"[A-Za-z0-9._/@:^$()*+?|\[\]{},\\-]+",
    "bad-rewrite",
    "a regular expression over names of images",
    REWRITE,
    200,
    _expression,
)
ImagePattern = Annotated[str, _IMAGE_PATTERN]
_IMAGE_REWRITE = Grammar(
    r"([A-Za-z0-9._/@:-]|\$\d|\$\{\d\})*",
    "bad-rewrite",
    "a name of an image, with $1 for a group",
    "write it like mirror/$1, where $1 is the first group of the expression",
    200,
    refers="may",
)
ImageRewrite = Annotated[str, _IMAGE_REWRITE]
RegistryLogin = Annotated[str, replace(LOGIN, what="a registry login", longest=2000)]
_TOKEN = Grammar(
    "[!-~]+",
    "bad-token",
    "a registry token",
    "write its printable ASCII characters alone",
    3000,
    refers="must",
)
RegistryToken = Annotated[str, _TOKEN]
_KEY = Grammar(
    "[A-Za-z0-9+/]+={0,2}",
    "bad-key",
    "the client key of a registry in one line",
    "take what `openssl pkey -in key.pem -outform DER | base64 -w0` prints",
    4000,
    refers="must",
)
PrivateKey = Annotated[str, _KEY]


def key_pem(key: str) -> str:
    """The PEM of a `PrivateKey`."""
    return "\n".join(["-----BEGIN PRIVATE KEY-----", *wrap(key, 64), "-----END PRIVATE KEY-----", ""])


PEM = "write the lines from BEGIN CERTIFICATE to END CERTIFICATE alone, or file: and a path in the project"
_BLOCK = re.compile("-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=\n]+)-----END CERTIFICATE-----")


def _whole(text: str) -> str:
    for body in _BLOCK.findall(text):
        if not _is_der(body):
            raise wrong("bad-certificate", "a certificate in this text is cut off or damaged", PEM)
    return f"{text.rstrip()}\n"


def _is_der(body: str) -> bool:
    """Whether `body` is one whole DER sequence in base64 (X.690, 8.1.3)."""
    try:
        data = base64.b64decode(body.replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        return False
    if len(data) < 2 or data[0] != 0x30:  # noqa: PLR2004 - tag and length
        return False
    more = data[1] & 0x7F if data[1] & 0x80 else 0
    length = int.from_bytes(data[2 : 2 + more]) if more else data[1]
    return len(data) == 2 + more + length


_CERTIFICATES = Grammar(
    r"(-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=]{1,76}\n)+-----END CERTIFICATE-----\n?)+",
    "bad-certificate",
    "certificates in PEM",
    PEM,
    64_000,
    _whole,
    has_lines=True,
    may_be_file=True,
)
Certificates = Annotated[str, _CERTIFICATES]


def certificates(bundle: str) -> tuple[str, ...]:
    """The certificates in `bundle`, each as a text of its own."""
    return tuple(f"{block[0]}\n" for block in _BLOCK.finditer(bundle))


@spec
class Registry:
    """Where images of one registry are pulled from, and how nodes connect to it."""

    endpoints: Annotated[tuple[RegistryEndpoint, ...], Effect.RESTART] = ()
    """Addresses of mirrors tried in order, https://registry.example:5000; a mirror's credentials stand under
    its own host."""
    rewrite: Annotated[dict[ImagePattern, ImageRewrite], Effect.RESTART] = field(default_factory=dict)
    """Regular expression over the image's name -> replacement."""
    credentials: Annotated[RegistryLogin | None, Effect.RESTART] = None
    """A secret of the stack, {secret: registry}: <user>:<password>."""
    identity_token: Annotated[RegistryToken | None, Effect.RESTART] = None
    """A secret of the stack, {secret: registry}: a token in place of credentials."""
    ca: Annotated[Certificates | None, Effect.RESTART] = None
    """Certificates that its own must be signed by, in PEM: text or file:<path in the project>. What
    trustedCertificates has need not stand here."""
    client_certificate: Annotated[Certificates | None, Effect.RESTART] = None
    """The nodes' certificate for it, in PEM: text or file:<path in the project>."""
    client_key: Annotated[PrivateKey | None, Effect.RESTART] = None
    """A secret of the stack, {secret: registry-key}: the key of clientCertificate in one line, as
    openssl pkey -in key.pem -outform DER | base64 -w0 prints it."""
    skip_verify: Annotated[bool, Effect.RESTART] = False
    """Whether its certificate is accepted unseen: anybody on the way can then replace images."""
