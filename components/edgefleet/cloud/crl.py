"""`edgefleet:aws:Crl`: the certificates that IAM Roles Anywhere no longer believes."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from edgefleet.cloud.base import ChosenId, Tagged
from edgefleet.errors import Problem
from edgefleet.io.arn_tags import ROLES_ANYWHERE
from edgefleet.io.environment import Outside
from edgefleet.io.roles_anywhere import Thing
from edgefleet.model.effects import Effect
from edgefleet.model.spec import spec

THING = Thing("crl", "crl")
LONGEST = 300_000
"""Bytes of a list (IAM Roles Anywhere API, ImportCrl)."""


@spec
class CrlSpec(Tagged):
    """A list of revoked certificates (IAM Roles Anywhere API, ImportCrl)."""

    name: Annotated[str, Effect.NONE]
    """Name."""
    trust_anchor: Annotated[str, Effect.NONE]
    """ARN of the trust anchor whose certificates are meant."""
    data: Annotated[str, Effect.NONE]
    """The list as PEM; none of it is secret."""
    enabled: Annotated[bool, Effect.NONE] = True
    """Whether it is in use; a list that is not revokes nothing."""


@spec
class CrlOutputs:
    """What is known of a list."""

    arn: str
    """Amazon Resource Name."""


class Crl(ChosenId):
    """The kind."""

    TOKEN = "edgefleet:aws:Crl"  # noqa: S105 - a type token
    Spec: ClassVar[type[Any]] = CrlSpec
    Outputs: ClassVar[type[Any]] = CrlOutputs
    REPLACE_ON = frozenset({"trustAnchor"})
    TAGGING = ROLES_ANYWHERE
    TAGGED_BY = "crlArn"
    ID = "crlId"

    def inspect(self, spec: CrlSpec) -> Iterable[Problem]:
        """Something that is no list, or too long a one."""
        yield from super().inspect(spec)
        if "BEGIN X509 CRL" not in spec.data:
            yield Problem(code="pem", path="data", problem="is no list", hint="write it as PEM")
        if len(spec.data) > LONGEST:
            problem, hint = f"has {len(spec.data):,} bytes", f"AWS takes {LONGEST:,}: renew the authority"
            yield Problem(code="too-long", path="data", problem=problem, hint=hint)

    def make(self, spec: CrlSpec, outside: Outside, place: str) -> None:
        """Make it."""
        outside.aws.call(
            "rolesanywhere",
            "import_crl",
            place,
            name=spec.name,
            crlData=spec.data.encode(),
            enabled=spec.enabled,
            trustAnchorArn=spec.trust_anchor,
            tags=ROLES_ANYWHERE.form(self.tags(spec, outside)),
        )

    def describe(self, identity: str, outside: Outside) -> dict[str, Any] | None:
        """By id, or by the name that this very resource has."""
        return THING.get(outside, identity, self.place(outside, identity))

    def settle(self, found: Mapping[str, Any], spec: CrlSpec, outside: Outside) -> None:
        """Its content and whether it is in use."""
        identity = found["crlId"]
        place = self.place(outside, identity)
        if (found["name"], _text(found)) != (spec.name, spec.data):
            data = spec.data.encode()
            outside.aws.call(
                "rolesanywhere", "update_crl", place, crlId=identity, name=spec.name, crlData=data
            )
        if found["enabled"] != spec.enabled:
            THING.enable(outside, identity, place, is_enabled=spec.enabled)

    def inputs(self, found: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
        """Its content."""
        del outside
        return {
            "name": found["name"],
            "trustAnchor": found["trustAnchorArn"],
            "data": _text(found),
            "enabled": found["enabled"],
        }

    def outputs(self, found: Mapping[str, Any], outside: Outside) -> CrlOutputs:
        """Its name."""
        del outside
        return CrlOutputs(arn=found["crlArn"])

    def remove(self, found: Mapping[str, Any], outside: Outside, place: str) -> None:
        """Remove it; what it revoked is believed again."""
        outside.aws.seek("rolesanywhere", "delete_crl", place, crlId=found["crlId"])


def _text(found: Mapping[str, Any]) -> str:
    data = found["crlData"]
    return data.decode() if isinstance(data, bytes) else str(data)
