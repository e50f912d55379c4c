"""What a run created or imported: the same run leaves it in place where another resource of its id goes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

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

    def rival(self, urn: str, names: Iterable[str], region: str) -> str:
        """The URN of another resource of this run that takes one of `names`; empty where there is none."""
        takers = {self._declared.setdefault((name, region), urn) for name in names}
        return min(takers - {urn}, default="")

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
