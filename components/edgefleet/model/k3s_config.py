"""Keys and values of k3s's ``config.yaml`` that a fleet file may set.

Source: k3s docs, cli/server and cli/agent. k3s does not start with a key that it does not know, or with a
value of another kind.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_address
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, WithJsonSchema
from pydantic_core import InitErrorDetails

from edgefleet.model.addresses import cidr
from edgefleet.model.names import server_name
from edgefleet.model.syntax import NAMES_SECRET, Grammar, as_reference, nearest, secret_name, shown, wrong


def _keys(text: str) -> frozenset[str]:
    return frozenset(text.split())


OWNED = _keys("""
    agent-token agent-token-file cluster-init cluster-reset cluster-reset-restore-path data-dir disable
    node-ip node-label node-name node-taint private-registry server token token-file with-node-id
""")
"""Keys that edgefleet writes from other parts of the fleet file (or must not have)."""
SECRET = _keys("""
    datastore-endpoint etcd-s3-access-key etcd-s3-secret-key etcd-s3-session-token vpn-auth
""")
"""Keys whose values are credentials: a secret of the stack stands there."""
SWITCHES = _keys("""
    alsologtostderr debug disable-apiserver disable-cloud-controller disable-controller-manager
    disable-default-registry-endpoint disable-etcd disable-helm-controller disable-kube-proxy
    disable-network-policy disable-scheduler docker embedded-registry enable-pprof etcd-disable-snapshots
    etcd-expose-metrics etcd-s3 etcd-s3-insecure etcd-s3-skip-ssl-verify etcd-snapshot-compress
    flannel-external-ip flannel-ipv6-masq kine-tls node-name-from-cloud-provider-metadata nonroot-devices
    prefer-bundled-bin protect-kernel-defaults rootless secrets-encryption selinux supervisor-metrics
    tls-san-security
""")
NUMBERS = _keys("""
    advertise-port etcd-s3-retention etcd-snapshot-retention https-listen-port lb-server-port v
""")
ADDRESSES = _keys("advertise-address bind-address cluster-dns node-external-ip")
HOSTS = _keys("node-external-dns node-internal-dns tls-san")
TEXTS = _keys("""
    airgap-extra-registry cluster-domain container-runtime-endpoint datastore-cafile datastore-certfile
    datastore-keyfile default-local-storage-path default-runtime egress-selector-mode etcd-arg
    etcd-s3-bucket etcd-s3-bucket-lookup-type etcd-s3-config-secret etcd-s3-endpoint etcd-s3-endpoint-ca
    etcd-s3-folder etcd-s3-proxy etcd-s3-region etcd-s3-timeout etcd-snapshot-dir etcd-snapshot-name
    etcd-snapshot-reconcile-interval etcd-snapshot-schedule-cron flannel-backend flannel-cni-conf
    flannel-conf flannel-iface helm-job-image image-credential-provider-bin-dir
    image-credential-provider-config image-service-endpoint kube-apiserver-arg
    kube-cloud-controller-manager-arg kube-controller-manager-arg kube-proxy-arg kube-scheduler-arg
    kubelet-arg log pause-image resolv-conf secrets-encryption-provider service-node-port-range
    servicelb-namespace snapshotter system-default-registry vmodule vpn-auth-file write-kubeconfig
    write-kubeconfig-group write-kubeconfig-mode
