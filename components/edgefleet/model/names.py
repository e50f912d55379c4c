"""Names: of fleets, sites, nodes, users, buckets, Kubernetes labels; each with its rule."""

import re
from typing import Annotated

from pydantic import Field, WithJsonSchema

from edgefleet.model.syntax import checked, matching, shown, wrong

LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
"""An RFC 1123 label, but for its length."""
OWN_LABEL_PREFIXES = ("node.kubernetes.io", "kubelet.kubernetes.io")
"""Kubernetes' own prefixes that a node may set on itself (kubelet, --node-labels)."""

Name = Annotated[
    str,
    *matching(
        LABEL,
        code="bad-name",
        what="an RFC 1123 label",
        hint="use lower-case letters, digits and hyphens, 63 at most, with a letter or digit at both ends",
        longest=63,
    ),
]
UserName = Annotated[
    str,
    *matching(
        r"(?!root$)[a-z_][a-z0-9_-]*",
        code="bad-user",
        what="a Unix user name to log in with",
        hint="use lower-case letters, digits, _ and -, 32 at most; root's rights come with isAdmin",
        longest=32,
    ),
]
Host = Annotated[
    str,
    *matching(
        rf"{LABEL}(\.{LABEL})*\.?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*",
        code="bad-host",
        what="a host name or an address",
        hint="write a name such as time.example.org, or an address such as 10.0.0.1",
    ),
]
Domain = Annotated[
    str,
    *matching(
        rf"{LABEL}(\.{LABEL})*\.?",
        code="bad-domain",
        what="a domain name",
        hint="write a name such as shops.example.org, in lower case",
    ),
]
RegistryHost = Annotated[
    str,
    *matching(
        r"\*|[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?(:\d{1,5})?",
        code="bad-registry",
        what="a registry's host",
        hint='write the host alone, such as docker.io or registry.example:5000, or "*" for every registry',
    ),
]
Web = Annotated[
    str,
    *matching(
        r"https?://[^\s/@?#]+(/[^\s?#]*)?",
        code="bad-url",
        what="a web address",
        hint="write it with its scheme and without a user or a query, such as https://registry.example:5000",
        longest=2000,
    ),
]
Bucket = Annotated[
    str,
    *matching(
        r"(?!xn--)(?!.*-s3alias$)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
        code="bad-bucket",
        what="a bucket's name",
        hint="use 3 to 63 lower-case letters, digits and hyphens (no dots: they break TLS)",
        longest=63,
    ),
]
Accelerator = Annotated[
    str,
    *matching(
        LABEL,
        code="bad-accelerator",
        what="an accelerator's name",
        hint="write it like coral-tpu",
        longest=63,
    ),
]
Sysctl = Annotated[
    str,
    *matching(
        r"[a-z0-9_]+([./][A-Za-z0-9_*-]+)+",
        code="bad-sysctl",
        what="a kernel setting",
        hint="write its full name such as net.core.somaxconn",
    ),
]
SysctlValue = Annotated[
    str,
    *matching(
        r"[^\r\n\x00]+",
        code="bad-sysctl",
        what="a value on one line",
        hint="write it on one line",
        longest=1000,
    ),
    WithJsonSchema(
        {"type": ["string", "number"], "pattern": r"^(?:[^\r\n\x00]+)$", "maxLength": 1000}, "validation"
    ),
]

_LABEL_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_LABEL_PREFIX = re.compile(rf"{LABEL}(\.{LABEL})*")
_TAINT = re.compile(r"(?P<key>[^=:]+)(=(?P<value>[^=:]*))?:(?P<effect>[A-Za-z]+)")
_TAINT_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def _label_key(key: str) -> str:
    prefix, slash, name = key.rpartition("/")
    longest = 253
    if not _LABEL_NAME.fullmatch(name) or (
        slash and (not _LABEL_PREFIX.fullmatch(prefix) or len(prefix) > longest)
    ):
        raise wrong(
            "bad-label", f"{shown(key)} is not a Kubernetes label", "write it like tier or example.com/tier"
        )
    if re.search(r"(^|\.)(kubernetes|k8s)\.io$", prefix) and prefix not in OWN_LABEL_PREFIXES:
        raise wrong(
            "reserved-label",
            f"{key} is under {prefix}, which stops a node from starting",
            "use a prefix of your own, or none",
        )
    return key


def _label_value(value: str) -> str:
    if value and not _LABEL_NAME.fullmatch(value):
        raise wrong(
            "bad-label",
            f"{shown(value)} is not a Kubernetes label's value",
            "use at most 63 letters, digits, -, _ and ., starting and ending with a letter or digit",
        )
    return value


def _taint(taint: str) -> str:
    match = _TAINT.fullmatch(taint)
    if match is None or match["effect"] not in _TAINT_EFFECTS:
        raise wrong(
            "bad-taint",
            f"{shown(taint)} is not a taint",
            "write key=value:NoSchedule, key:PreferNoSchedule or key=value:NoExecute",
        )
    _label_key(match["key"])
    _label_value(match["value"] or "")
    return taint


def _secret_name(name: str) -> str:
    """`name`, if it can name a secret; a refused one may be the secret itself and is not repeated."""
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", name):
        return name
    raise wrong(
        "bad-secret-name",
        "this is not a name of a secret",
        "name an entry of fleet:passphrases in the stack's configuration; never write the passphrase here",
    )


SecretName = Annotated[
    str, checked(_secret_name), Field(json_schema_extra={"pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"})
]
LabelKey = Annotated[str, checked(_label_key)]
LabelValue = Annotated[
    str, checked(_label_value), WithJsonSchema({"type": ["string", "number", "boolean"]}, "validation")
]
Taint = Annotated[str, checked(_taint)]
