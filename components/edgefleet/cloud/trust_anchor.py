"""`edgefleet:aws:TrustAnchor`: an authority whose certificates IAM Roles Anywhere believes."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from edgefleet.cloud.base import ChosenId, Tagged
from edgefleet.errors import Problem
from edgefleet.io.arn_tags import ROLES_ANYWHERE
from edgefleet.io.environment import Outside
from edgefleet.io.roles_anywhere import Thing
from edgefleet.model.effects import Effect
from edgefleet.model.spec import spec

THING = Thing("trust_anchor", "trustAnchor")


@spec
class TrustAnchorSpec(Tagged):
    """An authority whose certificates are believed (IAM Roles Anywhere API, CreateTrustAnchor)."""

    name: Annotated[str, Effect.NONE]
    """Name."""
    certificates: Annotated[str, Effect.NONE]
    """The authority's certificate as PEM; none of it is secret."""
    enabled: Annotated[bool, Effect.NONE] = True
    """Whether it is in use."""


@spec
class TrustAnchorOutputs:
    """What is known of a trust anchor."""

    arn: str
    """Amazon Resource Name."""


class TrustAnchor(ChosenId):
    """The kind."""

    TOKEN = "edgefleet:aws:TrustAnchor"  # noqa: S105 - a type token
    Spec: ClassVar[type[Any]] = TrustAnchorSpec
    Outputs: ClassVar[type[Any]] = TrustAnchorOutputs
    TAGGING = ROLES_ANYWHERE
    TAGGED_BY = "trustAnchorArn"
    ID = "trustAnchorId"

    def inspect(self, spec: TrustAnchorSpec) -> Iterable[Problem]:
        """Something that is no certificate, or worse, a key."""
        yield from super().inspect(spec)
        if "PRIVATE KEY" in spec.certificates:
            hint = "hand in the certificate alone; make a new key: this one is no secret any more"
            yield Problem(code="private-key", path="certificates", problem="holds a private key", hint=hint)
        elif "BEGIN CERTIFICATE" not in spec.certificates:
            hint = "write the certificate as PEM"
            yield Problem(code="pem", path="certificates", problem="is no certificate", hint=hint)

    def make(self, spec: TrustAnchorSpec, outside: Outside, place: str) -> None:
        """Make it."""
        outside.aws.call(
            "rolesanywhere",
            "create_trust_anchor",
            place,
            name=spec.name,
            source=_source(spec.certificates),
            enabled=spec.enabled,
            tags=ROLES_ANYWHERE.form(self.tags(spec, outside)),
        )

    def describe(self, identity: str, outside: Outside) -> dict[str, Any] | None:
        """By id, or by the name that this very resource has."""
        return THING.get(outside, identity, self.place(outside, identity))

    def settle(self, found: Mapping[str, Any], spec: TrustAnchorSpec, outside: Outside) -> None:
        """Its name, certificate and whether it is in use."""
        identity = found["trustAnchorId"]
        place = self.place(outside, identity)
        if (found["name"], found["source"]) != (spec.name, _source(spec.certificates)):
            outside.aws.call(
                "rolesanywhere",
                "update_trust_anchor",
                place,
                trustAnchorId=identity,
                name=spec.name,
                source=_source(spec.certificates),
            )
        if found["enabled"] != spec.enabled:
            THING.enable(outside, identity, place, is_enabled=spec.enabled)

    def inputs(self, found: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
        """Its name and certificate."""
        del outside
        data = found["source"].get("sourceData", {})
        return {
            "name": found["name"],
            "certificates": data.get("x509CertificateData", ""),
            "enabled": found["enabled"],
        }

    def outputs(self, found: Mapping[str, Any], outside: Outside) -> TrustAnchorOutputs:
        """Its name."""
        del outside
        return TrustAnchorOutputs(arn=found["trustAnchorArn"])

    def remove(self, found: Mapping[str, Any], outside: Outside, place: str) -> None:
        """Remove it."""
        identity = found["trustAnchorId"]
        outside.aws.seek("rolesanywhere", "delete_trust_anchor", place, trustAnchorId=identity)


def _source(certificates: str) -> dict[str, Any]:
    return {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": certificates}}
