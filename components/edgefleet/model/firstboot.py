"""`FirstBoot`: the state of a node after its first boot, whatever the image format.

Boot steps produce it, image formats write it: both depend on this type and not on each other.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from edgefleet.model.hub import HubSnapshots
from edgefleet.model.medium import Installer, Netboot, Renderer
from edgefleet.model.network import Network
from edgefleet.model.site import Node, NodeSettings, SiteSpec, User


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file on the node's root file system."""

    path: str
    """Absolute path."""
    content: bytes
    mode: int = 0o644
    """Permission bits."""
    owner: str = "root:root"
    """``user:group``."""
    is_secret: bool = False
    """Holds a secret: its digest is never published unsalted and its mode is 0600 or 0400."""

    @classmethod
    def text(cls, path: str, text: str, *, mode: int = 0o644, is_secret: bool = False) -> "File":
        """The file with `text` as UTF-8."""
        return cls(path=path, content=text.encode(), mode=mode, is_secret=is_secret)

    @classmethod
    def program(cls, path: str, text: str) -> "File":
        """The script `text`, which everybody may read and run."""
        return cls.text(path, text, mode=0o755)

    @classmethod
    def unit(cls, unit: "Unit") -> "File":
        """The file of a systemd unit."""
        return cls.text(f"/etc/systemd/system/{unit.name}", unit.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A systemd unit in /etc/systemd/system."""

    name: str
    """File name, ``k3s.service``."""
    text: str
    is_enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The contribution of one boot step, in the order of the steps."""

    files: tuple[File, ...] = ()
    units: tuple[Unit, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()
    """Commands as argument lists, run once at first boot after files are written and before units
    start; safe to run again."""

    @classmethod
    def removal(cls, path: str, *commands: str) -> "Step":
        """`commands` of the shell on a node that has `path`; nothing on one that never had it."""
        return cls(commands=(("sh", "-c", f"if [ -e {path} ]; then {'; '.join(commands)}; fi"),))

    @classmethod
    def joined(cls, *steps: "Step") -> "Step":
        """One step with the contributions of all `steps`, in their order."""
        return cls(
            files=tuple(file for step in steps for file in step.files),
            units=tuple(unit for step in steps for unit in step.units),
            commands=tuple(command for step in steps for command in step.commands),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """How an installer's medium installs a system onto the node."""

    installer: Installer
    disk: str | None = None
    """The disk that it erases; `None` for the only built-in one."""
    kept: str | None = None
    """The data disk, which it leaves alone."""
    console: str | None = None
    """Serial port of its console, ``ttyS0,115200``."""
    is_airgapped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstBoot:
    """The whole first boot of one node."""

    fleet: str
    region: str
    site: str
    node: str
    hostname: str
    arch: str = ""
    """Processor architecture; empty where any will do."""
    netboot: Netboot | None = None
    """The kernel that it starts over the network."""
    installation: Installation | None = None
    """How it gets its system, where its medium is an installer."""
    kernel_arguments: tuple[str, ...] = ()
    """Further words of its kernel's command line."""
    timezone: str
    users: tuple[User, ...]
    network: Network = field(repr=False)
    renderer: Renderer | None = None
    """Which program configures the network; `None` for the system's own choice."""
    grows_root: bool = True
    """Whether the root file system grows to its whole disk."""
    is_network_secret: bool = False
    """Whether its network's configuration holds a secret, which could be guessed."""
    seal_key: str = field(default="", repr=False)
    """By which the node verifies later seeds; empty where there are none."""
    ssh_host_keys: dict[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    """dict[key type, ``ed25519`` -> (private key in OpenSSH form, public key line)]."""
    files: tuple[File, ...] = ()
    units: tuple[Unit, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One node of a site with the site's key: the input of every boot step."""

    site: SiteSpec = field(repr=False)
    """With the stack's secrets in it, see `edgefleet.model.stack_secrets`."""
    name: str
    """Name of the node in the site."""
    key: str = field(repr=False)
    """The site's derived key."""

    @property
    def node(self) -> Node:
        """The node's own spec."""
        return self.site.nodes[self.name]

    @property
    def settings(self) -> NodeSettings:
        """What the node has of its own, or of its site."""
        return self.site.settings_of(self.name)

    @property
    def labels(self) -> dict[str, str]:
        """The Kubernetes labels with which the node registers, sorted; those of the fleet file win."""
        ours = {
            "edgefleet.dev/fleet": self.site.fleet,
            "edgefleet.dev/site": self.site.name,
            "topology.kubernetes.io/region": self.site.region,
            "topology.kubernetes.io/zone": self.site.name,
        }
        return dict(sorted({**ours, **self.node.labels}.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class HubServer:
    """A server of the hub, the input of its boot steps; nothing of it is secret."""

    target: Target
    """The part that it shares with a site's node; its key is empty, as secrets come from the cloud."""
    address: str
    """The hub's declared DNS name."""
    bucket: str
    """Bucket of snapshots and manifests."""
    aws_region: str
    parameters: str
    """Path in the Parameter Store below which its secrets are, ``/retail/eu/hub``."""
    secrets: tuple[str, ...]
    """Names of the secrets below it, ``tls/server-ca.crt``."""
    snapshots: HubSnapshots
    start: Literal["init", "join", "restore"]
    """How its etcd begins: alone, as one more member, or from a snapshot."""


Secret = tuple[str, str]
"""(name, the word by which it is found in an image)."""


def _no_secrets(_: SiteSpec, __: str) -> Iterator[Secret]:
    yield from ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BootStep:
    """One step of the first boot, with all its properties."""

    name: str
    plan: Callable[[Target], Step]
    """Its contribution for one node."""
    secrets: Callable[[SiteSpec, str], Iterator[Secret]] = _no_secrets
    """The secrets that it derives from a site's key, which no other site's image may hold."""
