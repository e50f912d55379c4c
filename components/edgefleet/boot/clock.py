"""Step: a clock that starts no earlier than a given day, and the site's time servers.

Many boards have no battery and start in 1970, where no certificate is valid. The day is an input, as an image
may not depend on the time of its build.
"""

from datetime import UTC, datetime

from edgefleet.io.templates import render, unit
from edgefleet.model.firstboot import File, Step, Target
from edgefleet.runtimes import runtime_of
from edgefleet.runtimes.base import k3s_servers

UNIT = "edgefleet-clock.service"
TIMESYNCD = "/etc/systemd/timesyncd.conf.d/50-edgefleet.conf"
CHRONY = "/etc/chrony/conf.d/50-edgefleet.conf"
PROBLEM = "/var/lib/edgefleet/problems/time"
RESTARTED = (
    "for each in systemd-timesyncd chrony; do "
    "if systemctl cat $each.service >/dev/null 2>&1; "
    "then systemctl try-restart --no-block $each.service; fi; "
    "done"
)
"""A base system has one time service or the other (Ubuntu from 25.10 on: chrony), or none."""
LACKING = "This node is to serve time to its site: add the package chrony to the base system."


def plan(target: Target) -> Step:
    """The floor; then chrony on a server that serves time, elsewhere the base system's time service."""
    day = target.site.time.floor
    seconds = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())
    floor = unit(f"hardware/{UNIT}.j2", day=day, seconds=seconds)
    return Step.joined(Step(units=(floor,), commands=(("systemctl", "restart", UNIT),)), _source(target))


def _source(target: Target) -> Step:
    if target.site.time.serve and runtime_of(target.node).runs_api:
        return _server(target)
    servers = target.settings.ntp
    if target.site.time.serve:
        servers = (*k3s_servers.others(target), *servers)
    text = render("hardware/chrony.conf.j2", servers=servers, gives=False, subnets=())
    return Step(files=(*client(servers).files, File.text(CHRONY, text)), commands=(("sh", "-c", RESTARTED),))


def client(servers: tuple[str, ...]) -> Step:
    """systemd-timesyncd with `servers`, if there are any, and a tolerance for slow links."""
    text = render("hardware/timesyncd.conf.j2", servers=servers)
    return Step(
        files=(File.text(TIMESYNCD, text),),
        commands=(("systemctl", "try-restart", "--no-block", "systemd-timesyncd.service"),),
    )


def _server(target: Target) -> Step:
    interfaces = (each for node in target.site.nodes.values() for each in node.network.interfaces)
    subnets = dict.fromkeys(str(interface.network) for interface in interfaces)
    servers = (*k3s_servers.others(target), *target.settings.ntp)
    text = render("hardware/chrony.conf.j2", servers=servers, gives=True, subnets=subnets)
    restart = f"systemctl restart --no-block chrony.service; rm -f {PROBLEM}"
    report = f"mkdir -p /var/lib/edgefleet/problems; echo '{LACKING}' >{PROBLEM}"
    start = f"if command -v chronyd >/dev/null 2>&1; then {restart}; else {report}; fi"
    return Step(files=(File.text(CHRONY, text),), commands=(("sh", "-c", start),))
