"""Names: of fleets, sites, nodes, users, hosts, buckets, Kubernetes labels; each with its rule."""

import re
from dataclasses import replace
from ipaddress import ip_address
from typing import Annotated

from pydantic import WithJsonSchema

from edgefleet.model.syntax import SECRET_NAME, Grammar, nearest, shown, wrong

LABEL_RE = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
"""An RFC 1123 label."""
DOMAIN_RE = rf"{LABEL_RE}(\.{LABEL_RE})*"
_ANY_CASE = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
HOST_RE = rf"({_ANY_CASE}(\.{_ANY_CASE})*|\[[0-9A-Fa-f:.]{{2,45}}\])"
"""A host in an address: a name, an IPv4 address, or an IPv6 address in brackets and without a zone."""
BUCKET_RE = r"(?!xn--)(?!.*-s3alias$)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]"
PATH_RE = r"(/([A-Za-z0-9._~+,=:@-]|%[0-9A-Fa-f]{2})*)*"
"""The path of an address: nothing that a shell, systemd, apt or a configuration file reads as its own."""
OWN_LABELS = frozenset(
    f"{prefix}/{name}"
    for prefix in ("topology.kubernetes.io", "failure-domain.beta.kubernetes.io")
    for name in ("zone", "region")
) | {"beta.kubernetes.io/instance-type"}
"""Kubernetes' own labels that a node may set on itself, beside those under node.kubernetes.io and
kubelet.kubernetes.io and all below these (kubernetes, pkg/kubelet/apis/well_known_labels.go)."""
_SYSTEM = "remove it: the profile's arch and the base system decide"
OF_KUBELET = {
    "kubernetes.io/hostname": "set hostname",
    "kubernetes.io/arch": _SYSTEM,
    "kubernetes.io/os": _SYSTEM,
    "beta.kubernetes.io/arch": _SYSTEM,
    "beta.kubernetes.io/os": _SYSTEM,
}
"""dict[label that a kubelet sets by what it runs on -> what decides it]."""
CONDITIONS = frozenset(
    f"node.kubernetes.io/{state}"
    for state in (
        "not-ready",
        "unreachable",
        "memory-pressure",
        "disk-pressure",
        "pid-pressure",
        "network-unavailable",
        "unschedulable",
    )
)
"""Taints by which Kubernetes shows a node's state (its docs, reference/labels-annotations-taints)."""
_KEY_NAME_RE = r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
KEY_RE = rf"({DOMAIN_RE}/)?{_KEY_NAME_RE}"
_AUTHORITY = re.compile(rf"(?:[a-z0-9+]+://)?(?P<host>{HOST_RE})(:(?P<port>\d+))?(/.*)?")
LARGEST_PORT = 65535


def host(text: str) -> str:
    """`text`, a name or an address, if an address in it can exist.

    Raises:
        PydanticCustomError: it cannot.
    """
    address = text.strip("[]")
    try:
        if ":" in text or re.fullmatch(r"[0-9.]+", text):
            ip_address(address)
    except ValueError:
        raise wrong("bad-host", f"{shown(text)} is not an address", "write 10.0.0.1, or fd00::1") from None
    return text


def reachable(text: str) -> str:
    """`text`, ``[scheme://]host[:port][/path]``, if its host and port can exist.

    Raises:
        PydanticCustomError: they cannot.
    """
    parts = _AUTHORITY.fullmatch(text)
    if parts is not None:
        host(parts["host"])
        if parts["port"] is not None and not 1 <= int(parts["port"]) <= LARGEST_PORT:
            problem = f"{shown(parts['port'])} is not a port"
            raise wrong("bad-port", problem, f"write one from 1 to {LARGEST_PORT}")
    return text


def _label(key: str) -> str:
    prefix = key.rpartition("/")[0]
    if key in OF_KUBELET:
        problem, hint = f"{key} is a label that each kubelet sets itself", OF_KUBELET[key]
        raise wrong("reserved-label", problem, hint)
    is_kubernetes = re.search(r"(^|\.)(kubernetes|k8s)\.io$", prefix) is not None
    is_of_node = re.search(r"(^|\.)(node|kubelet)\.kubernetes\.io$", prefix) is not None
    if is_kubernetes and not is_of_node and key not in OWN_LABELS:
        problem = f"{shown(key)} is under {shown(prefix)}, which stops a node from starting"
        raise wrong("reserved-label", problem, "use a prefix of your own, or none")
    return key


