"""A node with a pod and a LAN as network namespaces, and packets between them.

A namespace keeps its interfaces, its nftables and its sysctls to itself, so nothing outside changes.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

RECEIVER = """
import json, select, socket, sys
places, lasts = json.loads(sys.argv[1]), int(sys.argv[2])
sockets = []
for address, port in places:
    sockets.append(socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM))
    sockets[-1].bind((address, port))
print("ready", flush=True)
while lasts:
    for server in select.select(sockets, [], [])[0]:
        data, sender = server.recvfrom(100)
        print(f"{sender[0]} {server.getsockname()[1]}", flush=True)
        if data == b"answered":
            server.sendto(b"answer", sender)
        lasts -= data == b"last"
"""
SENDER = """
import json, socket, sys
for source, destination, port, text in json.loads(sys.argv[1]):
    sender = socket.socket(socket.AF_INET6 if ":" in destination else socket.AF_INET, socket.SOCK_DGRAM)
    sender.setsockopt(socket.SOL_IP, 15, 1)  # IP_FREEBIND: the address may be anybody's
    sender.bind((source, 0))
    sender.settimeout(3)
    sender.sendto(text.encode(), (destination, port))
    if text == "answered":
        sender.recv(100)
"""
Packet = tuple[str, str, int]
"""(source, destination, port) of a UDP packet."""


@dataclass(frozen=True)
class Lab:
    """Three namespaces: ``node`` has lan0, and cni0 with the pod behind it."""

    name: str

    def run(self, place: str, *command: str, text: str = "") -> str:
        """What a command prints in one of the namespaces."""
        whole = ["ip", "netns", "exec", f"{self.name}-{place}", *command]
        done = subprocess.run(whole, input=text, capture_output=True, text=True, check=False, timeout=60)
        assert 0 == done.returncode, f"{command}: {done.stderr}"
        return done.stdout

    def arriving(
        self,
        packets: Sequence[Packet],
        lasts: Sequence[Packet],
        *,
        way: tuple[str, str] = ("lan", "node"),
        text: str = "",
    ) -> list[Packet]:
        """Those of `packets` that reach a socket; `lasts` follow them, one of each family, and are admitted.

        With the text ``answered`` each sender waits for an answer, and its lack is an error.
        """
        start, end = way
        places = sorted({(to, port) for _, to, port in (*packets, *lasts)})
        command = ["ip", "netns", "exec", f"{self.name}-{end}", sys.executable, "-c", RECEIVER]
        command += [json.dumps(places), str(len(lasts))]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as receiver:
            try:
                assert receiver.stdout is not None
                assert "ready\n" == receiver.stdout.readline()
                sent = [*((*packet, text) for packet in packets), *((*last, "last") for last in lasts)]
                self.run(start, sys.executable, "-c", SENDER, json.dumps(sent))
                lines, _ = receiver.communicate(timeout=20)
            finally:
                receiver.kill()
        seen = {tuple(line.split()) for line in lines.splitlines()}
        return [packet for packet in packets if (packet[0], str(packet[2])) in seen]

    def load(self, ruleset: str) -> None:
        """Load the ruleset of the node."""
        self.run("node", "nft", "-f", "-", text=ruleset)


@contextmanager
def lab(lan: Sequence[str], node: Sequence[str]) -> Iterator[Lab]:
    """A LAN with the addresses `lan`, and a node with the addresses `node` and a pod, .5 and ::5."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("ip", "nft", "sysctl"))):
        pytest.skip("needs root, ip, nft and sysctl: apt-get install iproute2 nftables procps")
    place = Lab(f"ef{os.getpid()}")
    try:
        for name in ("node", "lan", "pod"):
            subprocess.run(["ip", "netns", "add", f"{place.name}-{name}"], check=True)
            place.run(name, "ip", "link", "set", "lo", "up")
            place.run(
                name, "sysctl", "-q", "net.ipv6.conf.default.accept_dad=0", "net.ipv6.conf.all.accept_dad=0"
            )
        _connect(place)
        for name, device, addresses in (
            ("lan", "lan1", lan),
            ("node", "lan0", node),
            ("node", "cni0", ("10.42.0.1/24", "fd42::1/64")),
            ("pod", "eth0", ("10.42.0.5/24", "fd42::5/64")),
        ):
            for address in addresses:
                place.run(name, "ip", "address", "add", address, "dev", device)
        for gateway in ("10.42.0.1", "fd42::1"):
            place.run("pod", "ip", "route", "add", "default", "via", gateway)
        yield place
    finally:
        for name in ("node", "lan", "pod"):
            subprocess.run(
                ["ip", "netns", "delete", f"{place.name}-{name}"], check=False, capture_output=True
            )


def _connect(place: Lab) -> None:
    """Interfaces, forwarding, and no check of the way back by the kernel."""
    off = ("net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0")
    place.run("node", "sysctl", "-q", *off, "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
    for other, inside, outside in (("lan", "lan0", "lan1"), ("pod", "veth0", "eth0")):
        peer = ["peer", "name", outside, "netns", f"{place.name}-{other}"]
        place.run("node", "ip", "link", "add", inside, "type", "veth", *peer)
        place.run(other, "ip", "link", "set", outside, "up")
        place.run("node", "ip", "link", "set", inside, "up")
    place.run("node", "ip", "link", "add", "cni0", "type", "bridge")
    place.run("node", "ip", "link", "set", "cni0", "up")
    place.run("node", "ip", "link", "set", "veth0", "master", "cni0")
