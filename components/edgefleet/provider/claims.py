"""What a run created or imported: the same run leaves it in place where another resource of its id goes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgefleet.errors import Problem
from edgefleet.io.environment import Resource
from edgefleet.io.ownership import URN, Owner, manager_of
from edgefleet.provider.replacing import claimed

TAKEN_FROM = "__takenFrom"
"""Output of an imported resource whose tags name another owner: the update that follows writes its own."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One resource that holds an id."""

    urn: str
    region: str
    """Its region; empty where it is in none."""
    inputs: dict[str, Any] | None = None
    """Those it was created with; None of an import."""


def former_manager(tags: Mapping[str, str], owner: Owner | None) -> str:
    """Who manages the imported resource with `tags` so far; empty where that is itself, or nobody."""
    if owner is None or tags.get(URN, owner.urn) == owner.urn:
        return ""
    return manager_of(tags, is_own_stack=owner.is_of_stack(tags))[0]


class Claims:
    """The resources of one kind that were created or imported since the provider was configured."""

    def __init__(self) -> None:
        self._claims: dict[str, Claim] = {}
        self._imported: set[str] = set()
        self._foreign: dict[str, str] = {}
        self._declared: dict[tuple[str, str], str] = {}

    def clear(self) -> None:
        """Begin a run."""
        self._claims.clear()
        self._imported.clear()
        self._foreign.clear()
        self._declared.clear()

    def problems(self, resource: Resource, urn: str, inputs: Mapping[str, Any]) -> list[Problem]:
        """The problem of another resource of the program that takes the same name."""
        if not resource.CLAIMS:
            return []
        scope = "/".join(str(inputs.get(name) or "") for name in resource.SCOPE)
        takers = {self._declared.setdefault((name, scope), urn) for name in resource.takes(inputs)}
        if not takers - {urn}:
            return []
        both = " and ".join(sorted(taker.rpartition("::")[2] for taker in {urn, min(takers - {urn})}))
        problem = f"{both} of this program have the same name"
        hint = "remove one of the two, or give it another name"
        return [Problem(code="twice", path=claimed(resource), problem=problem, hint=hint)]

    def create(self, identity: str, claim: Claim) -> None:
        """Record a created resource."""
        self._claims[identity] = claim

    def adopt(self, identity: str, claim: Claim, former: str = "") -> None:
        """Record an imported resource; `former` states who managed it before."""
        self._claims[identity] = claim
        self._imported.add(claim.urn)
        if former:
            self._foreign[claim.urn] = former

    def is_imported(self, urn: str) -> bool:
        """Whether this run imported the resource `urn`."""
        return urn in self._imported

    def warning(self, urn: str) -> str:
        """The warning about a former manager of the imported `urn`, once; empty where there is none."""
        former = self._foreign.pop(urn, "")
        outcome = "up writes this resource's tags on it, and its deletion there leaves it in place"
        return f"{former}; {outcome}" if former else ""

    def holder(self, identity: str, region: str) -> Claim | None:
        """Who claims the resource of an id and region."""
        claim = self._claims.get(identity)
        return claim if claim is not None and claim.region == region else None

    def release(self, identity: str) -> None:
        """Forget the claim to a resource that is deleted."""
        self._claims.pop(identity, None)
