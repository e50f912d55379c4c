"""The order of a replacement: one rule for all kinds. Pure.

The new resource is created first wherever both can exist: its users move to it, then the old one goes.
Where both would claim the same, a name above all, the old one has to go first, and the engine deletes before
it those of its users that are replaced for that. Some kinds AWS does not delete while a user names them, and
their users stay (a load balancer keeps its security groups): such a change is refused, with what to do. To
make that rare, edgefleet chooses the names of these kinds, unless the program does: a new one each time.

An option may force a replacement (``replaceOnChanges``), or another resource (``deletedWith``): both engines
then check the inputs a second time, without the recorded ones. The CLI's ``--replace`` checks them that way
only, as if they were of a new resource: what exists for it is kept, and a warning states that.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from edgefleet.cloud.base.constraints import shortened
from edgefleet.errors import Problem
from edgefleet.io.environment import Resource
from edgefleet.io.ownership import digest
from edgefleet.model.differ import changes, without_defaults
from edgefleet.model.unknown import UNKNOWN
from edgefleet.provider.properties import unknowns


def held(resource: Resource, path: str, old: Mapping[str, Any]) -> Iterator[Problem]:
    """The problem of a replacement that would delete a resource which AWS keeps while something uses it."""
    if resource.HELD:
        names = " and ".join(name for name in resource.CLAIMS if old.get(name) is not None)
        problem = f"the new one claims the {names} of the old one, which AWS keeps while something uses it"
        yield Problem(code="held", path=path, problem=problem, hint=resource.HELD)


def claimed(resource: Resource) -> str:
    """The input that distinguishes a resource from others of its kind, for messages."""
    return resource.CLAIMS[-1]


def chosen_name(
    resource: Resource,
    urn: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    is_new: bool = False,
) -> dict[str, Any]:
    """The input ``name`` where edgefleet chooses it; empty otherwise.

    It stays for as long as the resource does, and follows from what makes the resource what it is: preview
    and up choose the same, and a run that is repeated finds what the one before created. A new one that
    differs in nothing of that (`is_new`: a replacement that is forced) gets another name than the old one.
    """
    if not resource.LONGEST_NAME or new.get("name") is not None:
        return {}
    before, after = (without_defaults(resource.Spec, inputs) for inputs in (old, new))
    if old.get("name") and not is_new:
        differing = {change.name for change in changes(resource.Spec, before, after)} - {"name"}
        if not differing & resource.replacing(old, new):
            return {"name": old["name"]}
    names = (resource.REPLACE_ON | resource.MAY_REPLACE) - {"name"}
    after = {name: after[name] for name in sorted(names) if after.get(name) is not None}
    if any(unknowns(after)):
        return {"name": UNKNOWN}
    stack, *_, name = urn.removeprefix("urn:pulumi:").split("::")
    letters = (letter if letter.isascii() and letter.isalnum() else "-" for letter in f"{stack}-{name}")
    stem = "".join(letters).strip("-")
    seeds = (f"{urn} {after}", f"{urn} {after} after {old.get('name')}")
    first, other = (shortened(f"{stem}-{digest(seed)[:8]}", resource.LONGEST_NAME) for seed in seeds)
    return {"name": other if first == old.get("name") else first}
