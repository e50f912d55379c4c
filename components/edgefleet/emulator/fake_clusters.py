"""A stand-in for three things of EKS that moto does otherwise than AWS.

A change of a cluster's access keeps its subnets; node groups can be tagged; and a version can be raised.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from edgefleet.emulator.requests import (
    Application,
    Environment,
    answer_json,
    kept_by_moto,
    read_call,
)

CONFIG = re.compile(r"/clusters/(?P<name>[^/]+)/update-config")
VERSION = re.compile(r"/clusters/(?P<name>[^/]+)/updates")
TAGS = re.compile(r"/tags/(?P<arn>arn:.*:nodegroup/(?P<cluster>[^/]+)/(?P<name>[^/]+)/.*)")


class FakeClusters:
    """Corrects what moto answers to EKS's calls."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def __call__(self, environment: Environment, start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer or correct calls of EKS; pass the others on."""
        call = read_call(environment)
        if call.service != "eks" or call.method not in {"POST", "DELETE"}:
            return self._app(environment, start)
        clusters = _clusters(call.region)
        if (found := CONFIG.fullmatch(call.path)) and found["name"] in clusters:
            cluster = clusters[found["name"]]
            before = dict(cluster.resources_vpc_config)
            answer = self._app(environment, start)
            cluster.resources_vpc_config = {**before, **(call.json.get("resourcesVpcConfig") or {})}
            return answer
        if (found := VERSION.fullmatch(call.path)) and found["name"] in clusters:
            clusters[found["name"]].version = call.json["version"]
            return answer_json(start, "200 OK", {"update": {"id": "1", "status": "Successful"}})
        if found := TAGS.fullmatch(call.path):
            group = clusters[found["cluster"]].nodegroups[found["name"]]
            gone = parse_qs(environment.get("QUERY_STRING", "")).get("tagKeys", [])
            kept = {key: value for key, value in (group.tags or {}).items() if key not in gone}
            group.tags = {**kept, **(call.json.get("tags") or {})}
            return answer_json(start, "200 OK", {})
        return self._app(environment, start)


def _clusters(region: str) -> dict[str, Any]:
    found: dict[str, Any] = kept_by_moto("eks", region).clusters
    return found
