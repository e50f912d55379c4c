"""`Fleet`: the resolved desired state of a region, which the layers above the model use."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from edgefleet.fleetfile.artifacts_lock import EMPTY, ArtifactsLock
from edgefleet.fleetfile.document import ImageStore
from edgefleet.fleetfile.provenance import Provenance
from edgefleet.fleetfile.waves import WaveSites
from edgefleet.model.channel import Channel
from edgefleet.model.cloud import Cloud
from edgefleet.model.hub import Hub
from edgefleet.model.paths import Part
from edgefleet.model.rollout import Rollout
from edgefleet.model.site import SiteSpec
from edgefleet.workloads.base.spec import Workload
from edgefleet.workloads.hub_nodes import name_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """One region of a fleet."""

    name: str
    """Name of the fleet."""
    region: str
    recipe: int
    control_plane: Hub
    images: ImageStore
    channel: Channel | None = None
    """How sites fetch releases; none where each change is a visit."""
    sites: dict[str, SiteSpec] = field(repr=False)
    """dict[site name -> site], in the fleet file's order."""
    rollout: Rollout = field(default_factory=Rollout)
    """The policy by which a change reaches the sites."""
    waves: tuple[WaveSites, ...] = ()
    """In rollout order, each with its sites; a site is in at most one. Sites without a wave come last."""
    revoked: dict[str, int] = field(default_factory=dict)
    """dict[site -> last revoked key generation]."""
    profiles_used: dict[str, int] = field(default_factory=dict)
    """dict[profile -> number of nodes], also 0."""
    workloads: dict[str, Workload] = field(default_factory=dict)
    """dict[name -> workload], sorted by name."""
    hub_workloads: dict[str, dict[str, Any]] = field(default_factory=dict)
    """dict[name -> entry (`edgefleet.workloads.composing`)] of those with objects in the hub's cluster."""
    mirrors: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """dict[prefix of addresses, or a registry -> its mirror]."""
    lock: ArtifactsLock = field(default_factory=lambda: EMPTY, repr=False, compare=False)
    """The artifacts lock beside the fleet file."""
    provenance: Provenance = field(repr=False, compare=False)
    """Positions of declared values."""

    @property
    def has_site_certificates(self) -> bool:
        """Whether the region's hub accepts certificates of sites."""
        return bool(self.control_plane.identity.sites)

    @property
    def cloud(self) -> Cloud:
        """The cloud account of the region."""
        return self.control_plane.cloud

    @property
    def hub_kind(self) -> str:
        """Of what kind the region's hub is, as the fleet file names it."""
        return self.control_plane.kind

    def locate(self, site: str, path: str = "") -> str:
        """Position, ``stacks/dev.fleet.yaml:41:7``, that declares the value at `path` of the spec of `site`.

        Args:
            site: a site's name.
            path: a path in its spec, ``nodes.n1.network.address``; empty for the site itself.

        Returns:
            The line in the site, group, profile or defaults; for an undeclared value the nearest declared
            part around it; empty for an unknown site.
        """
        spec = self.sites.get(site)
        return "" if spec is None else self.provenance.locate(spec, path)

    def locate_workload(self, name: str, path: Sequence[Part] = ()) -> str:
        """Position that declares the field at `path` of a workload, or the nearest part around it.

        Args:
            name: of the workload, or of one in the hub's cluster.
            path: below the workload.
        """
        name = name_of(name, self.hub_workloads.get(name, {}))
        return self.provenance.near(("workloads", name, *path), of_key=not path)
