"""A build plan, which another process or machine can execute.

A plan holds each site's own derived key and no secret of another site: a shard of it may go to a worker that
is trusted with its sites alone.
"""

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from edgefleet.errors import InvalidInput, Problem

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteJob:
    """One site to build."""

    name: str
    inputs: Mapping[str, Any] = field(repr=False)
    """Inputs of its `Site` as plain data: the spec, the derived key, passphrases."""


def shard(jobs: Sequence[SiteJob], index: int, of: int) -> tuple[SiteJob, ...]:
    """The jobs of one shard: every `of`-th by name, for shards of similar size.

    Args:
        jobs: all of them.
        index: from 0.
        of: the number of shards.
    """
    return tuple(sorted(jobs, key=lambda job: job.name)[index::of])


def to_bytes(jobs: Sequence[SiteJob]) -> bytes:
    """The jobs as compressed JSON, the same bytes every time."""
    plain = {"version": VERSION, "sites": [{"name": job.name, "inputs": dict(job.inputs)} for job in jobs]}
    return gzip.compress(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode(), mtime=0)


def from_bytes(data: bytes, where: str) -> tuple[SiteJob, ...]:
    """The jobs that `to_bytes` wrote.

    Args:
        data: compressed JSON.
        where: its source, for an error.

    Raises:
        InvalidInput: it is not a plan, or a later version's.
    """
    try:
        plain = json.loads(gzip.decompress(data))
        if plain["version"] == VERSION:
            return tuple(SiteJob(name=str(each["name"]), inputs=each["inputs"]) for each in plain["sites"])
        problem = f"is a plan of version {plain['version']}"
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        problem = "is not a plan of images to build"
    hint = "write it with `edgefleet image job` of the same version"
    raise InvalidInput(Problem(code="bad-plan", where=where, problem=problem, hint=hint))
