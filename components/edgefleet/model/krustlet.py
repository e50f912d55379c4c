"""Krustlet as fleet files describe it: its archive, which upstream no longer maintains.

Facts: krustlet/krustlet, release.yml and Cargo.lock (k8s-openapi of Kubernetes 1.22); CNCF TOC issue 1385.
"""

from typing import Annotated

from edgefleet.model.effects import Effect
from edgefleet.model.names import Web
from edgefleet.model.releases import Digest
from edgefleet.model.spec import spec

RELEASE, KUBERNETES = "v1.0.0-alpha.1", "1.22"
"""The last release, of July 2021, and the Kubernetes that it was made for."""
ARCHS = ("amd64", "arm64")
TAINTS = ("kubernetes.io/arch=wasm32-wasi:NoSchedule", "kubernetes.io/arch=wasm32-wasi:NoExecute")
"""Those of its nodes, which it sets itself."""


@spec
class Krustlet:
    """The archive of Krustlet that nodes with this runtime install."""

    source: Annotated[Web, Effect.RESTART]
    """Address of your copy of krustlet-v1.0.0-alpha.1-linux-amd64.tar.gz, or -aarch64. Whether upstream still
    serves it is not known."""
    sha256: Annotated[Digest, Effect.RESTART]
    """Hex SHA-256 of the archive."""
    accept_untested: Annotated[bool, Effect.NONE] = False
    """Whether releases of Kubernetes are accepted with which nobody has seen it work: all after 1.22."""
