"""Where nodes with KubeEdge pull the images of Pods from. Pure.

Pods come from the hub later, so each registry with settings has its folder (`registry_hosts`), which
containerd reads at each pull. A hosts.toml has no login, and the login of a Pod is not for mirrors
(containerd issue 10996): logins stand in containerd's configuration, by the host that it connects to.
containerd 2 calls that deprecated, and keeps it until there is another way (containerd pull request 12366).
"""

import re
from collections.abc import Mapping
from glob import escape

from edgefleet.model.firstboot import File, Step
from edgefleet.model.registries import ANY, Registry
from edgefleet.model.writers.shell import sh
from edgefleet.runtimes.base.k3s_registries import login_of
from edgefleet.runtimes.base.registry_hosts import hosts_files, places_of

FOLDER = "/etc/edgefleet/kubeedge/registries"
_CONNECTED = {"docker.io": "registry-1.docker.io"}
"""dict[host in names of images -> the host of its registry] (containerd, remotes/docker/registry.go)."""
_KEYS = {"username": "username", "password": "password", "identity_token": "identitytoken"}
"""dict[key of k3s -> key of containerd]."""


def hosts(settings: Mapping[str, Registry]) -> Step:
    """A folder for each registry, and the removal of those of registries that have no settings any more."""
    folders = {_folder(host): places_of(settings, host) for host in sorted(settings)}
    files: list[File] = []
    for name, places in folders.items():
        files += hosts_files(f"{FOLDER}/{name}", *places)
    kept = "".join(f" ! -name {sh(escape(name))}" for name in folders)
    removal = Step.removal(FOLDER, f"find {FOLDER} -mindepth 1 -maxdepth 1{kept} -exec rm -rf {{}} +")
    return Step.joined(Step(files=tuple(files)), removal)


def _folder(host: str) -> str:
    """The folder in which containerd looks for a registry (containerd, remotes/docker/config/hosts.go)."""
    return "_default" if host == ANY else re.sub(r":(\d+)$", r"_\1_", host)


def logins(settings: Mapping[str, Registry]) -> dict[str, dict[str, str]]:
    """dict[host that a node connects to -> dict[key of containerd's ``auth`` -> its value]]."""
    return {
        _CONNECTED.get(host, host): {_KEYS[key]: value for key, value in login.items()}
        for host, registry in sorted(settings.items())
        if (login := login_of(registry))
    }
