"""Sites whose agents join the k3s of their region's hub: the releases of both ends. Pure.

Source: Kubernetes, "Version Skew Policy": a kubelet is never newer than its API server, and at most three
minor releases older.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from edgefleet.errors import Problem
from edgefleet.model.hub import Hub
from edgefleet.model.site import SiteSpec
from edgefleet.model.version_skew import release

OLDEST = 3
"""Minor releases that an agent may be behind its server."""


def check_site(site: SiteSpec, hub: Hub) -> Iterator[Problem]:
    """Problems of a site that joins the hub of its region; paths are those of its spec."""
    if hub.kind != "k3s" or urlsplit(site.k3s.server or "").hostname != hub.dns_name:
        return
    own, servers = release(site.k3s.version), release(hub.k3s.version)
    if own.minor > servers.minor:
        problem = f"an agent of {site.k3s.version} is newer than the hub's servers, {hub.k3s.version}"
        hint = f"write {hub.k3s.version}, or raise controlPlane.k3s.version first"
        yield Problem.of_value("k3s.version", "newer-than-hub", problem, hint)
    elif own.minor < servers.minor - OLDEST:
        problem = f"the hub's servers run {hub.k3s.version}, and take agents of 1.{servers.minor - OLDEST} on"
        yield Problem.of_value("k3s.version", "older-than-hub", problem, f"write {hub.k3s.version}")
