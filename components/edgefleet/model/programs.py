"""Programs that nodes run beside k3s: addresses of their releases, and paths in these.

Facts: assets of containerd/runwasi 0.6, spinframework/containerd-shim-spin 0.24 and kubeedge/kubeedge 1.23;
IAM Roles Anywhere user guide, "Get temporary security credentials".
"""

from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import quote

from edgefleet.model.syntax import Grammar

Handler = Literal["wasmtime", "wasmedge", "wasmer", "spin", "crun-wasm"]
"""Runtimes for WebAssembly, by the handlers of containerd that run them."""
KRUSTLET: Literal["krustlet"] = "krustlet"
"""A kubelet that runs modules itself; nodes have it as their runtime."""
ModuleForm = Literal["image", "artifact", "spin"]
"""Forms of images that are a module and no file system: an OCI image for the architecture wasm, CNCF's
artifact of a module, and layers of Spin (containerd/runwasi, client.rs; oci-tar-builder)."""
CRUN: Handler = "crun-wasm"
"""crun with a library for WebAssembly in it, WasmEdge or WAMR; the others are shims of `PROGRAMS`."""
RUNWASI: tuple[Handler, ...] = ("wasmtime", "wasmedge", "wasmer")
"""Shims of containerd on one library, containerd-shim-wasm of runwasi."""
TAKES: dict[str, frozenset[ModuleForm]] = {
    **dict.fromkeys(RUNWASI, frozenset({"image", "artifact"})),
    "spin": frozenset({"image", "artifact", "spin"}),
    CRUN: frozenset(),
    KRUSTLET: frozenset({"spin"}),
}
"""dict[handler -> forms of modules that it is not known to refuse]; all take ordinary images of a module."""
KUBEEDGE = "kubeedge"
ROLES_ANYWHERE, HELPER = "rolesanywhere-credential-helper", "v1.4.0"
"""AWS's program that makes credentials of a certificate, and its release that nodes have."""
_RELEASE = Grammar(
    r"v\d+\.\d+\.\d+(-[A-Za-z0-9.]+)?", "bad-version", "a release", "write its whole name such as v0.6.0", 60
)
Release = Annotated[str, _RELEASE]
_RUNWASI = "https://github.com/containerd/runwasi/releases/download/"
_GNU = {"amd64": "x86_64", "arm64": "aarch64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program whose releases are archives, or the program itself."""

    url: str
    """Address of a release, with ``{version}`` or ``{number}`` (without its v), ``{arch}``."""
    member: str = ""
    """Path of the program in it; empty where it is no archive."""
    name: str
    """Its name on a node, below ``/usr/local/bin``."""
    archs: dict[str, str]
    """dict[architecture of a node -> its name in the release]."""

    def address(self, version: str, arch: str) -> str:
        """Address of a release."""
        number = version.removeprefix("v")
        return self.url.format(version=quote(version, safe=""), number=number, arch=self.archs[arch])

    def sums(self, version: str, arch: str) -> str:
        """Address of the digest of that archive, beside it."""
        folder, _, name = self.address(version, arch).rpartition("/")
        return f"{folder}/checksum_{name}.txt"

    def path(self, version: str, arch: str) -> str:
        """Path of the program in that archive."""
        return self.member.format(version=version, arch=self.archs[arch])


def _runwasi(runtime: str) -> Program:
    shim = f"containerd-shim-{runtime}"
    url = f"{_RUNWASI}{shim}%2F{{version}}/{shim}-{{arch}}-linux-musl.tar.gz"
    return Program(url=url, member=f"{shim}-v1", name=f"{shim}-v1", archs=_GNU)


PROGRAMS: dict[str, Program] = {
    **{runtime: _runwasi(runtime) for runtime in RUNWASI},
    "spin": Program(
        url="https://github.com/spinframework/containerd-shim-spin/releases/download/{version}/"
        "containerd-shim-spin-v2-linux-{arch}.tar.gz",
        member="containerd-shim-spin-v2",
        name="containerd-shim-spin-v2",
        archs=_GNU,
    ),
    KUBEEDGE: Program(
        url="https://github.com/kubeedge/kubeedge/releases/download/{version}/"
        "kubeedge-{version}-linux-{arch}.tar.gz",
        member="kubeedge-{version}-linux-{arch}/edge/edgecore",
        name="edgecore",
        archs={"amd64": "amd64", "arm64": "arm64", "armhf": "arm"},
    ),
    ROLES_ANYWHERE: Program(
        url="https://rolesanywhere.amazonaws.com/releases/{number}/{arch}/Linux/aws_signing_helper",
        name="aws_signing_helper",
        archs={"amd64": "X86_64", "arm64": "Aarch64"},
    ),
}
"""dict[name -> program]: shims, which k3s finds when it starts (k3s docs, advanced), KubeEdge, and what the
channel needs."""
