"""Runtime ``kubeedge``: edgecore and containerd, joined to CloudCore on the region's hub.

Pods come from the hub's cluster, those of the fleet file's workloads among them, and run on while the link is
away: edgecore keeps them in its own database and starts them after a reboot too. containerd, runc and the
plugins of the network are those of the base system, so that its updates reach them; edgecore is pinned by the
artifacts lock, or carried. Where jobs of the hub may replace it (``upgradable``), a later release stays at a
boot; an earlier one does not.

The node's certificate is in its image, and its name is the node's: no token is. edgecore has none to join
with, and its certificate is renewed by a new image, as that of a site is.

A change of the runtime is a reflash: k3s leaves rules, interfaces and data on a node that nothing here
removes.
"""

from edgefleet.io.templates import render, unit
from edgefleet.model.firstboot import File, Step, Target
from edgefleet.model.programs import KUBEEDGE, PROGRAMS
from edgefleet.model.requirement import Requirement
from edgefleet.model.site import Node, SiteSpec
from edgefleet.runtimes.base import edge_containerd, edgecore, kubeedge_checks, kubeedge_claims
from edgefleet.runtimes.base.runtime import Minimum, Runtime
from edgefleet.workloads.base.edge import VOLUMES
from edgefleet.workloads.demand import Demand

SCRIPT = "/usr/local/lib/edgefleet/install-edgecore"
INSTALLER = "edgefleet-edgecore-install.service"
CONFIG = "/etc/edgefleet/kubeedge/edgecore.yaml"
NETWORK = "/etc/cni/net.d/10-edgefleet.conflist"
PROGRAM = f"/usr/local/bin/{PROGRAMS[KUBEEDGE].name}"
PACKAGES = ("containerd", "runc", "containernetworking-plugins", "ca-certificates")
TAKEN = Demand(memory=70 * 1000**2)
"""Of edgecore, at least (KubeEdge, blog/scalability-test-report); that of containerd is not counted."""


def configure(target: Target) -> Step:
    """The configuration of edgecore, containerd and the Pods' network, and the node's certificate."""
    files = (
        File.text(CONFIG, edgecore.edgecore(target)),
        File.text(NETWORK, edgecore.network()),
    )
    return Step.joined(Step(files=files), edge_containerd.containerd(target), edgecore.certificate(target))


def install(target: Target) -> Step:
    """The installer and the units; the installer starts what runs."""
    version, arch = target.site.kubeedge.version, target.node.arch
    program = PROGRAMS[KUBEEDGE]
    carried = next((file.digest for file in target.node.payload if file.path == f"bin/{program.name}"), "")
    script = render(
        "edgecore/install.sh.j2",
        product=KUBEEDGE,
        version=version,
        url=program.address(version, arch),
        sums_url=program.sums(version, arch),
        member=program.path(version, arch),
        archive=target.site.kubeedge.sha256.get(arch, ""),
        carried=carried.removeprefix("sha256:"),
        airgap="yes" if target.site.airgap else "no",
        upgradable="yes" if target.site.kubeedge.upgradable else "no",
        packages=" ".join(PACKAGES),
        volumes=VOLUMES,
    )
    return Step(
        files=(File.program(SCRIPT, script),),
        units=(
            unit(f"edgecore/{INSTALLER}"),
            unit("edgecore/edgecore.service", is_enabled=False),
        ),
        commands=(("systemctl", "restart", "--no-block", INSTALLER),),
    )


def downloads(site: SiteSpec, node: Node) -> tuple[Requirement, ...]:
    """The program edgecore."""
    return (Requirement.program(KUBEEDGE, site.kubeedge.version, node.arch),)


def carries(site: SiteSpec, node: Node) -> tuple[Requirement, ...]:
    """The program, and the image that holds the namespaces of a Pod."""
    return (*downloads(site, node), Requirement.image(edgecore.PAUSE, node.arch))


RUNTIME = Runtime(
    name="kubeedge",
    title="a node of the hub's cluster",
    product=KUBEEDGE,
    has_pod_network=True,
    runs_api=False,
    unit="edgecore.service",
    beside=("containerd.service",),
    program=PROGRAM,
    images="/var/lib/edgefleet/images",
    volumes="/var/lib/kubelet",
    heal="edgecore/heal.sh.j2",
    installer=INSTALLER,
    starts=(INSTALLER,),
    minimum=Minimum(cpus=1, memory=512 * 1000**2, words="1 core and 512 MB", taken=TAKEN),
    healthy_within=900,
    configure=configure,
    install=install,
    downloads=downloads,
    carries=carries,
    packages=PACKAGES,
    secrets=edgecore.secrets,
    check=kubeedge_checks.check,
    check_claims=kubeedge_claims.check_claims,
)
"""edgecore may come over a slow link before it is healthy."""
