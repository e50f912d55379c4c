"""What k3s's server and agent share: configuration, installation, unit, payload and checks.

Sources: k3s docs, cli/server, cli/agent, installation/configuration, installation/private-registry. k3s takes
its settings from a configuration file and none from a command line. It is downloaded once, verified before it
runs, and never downloaded again. Zone and region labels are ones a kubelet may set on itself; other labels
below ``kubernetes.io`` would keep the node from starting.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from edgefleet.errors import InvalidInput, Problem
from edgefleet.io.templates import render, unit
from edgefleet.io.yaml_text import to_yaml
from edgefleet.model.firstboot import File, Secret, Step, Target
from edgefleet.model.paths import format_path
from edgefleet.model.releases import refused_sysctls
from edgefleet.model.requirement import Requirement
from edgefleet.model.site import HA, SERVER, WEARING, Node, RuntimeName, SiteSpec
from edgefleet.runtimes.base import k3s_cluster, k3s_joining, k3s_keys, k3s_servers
from edgefleet.runtimes.base.k3s_claims import check_claims
from edgefleet.runtimes.base.k3s_containerd import check_containerd, containerd
from edgefleet.runtimes.base.k3s_hardening import AGENTS, SERVERS, Hardening, check_hardening, hardened
from edgefleet.runtimes.base.k3s_manifests import check_manifests, manifest_images, manifests
from edgefleet.runtimes.base.k3s_registries import check_registries
from edgefleet.runtimes.base.runtime import Minimum, Runtime

CONFIG = "/etc/rancher/k3s/config.yaml"
FOLDER = "/var/lib/rancher/k3s"
PROGRAM = "/usr/local/bin/k3s"
DATABASE = f"{FOLDER}/server/db/"
SCRIPT = "/usr/local/lib/edgefleet/install-k3s"
ROUTE = "/usr/local/lib/edgefleet/fallback-route"
INSTALLER = "edgefleet-k3s-install.service"
AUTHORITIES = "/etc/edgefleet/k3s-authorities"
CARRIED = "bin/k3s"
"""Where k3s is in a payload."""
BINARIES = {"amd64": "k3s", "arm64": "k3s-arm64", "armhf": "k3s-armhf"}
"""dict[architecture -> asset of a k3s release that is the binary] (k3s, install.sh)."""
ARCHIVES = {
    arch: f"k3s-airgap-images-{word}.tar.zst"
    for arch, word in {"amd64": "amd64", "arm64": "arm64", "armhf": "arm"}.items()
}
"""dict[architecture -> asset that holds the images k3s itself runs] (k3s docs, installation/airgap)."""
SUMS = {"amd64": "sha256sum-amd64.txt", "arm64": "sha256sum-arm64.txt", "armhf": "sha256sum-arm.txt"}
"""dict[architecture -> asset that holds the digests of the others]."""
UNMANAGED = "/etc/systemd/network/05-fallback0.network"
WAITERS = ("systemd-networkd-wait-online.service", "NetworkManager-wait-online.service")


Own = Callable[[Target, Sequence[str]], dict[str, Any]]
"""The settings of a runtime in config.yaml, for a node and the names of its certificate."""


def runtime(name: RuntimeName, own: Own, *, title: str, minimum: Minimum, healthy_within: int) -> Runtime:
    """k3s as a server or an agent.

    Args:
        name: as fleet files write it.
        own: its own settings.
        title: name in a sentence, ``a server``.
        minimum: smallest hardware (k3s docs, installation/requirements, July 2026), and what k3s takes of any
            (reference/resource-profiling: processor time on a Raspberry Pi 4, memory with SQLite).
        healthy_within: seconds from its start until it is healthy.
    """
    runs_api = name in (SERVER, HA)
    command = "server" if runs_api else "agent"
    service_unit = "k3s.service" if runs_api else "k3s-agent.service"
    hardening = SERVERS if runs_api else AGENTS

    def configure(target: Target) -> Step:
        names = k3s_servers.names(target) if runs_api else []
        own_config = config(target, own(target, names), names, hardening)
        steps = (containerd(target, service_unit), own_config, route(target, service_unit))
        return Step.joined(*steps, *([authority(target), manifests(target)] if runs_api else []))

    def install(target: Target) -> Step:
        return Step.joined(installer(target, service_unit), service(service_unit, command))

    return Runtime(
        name=name,
        title=title,
        product="k3s",
        is_k3s=True,
        has_pod_network=True,
        runs_api=runs_api,
        unit=service_unit,
        program=PROGRAM,
        images=f"{FOLDER}/agent/images",
        volumes=f"{FOLDER}/storage",
        kubeconfig=f"{FOLDER}/{'server/cred/admin' if runs_api else 'agent/kubelet'}.kubeconfig",
        watches="cluster" if runs_api else "pods",
        installer=INSTALLER,
        starts=("k3s.service", "k3s-agent.service", INSTALLER),
        minimum=minimum,
        healthy_within=healthy_within,
        configure=configure,
        install=install,
        downloads=downloads,
        carries=carries,
        secrets=secrets,
        check=check,
        check_claims=check_claims,
    )


def config(target: Target, own: Mapping[str, Any], names: Sequence[str], hardening: Hardening) -> Step:
    """``config.yaml`` with the hardening settings, mode 0600: it holds the site's token.

    Args:
        target: the node.
        own: the settings of its runtime.
        names: the host names of a server's certificate; none for an agent.
        hardening: the settings of its runtime at a hardened site.

    Raises:
        InvalidInput: the keys of config.yaml are wrong, as a spec may come from another program.
    """
    whole = {**own, **_node(target), **_further(target, names)}
    problems = [*k3s_keys.check(target.site), *check_hardening(target.site)]
    if problems:
        site = f"sites.{target.site.name}"
        raise InvalidInput(replace(problem, path=f"{site}.{problem.path}") for problem in problems)
    text = to_yaml(hardened(whole, hardening) if target.site.hardening else whole)
    return Step(files=(File.text(CONFIG, text, mode=0o600, is_secret=True),))


def authority(target: Target) -> Step:
    """The site's certificate authorities on a server, and the program that installs them for k3s.

    k3s's own folder may be on a data disk, which is mounted after files are written. With a given token the
    cluster may exist, and has its own.
    """
    from edgefleet.keys.site_authorities import authorities

    if target.site.k3s.token is not None:
        return Step()

    files = (
        File.text(f"{AUTHORITIES}/{path}.pem", pem, mode=0o600, is_secret=True)
        for path, pem in authorities(target.key).items()
    )
    starts = "/etc/systemd/system/k3s.service.d/10-authority.conf"
    program = File.program("/usr/local/lib/edgefleet/k3s-authority", render("k3s/authority.sh"))
    return Step(files=(*files, program, File.text(starts, render("k3s/authority.conf"))))


def _further(target: Target, names: Sequence[str]) -> dict[str, Any]:
    """The configuration of k3s that the fleet file adds or overrides."""
    further = k3s_keys.of_node(target.site, target.node)
    more = further.get("tls-san")
    if more is not None and names:
        further["tls-san"] = [*names, *(more if isinstance(more, list) else [str(more)])]
    return further


def _node(target: Target) -> dict[str, Any]:
    site, node = target.site, target.node
    config: dict[str, Any] = {"node-name": node.hostname}
    if own := k3s_cluster.node_ips(site, node):
        config["node-ip"] = ",".join(own)
    config["node-label"] = [f"{name}={value}" for name, value in target.labels.items()]
    if node.taints:
        config["node-taint"] = list(node.taints)
    return config


def secrets(_: SiteSpec, key: str) -> Iterator[Secret]:
    """The tokens of a site, and the keys of its authorities, each by its first whole line."""
    from edgefleet.keys.secret_scan import key_lines
    from edgefleet.keys.site_authorities import authorities

    for pem in authorities(key).values():
        yield "the key of a k3s authority", key_lines(pem)[0]
    yield "a k3s server token", k3s_joining.token_of(key, k3s_joining.SERVER_TOKEN)
    yield "a k3s agent token", k3s_joining.token_of(key, k3s_joining.AGENT_TOKEN)


def installer(target: Target, service_unit: str) -> Step:
    """A script that installs k3s from the payload or by download, beside the k3s that runs, and its unit."""
    k3s, arch = target.site.k3s, target.node.arch
    carried = next((file.digest for file in target.node.payload if file.path == CARRIED), "")
    script = render(
        "k3s/install-k3s.sh.j2",
        product="k3s",
        unit=service_unit,
        airgap="yes" if target.site.airgap else "no",
        version=k3s.version,
        url=binary_url(target.site, target.node),
        sums_url=_asset_url(target.site, SUMS[arch]),
        asset=BINARIES[arch],
        sha256=k3s.sha256.get(arch, "") or carried.removeprefix("sha256:"),
    )
    return Step(
        files=(File.program(SCRIPT, script),),
        units=(unit(f"k3s/{INSTALLER}"),),
    )


def binary_url(site: SiteSpec, node: Node) -> str:
    """Where the binary of a node is found."""
    return _asset_url(site, BINARIES[node.arch])


def _asset_url(site: SiteSpec, asset: str) -> str:
    return f"{site.k3s.release_url}/{quote(site.k3s.version, safe='')}/{asset}"


def route(target: Target, service_unit: str) -> Step:
    """The script that gives the node a default route where it has none.

    k3s does not start without one (k3s docs, installation/airgap): with DHCP none is there without a cable or
    a router, and NetworkManager gives up a fixed address without a cable too. No other program configures its
    interface.
    """
    addresses = " ".join(k3s_cluster.fallback_ips(target.site, target.node))
    starts = f"/etc/systemd/system/{service_unit}.d/05-route.conf"
    files = (
        File.program(ROUTE, render("k3s/fallback-route.sh.j2", addresses=addresses)),
        File.text(UNMANAGED, render("k3s/fallback.network")),
        File.text(starts, render("k3s/route.conf")),
    )
    return Step(files=files)


def service(name: str, command: str) -> Step:
    """The unit that runs k3s, as k3s's own installer writes it; it does not wait for the link.

    The installer starts k3s once its binary is in place. With its medium in, cloud-init is a part of
    ``sysinit.target`` and waits for the network before it: two minutes without a cable, unless the waiting
    units give up earlier.
    """
    patience = render("k3s/wait-online.conf")
    return Step(
        files=tuple(
            File.text(f"/etc/systemd/system/{waiter}.d/edgefleet.conf", patience) for waiter in WAITERS
        ),
        units=(replace(unit("k3s/k3s.service.j2", role=command), name=name),),
        commands=(("systemctl", "restart", "--no-block", INSTALLER),),
    )


def downloads(site: SiteSpec, node: Node) -> tuple[Requirement, ...]:
    """The binary."""
    name = BINARIES[node.arch]
    return (Requirement(path=CARRIED, kind="k3s", name=name, version=site.k3s.version, arch=node.arch),)


def carries(site: SiteSpec, node: Node) -> tuple[Requirement, ...]:
    """The binary, the archive of the images that k3s itself runs, and the images of its manifests."""
    name, version = ARCHIVES[node.arch], site.k3s.version
    archive = Requirement(path=f"images/{name}", kind="k3s", name=name, version=version, arch=node.arch)
    images = (Requirement.image(image, node.arch) for image in manifest_images(site))
    return (*downloads(site, node), archive, *images)


def check(site: SiteSpec) -> Iterator[Problem]:
    """Settings of a site that keep k3s from starting or running for long."""
    yield from k3s_keys.check(site)
    yield from _sysctls(site)
    yield from _etcd(site)
    yield from check_hardening(site)
    yield from check_manifests(site)
    yield from check_registries(site)
    yield from check_containerd(site)
    yield from k3s_joining.check_joining(site)
    yield from k3s_servers.check(site)
    yield from k3s_cluster.check(site)


def unpinned(site: SiteSpec) -> Iterator[Problem]:
    """A k3s that nodes would download without TLS and run as root, with no digest to verify it against."""
    is_locked = all(node.arch in site.k3s.sha256 for node in site.nodes.values())
    if site.k3s.release_url.startswith("http://") and not is_locked:
        problem = f"{site.k3s.release_url} has no TLS, and no artifacts lock pins k3s {site.k3s.version}"
        hint = "run edgefleet artifacts lock -s STACK --pin, or use https://"
        yield Problem.of_value("k3s.releaseUrl", "no-tls", problem, hint)


def _sysctls(site: SiteSpec) -> Iterator[Problem]:
    for path, settings in site.parts:
        for name, value in refused_sysctls(settings.sysctls).items():
            written = settings.sysctls[name]
            yield Problem(
                path=path + format_path(("sysctls", name)),
                code="reserved-sysctl",
                problem=f"with {name} = {written} k3s does not start: its kubelet insists on {value}",
                hint="remove it; edgefleet sets it",
            )


def _etcd(site: SiteSpec) -> Iterator[Problem]:
    """Servers with etcd on a medium that wears out."""
    keys: dict[str, tuple[str, ...] | None] = {HA: None}
    if site.k3s.config.get("cluster-init") is True:
        keys[SERVER] = ("k3s", "config", "cluster-init")
    for name, node in site.nodes.items():
        disk = node.hardware.data_disk
        is_elsewhere = disk is not None and DATABASE.startswith(f"{disk.path}/")
        if node.runtime not in keys or node.storage not in WEARING or is_elsewhere:
            continue
        key = keys[node.runtime]
        other = "remove cluster-init, so that k3s uses SQLite" if key else "use nodes with an SSD"
        yield Problem(
            path=format_path(key or ("nodes", name, "storage")),
            code="etcd-on-flash",
            problem=f"{node.hostname} has {node.storage} storage, which cannot carry etcd's writes "
            "(k3s docs, installation/requirements)",
            hint=f"{other}, or give the node a hardware.dataDisk",
        )
