"""Runtime ``containerd``: no orchestrator; systemd runs the workloads of a node through containerd.

For nodes of 256 to 512 MB. A workload is the same in the fleet file; its objects become a file that
``containers`` on the node reads, and a unit of systemd (`edgefleet.runtimes.base.containers`). The program
gives containerd a specification of its own (``ctr run --config``): the client's options know neither a user
nor the removal of all capabilities (containerd 1.6, of Debian 12). containerd and runc are those of the base
system, so that its updates reach them; podman has no quadlets there (4.3), and nerdctl no package.

Containers are on the network of the node: nothing of flannel, kube-proxy or CNI runs, and the node's firewall
keeps others away from what no workload exposes.

A change of the runtime is a reflash: k3s leaves rules, interfaces and data on a node that nothing here
removes.
"""

from collections.abc import Iterable, Iterator
from functools import partial

from edgefleet.io.templates import render, unit
from edgefleet.model.firstboot import File, Step, Target
from edgefleet.model.site import SiteSpec
from edgefleet.model.writers.shell import rest
from edgefleet.runtimes.base import container_checks, container_registries, containers
from edgefleet.runtimes.base.runtime import Minimum, Runtime
from edgefleet.runtimes.base.site_certificate import certificate_of
from edgefleet.workloads.base.kind import Object
from edgefleet.workloads.composing import certified, objects_of
from edgefleet.workloads.composing import images as images_of
from edgefleet.workloads.demand import Demand

LIBRARY = "/usr/local/lib/edgefleet"
FOLDER = "/etc/edgefleet/containers"
LIST = f"{FOLDER}/list"
INSTALLER = "edgefleet-containerd-install.service"
WORKLOAD = "edgefleet-workload@.service"
PROBES = "edgefleet-probes.timer"
"""Each minute, once the node is up."""
PACKAGES = ("containerd", "runc", "python3", "ca-certificates")
MINIMUM = Minimum(
    cpus=1,
    memory=256 * 1000**2,
    words="1 core and 256 MB",
    taken=Demand(cpu=50, memory=44 * 1000**2),
    each=Demand(memory=33 * 1000**2),
)
"""Ours, measured with containerd 1.6.20 of Debian 12 on amd64: containerd 44 MB resident without its CRI, and
for each container ctr 21 MB and the shim 13 MB. No independent figure is known for this use."""


def configure(target: Target) -> Step:
    """The configuration of containerd, and a file for each workload with its secrets (0600)."""
    site, node = target.site, target.node
    certificate = partial(certificate_of, target)
    composed = {name: (*certified(objects, certificate),) for name, objects in objects_of(site).items()}
    hosts = [name for objects in composed.values() for name in containers.names_of(objects)]
    files = {
        name: File.text(f"{FOLDER}/{name}.json", text, mode=0o600, is_secret=_has_secret(objects))
        for objects in composed.values()
        for name, text in containers.documents(objects, hosts, node).items()
    }
    names = "".join(f"{rest(name)}\n" for name in sorted(files))
    config = File.text("/etc/containerd/config.toml", render("containers/config.toml"))
    images = {image for objects in composed.values() for image in images_of(objects)}
    written = Step(files=(config, File.text(LIST, names), *files.values()))
    return Step.joined(written, container_registries.registries(target.settings.registries, images))


def _has_secret(objects: Iterable[Object]) -> bool:
    return any(each["kind"] == "Secret" for each in objects)


def install(target: Target) -> Step:
    """The programs and units, and the start of what runs."""
    installing = render(
        "containers/install.sh.j2", airgap="yes" if target.site.airgap else "no", packages=" ".join(PACKAGES)
    )
    return Step(
        files=(
            File.program(f"{LIBRARY}/containers", render("containers/containers.py.j2")),
            File.program(f"{LIBRARY}/install-containerd", installing),
        ),
        units=(
            unit(f"containers/{INSTALLER}"),
            unit(f"containers/{WORKLOAD}", is_enabled=False),
            unit("containers/edgefleet-probes.service", is_enabled=False),
            unit(f"containers/{PROBES}"),
        ),
        commands=(
            ("systemctl", "restart", "--no-block", INSTALLER),
            ("systemctl", "restart", "--no-block", PROBES),
        ),
    )


def opens(site: SiteSpec) -> Iterator[tuple[str, str]]:
    """The ports that workloads expose."""
    for objects in objects_of(site).values():
        yield from (("tcp", str(port)) for port in containers.exposed(objects))


RUNTIME = Runtime(
    name="containerd",
    title="a node without an orchestrator",
    product="containerd",
    runs_api=False,
    takes_modules=False,
    unit="containerd.service",
    watches="containers",
    program="/usr/bin/containerd",
    images="/var/lib/edgefleet/images",
    volumes="/var/lib/edgefleet/volumes",
    heal="containers/heal.sh.j2",
    installer=INSTALLER,
    starts=(INSTALLER,),
    minimum=MINIMUM,
    healthy_within=900,
    configure=configure,
    install=install,
    packages=PACKAGES,
    opens=opens,
    check=container_checks.check,
    check_claims=container_checks.check_claims,
)
"""Images may come over a slow link before it is healthy."""
