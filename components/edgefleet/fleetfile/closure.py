"""All that a box needs to start without a link: from what runs on it to the files that its image carries.

Pure: what is needed follows from the fleet file, what it is from the artifacts lock. A thing that several
workloads need is carried once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from edgefleet.errors import Problem
from edgefleet.fleetfile.artifacts_lock import ArtifactsLock
from edgefleet.fleetfile.provenance import Membership
from edgefleet.fleetfile.workloads import Workload
from edgefleet.model.medium import PayloadFile
from edgefleet.model.programs import PROGRAMS
from edgefleet.model.references import parse_reference
from edgefleet.model.site import Arch, SiteSpec
from edgefleet.runtimes.base.k3s_release import ARCHIVES, BINARIES

Kind = Literal["k3s", "program", "image"]
ARCHIVE = ".tar"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Need:
    """One thing that a box needs."""

    path: str
    """Where it lies in a payload."""
    kind: Kind
    name: str
    """An asset of k3s, a key of `PROGRAMS`, or an image's whole name."""
    version: str = ""
    """Release; empty for an image, whose name says it."""
    arch: Arch

    def __str__(self) -> str:
        """What it is called in messages."""
        return f"{self.name} {self.version}".strip() + f" for {self.arch}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """Something that boxes need and that cannot be carried."""

    need: Need
    site: str
    """The first site whose boxes need it."""
    boxes: int
    """How many."""
    other: Need | None = None
    """What would be in its place, where that is the reason."""


def of_k3s(version: str, arch: Arch) -> tuple[Need, Need]:
    """The binary, and the archive of the images that k3s itself runs."""
    archive = ARCHIVES[arch]
    return (
        Need(path="bin/k3s", kind="k3s", name=BINARIES[arch], version=version, arch=arch),
        Need(path=f"images/{archive}", kind="k3s", name=archive, version=version, arch=arch),
    )


def of_workloads(workloads: Iterable[Workload], arch: Arch) -> set[Need]:
    """What boxes of `arch` need for `workloads`."""
    needed: set[Need] = set()
    for each in workloads:
        for name, version in each.programs:
            path = f"bin/{PROGRAMS[name].name}"
            needed.add(Need(path=path, kind="program", name=name, version=version, arch=arch))
        for image in each.images:
            path = f"images/{parse_reference(image).file_name}{ARCHIVE}"
            needed.add(Need(path=path, kind="image", name=image, arch=arch))
    return needed


def running(
    site: SiteSpec, node: str, member: Membership, workloads: Sequence[Workload]
) -> tuple[Workload, ...]:
    """Those of `workloads` that run on a box."""
    labels, profile = site.nodes[node].labels, member.nodes.get(node) or ""
    return tuple(each for each in workloads if each.runs_on(site.name, member.group, profile, labels))


def needs(site: SiteSpec, node: str, member: Membership, workloads: Sequence[Workload]) -> tuple[Need, ...]:
    """All that a box needs, sorted by path."""
    arch = site.nodes[node].arch
    here = running(site, node, member, workloads)
    return tuple(sorted({*of_k3s(site.k3s.version, arch), *of_workloads(here, arch)}))


def payload_file(need: Need, lock: ArtifactsLock) -> PayloadFile | None:
    """`need` as the lock has it; `None` where it does not."""
    if need.kind == "k3s":
        asset = lock.get("k3s", {}).get(need.version, {}).get(need.name)
        if asset is None or "size" not in asset:
            return None
        digest = f"sha256:{asset['sha256']}"
        return PayloadFile(path=need.path, digest=digest, size=asset["size"], version=need.version)
    if need.kind == "program":
        program = lock.get("programs", {}).get(need.name, {}).get(need.version, {}).get(need.arch)
        if program is None:
            return None
        digest = f"sha256:{program['sha256']}"
        return PayloadFile(path=need.path, digest=digest, size=program["size"], version=need.version)
    image = lock.get("images", {}).get(need.name, {}).get(need.arch)
    return None if image is None else PayloadFile(path=need.path, digest=image["digest"], size=image["size"])


class Carrying:
    """Fills the payloads of air-gapped boxes; what equal boxes carry is made once.

    Args:
        workloads: what runs where.
        lock: what things are.
    """

    def __init__(self, workloads: Sequence[Workload], lock: ArtifactsLock) -> None:
        self._workloads, self._lock = workloads, lock
        self._made: dict[tuple[Need, ...], tuple[PayloadFile, ...]] = {}
        self._clashes: dict[tuple[Need, ...], list[tuple[Need, Need]]] = {}
        self._lacking: dict[tuple[Need, Need | None], Lacking] = {}

    def filled(self, site: SiteSpec, member: Membership) -> SiteSpec:
        """`site` with what its boxes carry; as it is where it is not air-gapped."""
        if not site.airgap:
            return site
        nodes = {
            name: replace(node, payload=self._payload(site.name, needs(site, name, member, self._workloads)))
            for name, node in site.nodes.items()
        }
        return replace(site, nodes=nodes)

    def lacking(self) -> list[Lacking]:
        """What could not be carried so far, each once."""
        return sorted(self._lacking.values(), key=lambda each: (each.need, each.other or each.need))

    def _payload(self, site: str, wanted: tuple[Need, ...]) -> tuple[PayloadFile, ...]:
        if wanted not in self._made:
            found = (payload_file(need, self._lock) for need in wanted)
            self._made[wanted] = tuple(file for file in found if file is not None)
            self._clashes[wanted] = clashes(wanted)
        for need in wanted if len(self._made[wanted]) < len(wanted) else ():
            if payload_file(need, self._lock) is None:
                self._note(Lacking(need=need, site=site, boxes=1))
        for first, second in self._clashes[wanted]:
            self._note(Lacking(need=second, site=site, boxes=1, other=first))
        return self._made[wanted]

    def _note(self, lacking: Lacking) -> None:
        key = (lacking.need, lacking.other)
        known = self._lacking.get(key)
        self._lacking[key] = replace(known, boxes=known.boxes + 1) if known else lacking


def clashes(wanted: Iterable[Need]) -> list[tuple[Need, Need]]:
    """Pairs that would be one file of a payload; `wanted` is one box's."""
    first: dict[str, Need] = {}
    return [(first[need.path], need) for need in wanted if first.setdefault(need.path, need) is not need]


