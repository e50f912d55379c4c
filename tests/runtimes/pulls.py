"""Pulls by a real containerd with the registries of a node with KubeEdge, through the CRI as a kubelet does.

containerd reads what edgefleet renders, in a folder of the test. The registries are stand-ins on loopback
(`FakeRegistry`); the names that images have lead nowhere, so each image comes from a mirror.
"""

import io
import tarfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import grpc
from tests.boot.test_heartbeat import BY, server_certificate
from tests.io.servers import FakeRegistry, free_port, serving
from tests.processes import Server, running

from edgefleet.model.firstboot import Target
from edgefleet.model.registries import ANY, Registry
from edgefleet.runtimes.base import edge_registries
from edgefleet.runtimes.base.edge_containerd import IMAGES, configuration

HERE = """
[grpc]
  address = '{folder}/s'

[plugins.'io.containerd.internal.v1.opt']
  path = '{folder}/opt'

[plugins.'{images}'{table}]
  snapshotter = 'native'
"""
"""What its configuration has here besides."""
PULL = "/runtime.v1.ImageService/PullImage"
LOGIN, TOKEN = "shop:p@ss 'w\"o\\rd{é}", "a'{token}"


@dataclass(frozen=True, kw_only=True)
class Mirror:
    """A mirror of a registry of its own."""

    settings: Registry = field(default_factory=Registry)
    """What the node knows of its host."""
    login: str = ""
    """Without which it gives nothing."""
    kind: str = "bearer"
    """Of its login."""
    is_tls: bool = False
    gives: bool = True
    """Whether the node can pull from it."""


MIRRORS = {
    "basic": Mirror(settings=Registry(credentials=LOGIN), login=LOGIN, kind="basic"),
    "bearer": Mirror(settings=Registry(credentials=LOGIN), login=LOGIN),
    "token": Mirror(settings=Registry(identity_token=TOKEN), login=LOGIN),
    "wrong": Mirror(settings=Registry(credentials="shop:wrong"), login=LOGIN, gives=False),
    "signed": Mirror(settings=Registry(ca=BY.certificate_pem), is_tls=True),
    "unseen": Mirror(settings=Registry(skip_verify=True), is_tls=True),
    "unsigned": Mirror(is_tls=True, gives=False),
    ANY: Mirror(),
}
"""dict[name of the registry -> its mirror]."""
WITHHELD = {name for name, mirror in MIRRORS.items() if not mirror.gives}
"""The registries whose images a node cannot pull."""


def pulled(command: Sequence[str | Path], version: int, target: Target, folder: Path) -> dict[str, str]:
    """dict[name of a registry -> why containerd, run by `command`, pulls nothing of it; empty if it does]."""
    with ExitStack() as stack:
        settings: dict[str, Registry] = {}
        for name, mirror in MIRRORS.items():
            fake = FakeRegistry(login=mirror.login, kind=mirror.kind)
            stack.enter_context(serving(fake, server_certificate(folder) if mirror.is_tls else None))
            address = fake.address.replace("https://127.0.0.1", "https://localhost")
            fake.push("shop/hello", "amd64", _layer(), tag="1")
            gone = f"http://127.0.0.1:{free_port()}"
            settings[name if name == ANY else f"{name}.invalid:5000"] = Registry(endpoints=(gone, address))
            settings[urlsplit(address).netloc] = mirror.settings
        made = replace(target, site=replace(target.site, registries=settings))
        _write(made, version, folder)
        server = Server((*command, "--config", folder / "containerd.toml"), folder / "containerd.log")
        stack.enter_context(running(server, lambda: "serving..." in server.log.read_text(errors="replace")))
        channel = stack.enter_context(grpc.insecure_channel(f"unix:{folder}/s"))
        return {
            name: _pull(channel, f"{name.replace(ANY, 'any')}.invalid:5000/shop/hello:1") for name in MIRRORS
        }


def _layer() -> bytes:
    out = io.BytesIO()
    tarfile.open(fileobj=out, mode="w").close()
    return out.getvalue()


def _write(target: Target, version: int, folder: Path) -> None:
    """The node's files in `folder`."""
    for file in edge_registries.hosts(target.settings.registries).files:
        path = folder / "registries" / Path(file.path).relative_to(edge_registries.FOLDER)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
    line = f"version = {version}\n"
    text = configuration(target, version).replace(edge_registries.FOLDER, f"{folder}/registries")
    text = text.replace(line, f"{line}root = '{folder}/root'\nstate = '{folder}/state'\n")
    table = ".containerd" if version == min(IMAGES) else ""
    own = HERE.format(folder=folder, images=IMAGES[version], table=table)
    (folder / "containerd.toml").write_text(text + own)


def _pull(channel: grpc.Channel, image: str) -> str:
    """Why it cannot be pulled; empty once it is there (cri-api, runtime/v1/api.proto, PullImageRequest)."""
    name = _field(image.encode())
    try:
        channel.unary_unary(PULL, bytes, bytes)(_field(name), timeout=60)
    except grpc.RpcError as error:
        return str(error)
    return ""


def _field(content: bytes) -> bytes:
    """The first field of a message, a text or a message itself."""
    return bytes([0x0A, len(content)]) + content
