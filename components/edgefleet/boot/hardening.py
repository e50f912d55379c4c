"""Step: files of a hardened server beside its configuration (k3s docs, security/hardening-guide).

The guide enables EventRateLimit without limits; these are the ones of Kubernetes's own example. The audit log
leaves out leases and health, which are most of its lines and identify no user.
"""

from pathlib import Path
from typing import Any

from edgefleet.io.templates import render
from edgefleet.io.yaml_text import to_yaml
from edgefleet.model.firstboot import BootStep, File, Step, Target
from edgefleet.runtimes import runtime_of
from edgefleet.runtimes.base.k3s_hardening import ADMISSION, AUDIT, LOGS

SYSCTL = "/etc/sysctl.d/91-edgefleet-hardening.conf"
DEBIANS = "/etc/sysctl.d/99-protect-links.conf"
"""Replaces procps's file of this name, which is read later and would revert the setting for FIFOs."""
TMPFILES = "/etc/tmpfiles.d/edgefleet-k3s.conf"
EXEMPT = ["kube-system", "system-upgrade"]
"""Namespaces that are exempt: k3s's own, and that of its upgrades."""
POD_SECURITY: dict[str, Any] = {
    "apiVersion": "pod-security.admission.config.k8s.io/v1",
    "kind": "PodSecurityConfiguration",
    "defaults": {
        "enforce": "restricted",
        "enforce-version": "latest",
        "audit": "restricted",
        "audit-version": "latest",
        "warn": "restricted",
        "warn-version": "latest",
    },
    "exemptions": {"usernames": [], "runtimeClasses": [], "namespaces": EXEMPT},
}
EVENT_RATES: dict[str, Any] = {
    "apiVersion": "eventratelimit.admission.k8s.io/v1alpha1",
    "kind": "Configuration",
    "limits": [
        {"type": "Namespace", "qps": 50, "burst": 100, "cacheSize": 2000},
        {"type": "User", "qps": 10, "burst": 50},
    ],
}
ADMISSIONS: dict[str, Any] = {
    "apiVersion": "apiserver.config.k8s.io/v1",
    "kind": "AdmissionConfiguration",
    "plugins": [
        {"name": "PodSecurity", "configuration": POD_SECURITY},
        {"name": "EventRateLimit", "configuration": EVENT_RATES},
    ],
}
AUDITED: dict[str, Any] = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "None", "resources": [{"group": "coordination.k8s.io", "resources": ["leases"]}]},
        {"level": "None", "nonResourceURLs": ["/healthz*", "/livez*", "/readyz*"]},
        {"level": "Metadata"},
    ],
}


def plan(target: Target) -> Step:
    """Kernel settings, which step `kernel` loads, and for a server its policies and its log's folder."""
    if not target.site.hardening:
        return Step(commands=(("rm", "-f", SYSCTL, DEBIANS, TMPFILES),))
    settings = (
        File(path=SYSCTL, content=render("safety/sysctl.conf").encode()),
        File(path=DEBIANS, content=f"# Written by edgefleet: {Path(SYSCTL).name} says it.\n".encode()),
    )
    if not runtime_of(target.node).runs_api:
        return Step(files=settings)
    return Step(
        files=(
            *settings,
            File(path=ADMISSION, content=to_yaml(ADMISSIONS).encode(), mode=0o600),
            File(path=AUDIT, content=to_yaml(AUDITED).encode(), mode=0o600),
            File(path=TMPFILES, content=render("safety/tmpfiles.conf", logs=LOGS).encode()),
        ),
        commands=(("systemd-tmpfiles", "--create", TMPFILES),),
    )


STEP = BootStep(name="hardening", plan=plan)
