"""Tags that name a resource's owner, and by which one is found whose creation was never answered.

A call that makes something may take effect although its answer is lost. The next run would make a second
one; so each resource carries the digests of its URN and of the inputs that make it what it is, and is looked
up by them before another one is made.

The tags also have the URN itself, in characters that every service takes: an error names who manages what
exists. A resource that is imported from another owner gets the new owner's tags and the digest of the former
URN, by which the deletion of the former one leaves it in place.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from edgefleet.errors import Refused
from edgefleet.model.tags import MANAGED, PREFIX

FLEET, STACK, URN, GENERATION, HOLDER = (
    f"{PREFIX}{name}" for name in ("fleet", "stack", "urn", "generation", "holder")
)
RESOURCE = f"{PREFIX}resource"
"""Tag with the rest of the URN after stack and project, quoted; cut where a tag takes no more."""
TAKEN_FROM = f"{PREFIX}taken-from"
"""Tag with the digest of the URN from which an import took the resource over."""
LONGEST_TAG = 256
"""Characters of a tag's value (AWS, tag naming limits)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """One resource of one stack."""

    fleet: str
    """The Pulumi project: all that it manages is the fleet."""
    stack: str
    name: str
    """Name in the program, for messages."""
    resource: str = ""
    """The URN after stack and project: types and name."""
    urn: str
    """Digest of the URN, 16 hexadecimal digits."""
    generation: str
    """Digest of the inputs whose change makes another resource, 16 hexadecimal digits."""
    holder: str = ""
    """Distinguishes two stacks of one name: a digest that follows from the stack's secret."""
    may_exist: bool = True
    """Whether one with these tags can only be this one; not so while an equal one is being replaced."""
    is_recorded: bool = False
    """Whether the state has it, so that one that exists at its creation is being replaced."""
    taken_from: str = ""
    """Digest of the URN from which an import takes it over; empty otherwise."""

    def tags(self) -> dict[str, str]:
        """dict[key -> value] to write on the resource."""
        optional = {RESOURCE: quoted(self.resource), HOLDER: self.holder, TAKEN_FROM: self.taken_from}
        return {
            MANAGED[0]: MANAGED[1],
            FLEET: self.fleet,
            STACK: self.stack,
            URN: self.urn,
            GENERATION: self.generation,
            **{key: value for key, value in optional.items() if value},
        }

    def holds(self, tags: Mapping[str, str]) -> bool:
        """Whether this stack wrote `tags`, also under a former name of its own or of the resource."""
        holder = tags.get(HOLDER, "")
        is_former = self.is_of_stack(tags) or (bool(holder) and not self.has_lost(tags))
        return holder == self.holder and (tags.get(URN) == self.urn or is_former)

    def has_lost(self, tags: Mapping[str, str]) -> bool:
        """Whether `tags` show that another resource has what this one's state records.

        An alias, or another name of the stack, changes the URN and no tag, so another URN alone shows
        nothing. Another resource took it over where the tags state so, or where a stack of another name and
        secret wrote them: that one created it again after it was removed outside.
        """
        if tags.get(URN, self.urn) in {self.urn, self.taken_from}:
            return False
        holder, stack = tags.get(HOLDER, ""), (tags.get(FLEET), tags.get(STACK))
        is_foreign = holder != self.holder and stack != (self.fleet, self.stack)
        return tags.get(TAKEN_FROM) == self.urn or (is_foreign and bool(holder and self.holder))

    def is_of_stack(self, tags: Mapping[str, str]) -> bool:
        """Whether this stack, by its name and its secret, wrote `tags`."""
        own = (self.fleet, self.stack, self.holder)
        return own == (tags.get(FLEET), tags.get(STACK), tags.get(HOLDER, ""))

    def is_mine(self, tags: Mapping[str, str], place: str) -> bool:
        """Whether the resource with `tags` was made for this one by an earlier run.

        Raises:
            Refused: it was made by another stack of the same name.
        """
        if (tags.get(URN), tags.get(GENERATION)) != (self.urn, self.generation):
            return False
        held = tags.get(HOLDER, "")
        if held != self.holder:
            problem = f"another stack that is also called {self.stack} (project {self.fleet}) has created it"
            hint = "rename this stack, or use the other one's state: of one name an account can have one"
            raise Refused.at(place, "two-stacks", problem, hint)
        return self.may_exist


def owner_of(
    urn: str, inputs: Mapping[str, Any], *, holder: str = "", recorded: Mapping[str, Any] | None = None
) -> Owner:
    """The owner that a resource of `urn` has.

    Args:
        urn: ``urn:pulumi:<stack>::<project>::<types>::<name>``.
        inputs: the inputs whose change makes another resource, plain.
        holder: see `Owner.holder`.
        recorded: those of `inputs` that the state has; None where it does not have the resource.
    """
    parts = urn.removeprefix("urn:pulumi:").split("::", 3)
    stack, project, _, name = (*parts, "", "", "", "")[:4]
    return Owner(
        fleet=project,
        stack=stack,
        name=name or urn,
        resource="::".join(parts[2:]),
        urn=digest(urn),
        generation=digest(json.dumps(inputs, sort_keys=True, default=str)),
        holder=holder,
        may_exist=recorded != inputs,
        is_recorded=recorded is not None,
    )


def digest(text: str) -> str:
    """The first 16 hexadecimal digits of SHA-256: enough to distinguish resources of one account."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def manager_of(tags: Mapping[str, str], *, is_own_stack: bool) -> tuple[str, str]:
    """Who manages the resource with `tags`, for a message, and its URN; both empty where they name nobody.

    The URN is empty too where the tags do not have the whole of it.
    """
    if not tags.get(URN):
        return "", ""
    stack, fleet = tags.get(STACK, ""), tags.get(FLEET, "")
    urn = f"urn:pulumi:{stack}::{fleet}::{unquote(tags.get(RESOURCE, '').replace('=', '%'))}"
    urn = urn if digest(urn) == tags[URN] else ""
    who = "this stack" if is_own_stack else f"stack {stack} (project {fleet})"
    return f"{who} manages it" + (f" as {urn}" if urn else ""), urn


def quoted(text: str) -> str:
    """`text` in the characters that tags of every service take; ``=24`` stands for a dollar sign."""
    return quote(text, safe=" :/+@").replace("~", "%7E").replace("%", "=")[:LONGEST_TAG]


def without_ownership(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that the user set: neither edgefleet's nor AWS's own."""
    return {
        key: value
        for key, value in sorted(tags.items())
        if not key.startswith((PREFIX, "aws:")) and (key, value) != MANAGED
    }
