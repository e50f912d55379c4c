"""A stand-in for three calls of EKS that moto answers differently from AWS.

A change of a cluster's access keeps its subnets, node groups can be tagged, and a version can be raised.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from edgefleet.emulator.requests import (
    Application,
    Environment,
    answer_json,
    moto_backend,
    read_call,
)

CONFIG = re.compile(r"/clusters/(?P<name>[^/]+)/update-config")
VERSION = re.compile(r"/clusters/(?P<name>[^/]+)/updates")
TAGS = re.compile(r"/tags/(?P<arn>arn:.*:nodegroup/(?P<cluster>[^/]+)/(?P<name>[^/]+)/.*)")


class FakeClusters:
    """Corrects moto's answers to EKS's calls."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def __call__(self, environment: Environment, start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer or correct calls of EKS; pass the others on."""
        call = read_call(environment)
        if call.service != "eks" or call.method not in {"POST", "DELETE"}:
            return self._app(environment, start)
        clusters = _clusters(call.region)
        if (match := CONFIG.fullmatch(call.path)) and match["name"] in clusters:
            cluster = clusters[match["name"]]
            before = dict(cluster.resources_vpc_config)
            answer = self._app(environment, start)
            cluster.resources_vpc_config = {**before, **(call.json.get("resourcesVpcConfig") or {})}
            return answer
        if (match := VERSION.fullmatch(call.path)) and match["name"] in clusters:
            clusters[match["name"]].version = call.json["version"]
            return answer_json(start, "200 OK", {"update": {"id": "1", "status": "Successful"}})
        if match := TAGS.fullmatch(call.path):
            group = clusters[match["cluster"]].nodegroups[match["name"]]
            removed = parse_qs(environment.get("QUERY_STRING", "")).get("tagKeys", [])
            remaining = {key: value for key, value in (group.tags or {}).items() if key not in removed}
            group.tags = {**remaining, **(call.json.get("tags") or {})}
            return answer_json(start, "200 OK", {})
        return self._app(environment, start)


def _clusters(region: str) -> dict[str, Any]:
    found: dict[str, Any] = moto_backend("eks", region).clusters
    return found
