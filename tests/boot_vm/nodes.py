"""Sites whose nodes are started, and what they carry: golden ones, air-gapped.

The golden server has all of recipe 1's features on.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import yaml
from tests.boot_vm.running import tool

from edgefleet.boot import facts
from edgefleet.keys.derivation import hub_master
from edgefleet.keys.kubeedge_certificates import kubeedge_authority, kubeedge_identity
from edgefleet.keys.site_certificate import identified, site_authority
from edgefleet.model.edge import HubKubeEdge
from edgefleet.model.firstboot import FirstBoot
from edgefleet.model.hub import Hub, HubDns, HubIdentity
from edgefleet.model.medium import PayloadFile
from edgefleet.model.safety import Admission, BreakGlass, Firewall, WireGuard
from edgefleet.model.site import SiteSpec
from edgefleet.model.spec import from_plain
from edgefleet.site.first_boot import first_boots
from edgefleet.site.render import SiteImage, render_site

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "recipe-1"
KEY = base64.b64encode(b"a key that only boot tests use..").decode()
NODE = "n1"
MAC = "02:00:5e:10:00:01"
NETWORK = ("-nic", f"user,id=lan,restrict=on,ipv6=off,model=virtio-net-pci,mac={MAC}")
"""A network card on a network where nobody but DHCP answers."""
K3S = (Path(__file__).parent / "inside" / "k3s_stand_in.py").read_bytes()
PAYLOAD = {
    "bin/k3s": K3S,
    "bin/containerd-shim-wasmtime-v1": b"#!/bin/sh\n# a stand-in for a shim\n",
    "images/k3s-airgap-images-amd64.tar.zst": b"a stand-in for an archive of images",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeededNode:
    """A site, what one of its nodes shall be, and the node's seed."""

    site: SiteSpec
    wanted: FirstBoot
    seed: SiteImage

    @property
    def contents(self) -> dict[str, tuple[bytes, int]]:
        """dict[path -> (content, mode)] of all that the node shall have; owned by root."""
        files = {file.path: (file.content, file.mode) for file in self.wanted.files}
        units = {
            f"/etc/systemd/system/{unit.name}": (unit.text.encode(), 0o644) for unit in self.wanted.units
        }
        return {**files, **units}


def seeded_node(site: SiteSpec, *, node: str = NODE, key: str = KEY) -> SeededNode:
    """`site`, with its certificates, rendered with the site's key."""
    hub = Hub(
        kind="k3s",
        dns=HubDns(name="hub.example"),
        identity=HubIdentity(sites=True),
        kubeedge=HubKubeEdge(version="v1.23.1", address="edge.hub.example"),
    )
    names = {"fleet": site.fleet, "region": site.region}
    master = hub_master(key, **names)
    known = identified(site, key, site_authority(master, **names), hub)
    assert known.identity is not None
    kubeedge = kubeedge_identity(site, key, kubeedge_authority(master, **names), hub)
    known = replace(known, identity=replace(known.identity, kubeedge=kubeedge))
    wanted, seed = first_boots(known, key, {})[node], render_site(known, key, {})[node]
    record = facts.release(seed.release or "")
    return SeededNode(site=known, wanted=replace(wanted, files=(record, *wanted.files)), seed=seed)


def golden(case: str) -> SiteSpec:
    """The golden site of a name, air-gapped."""
    text = (GOLDEN / case / "site.yaml").read_text()
    return replace(from_plain(SiteSpec, yaml.safe_load(text)), airgap=True)


def golden_site() -> SiteSpec:
    """A shop's server that fetches nothing, with every way in that needs no cloud."""
    site = golden("server-static")
    wireguard = WireGuard(endpoint="10.1.1.1:51820", public_key="A" * 43 + "=", network="fd12::/64")
    return replace(
        site,
        k3s=replace(site.k3s, sha256={}),
        firewall=Firewall(allow=(Admission(port=8443),)),
        break_glass=BreakGlass(console=True, wireguard=wireguard),
        nodes={NODE: replace(site.nodes[NODE], payload=carried(PAYLOAD))},
    )


def digest(content: bytes) -> str:
    """Hex SHA-256."""
    return hashlib.sha256(content).hexdigest()


def carried(payload: Mapping[str, bytes]) -> tuple[PayloadFile, ...]:
    """What a node's image says of a payload: dict[path -> content]."""
    return tuple(
        PayloadFile(path=path, digest=f"sha256:{digest(content)}", size=len(content))
        for path, content in sorted(payload.items())
    )


def payload_disk(payload: Mapping[str, bytes], folder: Path) -> Path:
    """A medium that has the payload alone, laid out as a node finds it; `folder` is made for it."""
    files, squash, image = folder / "files", folder / "squashfs", folder / "payload.raw"
    for path, content in payload.items():
        (files / path).parent.mkdir(parents=True, exist_ok=True)
        (files / path).write_bytes(content)
    sums = "".join(f"{digest(content)}  {path}\n" for path, content in sorted(payload.items()))
    (files / "SHA256SUMS").write_text(sums)
    tool("mksquashfs", files, squash, "-quiet", "-all-root")
    image.write_bytes(bytes(2**20) + squash.read_bytes() + bytes(2**20))
    size = -(-squash.stat().st_size // 512)
    tool("sfdisk", "-q", image, stdin=f"label: gpt\nstart=2048, size={size}, name=EDGEFLEET-PL\n")
    return image
