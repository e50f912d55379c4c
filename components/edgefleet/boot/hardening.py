"""Step: files of a hardened server beside its configuration (k3s docs, security/hardening-guide).

The guide enables EventRateLimit without limits; those of ``policies.yaml`` are the ones of Kubernetes's own
example. Its exempt namespaces are k3s's own, and that of its upgrades. The audit log leaves out leases and
health, which are most of its lines and identify no user.
"""

from edgefleet.io.templates import render
from edgefleet.model.firstboot import File, Step, Target
from edgefleet.runtimes import runtime_of
from edgefleet.runtimes.base.k3s_hardening import ADMISSION, AUDIT, LOGS

SYSCTL = "/etc/sysctl.d/91-edgefleet-hardening.conf"
DEBIANS = "/etc/sysctl.d/99-protect-links.conf"
"""Replaces procps's file of this name, which is read later and would revert the setting for FIFOs."""
TMPFILES = "/etc/tmpfiles.d/edgefleet-k3s.conf"


def plan(target: Target) -> Step:
    """Kernel settings, which step `kernel` loads, and for a server its policies and its log's folder."""
    if not target.site.hardening:
        return Step(commands=(("rm", "-f", SYSCTL, DEBIANS, TMPFILES),))
    settings = (
        File.text(SYSCTL, render("safety/sysctl.conf")),
        File.text(DEBIANS, "# Written by edgefleet: 91-edgefleet-hardening.conf says it.\n"),
    )
    if not runtime_of(target.node).runs_api:
        return Step(files=settings)
    admission, audit = render("safety/policies.yaml").split("---\n")
    return Step(
        files=(
            *settings,
            File.text(ADMISSION, admission, mode=0o600),
            File.text(AUDIT, audit, mode=0o600),
            File.text(TMPFILES, render("safety/tmpfiles.conf", logs=LOGS)),
        ),
        commands=(("systemd-tmpfiles", "--create", TMPFILES),),
    )
