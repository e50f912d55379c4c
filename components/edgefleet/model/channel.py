"""The channel: how a site fetches signed releases itself, and when."""

from dataclasses import field
from typing import Annotated, Literal

from pydantic import Field

from edgefleet.model.effects import Effect
from edgefleet.model.names import (
    HOST_RE,
    LABEL_RE,
    AnnotationKey,
    AnnotationValue,
    LabelKey,
    LabelValue,
    reachable,
)
from edgefleet.model.quantities import Days, Rate
from edgefleet.model.references import ImageName
from edgefleet.model.releases import ROLE_RE, Digest, RoleArn, SignKey, Store
from edgefleet.model.spec import At, spec
from edgefleet.model.syntax import Grammar
from edgefleet.model.updates import Window

MOST_ROOTS = 4
"""Root keys: a document has as many signatures at most."""
LARGEST_SEQUENCE = 10**11
"""Above the second since 1970 in which a rollout starts, and a number that a shell on a node compares."""
SESSION = 900
"""Seconds of a session of Roles Anywhere, the least of its API: one of a revoked site ends by then."""
_ROOT_KEY = Grammar(
    r"-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/=]{1,76}\n)+-----END PUBLIC KEY-----",
    "bad-root-key",
    "a public key in PEM",
    "take the file that edgefleet keys new root wrote: file: and its path in the project",
    1000,
    is_trimmed=True,
    has_lines=True,
    may_be_file=True,
)
RootKey = Annotated[str, _ROOT_KEY]
_GATEWAY = Grammar(
    rf"https://{HOST_RE}(:\d{{1,5}})?",
    "bad-gateway",
    "the address of a gateway",
    "write https:// and its host, and its port where that is not 443, such as https://updates.shops.example",
    300,
    reachable,
)
Gateway = Annotated[str, _GATEWAY]
_STORE_CREDENTIALS = Grammar(
    rf"{LABEL_RE}|{ROLE_RE}",
    "bad-credentials",
    "a Secret or a role",
    "write the name of a Secret, edgefleet-store, or of a role, arn:aws:iam::123456789012:role/edgefleet",
    253,
)
StoreCredentials = Annotated[str, _STORE_CREDENTIALS]
"""Name of a Secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the ARN of a role."""


def _arn(kind: str, what: str) -> Grammar:
    example = f"arn:aws:rolesanywhere:eu-central-1:123456789012:{kind}/0f8fad5b-d9cb-469f-a165-70867728950e"
    return Grammar(
        rf"arn:aws[a-z-]*:rolesanywhere:[a-z0-9-]+:\d{{12}}:{kind}/[0-9a-f-]{{36}}",
        "bad-arn",
        f"the ARN of {what}",
        f"write the one of the output siteIdentity, like {example}",
        200,
        examples=(example,),
    )


TrustAnchorArn = Annotated[str, _arn("trust-anchor", "a trust anchor")]
ProfileArn = Annotated[str, _arn("profile", "a profile of Roles Anywhere")]


@spec
class RolesAnywhere:
    """What a site's certificate opens the bucket with, as the output siteIdentity of the hub has it."""

    trust_anchor: Annotated[TrustAnchorArn, Effect.LIVE]
    """ARN of the trust anchor, whose region is that of the bucket."""
    profile: Annotated[ProfileArn, Effect.LIVE]
    """ARN of the profile, in the same region."""
    role: Annotated[RoleArn, Effect.LIVE]
    """ARN of the role of sites."""
    store: Annotated[Store | None, Effect.LIVE, At()] = None
    """s3://<bucket>/<prefix> of releases, from images.store."""
    sha256: Annotated[dict[Literal["amd64", "arm64", "armhf"], Digest], Effect.LIVE, At()] = field(
        default_factory=dict
    )
    """dict[architecture -> hex SHA-256 of AWS's credential helper], from the artifacts lock."""


@spec
class ChannelAccess:
    """How nodes reach the channel with their site's certificate: by one of these."""

    gateway: Annotated[Gateway | None, Effect.LIVE] = None
    """https://updates.shops.example, a gateway that verifies the site's certificate, before any store."""
    roles_anywhere: Annotated[RolesAnywhere | None, Effect.LIVE] = None
    """The bucket itself, by IAM Roles Anywhere."""


@spec
class SiteChannel:
    """What a node has of the channel."""

    roots: Annotated[tuple[RootKey, ...], Field(min_length=1, max_length=MOST_ROOTS), Effect.LIVE]
    """Public halves of the root keys, [file:keys/root-a.pub, file:keys/root-b.pub], in PEM: one to four, and
    two in general, so that one may be lost. edgefleet keys new makes one. A signed release brings others."""
    access: Annotated[ChannelAccess, Effect.LIVE]
    """How nodes reach it: {gateway: https://...} or {rolesAnywhere: {...}}."""
    floor: Annotated[int, Field(ge=0, le=LARGEST_SEQUENCE), Effect.LIVE] = 0
    """The smallest sequence that a node takes, so that a node with a new image takes nothing from before."""


@spec
class Channel(SiteChannel):
    """How sites fetch signed releases themselves. Without it every change of a site is a visit."""

    sign_key: SignKey
    """The release key that up signs with: file:<path in the project> (PEM, P-256) or awskms:<ARN>. A root key
    lets it sign for a time: edgefleet keys delegate."""
    expires: Days = 30
    """Days for which a pointer to a release holds, 30d; a node that hears nothing newer then reports it, and
    keeps running what it runs."""

    @property
    def of_sites(self) -> SiteChannel:
        """What nodes have of it."""
        return SiteChannel(roots=self.roots, access=self.access, floor=self.floor)


@spec
class LinkUpdates:
    """When nodes fetch and apply releases, and how fast."""

    window: Annotated[Window | None, Effect.LIVE] = None
    """When they switch to another release, in the site's time zone; at any time where none is given."""
    max_rate: Annotated[Rate | None, Effect.LIVE] = None
    """Most bits/s of their downloads, 2Mbit."""
    floor: Annotated[int, Field(ge=0, le=LARGEST_SEQUENCE), Effect.LIVE] = 0
    """The smallest sequence that they take, where it is above channel.floor, so that a new node takes nothing
    from before; edgefleet sites replace writes it."""


@spec
class HubGateway:
    """The gateway of nodes in the hub's cluster."""

    image: ImageName = "docker.io/library/nginx:1.30.6-alpine"
    """Container image of nginx with its module njs."""
    credentials: StoreCredentials | None = None
    """Those of the store, as in `controlPlane.channel`: to read releases and to write statuses."""
    annotations: dict[AnnotationKey, AnnotationValue] = field(default_factory=dict)
    """Annotations of its Service of type LoadBalancer, by which a cloud makes the balancer; it must pass TLS
    through."""


@spec
class HubChannel:
    """What runs in the hub's cluster for the channel: steps of rollouts, metrics, and a gateway."""

    image: ImageName
    """Container image of yours with edgefleet on its PATH, registry.shops.example/edgefleet:0.1.0."""
    credentials: StoreCredentials | None = None
    """Those of the store, to read it and to move pointers: the name of a Secret in the namespace
    edgefleet-channel with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the ARN of a role for EKS. By
    default they are those of the Pod's node."""
    gateway: HubGateway | None = None
    """The gateway of channel.access.gateway; none where it runs elsewhere."""
    monitor: dict[LabelKey, LabelValue] | None = None
    """Labels by which Prometheus Operator finds objects, {release: prometheus}, or {}: alerts and a dashboard
    are objects, too. None without that operator."""
