"""A hub's storage: its bucket, the manifests in it, its logs, and its budget."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pulumi

from edgefleet.boot.hub_identity import MANIFESTS
from edgefleet.boot.hub_k3s import SNAPSHOTS
from edgefleet.fleet import aws
from edgefleet.fleet.hub.wiring import Wiring
from edgefleet.fleet.open_inputs import derived
from edgefleet.hub.permissions import encrypted_only
from edgefleet.hub.upgrades import manifests
from edgefleet.io.yaml_text import to_yaml
from edgefleet.keys.hub_access import access_manifests

EARLIER_DAYS = 90
"""Days for which the bucket keeps earlier versions."""


def bucket(wiring: Wiring) -> aws.Bucket:
    """The hub's bucket: images, releases, manifests, snapshots."""
    name = wiring.hub.bucket or ""
    args: aws.BucketArgs = {
        "name": name,
        "lifecycle": [{"prefix": f"{SNAPSHOTS}/", "earlierDays": EARLIER_DAYS}],
        "tags": wiring.tags,
    }
    policy = derived(_policy, wiring.endpoint, wiring.partition, name)
    if policy is not None:
        args["policy"] = policy
    return aws.Bucket(wiring.child("artifacts"), args, wiring.options(holds_data=True))


def _policy(endpoint: str | None, partition: str, bucket: str) -> dict[str, Any] | None:
    """The policy of the bucket; none in an emulated cloud, which has no TLS."""
    return encrypted_only(partition, bucket=bucket) if (endpoint or "https:").startswith("https:") else None


def hub_manifests(wiring: Wiring, bucket: aws.Bucket) -> list[pulumi.Resource]:
    """The manifests that the servers apply: namespaces, access rights and the k3s release."""
    hub = wiring.hub
    files = {
        "access": derived(_access, hub.identity.key_generations, hub.namespaces, wiring.objects),
        "upgrades": derived(_upgrades, hub.k3s.version, wiring.pins),
    }
    return [
        aws.BucketObject(
            wiring.child(f"manifest-{name}"),
            {
                "bucket": bucket.id,
                "key": f"{MANIFESTS}{name}.yaml",
                "content": content,
                "contentType": "application/yaml",
            },
            wiring.options(),
        )
        for name, content in files.items()
    ]


def logs(wiring: Wiring) -> aws.LogGroup:
    """The log group of the hub."""
    name = wiring.of_place(lambda fleet, region: f"/{fleet}/{region}/hub")
    return aws.LogGroup(
        wiring.child("logs"),
        {"name": name, "retentionDays": wiring.hub.log_days, "tags": wiring.tags},
        wiring.options(),
    )


def limit(wiring: Wiring) -> aws.Budget | None:
    """The budget, if the hub has a cost limit."""
    spec = wiring.hub.cost_limit
    if spec is None:
        return None
    return aws.Budget(
        wiring.child("limit"),
        {
            "name": wiring.prefix,
            "monthly": spec.monthly,
            "notify": derived(list, spec.notify),
            "tags": wiring.tags,
        },
        wiring.options(),
    )


def _access(
    key_generations: tuple[int, ...], namespaces: tuple[str, ...], objects: Sequence[Mapping[str, Any]]
) -> str:
    return _documents(access_manifests(key_generations, namespaces, objects))


def _upgrades(version: str, pins: Mapping[str, str]) -> str:
    return _documents(manifests(version, pins))


def _documents(documents: Iterable[Mapping[str, Any]]) -> str:
    return "---\n".join(to_yaml(dict(document)) for document in documents)
