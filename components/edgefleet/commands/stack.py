"""The files of stacks in a project: list, find and load them."""

from collections.abc import Iterable
from pathlib import Path

from edgefleet.errors import InvalidInput
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.load import load_fleet
from edgefleet.model.syntax import few, likely

PROJECT = "Pulumi.yaml"
FOLDER = "stacks"
SUFFIX = ".fleet.yaml"


def nearest(word: str, names: Iterable[str]) -> str:
    """A hint about an unknown name: the nearest known ones, or all of a few."""
    choices = sorted(names)
    if hint := likely(word, choices):
        return hint
    if not choices:
        return "none exists yet"
    return f"there {'is' if len(choices) == 1 else 'are'}: {few(choices, 8)}"


def stacks(project: Path) -> list[str]:
    """Names of the stacks that have a fleet file."""
    folder = project / FOLDER
    return sorted(path.name.removesuffix(SUFFIX) for path in folder.glob(f"*{SUFFIX}"))


def fleet_file(project: Path, stack: str) -> Path:
    """The fleet file of `stack`.

    Raises:
        InvalidInput: there is no such stack.
    """
    names = stacks(project)
    if stack in names:
        return project / FOLDER / f"{stack}{SUFFIX}"
    hint = nearest(stack, names)
    if not names and (project / PROJECT).exists():
        hint = f"for a program without a fleet file, create the stack: an empty Pulumi.{stack}.yaml is enough"
    elif not names:
        hint = (
            f"{project} is not an edgefleet project: run edgefleet new DIR, or name one with edgefleet -C DIR"
        )
    raise InvalidInput.at(
        f"{FOLDER}/",
        "unknown-stack",
        f"there is no stack {stack!r}: a stack is a file {FOLDER}/NAME{SUFFIX}",
        hint,
    )


def load(project: Path, stack: str) -> Fleet:
    """The fleet of `stack`, validated.

    Raises:
        InvalidInput: with every problem of the file.
    """
    return load_fleet(fleet_file(project, stack), project)


def known_site(fleet: Fleet, site: str) -> str:
    """`site`, which the fleet file has.

    Raises:
        InvalidInput: it does not.
    """
    if site in fleet.sites:
        return site
    raise InvalidInput.at("", "unknown-site", f"there is no site {site!r}", nearest(site, fleet.sites))


def known_node(fleet: Fleet, site: str, node: str | None) -> str:
    """The node `node` of `site`, or its only one.

    Raises:
        InvalidInput: the site has none of this name, or has several and none is named.
    """
    nodes = fleet.sites[site].nodes
    if node in nodes or (node is None and len(nodes) == 1):
        return node or next(iter(nodes))
    if node is None:
        problem, hint = "has several nodes", f"name one with --node: {', '.join(nodes)}"
    else:
        problem, hint = f"has no node {node!r}", nearest(node, nodes)
    where = fleet.locate(site, "")
    raise InvalidInput.at(where, "which-node", problem, hint, path=f"sites.{site}.nodes")
