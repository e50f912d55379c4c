"""The configuration of k3s at a hardened site, merged with that of the fleet file.

Source: k3s docs, security/hardening-guide (1.29 and later). Its files are below ``/etc/rancher/k3s`` and not
below ``/var/lib/rancher``, which may be a disk that is mounted later.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from edgefleet.errors import Problem
from edgefleet.model.paths import format_path
from edgefleet.model.site import SiteSpec

ADMISSION = "/etc/rancher/k3s/admission.yaml"
AUDIT = "/etc/rancher/k3s/audit.yaml"
LOGS = "/var/lib/rancher/k3s/server/logs"
PLUGINS = "enable-admission-plugins"
PULLS = "AlwaysPullImages"
CIPHERS = (
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
)
_KUBELET = ("streaming-connection-idle-timeout=5m", f"tls-cipher-suites={','.join(CIPHERS)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardening:
    """The configuration of one of k3s's roles at a hardened site."""

    settings: Mapping[str, bool]
    """dict[key of config.yaml -> the only value that it may have]."""
    arguments: Mapping[str, tuple[str, ...]]
    """dict[key of config.yaml -> arguments]."""


SERVERS = Hardening(
    settings={"protect-kernel-defaults": True, "secrets-encryption": True},
    arguments={
        "kube-apiserver-arg": (
            f"{PLUGINS}=NodeRestriction,EventRateLimit",
            f"admission-control-config-file={ADMISSION}",
            f"audit-log-path={LOGS}/audit.log",
            f"audit-policy-file={AUDIT}",
            "audit-log-maxage=30",
            "audit-log-maxbackup=10",
            "audit-log-maxsize=100",
            "service-account-extend-token-expiration=false",
        ),
        "kube-controller-manager-arg": ("terminated-pod-gc-threshold=100",),
        "kubelet-arg": _KUBELET,
    },
)
AGENTS = Hardening(settings={"protect-kernel-defaults": True}, arguments={"kubelet-arg": _KUBELET})


def hardened(config: Mapping[str, Any], by: Hardening) -> dict[str, Any]:
    """k3s's configuration merged with hardening, whose arguments come first."""
    whole = {name: value for name, value in config.items() if name.rstrip("+") not in by.arguments}
    whole |= by.settings
    for key, required in by.arguments.items():
        declared = _declared(config, key)
        plugins = [_split(argument)[1] for argument in declared if _split(argument)[0] == PLUGINS]
        further = [item for item in declared if item not in required and _split(item)[0] != PLUGINS]
        whole[key] = [*(_with_plugins(argument, plugins) for argument in required), *further]
    return whole


def check_hardening(site: SiteSpec) -> Iterator[Problem]:
    """Settings of the fleet file that contradict hardening or do not work without a link."""
    if site.airgap:
        yield from _pulls(site)
    if not site.hardening:
        return
    for name, value in SERVERS.settings.items():
        setting = site.k3s.config.get(name, value)
        if setting != value:
            yield _conflict(name, f"{name}: {str(setting).lower()}", f"{name}: true")
    for key, arguments in SERVERS.arguments.items():
        required = {_split(argument)[0]: argument for argument in arguments}
        for declared in _declared(site.k3s.config, key):
            flag, _ = _split(declared)
            if flag != PLUGINS and required.get(flag, declared) != declared:
                yield _conflict(_key(site, key, declared), declared, required[flag])


def _pulls(site: SiteSpec) -> Iterator[Problem]:
    for written in _declared(site.k3s.config, "kube-apiserver-arg"):
        flag, value = _split(written)
        if flag == PLUGINS and PULLS in value.split(","):
            path = format_path(("k3s", "config", _key(site, "kube-apiserver-arg", written)))
            problem = f"with {PULLS} no container can start from the images on an air-gapped node"
            hint = f"remove {PULLS}, or airgap"
            yield Problem(path=path, code="pulls-without-link", problem=problem, hint=hint)


def _key(site: SiteSpec, key: str, written: str) -> str:
    """The key, as written in the fleet file, that has an argument."""
    return next(name for name in (f"{key}+", key) if written in _listed(site.k3s.config.get(name)))


def _conflict(key: str, written: str, required: str) -> Problem:
    return Problem(
        path=format_path(("k3s", "config", key)),
        code="hardening",
        problem=f"{written} contradicts what hardening sets, {required}",
        hint="remove it; or set hardening: false and configure everything yourself",
    )


def _declared(config: Mapping[str, Any], key: str) -> list[str]:
    return [*_listed(config.get(key)), *_listed(config.get(f"{key}+"))]


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return list(map(str, value)) if isinstance(value, list | tuple) else [str(value)]


def _split(argument: str) -> tuple[str, str]:
    """(flag, value) of an argument, with or without leading dashes."""
    flag, _, value = argument.partition("=")
    return flag.lstrip("-"), value


def _with_plugins(argument: str, more: list[str]) -> str:
    flag, value = _split(argument)
    if flag != PLUGINS or not more:
        return argument
    names = [*value.split(","), *(name for names in more for name in names.split(","))]
    return f"{flag}={','.join(dict.fromkeys(names))}"
