"""Tags that name a resource's owner, and by which one is found whose creation was never answered.

A call that makes something may take effect although its answer is lost. The next run would make a second
one; so each resource carries the digests of its URN and of the inputs that make it what it is, and is looked
up by them before another one is made.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgefleet.errors import Refused

PREFIX = "edgefleet:"
MANAGED = ("managed-by", "edgefleet")
"""The tag that names the tool which manages a resource."""
URN, GENERATION, HOLDER = (f"{PREFIX}{name}" for name in ("urn", "generation", "holder"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """One resource of one stack."""

    fleet: str
    """The Pulumi project: all that it manages is the fleet."""
    stack: str
    name: str
    """Name in the program, for messages."""
    urn: str
    """Digest of the URN, 16 hexadecimal digits."""
    generation: str
    """Digest of the inputs whose change makes another resource, 16 hexadecimal digits."""
    holder: str = ""
    """Distinguishes two stacks of one name: a digest that follows from the stack's secret."""
    may_exist: bool = True
    """Whether one with these tags can only be this one; not so while an equal one is being replaced."""

    def tags(self) -> dict[str, str]:
        """dict[key -> value] to write on the resource."""
        held = {HOLDER: self.holder} if self.holder else {}
        return {
            MANAGED[0]: MANAGED[1],
            f"{PREFIX}fleet": self.fleet,
            f"{PREFIX}stack": self.stack,
            URN: self.urn,
            GENERATION: self.generation,
            **held,
        }

    def is_of_stack(self, tags: Mapping[str, str]) -> bool:
        """Whether the tags of a resource name this very stack."""
        names = {key: value for key, value in self.tags().items() if key not in {URN, GENERATION}}
        return names.items() <= tags.items() and tags.get(HOLDER, "") == self.holder

    def holds(self, tags: Mapping[str, str]) -> bool:
        """Whether the tags of a resource name this one of this very stack."""
        return (tags.get(URN), tags.get(HOLDER, "")) == (self.urn, self.holder)

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


def owner_of(urn: str, inputs: Mapping[str, Any], *, holder: str = "", may_exist: bool = True) -> Owner:
    """The owner that a resource of `urn` has.

    Args:
        urn: ``urn:pulumi:<stack>::<project>::<types>::<name>``.
        inputs: the inputs whose change makes another resource, plain.
        holder: see `Owner.holder`.
        may_exist: see `Owner.may_exist`.
    """
    parts = urn.removeprefix("urn:pulumi:").split("::", 3)
    stack, project, _, name = (*parts, "", "", "", "")[:4]
    return Owner(
        fleet=project,
        stack=stack,
        name=name or urn,
        urn=digest(urn),
        generation=digest(json.dumps(inputs, sort_keys=True, default=str)),
        holder=holder,
        may_exist=may_exist,
    )


def digest(text: str) -> str:
    """The first 16 hexadecimal digits of SHA-256: enough to distinguish resources of one account."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def without_ownership(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that the user set: neither edgefleet's nor AWS's own."""
    return {
        key: value
        for key, value in sorted(tags.items())
        if not key.startswith((PREFIX, "aws:")) and (key, value) != MANAGED
    }