def _taint(taint: str) -> str:
    key = re.split("[=:]", taint)[0]
    if key in CONDITIONS:
        problem = f"Kubernetes sets and removes {key} itself, by the state of a node"
        raise wrong("reserved-taint", problem, "use a key of your own, such as example.com/dedicated")
    return taint


LOWER_CASE = "use lower-case letters, digits and hyphens, 63 at most, with a letter or digit at both ends"
Name = Annotated[str, Grammar(LABEL_RE, "bad-name", "an RFC 1123 label", LOWER_CASE, 63)]
_HOST_NAME = Grammar(
    DOMAIN_RE,
    "bad-name",
    "a host name",
    "write it like till-1 or till-1.shop.example: lower-case letters, digits, hyphens and dots, 63 at most",
    63,
)
HostName = Annotated[str, _HOST_NAME]
_USER_NAME = Grammar(
    r"(?!root$)[a-z_][a-z0-9_-]*",
    "bad-user",
    "a Unix user name to log in with",
    "use lower-case letters, digits, _ and -, 32 at most; root's rights come with isAdmin",
    32,
)
UserName = Annotated[str, _USER_NAME]
server_name = Grammar(
    rf"{DOMAIN_RE}\.?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*",
    "bad-host",
    "a host name or an address",
    "write a name such as time.example.org, or an address such as 10.0.0.1",
    then=host,
    refers="may",
)
Host = Annotated[str, server_name]
_DOMAIN = Grammar(
    rf"{DOMAIN_RE}\.?", "bad-domain", "a domain name", "write one such as shops.example.org, in lower case"
)
Domain = Annotated[str, _DOMAIN]
_REGISTRY_HOST = Grammar(
    rf"\*|{HOST_RE}(:\d{{1,5}})?",
    "bad-registry",
    "a registry's host",
    'write the host alone, such as docker.io or registry.example:5000, or "*" for every registry',
    then=reachable,
)
RegistryHost = Annotated[str, _REGISTRY_HOST]
_WEB = Grammar(
    rf"https?://{HOST_RE}(:\d{{1,5}})?{PATH_RE}",
    "bad-url",
    "a web address",
    "write it with its scheme and without a user or a query, such as https://registry.example:5000",
    2000,
    reachable,
)
Web = Annotated[str, _WEB]
RegistryEndpoint = Annotated[str, replace(_WEB, refers="may")]
_PROXY_ADDRESS = Grammar(
    rf"https?://{HOST_RE}(:\d{{1,5}})?/?",
    "bad-proxy",
    "the address of a proxy",
    "write http://proxy.example:3128; a login is a secret of the stack: credentials: {secret: NAME}",
    300,
    reachable,
    is_private=True,
    refers="may",
)
ProxyAddress = Annotated[str, _PROXY_ADDRESS]
_BUCKET = Grammar(
    BUCKET_RE,
    "bad-bucket",
    "a bucket's name",
    "use 3 to 63 lower-case letters, digits and hyphens (no dots: they break TLS)",
    63,
)
Bucket = Annotated[str, _BUCKET]
_ACCELERATOR = Grammar(LABEL_RE, "bad-accelerator", "an accelerator's name", "write it like coral-tpu", 63)
Accelerator = Annotated[str, _ACCELERATOR]
_SYSCTL = Grammar(
    r"[a-z0-9_]+([./][A-Za-z0-9_*-]+)+",
    "bad-sysctl",
    "a kernel setting",
    "write its full name such as net.core.somaxconn",
)
Sysctl = Annotated[str, _SYSCTL]
_SYSCTL_VALUE = Grammar(
    r"[A-Za-z0-9._:/,+@=-]+( [A-Za-z0-9._:/,+@=-]+)*",
    "bad-sysctl",
    "a value of a kernel setting",
    "write numbers or words with one space between them; | (a program of root's) and quotes are not taken",
    1000,
    refers="may",
)
SysctlValue = Annotated[
    str,
    _SYSCTL_VALUE,
    WithJsonSchema(
        {"type": ["string", "number"], "pattern": f"^(?:{_SYSCTL_VALUE.pattern})$", "maxLength": 1000},
        "validation",
    ),
]
NAME_OF_SECRET = Grammar(
    SECRET_NAME,
    "bad-secret-name",
    "a name of a secret",
    "name an entry of fleet:passphrases in the stack's configuration; never write the passphrase here",
    63,
    is_private=True,
)
SecretName = Annotated[str, NAME_OF_SECRET]
_LABEL_KEY = Grammar(
    KEY_RE, "bad-label", "a Kubernetes label", "write it like tier or example.com/tier", 317, _label
)
LabelKey = Annotated[str, _LABEL_KEY]
LabelValue = Annotated[
    str,
    Grammar(
        f"({_KEY_NAME_RE})?",
        "bad-label",
        "a Kubernetes label's value",
        "use at most 63 letters, digits, -, _ and ., starting and ending with a letter or digit",
    ),
    WithJsonSchema({"type": ["string", "number", "boolean"]}, "validation"),
]
_TAINT = Grammar(
    rf"{KEY_RE}(=({_KEY_NAME_RE})?)?:(NoSchedule|PreferNoSchedule|NoExecute)",
    "bad-taint",
    "a taint",
    "write key=value:NoSchedule, key:PreferNoSchedule or key=value:NoExecute",
    400,
    _taint,
)
Taint = Annotated[str, _TAINT]

