"""Step: kernel settings, first those that kubelet requires, and modules."""

from edgefleet.errors import InvalidInput, Problem
from edgefleet.model.firstboot import File, Step, Target
from edgefleet.model.paths import format_path
from edgefleet.model.releases import KUBELET_SYSCTLS, refused_sysctls
from edgefleet.model.writers.configuration import remainder

MODULES = "/etc/modules-load.d/95-edgefleet.conf"
WITHOUT_CARRIER = {
    **{f"net.{family}.conf.all.ignore_routes_with_linkdown": "1" for family in ("ipv4", "ipv6")},
    **{f"net.{family}.conf.default.ignore_routes_with_linkdown": "1" for family in ("ipv4", "ipv6")},
    "-net.ipv4.conf.*.ignore_routes_with_linkdown": "1",
}
"""A fixed address and its route stay without carrier; with these, a second default route is used meanwhile
(kernel documentation, networking/ip-sysctl)."""


def plan(target: Target) -> Step:
    """``90-kubelet.conf`` with kubelet's settings and ``95-edgefleet.conf`` with the node's own.

    Raises:
        InvalidInput: one of its own contradicts a value that kubelet requires.
    """
    _check(target)
    files = [File.text("/etc/sysctl.d/90-kubelet.conf", _lines(KUBELET_SYSCTLS))]
    if own := dict(sorted(target.settings.sysctls.items())):
        files.append(File.text("/etc/sysctl.d/95-edgefleet.conf", _lines(own)))
    if sum(link.has_default_route for link in target.node.network.every.values()) > 1:
        files.append(File.text("/etc/sysctl.d/93-edgefleet-links.conf", _lines(WITHOUT_CARRIER)))
    sysctls = Step(files=tuple(files), commands=(("sysctl", "--system"),))
    return Step.joined(_modules(target.node.kernel.modules), sysctls)


def _check(target: Target) -> None:
    """Check again, as a spec may come from another program than the fleet file's loader."""
    problems = [
        Problem(
            code="reserved-sysctl",
            path=format_path(("sites", target.site.name, "sysctls", name)),
            problem=f"k3s does not start: its kubelet insists on {value}",
            hint="remove it; edgefleet sets it",
        )
        for name, value in refused_sysctls(target.settings.sysctls).items()
    ]
    if problems:
        raise InvalidInput(problems)


def _lines(settings: dict[str, str]) -> str:
    return "".join(f"{remainder(name)} = {remainder(value)}\n" for name, value in settings.items())


def _modules(names: tuple[str, ...]) -> Step:
    """Their list, loaded now; without any, no list that was written before."""
    if not names:
        return Step.removal(MODULES, f"rm -f {MODULES}")
    text = "".join(f"{remainder(name)}\n" for name in names)
    load = ("systemctl", "restart", "--no-block", "systemd-modules-load.service")
    return Step(files=(File.text(MODULES, text),), commands=(load,))
