"""Workloads of objects that others wrote: rendered when the fleet file is read, so that previews have them.

Once for the newest k3s of the sites, and again for sites with another one, or with values of their own.
"""

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from edgefleet.errors import EdgefleetError, InvalidInput, Problem
from edgefleet.io.user_cache import root_of
from edgefleet.model.paths import format_path, parse_path
from edgefleet.workloads import KINDS
from edgefleet.workloads.base.foreign import RENDERED, Rendering
from edgefleet.workloads.base.spec import Workload
from edgefleet.workloads.composing import KIND, kind_of, spec_of


def newest(versions: Sequence[str]) -> str:
    """The newest of some versions of k3s."""
    return max(versions, key=lambda version: [int(number) for number in re.findall(r"\d+", version)])


Fetch = Callable[[str, str], Path]
"""The file at an address, by its hex SHA-256; raises OutsideFailure."""


def downloading(project: Path, mirrors: Mapping[str, Sequence[str]]) -> Fetch:
    """Downloads files into the user's cache."""

    def fetch(address: str, sha256: str) -> Path:
        from edgefleet.io.artifact_cache import ArtifactCache  # noqa: PLC0415 - its HTTP client, for charts
        from edgefleet.io.sourcing import Sources  # noqa: PLC0415 - as above

        return Sources(ArtifactCache(root_of(os.environ), project=project), mirrors).fetch(address, sha256)

    return fetch


@dataclass(slots=True, kw_only=True)
class Renderer:
    """Renders workloads, and keeps what is wrong with them."""

    project: Path
    fetch: Fetch
    problems: list[Problem] = field(default_factory=list)
    """Of workloads, by their paths in the fleet file."""
    outside: int = 0
    """How many of them are failures of the outside world: a program that is missing, a download."""
    _entries: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)

    def specs(self, workloads: Mapping[str, Workload], version: str) -> dict[str, Workload]:
        """`workloads` for clusters of a version of k3s, without those that cannot be rendered."""
        return {
            name: rendered
            for name, spec in workloads.items()
            if (rendered := self._rendered(name, spec, version)) is not None
        }

    def entry(self, name: str, entry: dict[str, Any], version: str, site: str) -> dict[str, Any]:
        """The entry of a workload, rendered for the cluster and the values of a site."""
        if KINDS[entry[KIND]].render is None or not version:
            return entry
        key = (name, version, json.dumps(entry, sort_keys=True))
        if key not in self._entries:
            spec = self._rendered(name, spec_of(entry), version, site)
            digest = getattr(spec, RENDERED, entry[RENDERED])
            self._entries[key] = entry if digest == entry[RENDERED] else {**entry, RENDERED: digest}
        return self._entries[key]

    def rendered(self, name: str, spec: Workload, version: str) -> Workload:
        """A workload for clusters of a version of k3s or Kubernetes.

        Raises:
            EdgefleetError: with all problems; paths are below the workload.
        """
        render = KINDS[kind_of(spec)].render
        if render is None:
            return spec
        kubernetes = version.removeprefix("v").partition("+")[0].partition("-")[0]
        done: Workload = render(
            spec, Rendering(name=name, project=self.project, kubernetes=kubernetes, fetch=self.fetch)
        )
        return done

    def _rendered(self, name: str, spec: Workload, version: str, site: str = "") -> Workload | None:
        try:
            return self.rendered(name, spec, version)
        except EdgefleetError as error:
            for problem in error.problems:
                self._report(_of_workload(name, problem, site), is_input=isinstance(error, InvalidInput))
            return None

    def _report(self, problem: Problem, *, is_input: bool) -> None:
        """Keep a problem, unless another site has it, too."""
        if (problem.path, problem.code) not in {(each.path, each.code) for each in self.problems}:
            self.problems.append(problem)
            self.outside += not is_input


def _of_workload(name: str, problem: Problem, site: str) -> Problem:
    said = ": ".join(filter(None, (problem.where, problem.problem)))
    words = f"at {site}: {said}" if site else said
    return replace(
        problem, where="", path=format_path(("workloads", name, *parse_path(problem.path))), problem=words
    )
