"""Step: Debian packages and system extensions of the fleet file.

A unit of their own installs them and tries again until it has, at each start: a node must serve without its
link, so the installed k3s never waits for them. A k3s that is not there yet waits ten minutes, because it
finds runtimes and kernel modules at its start; not for the package that updates the base system alone. An
air-gapped node has its extensions in its payload.
"""

import hashlib
import json

from edgefleet.io.templates import render, unit
from edgefleet.model.firstboot import File, Step, Target
from edgefleet.model.spec import to_plain
from edgefleet.model.updates import UNATTENDED, Repository
from edgefleet.model.writers.configuration import remainder
from edgefleet.runtimes import runtime_of

SCRIPT = "/usr/local/lib/edgefleet/packages"
UNIT = "edgefleet-packages.service"
WAITS = f"# Written by edgefleet.\n[Service]\nExecStartPre=-{SCRIPT} wait\n"


def plan(target: Target) -> Step:
    """The script, its unit and the repositories; where nothing is wanted, what was set before is undone."""
    node, packages = target.node, target.node.packages
    updates = node.os_updates is not None and node.os_updates.enabled
    extensions = sorted(node.extensions.items())
    starts = f"/etc/systemd/system/{runtime_of(node).installer}.d/packages.conf"
    is_awaited = bool(extensions or packages.install or packages.repositories or packages.upgrade)
    if not (updates or is_awaited):
        return Step.removal(SCRIPT, f"{SCRIPT} undo", f"systemctl disable {UNIT}", f"rm -f {SCRIPT} {starts}")
    repositories = [
        file for name, repo in sorted(packages.repositories.items()) for file in _repository(name, repo)
    ]
    settings = [to_plain(packages), updates, {name: to_plain(extension) for name, extension in extensions}]
    script = render(
        "system/packages.sh.j2",
        packages=" ".join(packages.install),
        updater=UNATTENDED if updates else "",
        repositories=" ".join(sorted(packages.repositories)),
        upgrade="yes" if packages.upgrade else "no",
        wanted=hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest(),
        extensions=[(name, extension.sha256, extension.source) for name, extension in extensions],
        airgap="yes" if target.site.airgap else "no",
        program=runtime_of(node).program,
        unit=runtime_of(node).unit if is_awaited else "",
    )
    waits = (File.text(starts, WAITS),) if is_awaited else ()
    return Step(
        files=(*repositories, File.program(SCRIPT, script), *waits),
        units=(unit(f"system/{UNIT}"),),
        commands=(("systemctl", "restart", "--no-block", UNIT),),
    )


def _repository(name: str, repository: Repository) -> tuple[File, File]:
    key = f"/etc/apt/keyrings/edgefleet-{name}.asc"
    fields = {
        "Types": "deb",
        "URIs": repository.source,
        "Suites": repository.suite,
        "Components": "" if repository.suite.endswith("/") else " ".join(repository.components),
        "Signed-By": key,
    }
    lines = (f"{remainder(field)}: {remainder(value)}\n" for field, value in fields.items() if value)
    sources = File.text(f"/etc/apt/sources.list.d/edgefleet-{name}.sources", "".join(lines))
    return File.text(key, repository.key), sources
