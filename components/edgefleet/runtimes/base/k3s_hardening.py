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
from edgefleet.runtimes.base.k3s_keys import Place, written

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
    for path, config in written(site):
        if site.airgap:
            yield from _pulls(path, config)
        if site.hardening:
            yield from _conflicts(path, config)


def _conflicts(path: Place, config: Mapping[str, Any]) -> Iterator[Problem]:
    for name, value in SERVERS.settings.items():
        setting = config.get(name, value)
        if setting != value:
            yield _conflict((*path, name), f"{name}: {str(setting).lower()}", f"{name}: true")
    for key, argument in _arguments(config):
        required = REQUIRED.get((key.rstrip("+"), _split(argument)[0]), argument)
        if required != argument:
            yield _conflict((*path, key), argument, required)


def _pulls(path: Place, config: Mapping[str, Any]) -> Iterator[Problem]:
    for key, argument in _arguments(config):
        flag, plugins = _split(argument)
        if flag == PLUGINS and PULLS in plugins.split(","):
            problem = f"with {PULLS} no container can start from the images on an air-gapped node"
            hint = f"remove {PULLS}, or airgap"
            yield Problem.of_value(format_path((*path, key)), "pulls-without-link", problem, hint)


def _arguments(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(key, argument) of each argument of a program that hardening configures."""
    for key, value in config.items():
        for argument in _listed(value) if key.rstrip("+") in SERVERS.arguments else ():
            yield key, argument


def _conflict(path: Place, declared: str, required: str) -> Problem:
    problem = f"{declared} contradicts what hardening sets, {required}"
    hint = "remove it; or set hardening: false and configure everything yourself"
    return Problem.of_value(format_path(path), "hardening", problem, hint)


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


REQUIRED = {
    (key, flag): argument
    for key, arguments in SERVERS.arguments.items()
    for argument in arguments
    if (flag := _split(argument)[0]) != PLUGINS
}
"""dict[(key of config.yaml, flag) -> its only argument]; plugins are merged."""


def _with_plugins(argument: str, more: list[str]) -> str:
    flag, value = _split(argument)
    if flag != PLUGINS or not more:
        return argument
    names = [*value.split(","), *(name for names in more for name in names.split(","))]
    return f"{flag}={','.join(dict.fromkeys(names))}"
