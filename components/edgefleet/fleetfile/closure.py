"""The files in a node's image with which it starts without a link, of its runtime and its workloads. Pure.

The requirements follow from the fleet file, their files from the artifacts lock. An image has a file that
several workloads need once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from edgefleet.errors import Problem
from edgefleet.fleetfile.artifacts_lock import ArtifactsLock
from edgefleet.model.medium import PayloadFile
from edgefleet.model.programs import PROGRAMS
from edgefleet.model.requirement import Requirement, of_channel
from edgefleet.model.site import SiteSpec
from edgefleet.runtimes import runtime_of
from edgefleet.workloads.composing import carried, workloads_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A requirement of nodes that their images cannot contain."""

    need: Requirement
    site: str
    """The first site whose nodes need it."""
    nodes: int
    """How many nodes."""
    other: Requirement | None = None
    """The requirement at the same path, if that is the reason."""


def needs(site: SiteSpec, node: str) -> tuple[Requirement, ...]:
    """All requirements of a node, sorted by path."""
    of = site.nodes[node]
    extensions = {
        Requirement(
            path=f"extensions/{name}.raw", kind="base", name=part.source, version=part.sha256, arch=of.arch
        )
        for name, part in of.extensions.items()
    }
    loads = {need for name in workloads_on(site, node) for need in carried(site, name, of)}
    own = (*runtime_of(of).carries(site, of), *of_channel(site, of))
    return tuple(sorted({*own, *loads, *extensions}))


def payload_file(need: Requirement, lock: ArtifactsLock) -> PayloadFile | None:
    """The file of `need` in the lock; `None` if the lock has none."""
    locked = _locked(need, lock)
    if locked is None or "size" not in locked:
        return None
    digest = f"sha256:{locked.get('sha256', need.version)}"
    version = "" if need.kind == "base" else locked.get("digest", need.version)
    return PayloadFile(path=need.path, digest=digest, size=locked["size"], version=version)


def _locked(need: Requirement, lock: ArtifactsLock) -> Mapping[str, Any] | None:
    """The entry of the lock that `need` refers to."""
    if need.kind == "k3s":
        return lock.get("k3s", {}).get(need.version, {}).get(need.name)
    if need.kind == "program":
        return lock.get("programs", {}).get(need.name, {}).get(need.version, {}).get(need.arch)
    if need.kind == "base":
        return lock.get("bases", {}).get(need.version)
    return lock.get("images", {}).get(need.name, {}).get(need.arch)


class Payloads:
    """Fills the payloads of air-gapped nodes; equal nodes share one."""

    def __init__(self, lock: ArtifactsLock) -> None:
        self._lock = lock
        self._payloads: dict[tuple[Requirement, ...], tuple[PayloadFile, ...]] = {}
        self._clashes: dict[tuple[Requirement, ...], list[tuple[Requirement, Requirement]]] = {}
        self._lacking: dict[tuple[Requirement, Requirement | None], Missing] = {}

    def filled(self, site: SiteSpec) -> SiteSpec:
        """`site` with the payloads of its nodes; unchanged if it is not air-gapped."""
        if not site.airgap:
            return site
        nodes = {
            name: replace(node, payload=self._payload(site.name, needs(site, name)))
            for name, node in site.nodes.items()
        }
        return replace(site, nodes=nodes)

    def lacking(self) -> list[Missing]:
        """The missing requirements so far, each once."""
        return sorted(self._lacking.values(), key=lambda item: (item.need, item.other or item.need))

    def _payload(self, site: str, needed: tuple[Requirement, ...]) -> tuple[PayloadFile, ...]:
        if needed not in self._payloads:
            files = (payload_file(need, self._lock) for need in needed)
            self._payloads[needed] = tuple(file for file in files if file is not None)
            self._clashes[needed] = clashes(needed)
        for need in needed if len(self._payloads[needed]) < len(needed) else ():
            if payload_file(need, self._lock) is None:
                self._note(Missing(need=need, site=site, nodes=1))
        for first, second in self._clashes[needed]:
            self._note(Missing(need=second, site=site, nodes=1, other=first))
        return self._payloads[needed]

    def _note(self, lacking: Missing) -> None:
        key = (lacking.need, lacking.other)
        before = self._lacking.get(key)
        self._lacking[key] = replace(before, nodes=before.nodes + 1) if before else lacking


def clashes(needed: Iterable[Requirement]) -> list[tuple[Requirement, Requirement]]:
    """Pairs of a node's requirements that have the same path."""
    first: dict[str, Requirement] = {}
    return [(first[need.path], need) for need in needed if first.setdefault(need.path, need) is not need]


def not_carried(lacking: Missing) -> Problem:
    """The problem of a missing requirement."""
    need, nodes = lacking.need, f"{lacking.nodes:,} node{'' if lacking.nodes == 1 else 's'}"
    if lacking.other is not None:
        problem = f"{nodes} would have both {need.name} {lacking.other.version} and {need.version}"
        return Problem.of_value(
            "airgap", "two-releases", problem, "use one release in all workloads of a node"
        )
    if need.kind == "program" and need.arch not in PROGRAMS[need.name].archs:
        problem = f"{need.name} is not released for {need.arch}, and {nodes} would contain it"
        hint = "run the workload on other nodes (workloads.NAME.where)"
        return Problem.of_value("airgap", "not-released", problem, hint)
    problem = f"{need} is not in the artifacts lock, and {nodes} would contain it"
    return Problem.of_value("airgap", "not-locked", problem, "run edgefleet artifacts lock -s STACK")


def wanted_by_all(sites: Mapping[str, SiteSpec]) -> dict[Requirement, bool]:
    """dict[requirement to lock -> whether an image contains it], without unreleased ones.

    k3s's binary and what the channel needs are always pinned, as nodes download them themselves; the rest
    only if an image contains it.
    """
    needed: dict[Requirement, bool] = {}
    for site in sites.values():
        for name, node in site.nodes.items():
            for need in (*runtime_of(node).downloads(site, node), *of_channel(site, node)):
                needed.setdefault(need, False)
            if site.airgap:
                for need in needs(site, name):
                    needed[need] = True
    return {
        need: needed[need]
        for need in sorted(needed)
        if need.kind != "program" or need.arch in PROGRAMS[need.name].archs
    }
