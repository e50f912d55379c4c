"""The fleet file as it is written: its keys, what each means and what may stand there."""

from typing import Annotated, Literal, Required

from pydantic import Field, with_config
from typing_extensions import TypedDict

from edgefleet.fleetfile.hub_part import ControlPlanePart
from edgefleet.fleetfile.settings import STRICT, Common, Settings, SharedNetwork, SitePart
from edgefleet.fleetfile.signing_keys import SignKey, TrustedKey
from edgefleet.fleetfile.workloads import ArtifactsPart, WorkloadPart
from edgefleet.model.names import Accelerator, Name
from edgefleet.model.page import Page
from edgefleet.model.quantities import Size
from edgefleet.model.releases import Store
from edgefleet.model.site import Arch, StorageKind

API_VERSION = "edgefleet.dev/v1"
RECIPES = frozenset({1})
"""Recipes that a fleet file may ask for."""


@with_config(STRICT)
class Profile(Common, total=False):
    """A hardware class, and settings for every node of it."""

    arch: Required[Arch]
    """Processor architecture."""
    cpus: Required[Annotated[int, Field(ge=1, le=1024)]]
    """Cores."""
    memory: Required[Size]
    """Memory as a Kubernetes quantity, 8Gi. k3s wants 2 GB for a server and 512 MB for an agent."""
    disk: Required[Size]
    """Size of the boot medium as a Kubernetes quantity, 128Gi."""
    storage: StorageKind
    """Kind of the boot medium; ssd unless said otherwise."""
    accelerators: tuple[Accelerator, ...]
    """Names of accelerators, for example coral-tpu."""
    network: SharedNetwork
    """What nodes of this class have in common of their network."""


@with_config(STRICT)
class ImagesPart(TypedDict, total=False):
    """Where images are kept, and what is printed about their boxes."""

    store: Store
    """file:<path in the project> or s3://<bucket>/<prefix>."""
    page: Page
    """Address of a page of yours about a site, https://shops.example/{site}, for the QR code of its printed
    sheet; {site}, {region} and {fleet} are replaced by the names."""
    sign_key: SignKey
    """Key that images are signed with: file:<path in the project> (PEM, Ed25519, P-256) or awskms:<ARN>."""
    trusted_keys: tuple[TrustedKey, ...]
    """Public keys of which `image verify -s STACK` wants one to have signed: file:<path in the project>."""


@with_config(STRICT)
class WavePart(TypedDict, total=False):
    """Sites that are changed together, before the next wave."""

    name: Required[Name]
    """Name of the wave."""
    sites: tuple[Name, ...]
    """Sites by name."""
    groups: tuple[Name, ...]
    """All sites of these groups that are in no earlier wave."""


@with_config(STRICT)
class SitesFrom(TypedDict, total=False):
    """Sites as rows of tables."""

    from_: Required[str | tuple[str, ...]]
    """A CSV file beside this one, or several; columns are dotted names such as network.address."""


@with_config(STRICT)
class NamedSite(SitePart, total=False):
    """A site as an item of a list."""

    name: Required[Name]
    """Name of the site."""


@with_config(STRICT)
class FleetDocument(TypedDict, total=False):
    """A fleet file of edgefleet."""

    api_version: Required[Literal["edgefleet.dev/v1"]]
    """Version of this file's form."""
    fleet: Required[Name]
    """Name of the whole fleet, over all regions."""
    region: Required[Name]
    """Name of this region: one stack, its hub and its sites."""
    recipe: Required[Annotated[int, Field(json_schema_extra={"enum": sorted(RECIPES)})]]
    """How files in images are rendered. Upgrading edgefleet changes no image; raising this may."""
    control_plane: ControlPlanePart
    """The region's hub."""
    images: ImagesPart
    """Where images are kept; file:.edgefleet/images/<region> unless said otherwise."""
    unique_addresses: Literal["fleet", "site"]
    """Where an address may stand once: in the fleet (unless said otherwise), or in each site where sites
    reuse the same private subnet."""
    profiles: Required[dict[Name, Profile]]
    """Hardware classes by name."""
    defaults: Settings
    """Settings of every site, unless its profile, group or itself says otherwise."""
    groups: dict[Name, Settings]
    """Settings of the sites that name the group."""
    sites: Required[dict[Name, SitePart] | SitesFrom | list[NamedSite]]
    """The sites by name, `from: <file>.csv`, or a list of items with a name."""
    workloads: dict[Name, WorkloadPart]
    """What runs on boxes, by name; images of air-gapped boxes carry what it needs."""
    artifacts: ArtifactsPart
    """Where artifacts are looked for; edgefleet artifacts lock pins them."""
    waves: tuple[WavePart, ...]
    """The order in which sites are changed."""
    revoked: dict[Name, Annotated[int, Field(ge=1)]]
    """Revoked sites, each with its last revoked key generation: store-0007: 1. A reinstalled site gets a
    higher keyGeneration; the line stays."""
