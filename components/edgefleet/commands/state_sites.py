"""The sites of a stack as its state records them, read without running an engine."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from edgefleet.commands.session import EngineName, Session
from edgefleet.engine.api import Engine, Options, Resource, StackState
from edgefleet.engine.selection import choose
from edgefleet.errors import InvalidInput, Problem, Refused
from edgefleet.model.site_resource import RELEASE, TOKEN, desired, id_of, kind_of, site_of
from edgefleet.rollout.pending import Wanted

NO_STACK = "no-stack"
"""Code of the engines' problem with a stack that does not exist yet."""
TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One site as the last run left it."""

    name: str
    urn: str
    store: str
    """URI of the store that the images are in."""
    inputs: Mapping[str, Any] = field(repr=False)
    """With secrets; empty if they were not requested, as thousands of specs take much memory."""
    images: dict[str, dict[str, Any]]
    """dict[node -> {digest, uri, size, files}]."""
    release: str | None
    """Digest of the site's release in the store."""
    bundles: dict[str, dict[str, Any]]
    """dict[node -> {part, fixed, ...}] of the release; empty without a channel."""
    modified: datetime | None

    @property
    def digests(self) -> dict[str, str]:
        """dict[node -> digest] of the images in the store; of the parts of those that are composed."""
        digests = {node: desired(image) for node, image in self.images.items()}
        return {node: digest for node, digest in digests.items() if digest is not None}

    @property
    def wanted(self) -> dict[str, Wanted]:
        """dict[node -> what it is to be], of those that a channel leads to."""
        return {
            node: Wanted(digest=digest, part=self.bundles[node]["part"], fixed=self.bundles[node]["fixed"])
            for node, digest in self.digests.items()
            if node in self.bundles
        }

    @property
    def kinds(self) -> dict[str, str]:
        """dict[node -> what its digest is of]."""
        return {node: kind_of(image) for node, image in self.images.items()}


def engine_of(session: Session, name: EngineName) -> Engine:
    """The engine that `name` stands for in this session."""
    return (session.choose or choose)(name)


def recorded_sites(
    session: Session, stack: str, engine: EngineName = "auto", *, show_secrets: bool = False
) -> dict[str, Recorded]:
    """dict[site -> as the last run left it], in the state's order."""
    options = Options(stack=stack, project=session.project)
    return recorded(engine_of(session, engine), options, show_secrets=show_secrets)


def recorded(engine: Engine, options: Options, *, show_secrets: bool = False) -> dict[str, Recorded]:
    """dict[site -> as recorded], in the state's order; empty for a stack that was never brought up."""
    resources = _state(engine, options, show_secrets=show_secrets).find(TOKEN)
    sites = {site_of(name): resource for name, resource in resources.items()}
    _check_ids(sites)
    return {
        name: Recorded(
            name=name,
            urn=resource.urn,
            inputs=resource.inputs if show_secrets else {},
            store=str(resource.inputs.get("store", "")),
            images=resource.outputs.get("images") or {},
            release=(resource.outputs.get(RELEASE) or {}).get("digest"),
            bundles=(resource.outputs.get(RELEASE) or {}).get("bundles") or {},
            modified=_time(resource.modified),
        )
        for name, resource in sites.items()
    }


def unpinned_k3s(engine: Engine, project: Path, stack: str) -> frozenset[str]:
    """Versions of k3s that images of recorded sites install without a digest of it."""
    sites = _state(engine, Options(stack=stack, project=project)).find(TOKEN).values()
    return frozenset(
        str(k3s.get("version"))
        for site in sites
        if isinstance(k3s := site.inputs.get("k3s"), Mapping) and not k3s.get("sha256")
    )


def is_recorded(engine: Engine, options: Options) -> bool:
    """Whether the stack has a state with resources."""
    return bool(_state(engine, options).resources)


def _state(engine: Engine, options: Options, *, show_secrets: bool = False) -> StackState:
    """The state of a stack; empty for one that was never brought up."""
    try:
        return engine.state(options, show_secrets=show_secrets)
    except InvalidInput as error:
        if error.problem.code == NO_STACK:
            return StackState()
        raise


def _check_ids(sites: Mapping[str, Resource]) -> None:
    """Refuse a state whose ids are not what its inputs give: removing a site clears the place in its id."""
    expected = {
        name: id_of(str(site.inputs.get("store", "")), str(site.inputs.get("name", "")))
        for name, site in sites.items()
    }
    problems = [
        Problem(
            code="altered-state",
            path=f"sites.{name}",
            problem=f"the state records the id {sites[name].id!r}, but its inputs give {id_!r}",
            hint="restore the state from a backup, or correct the id; nothing was done",
        )
        for name, id_ in expected.items()
        if sites[name].id != id_
    ]
    if problems:
        raise Refused(problems)


def _time(text: str) -> datetime | None:
    """A time of the state file; Go writes more digits of a second than Python reads."""
    time = TIME.fullmatch(text)
    return datetime.fromisoformat(time[1] + time[2].replace("Z", "+00:00")) if time else None
