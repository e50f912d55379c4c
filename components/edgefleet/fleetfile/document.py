"""The fleet file as it is written: its keys, what each means and what may stand there.

Settings are fields of `SiteSpec` and `Node`; which level has which is derived from them in
`edgefleet.fleetfile.partial`.
"""

from dataclasses import field
from typing import Annotated, Any, Literal, Union

from pydantic import Discriminator, Field

from edgefleet.fleetfile.artifacts import Artifacts
from edgefleet.model.channel import Channel
from edgefleet.model.hub import Hub
from edgefleet.model.names import Name, Page
from edgefleet.model.quantities import KeyGeneration
from edgefleet.model.releases import FILE_RE, SignKey, Store
from edgefleet.model.rollout import Rollout
from edgefleet.model.site import RECIPES, SiteSpec
from edgefleet.model.spec import At, Level, spec
from edgefleet.model.syntax import Grammar
from edgefleet.workloads import KINDS

API_VERSION = "edgefleet.dev/v1"
_TRUSTED_KEY = Grammar(
    FILE_RE, "bad-key", "a public key", "write file: and the path of a public key (PEM) in the project", 2000
)
TrustedKey = Annotated[str, _TRUSTED_KEY]
TABLE = Grammar(
    r"(?!/)(?!.*\.\.)[A-Za-z0-9._/ +-]+\.csv",
    "bad-table",
    "a CSV file beside this one",
    "write a name such as stores.csv",
    400,
)
TableName = Annotated[str, TABLE]
AnyWorkload: Any = Annotated[Union[tuple(kind.spec for kind in KINDS.values())], Discriminator("kind")]  # noqa: UP007 - built at run time
"""A workload of any kind."""


@spec
class Inheritance:
    """What a site or node inherits from, as it is written."""

    profile: Annotated[Name | None, At(Level.DEFAULTS, Level.GROUP, Level.SITE, Level.NODE)] = None
    """Hardware class of the nodes, one of `profiles`. By default a node has its site's."""
    group: Annotated[Name | None, At(Level.SITE)] = None
    """One of `groups`."""


@spec
class ImageStore:
    """Where images are kept, and what is printed about their nodes."""

    store: Store = ""
    """file:<path in the project> or s3://<bucket>/<prefix>. By default it is
    file:.edgefleet/images/<region>."""
    page: Page | None = None
    """Address of a page of yours about a site, https://shops.example/{site}, for the QR code of its printed
    sheet; {site}, {region} and {fleet} are replaced by the names."""
    sign_key: SignKey | None = None
    """Key that images are signed with: file:<path in the project> (PEM, Ed25519, P-256) or awskms:<ARN>."""
    trusted_keys: tuple[TrustedKey, ...] = ()
    """Public keys of which `image verify -s STACK` needs one to have signed: file:<path in the project>."""


@spec
class SitesFrom:
    """Sites as rows of tables."""

    from_: TableName | tuple[TableName, ...]
    """A CSV file beside this one, or several; columns are dotted names such as network.address."""


@spec
class ListedSite:
    """A site as an item of a list."""

    name: Name
    """Name of the site."""


@spec
class FleetDocument:
    """A fleet file of edgefleet."""

    api_version: Literal["edgefleet.dev/v1"]
    """Version of this file's form."""
    fleet: Name
    """Name of the whole fleet, over all regions."""
    region: Name
    """Name of this region: one stack, its hub and its sites."""
    recipe: Annotated[int, Field(ge=0, le=1000, json_schema_extra={"enum": [*RECIPES]})]
    """How files in images are rendered. Upgrading edgefleet changes no image; raising this may."""
    control_plane: Hub = Hub()
    """The region's hub."""
    images: ImageStore = ImageStore()
    """Where images are kept."""
    channel: Channel | None = None
    """How sites fetch signed releases themselves; without it every change of a site is a visit."""
    unique_addresses: Literal["fleet", "site"] = "fleet"
    """Where an address may stand once: in the fleet, or in each site where sites reuse the same private
    subnet."""
    profiles: dict[Name, Annotated[SiteSpec, Level.PROFILE]]
    """Hardware classes by name."""
    defaults: Annotated[SiteSpec | None, Level.DEFAULTS] = None
    """Settings of every site, where neither its profile, its group nor the site itself has them."""
    groups: dict[Name, Annotated[SiteSpec, Level.GROUP]] = field(default_factory=dict)
    """Settings of the sites that name the group."""
    sites: dict[Name, Annotated[SiteSpec, Level.SITE]] | SitesFrom | list[Annotated[ListedSite, Level.SITE]]
    """The sites by name, `from: <file>.csv`, or a list of items with a name."""
    workloads: dict[Name, AnyWorkload] = field(default_factory=dict)
    """What runs at sites and at the hub, by name; images carry its objects."""
    artifacts: Artifacts = Artifacts()
    """Where artifacts are looked for; edgefleet artifacts lock pins them."""
    rollout: Rollout = Rollout()
    """How a change reaches the sites: in waves, at which pace, and what stops it."""
    revoked: dict[Name, KeyGeneration] = field(default_factory=dict)
    """Revoked sites, each with its last revoked key generation: store-0007: 1. A reinstalled site gets a
    higher keyGeneration; the line stays."""
