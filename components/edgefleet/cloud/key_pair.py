"""`edgefleet:aws:KeyPair`: a public SSH key that machines accept from their first boot."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from edgefleet.cloud.base import Ec2Resource, Tagged
from edgefleet.io import ec2
from edgefleet.io.environment import Outside
from edgefleet.model.credentials import PublicKey
from edgefleet.model.effects import Effect
from edgefleet.model.spec import spec


@spec
class KeyPairSpec(Tagged):
    """A public SSH key (EC2 API, ImportKeyPair); the private half is never seen."""

    name: Annotated[str, Effect.NONE]
    """Name, unique in the region."""
    public_key: Annotated[PublicKey, Effect.NONE]
    """The one line of its .pub file."""


@spec
class KeyPairOutputs:
    """What is known of a key pair."""

    fingerprint: str
    """Fingerprint, as AWS computes it."""


class KeyPair(Ec2Resource):
    """The kind; its id is ``key-...``."""

    TOKEN = "edgefleet:aws:KeyPair"  # noqa: S105 - a type token
    Spec: ClassVar[type[Any]] = KeyPairSpec
    Outputs: ClassVar[type[Any]] = KeyPairOutputs
    REPLACE_ON = frozenset({"name", "publicKey"})
    CLAIMS = ("name",)
    THING = ec2.Thing("key-pair", "describe_key_pairs", "KeyPairs", "KeyPairId", "key-pair-id")

    def make(self, spec: KeyPairSpec, outside: Outside, place: str) -> Mapping[str, Any]:
        """Hand the public half over."""
        return outside.aws.call(
            "ec2",
            "import_key_pair",
            place,
            KeyName=spec.name,
            PublicKeyMaterial=spec.public_key.encode(),
            TagSpecifications=ec2.tagged(self.THING.kind, self.tags(spec, outside)),
        )

    def inputs(self, found: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
        """Its name; the key itself is asked for where it can be had."""
        place, names = self.place(outside, found["KeyName"]), [found["KeyName"]]
        answer = outside.aws.seek("ec2", "describe_key_pairs", place, KeyNames=names, IncludePublicKey=True)
        listed = (answer or {}).get("KeyPairs") or [{}]
        key = str(listed[0].get("PublicKey", "")).strip()
        return {"name": found["KeyName"], **({"publicKey": key} if key else {})}

    def outputs(self, found: Mapping[str, Any], outside: Outside) -> KeyPairOutputs:
        """Its fingerprint."""
        del outside
        return KeyPairOutputs(fingerprint=found["KeyFingerprint"])

    def remove(self, found: Mapping[str, Any], outside: Outside, place: str) -> None:
        """Remove it; machines that have it keep it."""
        outside.aws.seek("ec2", "delete_key_pair", place, KeyName=found["KeyName"])
