"""Tags of AWS resources: each service reads and writes them by calls and forms of its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from edgefleet.io.aws import Aws


def as_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as most services list them, in order of keys."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def as_dict(tags: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """dict[key -> value] of such a list."""
    return {tag["Key"]: tag["Value"] for tag in tags or ()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagging:
    """How one service reads and writes tags."""

    service: str
    read: str = "list_tags_for_resource"
    """boto3's method that lists tags; empty where the service describes them with the rest."""
    add: str = "tag_resource"
    remove: str = "untag_resource"
    resource: str = "resourceArn"
    """Parameter that names the resource."""
    tags: str = "tags"
    """Parameter with the tags; also where answers and descriptions have them."""
    keys: str = "tagKeys"
    """Parameter with the keys to remove."""
    answer: str = ""
    """Where the answer of `read` has the tags, where that is not `tags`."""
    is_map: bool = False
    """Whether tags are a map in place of a list of Key and Value."""
    is_many: bool = False
    """Whether several resources are named at once."""
    removes_pairs: bool = False
    """Whether keys are removed as a list of maps, in the form of tags."""
    key: str = "Key"
    value: str = "Value"
    besides: Mapping[str, str] = field(default_factory=dict)
    """Parameters that all calls have besides."""

    def live(self, aws: Aws, identity: str) -> dict[str, str]:
        """Tags of `identity` as they are; none where it is gone."""
        found: Any = aws.seek(self.service, self.read, identity, **self._named(identity)) or {}
        if self.is_many:
            found = next(iter(found.get("TagDescriptions") or [{}]))
        return self.parsed(value_at(found, self.answer or self.tags))

    def parsed(self, tags: Any) -> dict[str, str]:
        """dict[key -> value] of tags as the service has them."""
        return dict(tags or {}) if self.is_map else {each[self.key]: each[self.value] for each in tags or ()}

    def set(self, aws: Aws, identity: str, wanted: Mapping[str, str], *, live: Mapping[str, str]) -> None:
        """Set the tags of `identity` to `wanted`; only differences from `live` are sent."""
        changed = {key: value for key, value in wanted.items() if live.get(key) != value}
        removed: list[Any] = sorted(
            key
            for key in live
            if key not in wanted and not key.startswith("aws:") and not aws.cloud.ignore_tags.covers(key)
        )
        named = self._named(identity)
        if changed:
            aws.call(self.service, self.add, identity, **named, **{self.tags: self.form(changed)})
        if removed:
            keys = [{self.key: key} for key in removed] if self.removes_pairs else removed
            aws.call(self.service, self.remove, identity, **named, **{self.keys: keys})

    def form(self, tags: Mapping[str, str]) -> Any:
        """Tags as the service has them in a call."""
        if self.is_map:
            return dict(tags)
        return [{self.key: key, self.value: value} for key, value in sorted(tags.items())]

    def _named(self, identity: str) -> dict[str, Any]:
        return {self.resource: [identity] if self.is_many else identity, **self.besides}


def value_at(described: Mapping[str, Any], path: str) -> Any:
    """The value of a description at a path of dots, ``State.Code``; None where there is none."""
    value: Any = described
    for part in path.split("."):
        value = (value or {}).get(part)
    return value


EC2 = Tagging(
    service="ec2",
    read="",
    add="create_tags",
    remove="delete_tags",
    resource="Resources",
    tags="Tags",
    keys="Tags",
    is_many=True,
    removes_pairs=True,
)
ELB = Tagging(
    service="elbv2",
    read="describe_tags",
    add="add_tags",
    remove="remove_tags",
    resource="ResourceArns",
    tags="Tags",
    keys="TagKeys",
    is_many=True,
)
LOGS = Tagging(service="logs", is_map=True)
EKS = Tagging(service="eks", read="", is_map=True)
BUDGETS = Tagging(service="budgets", resource="ResourceARN", tags="ResourceTags", keys="ResourceTagKeys")
ROLES_ANYWHERE = Tagging(service="rolesanywhere", key="key", value="value")
ROUTE53 = Tagging(
    service="route53",
    add="change_tags_for_resource",
    remove="change_tags_for_resource",
    resource="ResourceId",
    tags="AddTags",
    keys="RemoveTagKeys",
    answer="ResourceTagSet.Tags",
    besides={"ResourceType": "hostedzone"},
)
PARAMETERS = Tagging(
    service="ssm",
    add="add_tags_to_resource",
    remove="remove_tags_from_resource",
    resource="ResourceId",
    tags="Tags",
    keys="TagKeys",
    answer="TagList",
    besides={"ResourceType": "Parameter"},
)


def iam(kind: str, parameter: str) -> Tagging:
    """IAM's calls for one kind, ``role``, named by `parameter`, ``RoleName``."""
    return Tagging(
        service="iam",
        read="",
        add=f"tag_{kind}",
        remove=f"untag_{kind}",
        resource=parameter,
        tags="Tags",
        keys="TagKeys",
    )
