"""`edgefleet:aws:Repository`: a registry's repository of container images (ECR)."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from edgefleet.cloud.base import MadeByName, Tagged
from edgefleet.io.arn_tags import ECR
from edgefleet.io.environment import Outside
from edgefleet.model.effects import Effect
from edgefleet.model.spec import spec


@spec
class RepositorySpec(Tagged):
    """A repository of container images (ECR API, CreateRepository)."""

    name: Annotated[str, Effect.NONE]
    """Name, ``retail/till``."""
    immutable: Annotated[bool, Effect.NONE] = True
    """A tag that was pushed keeps its image."""
    scan_on_push: Annotated[bool, Effect.NONE] = True
    """Look for known weaknesses in what is pushed."""
    keep_images: Annotated[int | None, Effect.NONE] = None
    """Images that are kept, the newest; all where it is absent."""
    force_delete: Annotated[bool, Effect.NONE] = False
    """Remove it even with images in it."""


@spec
class RepositoryOutputs:
    """What is known of a repository."""

    arn: str
    """Amazon Resource Name."""
    uri: str
    """What images are called that are in it, without their tag."""


class Repository(MadeByName):
    """The kind."""

    TOKEN = "edgefleet:aws:Repository"  # noqa: S105 - a type token
    Spec: ClassVar[type[Any]] = RepositorySpec
    Outputs: ClassVar[type[Any]] = RepositoryOutputs
    REPLACE_ON = frozenset({"name"})
    CLAIMS = ("name",)
    TAGGING = ECR
    TAGGED_BY = "repositoryArn"
    EXISTS = frozenset({"RepositoryAlreadyExistsException"})

    def make(self, spec: RepositorySpec, outside: Outside, place: str) -> None:
        """Make it."""
        outside.aws.call(
            "ecr",
            "create_repository",
            place,
            repositoryName=spec.name,
            imageTagMutability=_mutability(spec),
            imageScanningConfiguration={"scanOnPush": spec.scan_on_push},
            tags=ECR.form(self.tags(spec, outside)),
        )

    def describe(self, identity: str, outside: Outside) -> dict[str, Any] | None:
        """By name."""
        place = self.place(outside, identity)
        found = outside.aws.seek("ecr", "describe_repositories", place, repositoryNames=[identity])
        return None if found is None else next(iter(found["repositories"]), None)

    def settle(self, found: Mapping[str, Any], spec: RepositorySpec, outside: Outside) -> None:
        """Its settings; only what differs is sent."""
        name, aws, place = spec.name, outside.aws, self.place(outside, spec.name)
        if found["imageTagMutability"] != _mutability(spec):
            aws.call(
                "ecr",
                "put_image_tag_mutability",
                place,
                repositoryName=name,
                imageTagMutability=_mutability(spec),
            )
        if found.get("imageScanningConfiguration", {}).get("scanOnPush", False) != spec.scan_on_push:
            scanning = {"scanOnPush": spec.scan_on_push}
            aws.call(
                "ecr",
                "put_image_scanning_configuration",
                place,
                repositoryName=name,
                imageScanningConfiguration=scanning,
            )
        if self._kept(name, outside) != spec.keep_images:
            if spec.keep_images is None:
                aws.seek("ecr", "delete_lifecycle_policy", place, repositoryName=name)
            else:
                text = json.dumps(_lifecycle(spec.keep_images))
                aws.call("ecr", "put_lifecycle_policy", place, repositoryName=name, lifecyclePolicyText=text)

    def inputs(self, found: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
        """Its settings."""
        name = found["repositoryName"]
        return {
            "name": name,
            "immutable": found["imageTagMutability"] == "IMMUTABLE",
            "scanOnPush": found.get("imageScanningConfiguration", {}).get("scanOnPush", False),
            "keepImages": self._kept(name, outside),
        }

    def outputs(self, found: Mapping[str, Any], outside: Outside) -> RepositoryOutputs:
        """Its names."""
        del outside
        return RepositoryOutputs(arn=found["repositoryArn"], uri=found["repositoryUri"])

    def destroy(self, identity: str, outside: Outside, inputs: Mapping[str, Any]) -> None:
        """Remove it; images in it stop that unless told otherwise."""
        outside.aws.seek(
            "ecr",
            "delete_repository",
            self.place(outside, identity),
            repositoryName=identity,
            force=bool(inputs.get("forceDelete")),
        )

    def _kept(self, name: str, outside: Outside) -> int | None:
        """Images that are kept; 0 where the policy is somebody else's."""
        place = self.place(outside, name)
        found = outside.aws.seek("ecr", "get_lifecycle_policy", place, repositoryName=name)
        if found is None:
            return None
        policy = json.loads(found["lifecyclePolicyText"])
        rules = policy.get("rules") or [{}]
        count = rules[0].get("selection", {}).get("countNumber", 0)
        return count if policy == _lifecycle(count) else 0


def _mutability(spec: RepositorySpec) -> str:
    return "IMMUTABLE" if spec.immutable else "MUTABLE"


def _lifecycle(keep: int) -> dict[str, Any]:
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": keep}
    rule = {"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}
    return {"rules": [rule]}
