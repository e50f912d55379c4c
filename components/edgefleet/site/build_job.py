"""A build of many sites' images as an Indexed Job of Kubernetes: its plans, and the objects as data. Pure.

A plan holds each site's own derived key and no secret of another site: a shard of it may go to a worker that
is trusted with its sites alone. Each index gets one shard and sees no other: the shards are separate Secrets,
projected into one volume, of which a container mounts only the directory named after its
JOB_COMPLETION_INDEX.
Sources: Kubernetes documentation, "Indexed Job for Parallel Processing with Static Work Assignment", "Using
subPath with expanded environment variables", Job API v1 (`backoffLimitPerIndex`).
"""

import base64
import gzip
import io
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from edgefleet.errors import InvalidInput
from edgefleet.model import strict_json
from edgefleet.model.site_resource import SiteInputs
from edgefleet.model.spec import spec, to_plain

LARGEST = 700_000
"""Most bytes of a shard: a Secret holds 1 MiB, and base64 adds a third."""
LONGEST = 40
"""Characters of a stack's name in that of its Job, which has 63 in all."""
PLAN = "plan.json.gz"
VERSION = 1
LARGEST_PLAN = 256 * 1024**2
"""Most bytes of a plan that is read, unpacked."""
MOUNT = "/plan"
WORK = "/work"
SITES_PER_SHARD = 50
"""Default number of sites in a shard."""
RETRIES = 3
KEPT = 7 * 24 * 3600
"""Seconds that a finished Job is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildJob:
    """Settings of the Job."""

    name: str
    """RFC 1123 label; the name of Job and Secrets."""
    namespace: str
    image: str
    """Container image with edgefleet and the tools of the formats."""
    parallelism: int
    """Number of parallel pods."""
    service_account: str
    """Service account with the right to write to the store."""
    region: str
    """AWS region of the store; empty for the pods' own."""
    disk: str
    """Space for the images of a shard before they are in the store, a Kubernetes quantity."""
    sign_key: str = ""
    """Key in AWS KMS that images are signed with, ``awskms:<ARN>``; empty if unsigned."""


def job_name(stack: str) -> str:
    """Name of a stack's Job: Kubernetes allows fewer characters than Pulumi."""
    return f"build-{re.sub(r'[^a-z0-9]+', '-', stack.lower()).strip('-')[:LONGEST].strip('-')}"


def check_store(uri: str) -> None:
    """Refuse a store that pods cannot reach.

    Raises:
        InvalidInput: `uri` is not a bucket.
    """
    if not uri.startswith("s3:"):
        raise InvalidInput.at(
            "",
            "job-store",
            f"pods of a cluster cannot reach {uri}",
            "keep the images in a bucket: images.store: s3://BUCKET/PREFIX",
            path="images.store",
        )


def key_of_pods(sign_key: str | None) -> str:
    """The key that pods sign with: one in AWS KMS; empty for any other, which never leaves its machine."""
    return sign_key if sign_key is not None and sign_key.startswith("awskms:") else ""


def shard(sites: Sequence[SiteInputs], index: int, of: int) -> tuple[SiteInputs, ...]:
    """The sites of one shard: every `of`-th by name, for shards of similar size; `index` is from 0."""
    return tuple(sorted(sites, key=lambda site: site.name)[index::of])


def to_bytes(sites: Sequence[SiteInputs]) -> bytes:
    """A plan as compressed JSON, the same bytes every time."""
    plain = {"version": VERSION, "sites": [to_plain(site) for site in sites]}
    return gzip.compress(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode(), mtime=0)


def from_bytes(data: bytes, where: str) -> tuple[SiteInputs, ...]:
    """The sites of the plan that `to_bytes` wrote.

    Raises:
        InvalidInput: it is not a plan, or of another version.
    """
    try:
        with gzip.open(io.BytesIO(data)) as file:
            return strict_json.read(_Plan, file.read(LARGEST_PLAN + 1), limit=LARGEST_PLAN).sites
    except (OSError, EOFError, ValueError, zlib.error) as error:
        problem = f"is not a plan of images to build of this version ({error})"
    hint = "write it with `edgefleet image job` of the same version"
    raise InvalidInput.at(where, "bad-plan", problem, hint)


