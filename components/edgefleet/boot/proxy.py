"""Step: the HTTP proxy of a node: for its runtime, what it downloads, and apt.

k3s hands its own variables to containerd (k3s docs, advanced, "Configuring an HTTP proxy"). The site's own
containers, services and nodes are never reached through the proxy.
"""

from urllib.parse import quote

from edgefleet.model.firstboot import File, Step, Target
from edgefleet.model.k3s_config import SUBNETS
from edgefleet.model.writers.configuration import quotation, remainder
from edgefleet.model.writers.systemd import quoted
from edgefleet.runtimes import runtime_of
from edgefleet.runtimes.base.k3s_cluster import domain, ranges

ENVIRONMENT = "/etc/edgefleet/proxy.env"
APT = "/etc/apt/apt.conf.d/50-edgefleet-proxy"
LOCAL = ("localhost", "127.0.0.0/8", "::1", ".svc")
DROP_IN = f"# Written by edgefleet.\n[Service]\nEnvironmentFile=-{ENVIRONMENT}\n"


def plan(target: Target) -> Step:
    """The variables (0600, as they may hold a password) and the units that read them; else their removal."""
    proxy = target.settings.proxy
    if proxy is None:
        return Step(commands=(("rm", "-f", ENVIRONMENT, APT),))
    addresses = {"http": _address(target, proxy.http), "https": _address(target, proxy.https)}
    proxies = {scheme: address for scheme, address in addresses.items() if address}
    variables = {f"{scheme.upper()}_PROXY": address for scheme, address in proxies.items()}
    variables["NO_PROXY"] = ",".join(_direct(target))
    lines = [
        f"{remainder(key)}={quoted(value)}\n"
        for name, value in variables.items()
        for key in (name, name.lower())
    ]
    apt = [
        f"Acquire::{remainder(scheme)}::Proxy {quotation(address)};\n" for scheme, address in proxies.items()
    ]
    runtime = runtime_of(target.node)
    channel = ("edgefleet-channel.service",) if target.site.channel is not None else ()
    drop_ins = (
        File.text(f"/etc/systemd/system/{unit}.d/proxy.conf", DROP_IN)
        for unit in (runtime.unit, runtime.installer, "edgefleet-heartbeat.service", *channel)
    )
    return Step(
        files=(
            File.text(ENVIRONMENT, "".join(lines), mode=0o600, is_secret=True),
            File.text(APT, "".join(apt), mode=0o600, is_secret=True),
            *drop_ins,
        )
    )


def _address(target: Target, address: str | None) -> str | None:
    proxy = target.settings.proxy
    if address is None or proxy is None or proxy.credentials is None:
        return address
    user, _, password = proxy.credentials.partition(":")
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{quote(user, safe='')}:{quote(password, safe='')}@{rest}"


def _direct(target: Target) -> list[str]:
    """Hosts and networks that are reached without the proxy, in a fixed order."""
    direct = [*LOCAL]
    if runtime_of(target.node).is_k3s:
        direct.append(f".{domain(target.site)}")
        direct += [subnet for key in SUBNETS for subnet in ranges(target.site, key)]
    for node in target.site.nodes.values():
        for link in node.network.every.values():
            direct += [str(interface.network) for interface in link.interfaces]
        direct.append(node.hostname)
    proxy = target.settings.proxy
    return [*dict.fromkeys([*direct, *(proxy.no_proxy if proxy is not None else ())])]