def not_carried(lacking: Lacking) -> Problem:
    """What is said of it."""
    need, boxes = lacking.need, f"{lacking.boxes:,} box{'' if lacking.boxes == 1 else 'es'}"
    path = "airgap"
    if lacking.other is not None:
        return Problem(
            path=path,
            code="two-releases",
            problem=f"{boxes} would have both {need.name} {lacking.other.version} and {need.version}",
            hint="let the workloads that run on one box name one release",
        )
    if need.kind == "program" and need.arch not in PROGRAMS[need.name].archs:
        return Problem(
            path=path,
            code="not-released",
            problem=f"{need.name} is not released for {need.arch}, and {boxes} would carry it",
            hint="let the workload run on other boxes (workloads.NAME.where)",
        )
    return Problem(
        path=path,
        code="not-locked",
        problem=f"{need} is not in the artifacts lock, and {boxes} would carry it",
        hint="run edgefleet artifacts lock FILE",
    )


def wanted_by_all(
    sites: Mapping[str, SiteSpec], members: Mapping[str, Membership], workloads: Sequence[Workload]
) -> dict[Need, bool]:
    """dict[thing that a lock shall know -> whether an image carries it], without what is not released.

    k3s's binary is pinned everywhere, as boxes fetch it themselves; the rest where it is carried.
    """
    wanted: dict[Need, bool] = {}
    for site in sites.values():
        for node, box in site.nodes.items():
            wanted.setdefault(of_k3s(site.k3s.version, box.arch)[0], False)
            if site.airgap:
                for need in needs(site, node, members[site.name], workloads):
                    wanted[need] = True
    return {
        need: wanted[need]
        for need in sorted(wanted)
        if need.kind != "program" or need.arch in PROGRAMS[need.name].archs
    }
