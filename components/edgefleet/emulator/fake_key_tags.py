"""A stand-in for finding keys of KMS by their tags, which moto's Resource Groups Tagging API leaves out."""

from collections.abc import Callable, Iterable
from typing import Any

from edgefleet.emulator.requests import Application, Environment, answer_json, kept_by_moto, read_call

TARGET = "ResourceGroupsTaggingAPI_20170126.GetResources"


class FakeKeyTags:
    """Answers GetResources where keys of KMS alone are asked for, from moto's own keys."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def __call__(self, environment: Environment, start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer about keys; pass the others on."""
        call = read_call(environment)
        if call.target != TARGET or call.json.get("ResourceTypeFilters") != ["kms:key"]:
            return self._app(environment, start)
        found = [
            {"ResourceARN": arn, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
            for arn, tags in _keys(call.region).items()
            if all(tags.get(each["Key"]) in each["Values"] for each in call.json.get("TagFilters") or ())
        ]
        return answer_json(start, "200 OK", {"PaginationToken": "", "ResourceTagMappingList": found})


def _keys(region: str) -> dict[str, dict[str, str]]:
    """dict[ARN -> tags] of moto's keys."""
    kms = kept_by_moto("kms", region)
    return {
        key.arn: {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(key.id)["Tags"]}
        for key in kms.keys.values()
    }
