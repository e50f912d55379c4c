"""Take out of the parts of a fleet file what `validate` refuses, with its reasons."""

import pathlib
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from edgefleet.errors import InvalidInput, Problem
from edgefleet.fleetfile.imports.file_kind import Left
from edgefleet.fleetfile.load import load_fleet
from edgefleet.io.yaml_text import to_yaml
from edgefleet.model.paths import Part, Path, format_path

PROFILE, FILE = "imported", "imported.fleet.yaml"
_REST: dict[str, Any] = {
    "apiVersion": "edgefleet.dev/v1",
    "fleet": "imported",
    "region": "imported",
    "recipe": 1,
    "profiles": {PROFILE: {"arch": "amd64", "cpus": 4, "memory": "8Gi", "disk": "128Gi"}},
    "defaults": {"profile": PROFILE, "k3s": {"version": "v1.36.4+k3s1"}},
    "sites": {PROFILE: {}},
}
"""What the parts of a file do not have, and a fleet file needs."""


def pruned(part: dict[str, Any]) -> list[Left]:
    """Remove from `part` what a fleet file may not have; what was removed, and what the rest still lacks."""
    left: list[Left] = []
    while True:
        text = to_yaml(_over(_REST, part))
        problems, paths = _problems(text), _paths(text)
        placed = [(paths.get(problem.where, ()), problem) for problem in problems]
        removed = [item for item in placed if not _lacks(item[1]) and _remove(part, item[0])]
        left += [_noted(path, problem) for path, problem in removed or placed]
        if not removed:
            return left


def _lacks(problem: Problem) -> bool:
    """Whether something is missing, so that nothing is to be removed."""
    return problem.code.startswith(("no-", "missing"))


def _noted(path: Path, problem: Problem) -> Left:
    return Left(format_path(path) or problem.path, f"{problem.problem}; {problem.hint}")


def _problems(text: str) -> tuple[Problem, ...]:
    with TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / FILE
        file.write_text(text, encoding="utf-8")
        try:
            load_fleet(file, file.parent)
        except InvalidInput as error:
            return error.problems
    return ()


def _over(rest: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """`part` with what only `rest` has; of sites, one list or the other."""
    inner = {
        key: _over(rest[key], part[key]) if isinstance(rest.get(key), dict) and key != "sites" else part[key]
        for key in part
    }
    return {**rest, **inner}


def _paths(text: str) -> dict[str, Path]:
    """dict[position of a key or a value -> its path]."""
    paths: dict[str, Path] = {}

    def walk(node: Any, path: Path) -> None:
        paths.setdefault(f"{FILE}:{node.start_mark.line + 1}:{node.start_mark.column + 1}", path)
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                walk(key, (*path, key.value))
                walk(value, (*path, key.value))
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                walk(item, (*path, index))

    walk(yaml.compose(text), ())
    return paths


def _remove(part: Any, path: Path) -> bool:
    """Remove the value at `path`, and a map that is then empty; a site, profile or group stays."""
    if not path or (path[0] in {"sites", "profiles", "groups"} and len(path) == len(("sites", "name"))):
        return False
    inner = part
    for step in path[:-1]:
        inner = _below(inner, step)
    if _below(inner, path[-1]) is None:
        return False
    del inner[path[-1]]
    if not inner:
        _remove(part, path[:-1])
    return True


def _below(part: Any, step: Part) -> Any:
    """What `part` has at `step`; `None` where there is nothing."""
    if isinstance(part, dict):
        return part.get(step)
    return part[step] if isinstance(part, list) and isinstance(step, int) and step < len(part) else None
