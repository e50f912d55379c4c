"""Tags of the services that tag by ARN or name, each in its own words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgefleet.io.aws import Aws
from edgefleet.io.ec2 import as_dict, as_list


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagging:
    """How one service reads and writes tags."""

    service: str
    read: str
    """boto3's method that lists tags."""
    add: str
    remove: str
    resource: str
    """Parameter that names the resource."""
    tags: str
    """Parameter and answer with the tags."""
    keys: str
    """Parameter with the keys to remove."""
    is_map: bool = False
    """Whether tags are a map in place of a list of Key and Value."""
    is_many: bool = False
    """Whether several resources are named at once."""
    key: str = "Key"
    value: str = "Value"

    def live(self, aws: Aws, identity: str) -> dict[str, str]:
        """Tags of `identity` as they are; none where it is gone."""
        found = aws.seek(self.service, self.read, identity, **self._named(identity)) or {}
        if self.is_many:
            found = next(iter(found.get("TagDescriptions") or [{}]))
        tags: Any = found.get(self.tags) or {}
        if self.is_map:
            return dict(tags)
        return as_dict({"Key": each[self.key], "Value": each[self.value]} for each in tags)

    def set(self, aws: Aws, identity: str, wanted: Mapping[str, str], *, live: Mapping[str, str]) -> None:
        """Make the tags of `identity` those in `wanted`; only what differs from `live` is sent."""
        changed = {key: value for key, value in wanted.items() if live.get(key) != value}
        gone = sorted(key for key in live if key not in wanted and not key.startswith("aws:"))
        if changed:
            aws.call(
                self.service, self.add, identity, **self._named(identity), **{self.tags: self.form(changed)}
            )
        if gone:
            aws.call(self.service, self.remove, identity, **self._named(identity), **{self.keys: gone})

    def form(self, tags: Mapping[str, str]) -> Any:
        """Tags as the service has them in a call."""
        if self.is_map:
            return dict(tags)
        return [{self.key: each["Key"], self.value: each["Value"]} for each in as_list(tags)]

    def _named(self, identity: str) -> dict[str, Any]:
        return {self.resource: [identity] if self.is_many else identity}


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
LOGS = Tagging(
    service="logs",
    read="list_tags_for_resource",
    add="tag_resource",
    remove="untag_resource",
    resource="resourceArn",
    tags="tags",
    keys="tagKeys",
    is_map=True,
)
EKS = Tagging(
    service="eks",
    read="list_tags_for_resource",
    add="tag_resource",
    remove="untag_resource",
    resource="resourceArn",
    tags="tags",
    keys="tagKeys",
    is_map=True,
)
BUDGETS = Tagging(
    service="budgets",
    read="list_tags_for_resource",
    add="tag_resource",
    remove="untag_resource",
    resource="ResourceARN",
    tags="ResourceTags",
    keys="ResourceTagKeys",
)
ROLES_ANYWHERE = Tagging(
    service="rolesanywhere",
    read="list_tags_for_resource",
    add="tag_resource",
    remove="untag_resource",
    resource="resourceArn",
    tags="tags",
    keys="tagKeys",
    key="key",
    value="value",
)


def iam(kind: str, parameter: str) -> Tagging:
    """IAM's calls for one kind, ``role``, named by `parameter`, ``RoleName``."""
    return Tagging(
        service="iam",
        read=f"list_{kind}_tags",
        add=f"tag_{kind}",
        remove=f"untag_{kind}",
        resource=parameter,
        tags="Tags",
        keys="TagKeys",
    )
