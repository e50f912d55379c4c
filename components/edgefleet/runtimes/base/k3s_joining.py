"""How the agents of a site join: its own server, or the API of a cluster that exists.

An agent that starts while it does not reach its server starts no Pods (k3s docs, cli/agent). So the cluster
that a site joins is in its LAN, or the site's link is steady.
"""

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from edgefleet.errors import Problem
from edgefleet.model.cluster_tokens import password
from edgefleet.model.firstboot import Target
from edgefleet.model.k3s_flags import OF_SITE
from edgefleet.model.paths import format_path
from edgefleet.model.site import SiteSpec
from edgefleet.runtimes.base import k3s_cluster

SERVER_TOKEN, AGENT_TOKEN = "k3s-server-token", "k3s-agent-token"
DESCRIBED = frozenset(
    (
        *("cluster-cidr", "service-cidr", "cluster-domain", "flannel-backend", "flannel-ipv6-masq"),
        *("disable-kube-proxy", "embedded-registry"),
    )
)
"""Settings of servers that a node's firewall, proxy and checks must know of the cluster that it joins."""


def token_of(key: str, purpose: str) -> str:
    """The site's derived token for `purpose`."""
    from edgefleet.keys.derivation import token  # validation alone does not load cryptography

    return token(key, purpose)


def server_tokens(target: Target) -> dict[str, str]:
    """The tokens of a site's server in its config.yaml: given ones, or those of the site."""
    k3s = target.site.k3s
    given = {"token": (k3s.token, SERVER_TOKEN), "agent-token": (k3s.agent_token, AGENT_TOKEN)}
    return {
        name: token_of(target.key, purpose) if token is None else password(token)
        for name, (token, purpose) in given.items()
    }


def server_token(target: Target) -> str:
    """The token of a server that joins others, which names the site's own authority where it has one."""
    from edgefleet.keys import site_authorities

    own = server_tokens(target)["token"]
    given = target.site.k3s.token is not None
    return own if given else site_authorities.joining_token(target.key, "server", own)


def agent_token(target: Target) -> str:
    """The token of an agent.

    With the site's own authorities it names theirs; a cluster that exists has others, which a given token
    may name.
    """
    from edgefleet.keys import site_authorities

    k3s = target.site.k3s
    if k3s.agent_token is not None and (k3s.server is not None or k3s.token is not None):
        return k3s.agent_token
    own = server_tokens(target)["agent-token"]
    return own if k3s.token is not None else site_authorities.joining_token(target.key, "node", own)


def address(site: SiteSpec) -> str:
    """The address of the API that the site's agents join."""
    if site.k3s.server is not None:
        return site.k3s.server
    server = k3s_cluster.server_of(site)
    name = site.k3s.virtual_address or server.network.ip or server.hostname
    return k3s_cluster.api_url(site, name)


def endpoint(site: SiteSpec) -> str | None:
    """The IP address of the cluster that the site joins; `None` where it joins none, or one by name."""
    name = urlsplit(site.k3s.server or "").hostname or ""
    try:
        return str(ip_address(name))
    except ValueError:
        return None


def check_joining(site: SiteSpec) -> Iterator[Problem]:
    """Settings of a site that joins a cluster which do nothing, or with which it does not serve."""
    k3s = site.k3s
    if k3s.server is None:
        return
    if k3s.token is not None:
        problem = "a server's token opens the whole cluster, and each node of this site would have it"
        hint = "write the token of agents instead: k3s.agentToken: {secret: NAME}"
        yield Problem.of_value("k3s.token", "server-token", problem, hint)
    elif k3s.agent_token is None:
        problem = f"no token lets the nodes of this site join {k3s.server}"
        hint = "add k3s.agentToken: {secret: NAME}, with the token of that cluster's agents"
        yield Problem.of_value("k3s.server", "no-agent-token", problem, hint)
    for path in _of_servers(site):
        problem = "it is for a server, and this site joins the cluster of another one"
        hint = "set it in that cluster, and here for groups of sites with a server of their own"
        yield Problem.of_value(path, "no-server", problem, hint)
    if site.link.class_ != "steady" and not _is_near(site):
        problem = (
            f"a node that starts while {k3s.server} is away runs no Pods, and its link is {site.link.class_}"
        )
        hint = "write its address in the site's LAN, or remove k3s.server: the site then has its own server"
        yield Problem.of_value("k3s.server", "server-away", problem, hint)


def _of_servers(site: SiteSpec) -> Iterator[str]:
    """Paths of the settings of a site that a server alone has."""
    yield from ("k3s.manifests",) if site.k3s.manifests else ()
    yield from ("k3s.disable",) if site.k3s.disable else ()
    yield from ("time.serve",) if site.time.serve else ()
    for key in site.k3s.config:
        if key.rstrip("+") in OF_SITE - DESCRIBED:
            yield format_path(("k3s", "config", key))


def _is_near(site: SiteSpec) -> bool:
    """Whether each node of the site is in the LAN of the cluster that it joins."""
    name = endpoint(site)
    return name is not None and all(
        any(ip_address(name) in interface.network for interface in node.network.interfaces)
        for node in site.nodes.values()
    )
