"""Workloads: one module per kind, from the fields of a fleet file to Kubernetes objects."""

from typing import Any

from edgefleet.workloads import (
    cache,
    chart,
    function,
    gateway,
    inference,
    job,
    manifests,
    payload,
    session,
    stream,
    web,
)
from edgefleet.workloads.base.kind import Kind

KINDS: dict[str, Kind[Any]] = {
    kind.KIND.name: kind.KIND
    for kind in (cache, chart, function, gateway, inference, job, manifests, payload, session, stream, web)
}
"""dict[name in a fleet file -> kind]."""
