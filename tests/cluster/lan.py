"""Networks of hosts on this machine, each with a cable to one switch that can be pulled.

A host is a network namespace, its cable a veth pair, the switch a bridge. It needs root and iproute2.
"""

import os
import subprocess
from dataclasses import dataclass, field


@dataclass
class Lan:
    """A switch with hosts; `close` removes it."""

    addresses: dict[str, str] = field(default_factory=dict)
    """dict[host -> its address]."""

    def __post_init__(self) -> None:
        self._switch = f"ef{os.getpid()}"
        _ip("link", "add", self._switch, "type", "bridge")
        _ip("link", "set", self._switch, "up")

    def host(self, name: str) -> str:
        """Add a host, with its cable put in; returns its address.

        As in a Pod of containerd, everybody may listen at the ports below 1024
        (containerd docs, cri/config, enable_unprivileged_ports).
        """
        self.addresses[name] = address = f"10.77.0.{len(self.addresses) + 1}"
        space, cable = self._space(name), self._cable(name)
        _ip("netns", "add", space)
        _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", space)
        _ip("link", "set", cable, "master", self._switch, "up")
        _ip("-n", space, "address", "add", f"{address}/24", "dev", "eth0")
        for device in ("eth0", "lo"):
            _ip("-n", space, "link", "set", device, "up")
        setting = "echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start"
        subprocess.run([*self.enter(name), "sh", "-c", setting], check=True)
        return address

    def enter(self, name: str) -> tuple[str, ...]:
        """What stands before a command that runs at the host `name`."""
        return ("ip", "netns", "exec", self._space(name))

    def pull(self, name: str) -> None:
        """Pull the cable of a host."""
        _ip("link", "set", self._cable(name), "down")

    def plug(self, name: str) -> None:
        """Put it in again."""
        _ip("link", "set", self._cable(name), "up")

    def close(self) -> None:
        """Remove all of it."""
        for name in self.addresses:
            # With its namespace alone it would go later, and the next switch has a cable of its name.
            _ip("link", "delete", self._cable(name))
            _ip("netns", "delete", self._space(name))
        _ip("link", "delete", self._switch)

    def _space(self, name: str) -> str:
        return f"{self._switch}-{name}"

    def _cable(self, name: str) -> str:
        return f"{self._switch}c{[*self.addresses].index(name)}"


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)
