"""Workloads: one module per kind, from the fields of a fleet file to Kubernetes objects."""

from typing import Any

from edgefleet.workloads import cache, function, inference, job, payload, session, web
from edgefleet.workloads.base.kind import Kind

KINDS: dict[str, Kind[Any]] = {
    kind.name: kind
    for kind in (cache.KIND, function.KIND, inference.KIND, job.KIND, payload.KIND, session.KIND, web.KIND)
}
"""dict[name in a fleet file -> kind]."""
