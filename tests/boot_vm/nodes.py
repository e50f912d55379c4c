"""Sites whose nodes are started: the golden server, air-gapped, with all of recipe 1's features on."""

import base64
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from edgefleet.boot import facts
from edgefleet.keys.derivation import hub_master
from edgefleet.keys.site_certificate import identified, site_authority
from edgefleet.model.firstboot import FirstBoot
from edgefleet.model.hub import Hub, HubDns, HubIdentity
from edgefleet.model.medium import PayloadFile
from edgefleet.model.safety import Admission, BreakGlass, Firewall, WireGuard
from edgefleet.model.site import SiteSpec
from edgefleet.model.spec import from_plain
from edgefleet.site.first_boot import first_boots
from edgefleet.site.render import SiteImage, render_site

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "recipe-1" / "server-static" / "site.yaml"
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
    """A site of one node, what it shall be, and its seed."""

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


def seeded_node(site: SiteSpec, *, key: str = KEY) -> SeededNode:
    """`site`, with its certificate, rendered with the site's key."""
    hub = Hub(kind="k3s", dns=HubDns(name="hub.example"), identity=HubIdentity(sites=True))
    by = site_authority(
        hub_master(key, fleet=site.fleet, region=site.region), fleet=site.fleet, region=site.region
    )
    known = identified(site, key, by, hub)
    wanted, seed = first_boots(known, key, {})[NODE], render_site(known, key, {})[NODE]
    record = facts.release(seed.release or "")
    return SeededNode(site=known, wanted=replace(wanted, files=(record, *wanted.files)), seed=seed)


def golden_site() -> SiteSpec:
    """A shop's server that fetches nothing, with every way in that needs no cloud."""
    site = from_plain(SiteSpec, yaml.safe_load(GOLDEN.read_text()))
    payload = tuple(
        PayloadFile(path=path, digest=f"sha256:{digest(content)}", size=len(content))
        for path, content in sorted(PAYLOAD.items())
    )
    wireguard = WireGuard(endpoint="10.1.1.1:51820", public_key="A" * 43 + "=", network="fd12::/64")
    return replace(
        site,
        airgap=True,
        k3s=replace(site.k3s, sha256={}),
        firewall=Firewall(allow=(Admission(port=8443),)),
        break_glass=BreakGlass(console=True, wireguard=wireguard),
        nodes={NODE: replace(site.nodes[NODE], payload=payload)},
    )


def digest(content: bytes) -> str:
    """Hex SHA-256."""
    return hashlib.sha256(content).hexdigest()


def write_payload(folder: Path) -> None:
    """The payload, laid out as a node finds it."""
    for path, content in PAYLOAD.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    sums = "".join(f"{digest(content)}  {path}\n" for path, content in sorted(PAYLOAD.items()))
    (folder / "SHA256SUMS").write_text(sums)
