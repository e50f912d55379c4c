"""Whether images fit their media, and workloads their nodes: known before any download. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from edgefleet.errors import InvalidInput, Problem
from edgefleet.fleetfile.artifacts_lock import ArtifactsLock
from edgefleet.images import FORMATS
from edgefleet.model.quantities import written_size
from edgefleet.model.site import HA, SiteSpec
from edgefleet.site.load import Lack, Loads, Resource

ROOM = 16 * 1024**2
"""Bytes for the seed, partition tables and the space between partitions."""
NAMED = 6
"""Workloads that an error names; the others are summed up."""
KEYS: Mapping[Resource, str] = {"memory": "memory", "cpu": "cpus", "disk": "disk"}
"""dict[resource -> field of a node with its amount]."""
WORDS: Mapping[Resource, str] = {"memory": "memory", "cpu": "processor time", "disk": "disk"}
Locate = Callable[[str, str], str]
"""(site, path in its spec) -> ``file:line:column``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediumUsage:
    """The content of one node's medium."""

    site: str
    node: str
    payload: int
    """Bytes."""
    base: int | None
    """Bytes of the base; 0 without one, `None` if it is not in the lock."""
    medium: int | None
    """Bytes of the medium; `None` if not given."""

    @property
    def content(self) -> int:
        """Bytes of all known parts."""
        return self.payload + (self.base or 0) + ROOM

    @property
    def is_whole(self) -> bool:
        """Whether the size of every part is known."""
        return self.base is not None

    @property
    def fits(self) -> bool | None:
        """Whether it fits; `None` if that is unknown."""
        if self.medium is not None and self.content > self.medium:
            return False
        return None if self.medium is None or not self.is_whole else True


def medium_usages(sites: Mapping[str, SiteSpec], lock: ArtifactsLock) -> Iterator[MediumUsage]:
    """Media with more than a seed, in the fleet file's order."""
    sizes = {digest: base["size"] for digest, base in lock.get("bases", {}).items()}
    for site in sites.values():
        for name, node in site.nodes.items():
            if node.payload or node.image.base is not None:
                base = 0 if node.image.base is None else sizes.get(node.image.base.sha256)
                yield MediumUsage(
                    site=site.name,
                    node=name,
                    payload=sum(file.size for file in node.payload),
                    base=base,
                    medium=FORMATS[node.image.format].medium_size(node),
                )


def check_fits(sites: Mapping[str, SiteSpec], lock: ArtifactsLock, locate: Locate) -> None:
    """Refuse what does not fit, as far as known.

    Raises:
        InvalidInput: a medium is smaller than its content, or workloads take more than nodes have; equal ones
            are one problem with a count.
    """
    too_small: dict[tuple[str, int], list[MediumUsage]] = {}
    for usage in medium_usages(sites, lock):
        if usage.fits is False:
            image = sites[usage.site].nodes[usage.node].image
            key = "image.size" if image.size is not None else "disk"
            where = locate(usage.site, f"nodes.{usage.node}.{key}")
            too_small.setdefault((where, usage.content), []).append(usage)
    problems = [
        _too_small(where, equal[0], sites).repeated(len(equal) - 1) for (where, _), equal in too_small.items()
    ]
    problems += _overloaded(sites, Loads(lock), locate)
    if problems:
        raise InvalidInput(problems)


def _too_small(where: str, first: MediumUsage, sites: Mapping[str, SiteSpec]) -> Problem:
    image = sites[first.site].nodes[first.node].image
    parts = [f"payload {first.payload:,}"] if first.payload else []
    parts += [f"base {first.base:,}"] if first.base else []
    fixes = ["take a larger medium", *(["let fewer workloads run there"] if first.payload else [])]
    if first.payload and FORMATS[image.format].is_composed:
        fixes.append("put the payload on its own medium")
    return Problem(
        code="medium-too-small",
        where=where,
        path=f"sites.{first.site}.nodes.{first.node}.{'image.size' if image.size is not None else 'disk'}",
        problem=f"the medium has {first.medium:,} bytes and would hold {first.content:,} "
        f"({', '.join([*parts, f'room {ROOM:,}'])})",
        hint=", or ".join(fixes),
    )


def _overloaded(sites: Mapping[str, SiteSpec], loads: Loads, locate: Locate) -> Iterator[Problem]:
    """Workloads that take more than their nodes have; equal ones are one problem."""
    alike: dict[tuple[str, str], list[Lack]] = {}
    for site in sites.values():
        for lack in loads.lacks(site) if site.workloads else ():
            where = locate(site.name, _path_of(lack))
            alike.setdefault((where, described(lack)), []).append(lack)
    for (where, words), equal in alike.items():
        yield Problem(
            code=f"too-little-{equal[0].resource}",
            where=where,
            path=f"sites.{equal[0].site}.{_path_of(equal[0])}",
            problem=f"workloads take more {WORDS[equal[0].resource]} than there is: {words}",
            hint="let fewer of them run there, let them take less, or use larger nodes",
        ).repeated(len(equal) - 1)


def tight(sites: Mapping[str, SiteSpec], lock: ArtifactsLock) -> Iterator[str]:
    """Notes on sites with several servers whose workloads do not fit when one server is lost."""
    loads = Loads(lock)
    for site in sites.values():
        servers = [name for name, node in site.nodes.items() if node.runtime == HA]
        load = loads.of(site) if servers and site.workloads else None
        lost = ((name, load.without(name).lacks()) for name in servers) if load else ()
        if found := next(((name, lacks[0]) for name, lacks in lost if lacks), None):
            name, lack = found
            yield f"{site.name} has too little {WORDS[lack.resource]} when {name} is lost: {described(lack)}"


def _path_of(lack: Lack) -> str:
    return f"nodes.{lack.nodes[0]}.{KEYS[lack.resource]}"


def described(lack: Lack) -> str:
    """``till 128Mi, menu 64Mi, k3s 1.6 GB: 2.1 of 2.0 GB``."""
    names = [*lack.workloads]
    named = {name: lack.workloads[name] for name in names[:NAMED]}
    if names[NAMED:]:
        named[f"{len(names) - NAMED} more"] = sum(lack.workloads[name] for name in names[NAMED:])
    of_workload, of_other = (cores, cores) if lack.resource == "cpu" else (written_size, gigabytes)
    parts = [f"{name} {of_workload(amount)}" for name, amount in named.items()]
    parts += [f"{what} {of_other(amount)}" for what, amount in lack.others.items()]
    on = f" on {len(lack.nodes)} nodes" if len(lack.nodes) > 1 else ""
    return f"{', '.join(parts)}: {shares(lack.resource, lack.taken, lack.whole)}{on}"


def cores(cpu: int) -> str:
    """Processor time as a Kubernetes quantity, ``250m`` or ``2``."""
    return str(cpu // 1000) if cpu % 1000 == 0 else f"{cpu}m"


def shares(resource: Resource, taken: int, whole: int) -> str:
    """``2.1 of 2.0 GB``, with as many digits as tell different amounts apart; ``0.5 of 4 cores``."""
    if resource == "cpu":
        return f"{taken / 1000:g} of {whole / 1000:g} cores"
    texts, digits = ("", ""), 0
    while texts[0] == texts[1] and (not digits or taken != whole):
        digits += 1
        texts = (f"{taken / 1000**3:.{digits}f}", f"{whole / 1000**3:.{digits}f}")
    return f"{texts[0]} of {texts[1]} GB"


def gigabytes(size: int) -> str:
    """``1.6 GB``."""
    return f"{size / 1000**3:.1f} GB"