OF_K3S = re.compile(
    r"(.+\.)?k3s(\.cattle)?\.io/|flannel\.alpha\.coreos\.com/(?!.*-overwrite$)"
    r"|(alpha|volumes|node\.alpha)\.kubernetes\.io/"
)
"""Annotations of nodes that k3s, its flannel and Kubernetes set themselves."""


def _annotation(key: str) -> str:
    if OF_K3S.match(key):
        problem = f"k3s sets {shown(key)} on its nodes itself"
        raise wrong("reserved-annotation", problem, "use a prefix of your own, such as example.com/rack")
    return key


_ANNOTATION_KEY = Grammar(
    KEY_RE, "bad-annotation", "a Kubernetes annotation", "write it like example.com/rack", 317, _annotation
)
AnnotationKey = Annotated[str, _ANNOTATION_KEY]
_ANNOTATION_VALUE = Grammar(
    r".*", "bad-annotation", "the value of an annotation", "write one line of text", 4000, is_ascii=False
)
AnnotationValue = Annotated[
    str, _ANNOTATION_VALUE, WithJsonSchema({"type": ["string", "number", "boolean"]}, "validation")
]
PLACEHOLDERS = ("fleet", "region", "site")
"""Placeholders in the address of a page, replaced by names; these are RFC 1123 labels: nothing is escaped."""


def _page(text: str) -> str:
    for word in re.findall(r"\{([^{}]*)\}", text):
        if word not in PLACEHOLDERS:
            raise wrong("bad-page", f"{{{shown(word)}}} is replaced by nothing", nearest(word, PLACEHOLDERS))
    if "{site}" not in text:
        problem = f"{shown(text)} would be the same page for every site"
        raise wrong("bad-page", problem, "add {site} where the site's name belongs")
    return text


page = Grammar(
    r"https?://(\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?|([A-Za-z0-9.:-]|\{[a-z]+\})+)(/([A-Za-z0-9._~+,=:@?#&!/-]|%[0-9A-Fa-f]{2}|\{[a-z]+\})*)?",
    "bad-page",
    "the address of a page",
    "write it like https://shops.example/{site}, without a user or a password",
    200,  # a code of many more is hard to read from paper
    _page,
)
Page = Annotated[str, page]
"""The address of a site's page on a server of its owners: printed on its sheet as a QR code."""


def page_of(text: str, *, fleet: str, region: str, site: str) -> str:
    """The address of one site's page."""
    for word, name in (("fleet", fleet), ("region", region), ("site", site)):
        text = text.replace(f"{{{word}}}", name)
    return text
