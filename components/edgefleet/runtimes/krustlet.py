"""Runtime ``krustlet``: modules of WebAssembly without containers, for those who have Krustlet.

Upstream is archived and has released nothing since 2021; the way out is ``k3s-agent`` with a shim. The node
joins the server of its site. Its certificates are signed by the site's own authorities and are in its image:
Krustlet finds them in place and asks the cluster for none (krustlet, crates/kubelet/src/bootstrapping), and
nobody approves one. It listens for logs at loopback alone.

A change of the runtime is a reflash.
"""

from collections.abc import Iterator

from edgefleet.io.templates import render, unit
from edgefleet.io.yaml_text import to_yaml
from edgefleet.model.firstboot import File, Secret, Step, Target
from edgefleet.model.programs import KRUSTLET
from edgefleet.model.site import SiteSpec
from edgefleet.model.writers.configuration import remainder
from edgefleet.model.writers.systemd import quoted
from edgefleet.runtimes.base import k3s_claims, k3s_joining, krustlet_checks
from edgefleet.runtimes.base.runtime import Minimum, Runtime
from edgefleet.workloads.base.modules import LABEL
from edgefleet.workloads.demand import Demand

FOLDER = "/etc/edgefleet/krustlet"
KUBECONFIG, CERTIFICATE, KEY = (f"{FOLDER}/{name}" for name in ("kubeconfig", "server.crt", "server.key"))
INSTALLER = "edgefleet-krustlet-install.service"


def configure(target: Target) -> Step:
    """Krustlet's environment, its kubeconfig and its server's certificate."""
    from edgefleet.keys import site_authorities  # validation alone does not load cryptography

    node, site = target.node, target.site
    made = site_authorities.kubelet(target.key, node.hostname, node.network.ip or node.hostname)
    server = k3s_joining.address(site)
    labels = dict(sorted({f"{LABEL}{KRUSTLET}": "true", **target.labels}.items()))
    environment = {
        "KUBECONFIG": KUBECONFIG,
        "KRUSTLET_NODE_NAME": node.hostname,
        "KRUSTLET_HOSTNAME": node.hostname,
        "KRUSTLET_ADDRESS": "127.0.0.1",
        "KRUSTLET_CERT_FILE": CERTIFICATE,
        "KRUSTLET_PRIVATE_KEY_FILE": KEY,
        "KRUSTLET_DATA_DIR": "/var/lib/krustlet",
        "NODE_LABELS": ",".join(f"{name}={value}" for name, value in labels.items()),
        **({"KRUSTLET_NODE_IP": node.network.ip} if node.network.ip else {}),
    }
    text = "".join(f"{remainder(name)}={quoted(value)}\n" for name, value in environment.items())
    files = (
        File.text(f"{FOLDER}/environment", text),
        File.text(KUBECONFIG, to_yaml(made.kubeconfig(server)), mode=0o600, is_secret=True),
        File.text(CERTIFICATE, made.server_certificate),
        File.text(KEY, made.server_key, mode=0o600, is_secret=True),
    )
    return Step(files=files)


def install(target: Target) -> Step:
    """The installer and the units; the installer starts Krustlet."""
    archive = krustlet_checks.archive_of(target)
    script = render("krustlet/install.sh.j2", product=KRUSTLET, url=archive.source, sha256=archive.sha256)
    return Step(
        files=(File.program("/usr/local/lib/edgefleet/install-krustlet", script),),
        units=(unit(f"krustlet/{INSTALLER}"), unit("krustlet/krustlet.service", is_enabled=False)),
        commands=(("systemctl", "restart", "--no-block", INSTALLER),),
    )


def secrets(site: SiteSpec, key: str) -> Iterator[Secret]:
    """The key of each node's certificates, by its first whole line."""
    from edgefleet.keys import site_authorities
    from edgefleet.keys.secret_scan import key_lines

    for node in (node for node in site.nodes.values() if node.runtime == KRUSTLET):
        made = site_authorities.kubelet(key, node.hostname, node.network.ip or node.hostname)
        yield f"the key of {node.hostname} for the site's API", key_lines(made.client_key)[0]
        yield f"the key of the server of {node.hostname}", key_lines(made.server_key)[0]


RUNTIME = Runtime(
    name="krustlet",
    title="a node of Krustlet",
    product=KRUSTLET,
    runs_api=False,
    unit="krustlet.service",
    program="/usr/local/bin/krustlet-wasi",
    images="/var/lib/edgefleet/images",
    volumes="/var/lib/krustlet",
    heal="krustlet/heal.sh.j2",
    installer=INSTALLER,
    starts=(INSTALLER,),
    minimum=Minimum(cpus=1, memory=256 * 1000**2, words="1 core and 256 MB", taken=Demand()),
    healthy_within=900,
    configure=configure,
    install=install,
    secrets=secrets,
    check=krustlet_checks.check,
    check_claims=k3s_claims.check_claims,
)
"""Its minimum is a limit of ours; what Krustlet takes is not known."""
