"""What k3s is told where a site is hardened, and how that goes together with what the fleet file tells it.

Source: k3s docs, security/hardening-guide (1.29 and later). The files that it names lie below
``/etc/rancher/k3s`` and not below ``/var/lib/rancher``, which may be a disk of its own that is mounted later.
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
    """What one of k3s's roles has in its configuration where a site is hardened."""

    settings: Mapping[str, bool]
    """dict[key of config.yaml -> the only value that it may have]."""
    arguments: Mapping[str, tuple[str, ...]]
    """dict[key of config.yaml -> arguments]."""


SERVER = Hardening(
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
AGENT = Hardening(settings={"protect-kernel-defaults": True}, arguments={"kubelet-arg": _KUBELET})


def hardened(config: Mapping[str, Any], by: Hardening) -> dict[str, Any]:
    """k3s's configuration with what hardening adds; arguments of `config` come after its own."""
    made = {name: value for name, value in config.items() if name.rstrip("+") not in by.arguments}
    made |= by.settings
    for key, ours in by.arguments.items():
        theirs = _theirs(config, key)
        plugins = [_split(each)[1] for each in theirs if _split(each)[0] == PLUGINS]
        kept = [each for each in theirs if each not in ours and _split(each)[0] != PLUGINS]
        made[key] = [*(_with_plugins(each, plugins) for each in ours), *kept]
    return made


def check_hardening(site: SiteSpec) -> Iterator[Problem]:
    """What the fleet file tells k3s that hardening tells it otherwise, and what cannot be without a link."""
    if site.airgap:
        yield from _pulls(site)
    if not site.hardening:
        return
    for name, value in SERVER.settings.items():
        said = site.k3s.config.get(name, value)
        if said != value:
            yield _conflict(name, f"{name}: {str(said).lower()}", f"{name}: true")
    for key, ours in SERVER.arguments.items():
        wanted = {_split(each)[0]: each for each in ours}
        for written in _theirs(site.k3s.config, key):
            flag, _ = _split(written)
            if flag != PLUGINS and wanted.get(flag, written) != written:
                yield _conflict(_key(site, key, written), written, wanted[flag])


def _pulls(site: SiteSpec) -> Iterator[Problem]:
    for written in _theirs(site.k3s.config, "kube-apiserver-arg"):
        flag, value = _split(written)
        if flag == PLUGINS and PULLS in value.split(","):
            yield Problem(
                path=format_path(("k3s", "config", _key(site, "kube-apiserver-arg", written))),
                code="pulls-without-link",
                problem=f"with {PULLS} no container can start from the images on an air-gapped node",
                hint=f"remove {PULLS}, or airgap",
            )


def _key(site: SiteSpec, key: str, written: str) -> str:
    """The key as written under which an argument stands."""
    return next(each for each in (f"{key}+", key) if written in _listed(site.k3s.config.get(each)))


def _conflict(key: str, written: str, wanted: str) -> Problem:
    return Problem(
        path=format_path(("k3s", "config", key)),
        code="hardening",
        problem=f"{written} contradicts what hardening sets, {wanted}",
        hint="remove it; or set hardening: false and configure everything yourself",
    )


def _theirs(config: Mapping[str, Any], key: str) -> list[str]:
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
    names = [*value.split(","), *(name for each in more for name in each.split(","))]
    return f"{flag}={','.join(dict.fromkeys(names))}"
