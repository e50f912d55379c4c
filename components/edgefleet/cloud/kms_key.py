"""`edgefleet:aws:KmsKey`: a key that never leaves KMS, and its alias."""

import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from edgefleet.cloud.base import DescribedResource, Tagged, exists, finishing
from edgefleet.cloud.base.policy_documents import canonical, parsed
from edgefleet.errors import Problem
from edgefleet.io import ec2
from edgefleet.io.arn_tags import KMS
from edgefleet.io.environment import Created, Outside
from edgefleet.io.ownership import GENERATION, URN
from edgefleet.model.effects import Effect
from edgefleet.model.spec import Canonical, spec

DEAD = frozenset({"PendingDeletion", "PendingReplicaDeletion"})
SHORTEST, LONGEST = 7, 30
"""Days that AWS keeps a key that is to be deleted."""


@spec
class KmsKeySpec(Tagged):
    """A symmetric key (KMS API, CreateKey)."""

    alias: Annotated[str, Effect.NONE]
    """Name without ``alias/``, ``retail-eu``; unique in the region."""
    description: Annotated[str, Effect.NONE] = "Managed by edgefleet"
    """What it is for."""
    rotation: Annotated[bool, Effect.NONE] = True
    """Renew its material every year; what was encrypted before stays readable."""
    policy: Annotated[dict[str, Any] | None, Canonical(canonical), Effect.NONE] = None
    """Key policy; AWS's own, which leaves it to IAM, where it is absent."""
    deletion_days: Annotated[int, Effect.NONE] = LONGEST
    """Days from its removal until it is gone for good, 7 to 30."""


@spec
class KmsKeyOutputs:
    """What is known of a key."""

    arn: str
    """Amazon Resource Name."""


