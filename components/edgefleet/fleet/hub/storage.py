"""What a hub keeps and tells: its bucket, the manifests in it, logs, and the limit of what it may cost."""

from collections.abc import Iterable, Mapping
from typing import Any

import pulumi

from edgefleet.boot.hub_identity import MANIFESTS
from edgefleet.boot.hub_k3s import SNAPSHOTS
from edgefleet.fleet import aws
from edgefleet.fleet.hub.wiring import Wiring
from edgefleet.hub.permissions import encrypted_only
from edgefleet.hub.upgrades import manifests
from edgefleet.io.yaml_text import to_yaml
from edgefleet.keys.hub_access import access_manifests

EARLIER_DAYS = 90
"""Days that earlier versions of what is in the bucket are kept."""


def bucket(wiring: Wiring) -> aws.Bucket:
    """The hub's bucket: images, releases, manifests, snapshots."""
    name = wiring.hub.bucket or ""
    args: aws.BucketArgs = {
        "name": name,
        "lifecycle": [{"prefix": f"{SNAPSHOTS}/", "earlierDays": EARLIER_DAYS}],
        "tags": wiring.tags,
    }
    endpoint = wiring.hub.cloud.endpoint
    if endpoint is None or endpoint.startswith("https://"):  # an emulated cloud has no TLS
        args["policy"] = encrypted_only(wiring.partition, bucket=name)
    return aws.Bucket("artifacts", args, wiring.options(holds_data=True))


def hub_manifests(wiring: Wiring, made: aws.Bucket) -> list[pulumi.Resource]:
    """What the servers apply: who may do what, and which release of k3s they run."""
    files = {
        "access": access_manifests(wiring.hub.identity.key_generations),
        "upgrades": manifests(wiring.hub.k3s.version),
    }
    return [
        aws.BucketObject(
            f"manifest-{name}",
            {
                "bucket": made.id,
                "key": f"{MANIFESTS}{name}.yaml",
                "content": _documents(documents),
                "contentType": "application/yaml",
            },
            wiring.options(),
        )
        for name, documents in files.items()
    ]


def logs(wiring: Wiring) -> aws.LogGroup:
    """Where the hub's logs are kept."""
    name = f"/{wiring.fleet}/{wiring.region}/hub"
    return aws.LogGroup(
        "logs",
        {"name": name, "retentionDays": wiring.hub.log_days, "tags": wiring.tags},
        wiring.options(),
    )


def limit(wiring: Wiring) -> aws.Budget | None:
    """The budget, where the hub has a limit of cost."""
    wanted = wiring.hub.cost_limit
    if wanted is None:
        return None
    return aws.Budget(
        "limit",
        {
            "name": wiring.prefix,
            "monthly": wanted.monthly,
            "notify": list(wanted.notify),
            "tags": wiring.tags,
        },
        wiring.options(),
    )


def _documents(documents: Iterable[Mapping[str, Any]]) -> str:
    return "---\n".join(to_yaml(dict(each)) for each in documents)