""")
SUBNETS: Mapping[str, Mapping[int, str]] = {
    "cluster-cidr": {4: "10.42.0.0/16", 6: "fd00:42::/56"},
    "service-cidr": {4: "10.43.0.0/16", 6: "fd00:43::/112"},
}
"""dict[key -> dict[4 or 6 -> k3s's default]]: the subnets of containers and of services."""
USERS = {"cluster-cidr": "k3s's pods", "service-cidr": "k3s's services"}
"""dict[key -> what has its addresses]."""
KNOWN = SWITCHES | NUMBERS | SUBNETS.keys() | ADDRESSES | HOSTS | TEXTS | SECRET


class Plain(str):
    """Text that stands unquoted in its file, so that ``true`` may mean the boolean."""

    __slots__ = ()


def resolved(value: Any) -> Any:
    """`value` as YAML 1.2's core schema reads it: unquoted ``true`` and ``8`` are no text."""
    if not isinstance(value, Plain):
        return value
    if value in {"true", "True", "TRUE", "false", "False", "FALSE"}:
        return value.lower() == "true"
    return int(value) if re.fullmatch(r"[+-]?(0|[1-9][0-9]{0,14})", value) else str(value)


def config_value(value: Any) -> str | int | bool | list[str]:
    """`value` as text, a whole number, a boolean or a list of text.

    Raises:
        PydanticCustomError: it is something else.
    """
    value = as_reference(value)
    if isinstance(value, list):
        value = [as_reference(item) for item in value]
    if isinstance(value, list) and all(isinstance(item, str | int) for item in value):
        return [str(item) for item in value]
    if isinstance(value, str | int):
        plain: str | int | bool = resolved(value)
        return plain
    hint = "write text, a whole number, true or false, or a list of text"
    raise wrong("bad-k3s-config", "this is not a value of k3s's config.yaml", hint)


def _known(key: str) -> str:
    name = key.rstrip("+")
    if name in OWNED:
        hint = "remove it; hostname, role, labels, taints, network and k3s.disable have keys of their own"
        raise wrong("reserved-k3s-config", f"{key} is written by edgefleet", hint)
    if name not in KNOWN:
        hint = nearest(name, KNOWN, otherwise="`k3s server --help` lists the settings")
        raise wrong("bad-k3s-config", f"k3s has no setting {shown(key)}", hint)
    return key


def _is_address(text: str) -> bool:
    try:
        return "%" not in text and bool(ip_address(text))
    except ValueError:
        return False


_LISTED: tuple[tuple[frozenset[str], Callable[[str], bool], str], ...] = (
    (frozenset(SUBNETS), cidr.accepts, "a network such as 10.42.0.0/16"),
    (ADDRESSES, _is_address, "an address such as 10.43.0.10"),
    (HOSTS, server_name.accepts, "a host name or an address"),
)
"""(keys, whether one item of their values is right, what it is)."""


def _flaw(key: str, value: Any) -> str | None:
    """What `value` has to be; `None` where it is."""
    name = key.rstrip("+")
    if name in SWITCHES:
        return None if isinstance(value, bool) else "true or false, without quotes"
    if name in NUMBERS:
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return None if is_number and value >= 0 else "a whole number, without quotes"
    for keys, is_right, what in _LISTED:
        if name in keys:
            items = value if isinstance(value, list) else str(value).split(",")
            return None if items and all(map(is_right, items)) else what
    return "text, or a list of text" if isinstance(value, bool) else None


def _is_secret(value: Any) -> bool:
    return isinstance(value, str) and secret_name(value) is not None


def _checked(config: Mapping[str, Any]) -> Mapping[str, Any]:
    def errors() -> Iterator[InitErrorDetails]:
        for key, value in config.items():
            if key.rstrip("+") in SECRET and not _is_secret(value):
                problem = f"{key} is a credential, and a fleet file holds none"
                yield {"type": wrong("plain-secret", problem, NAMES_SECRET), "loc": (key,), "input": value}
            elif (what := _flaw(key, value)) is not None:
                error = wrong("bad-k3s-config", f"{shown(value)} cannot stand at {key}", f"write {what}")
                yield {"type": error, "loc": (key,), "input": value}

    if found := [*errors()]:
        raise ValidationError.from_exception_data("k3s.config", found)
    return config


config_key = Grammar(
    r"[a-z0-9][a-z0-9-]*\+?",
    "bad-k3s-config",
    "a key of k3s's config.yaml",
    "write it like kubelet-arg",
    60,
    _known,
)
_TEXT = Grammar(
    r"[A-Za-z0-9 ._:/,+@=<>%()*!~^|&?#\[\]-]*",
    "bad-k3s-config",
    "a value of k3s's config.yaml",
    "write letters, digits and signs without quotes, braces, $, ; or \\",
    1000,
    refers="may",
)
ConfigKey = Annotated[str, config_key]
_Text = Annotated[str, _TEXT]
ConfigValue = Annotated[
    _Text | Annotated[int, Field(ge=-(2**53), le=2**53)] | bool | list[_Text],
    BeforeValidator(config_value),
    WithJsonSchema(
        {
            "type": ["string", "integer", "boolean", "array"],
            "items": {"type": ["string", "integer", "boolean"]},
        },
        "validation",
    ),
]
Config = Annotated[dict[ConfigKey, ConfigValue], AfterValidator(_checked)]