class KmsKey(DescribedResource):
    """The kind; its id is the key's, and before it has one it is found by its tags."""

    TOKEN = "edgefleet:aws:KmsKey"  # noqa: S105 - a type token
    Spec: ClassVar[type[Any]] = KmsKeySpec
    Outputs: ClassVar[type[Any]] = KmsKeyOutputs
    CLAIMS = ("alias",)
    TAGGING = KMS
    TAGGED_BY = "KeyId"

    def identity(self, spec: KmsKeySpec) -> str:
        """AWS chooses it."""
        del spec
        return ""

    def inspect(self, spec: KmsKeySpec) -> Iterable[Problem]:
        """An alias or a time that cannot be."""
        yield from super().inspect(spec)
        if spec.alias.startswith(("alias/", "aws/")):
            hint = "write the name alone, such as retail-eu"
            yield Problem(code="name", path="alias", problem=f"{spec.alias!r} is no alias", hint=hint)
        if not SHORTEST <= spec.deletion_days <= LONGEST:
            hint = f"write {SHORTEST} to {LONGEST} days"
            problem = f"{spec.deletion_days} is out of range"
            yield Problem(code="range", path="deletionDays", problem=problem, hint=hint)

    def create(self, spec: KmsKeySpec, outside: Outside) -> Created[KmsKeyOutputs]:
        """Make it, or go on with the one that an earlier run made; whatever has its alias is not taken over.

        Raises:
            Refused: another key has the alias.
        """
        alias, place = f"alias/{spec.alias}", self.place(outside)
        found = self.describe(alias, outside)
        if found is not None and not self._is_mine(found, outside, place):
            raise exists(place, self.TOKEN, found["KeyId"])
        found = found or self._mine(outside)
        if found is None:
            found = outside.aws.call(
                "kms",
                "create_key",
                place,
                Description=spec.description,
                Policy=None if spec.policy is None else json.dumps(spec.policy),
                Tags=KMS.form(self.tags(spec, outside)),
            )["KeyMetadata"]
        identity = str(found["KeyId"])
        outputs = self.outputs(found, outside)
        with finishing(identity, outputs):
            self.settle(found, spec, outside)
        return Created(id=identity, outputs=outputs)

    def describe(self, identity: str, outside: Outside) -> dict[str, Any] | None:
        """By id or alias; a key that is to be deleted is gone."""
        found = outside.aws.seek("kms", "describe_key", self.place(outside, identity), KeyId=identity)
        about = (found or {}).get("KeyMetadata")
        return None if about is None or about["KeyState"] in DEAD else dict(about)

    def settle(self, found: Mapping[str, Any], spec: KmsKeySpec, outside: Outside) -> None:
        """Its settings and alias; only what differs is sent."""
        identity = found["KeyId"]
        aws, place = outside.aws, self.place(outside, identity)
        if found["Description"] != spec.description:
            aws.call("kms", "update_key_description", place, KeyId=identity, Description=spec.description)
        if self._rotates(identity, outside) != spec.rotation:
            method = "enable_key_rotation" if spec.rotation else "disable_key_rotation"
            aws.call("kms", method, place, KeyId=identity)
        if spec.policy is not None and canonical(self._policy(identity, outside)) != canonical(spec.policy):
            document = json.dumps(spec.policy)
            aws.call("kms", "put_key_policy", place, KeyId=identity, PolicyName="default", Policy=document)
        wanted, live = f"alias/{spec.alias}", self._aliases(identity, outside)
        if wanted not in live:
            aws.call("kms", "create_alias", place, AliasName=wanted, TargetKeyId=identity)
        for alias in live:
            if alias != wanted:
                aws.seek("kms", "delete_alias", place, AliasName=alias)

    def inputs(self, found: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
        """Its settings; a policy that is AWS's own is none."""
        identity = found["KeyId"]
        aliases = self._aliases(identity, outside)
        policy = self._policy(identity, outside)
        return {
            "alias": next(iter(aliases), "alias/").removeprefix("alias/"),
            "description": found["Description"],
            "rotation": self._rotates(identity, outside),
            "policy": None if _is_own(policy) else policy,
        }

    def outputs(self, found: Mapping[str, Any], outside: Outside) -> KmsKeyOutputs:
        """Its name."""
        del outside
        return KmsKeyOutputs(arn=found["Arn"])

    def destroy(self, identity: str, outside: Outside, inputs: Mapping[str, Any]) -> None:
        """Let its alias go and have AWS delete it after the days asked for."""
        found = self.describe(identity, outside)
        if found is None:
            return
        place = self.place(outside, identity)
        for alias in self._aliases(identity, outside):
            outside.aws.seek("kms", "delete_alias", place, AliasName=alias)
        # AWS keeps it for days; without this tag it is not taken for one that was just made.
        outside.aws.seek("kms", "untag_resource", place, KeyId=identity, TagKeys=[GENERATION])
        days = inputs.get("deletionDays") or LONGEST
        outside.aws.seek("kms", "schedule_key_deletion", place, KeyId=identity, PendingWindowInDays=int(days))

    def _mine(self, outside: Outside) -> dict[str, Any] | None:
        """The key that an earlier run made for this very resource."""
        if outside.owner is None:
            return None
        owner, place = outside.owner, self.place(outside)
        found = outside.aws.pages(
            "resourcegroupstaggingapi",
            "get_resources",
            place,
            key="ResourceTagMappingList",
            ResourceTypeFilters=["kms:key"],
            TagFilters=[
                {"Key": URN, "Values": [owner.urn]},
                {"Key": GENERATION, "Values": [owner.generation]},
            ],
        )
        for each in found:
            about = self.describe(each["ResourceARN"].rpartition("/")[2], outside)
            if about is not None and owner.is_mine(ec2.as_dict(each["Tags"]), place):
                return about
        return None

    def _is_mine(self, found: Mapping[str, Any], outside: Outside, place: str) -> bool:
        """By the key's own tags, as the index that finds keys by tags is late."""
        owner = outside.owner
        return owner is not None and owner.is_mine(KMS.live(outside.aws, found["KeyId"]), place)

    def _aliases(self, identity: str, outside: Outside) -> list[str]:
        place = self.place(outside, identity)
        found = outside.aws.seek("kms", "list_aliases", place, KeyId=identity) or {}
        return sorted(each["AliasName"] for each in found.get("Aliases", ()))

    def _rotates(self, identity: str, outside: Outside) -> bool:
        place = self.place(outside, identity)
        return bool(
            outside.aws.call("kms", "get_key_rotation_status", place, KeyId=identity)["KeyRotationEnabled"]
        )

    def _policy(self, identity: str, outside: Outside) -> dict[str, Any]:
        place = self.place(outside, identity)
        return parsed(
            outside.aws.call("kms", "get_key_policy", place, KeyId=identity, PolicyName="default")["Policy"]
        )


def _is_own(policy: Mapping[str, Any]) -> bool:
    """Whether it is AWS's own: everything to the account, which leaves it to IAM."""
    statements = policy.get("Statement") or []
    listed = statements if isinstance(statements, list) else [statements]
    return len(listed) == 1 and listed[0].get("Action") in ("kms:*", ["kms:*"])