@spec
class _Plan:
    version: Literal[1]
    sites: tuple[SiteInputs, ...]


def shards_of(sites: Sequence[SiteInputs], count: int) -> list[bytes]:
    """The plan of `sites` in `count` shards; 0 for one shard per `SITES_PER_SHARD` sites.

    Raises:
        InvalidInput: there are no sites.
    """
    if not sites:
        problem, hint = "the fleet has no sites to build", "add one to the fleet file"
        raise InvalidInput.at("", "no-sites", problem, hint, path="sites")
    count = min(count or -(-len(sites) // SITES_PER_SHARD), len(sites))
    return [to_bytes(shard(sites, index, count)) for index in range(count)]


def objects(job: BuildJob, shards: Sequence[bytes]) -> list[dict[str, Any]]:
    """The Secrets and the Job.

    Raises:
        InvalidInput: a shard is too large for a Secret.
    """
    largest = max(len(shard) for shard in shards)
    if largest > LARGEST:
        needed = -(-largest // LARGEST) * len(shards)
        problem = f"a shard has {largest:,} bytes, and a Secret takes {LARGEST:,} of them"
        raise InvalidInput.at(
            "", "large-shard", problem, f"use --shards {needed} or more, of fewer sites each"
        )
    return [*(_secret(job, index, shard) for index, shard in enumerate(shards)), _job(job, len(shards))]


def _labels(job: BuildJob) -> dict[str, str]:
    return {"app.kubernetes.io/name": "edgefleet-build", "app.kubernetes.io/instance": job.name}


def _shard_name(job: BuildJob, index: int) -> str:
    return f"{job.name}-shard-{index}"


def _secret(job: BuildJob, index: int, shard: bytes) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": _shard_name(job, index), "namespace": job.namespace, "labels": _labels(job)},
        "type": "Opaque",
        "immutable": True,
        "data": {PLAN: base64.b64encode(shard).decode()},
    }


def _job(job: BuildJob, shards: int) -> dict[str, Any]:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": job.name, "namespace": job.namespace, "labels": _labels(job)},
        "spec": {
            "completionMode": "Indexed",
            "completions": shards,
            "parallelism": min(job.parallelism, shards),
            "backoffLimitPerIndex": RETRIES,
            "ttlSecondsAfterFinished": KEPT,
            "template": {"metadata": {"labels": _labels(job)}, "spec": _pod(job, shards)},
        },
    }


def _pod(job: BuildJob, shards: int) -> dict[str, Any]:
    user = 65532
    sources = [
        {"secret": {"name": _shard_name(job, index), "items": [{"key": PLAN, "path": f"{index}/{PLAN}"}]}}
        for index in range(shards)
    ]
    return {
        "restartPolicy": "Never",
        "serviceAccountName": job.service_account,
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": user,
            "runAsGroup": user,
            "fsGroup": user,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(job)],
        "volumes": [
            {"name": "plans", "projected": {"defaultMode": 0o440, "sources": sources}},
            {"name": "work", "emptyDir": {"sizeLimit": job.disk}},
        ],
    }


def _container(job: BuildJob) -> dict[str, Any]:
    environment = [{"name": "HOME", "value": WORK}, {"name": "XDG_CACHE_HOME", "value": f"{WORK}/cache"}]
    if job.region:
        environment.append({"name": "AWS_REGION", "value": job.region})
    return {
        "name": "build",
        "image": job.image,
        "command": ["edgefleet"],
        "args": [
            "image",
            "build-plan",
            f"{MOUNT}/{PLAN}",
            "--out",
            f"{WORK}/images",
            "--upload",
            "--discard",
            *(["--sign-key", job.sign_key] if job.sign_key else []),
        ],
        "workingDir": WORK,
        "env": environment,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "resources": {"requests": {"cpu": "1", "memory": "512Mi"}, "limits": {"memory": "2Gi"}},
        "volumeMounts": [
            {"name": "plans", "mountPath": MOUNT, "subPathExpr": "$(JOB_COMPLETION_INDEX)", "readOnly": True},
            {"name": "work", "mountPath": WORK},
        ],
    }
