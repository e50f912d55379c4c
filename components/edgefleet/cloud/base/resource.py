"""The base of all kinds of AWS resources: region, tags and planned outputs.

Unlike the inputs of a site, these declare no effect on a deployed site: they have none.
"""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, NoReturn

from edgefleet.errors import OutsideFailure, Problem, Refused
from edgefleet.io.environment import Environment, Incomplete, Resource
from edgefleet.io.ownership import URN, manager_of
from edgefleet.model.releases import AwsRegion
from edgefleet.model.spec import outside_name, spec
from edgefleet.model.tags import MANAGED, Ec2Tags, Tags
from edgefleet.model.unknown import is_known

RENAME = "change the name as well, or leave it out: edgefleet then chooses one"
"""What to do where the old one of a name cannot be deleted before the new one exists."""

DELETE_FIRST = "set deleteBeforeReplace to true in its options"
"""What to do where a forced replacement creates the new one first, and both claim the same."""


@spec
class Placed:
    """Where a resource is."""

    region: AwsRegion | None = None
    """AWS region where it is not the provider's."""


@spec
class Tagged(Placed):
    """Where a resource is and how it is tagged."""

    tags: Tags = field(default_factory=dict)
    """Tags in addition to those of its owner."""


@spec
class Ec2Tagged(Placed):
    """Where a resource of EC2 is and how it is tagged."""

    tags: Ec2Tags = field(default_factory=dict)
    """Tags in addition to those of its owner."""


@spec
class Labelled:
    """Tags of a resource that is in no region."""

    tags: Tags = field(default_factory=dict)
    """Tags in addition to those of its owner."""


@spec
class ArnOutputs:
    """What is known of a resource whose name is all that others need."""

    arn: str
    """Amazon Resource Name."""


@dataclass(frozen=True, slots=True)
class Namesake:
    """An existing resource that has the name of one to create."""

    id: str
    tags: Mapping[str, str]
    """All its tags; empty where it can have none."""


class CloudResource(Resource):
    """One kind of AWS resource: ``class Vpc(Ec2Resource, spec=VpcSpec, outputs=ArnOutputs)``.

    A change of region always replaces it, and all outputs but `CHANGING` are stable.
    """

    IS_GLOBAL: ClassVar[bool] = False
    """Whether what it claims is unique in all regions together."""
    CHANGING: ClassVar[frozenset[str]] = frozenset()
    """Outputs, by outside name, that an update may change."""
    OTHERWISE: ClassVar[str] = "choose another name"
    """What to do where something has the name that a resource claims, besides taking it over."""

    def __init_subclass__(cls, *, spec: type[Any] | None = None, outputs: type[Any] | None = None) -> None:
        """Derive token and specs from the class; a base of kinds has none."""
        if spec is None or outputs is None:
            return
        cls.TOKEN, cls.Spec, cls.Outputs = f"edgefleet:aws:{cls.__name__}", spec, outputs
        cls.STABLE = frozenset(map(outside_name, outputs.__dataclass_fields__)) - cls.CHANGING
        if "region" in cls.Spec.__dataclass_fields__:
            cls.REPLACE_ON = cls.REPLACE_ON | {"region"}
            if not cls.IS_GLOBAL:
                cls.SCOPE = ("region",)

    def inspect(self, spec: Any) -> Iterable[Problem]:  # noqa: ARG002 - for kinds with some
        """Problems of `spec` beyond the types of its fields."""
        return ()

    def place(self, environment: Environment, identity: str = "") -> str:
        """Its name for messages: ``Vpc hub (vpc-0a1b)``."""
        kind = self.TOKEN.rpartition(":")[2]
        name = environment.owner.name if environment.owner else ""
        shown = f"({identity})" if name and identity else identity
        return " ".join(filter(None, [kind, name, shown]))

    def fail_missing(self, identity: str, environment: Environment) -> NoReturn:
        """Report that the resource does not exist.

        Raises:
            OutsideFailure: always.
        """
        hint = "run refresh, then up to recreate it"
        problem = "no longer exists: it was removed outside this stack"
        raise OutsideFailure.at(self.place(environment, identity), "gone", problem, hint)

    def require_mine(self, tags: Mapping[str, str], identity: str, environment: Environment) -> None:
        """Refuse an existing resource unless an earlier run created it for this one, as its tags show.

        Raises:
            Refused: it has another owner, or none.
        """
        owner, place = environment.owner, self.place(environment, identity)
        if owner is None or not owner.is_mine(tags, place):
            raise Refused.at(place, "exists", *self._exists(tags, identity, environment), path=self._claim())

    def require_free(self, spec: Any, environment: Environment) -> None:
        """Refuse in a preview what `create` will refuse; what an earlier run created for this one is fine.

        Raises:
            Refused: something has the name that `spec` claims.
        """
        existing, owner = self.namesake(spec, environment), environment.owner
        if existing is None:
            return
        if owner is None or existing.tags.get(URN) != owner.urn:
            self.require_mine(existing.tags, existing.id, environment)
            return
        kept = "exists for this resource already, and up continues with it"
        place = self.place(environment, existing.id)
        environment.warn(f"{place} {kept}; if its replacement is forced (--replace), {DELETE_FIRST}")

    def namesake(self, spec: Any, environment: Environment) -> Namesake | None:
        """What has the name that `spec` claims; None where nothing does, or names are not unique."""
        del spec, environment
        return None

    def _claim(self) -> str:
        """The input that has the name, for messages."""
        return "name" if "name" in self.CLAIMS else ""

    def _exists(self, tags: Mapping[str, str], identity: str, environment: Environment) -> tuple[str, str]:
        """Problem and hint about an existing resource of another owner."""
        owner = environment.owner
        is_own_stack = owner is not None and owner.is_of_stack(tags)
        manager, urn = manager_of(tags, is_own_stack=is_own_stack)
        take_over = f"import it (pulumi import {self.TOKEN} <name in the program> {identity})"
        if not manager:
            return "already exists, and edgefleet did not create it", f"{take_over}, or {self.OTHERWISE}"
        problem = f"already exists: {manager}"
        if owner is not None and owner.is_recorded and tags.get(URN) == owner.urn:
            return f"{problem}, and its replacement is created first", f"{DELETE_FIRST}, or {self.OTHERWISE}"
        if owner is not None and tags.get(URN) == owner.urn:
            return f"{problem}, with other inputs", f"run refresh, then up; if the state lost it, {take_over}"
        if not is_own_stack:
            return (
                problem,
                f"{self.OTHERWISE}; or {take_over}: it then is this stack's, and no longer that one's",
            )
        aliases = f'aliases=["{urn}"]' if urn else "its former URN as an alias"
        component = ", or its component's former name as an alias to that component's" if "$" in urn else ""
        renamed = f"if that resource was renamed, add {aliases} to its options{component}"
        return problem, f"{renamed}; if not, {self.OTHERWISE}"

    def tags(self, spec: Any, environment: Environment) -> dict[str, str]:
        """All tags of the resource: the declared ones and those of its owner."""
        return {**spec.tags, **owner_tags(environment)}

    def update(self, identity: str, new: Any, environment: Environment, recorded: Mapping[str, Any]) -> Any:
        """As `change`: what is live counts, not what is recorded."""
        del recorded
        return self.change(identity, new, environment)

    @abstractmethod
    def change(self, identity: str, new: Any, environment: Environment) -> Any:
        """Set the differences from its live state; the new outputs."""

    @abstractmethod
    def destroy(self, identity: str, environment: Environment, inputs: Mapping[str, Any]) -> None:
        """Delete it; success if it does not exist."""

    def delete(
        self,
        identity: str,
        environment: Environment,
        inputs: Mapping[str, Any],
        *,
        successor: Mapping[str, Any] | None = None,
    ) -> None:
        """Delete it, unless its replacement in the same run is the same resource."""
        if successor is None:
            self.destroy(identity, environment, inputs)

    def is_taken(self, tags: Mapping[str, str], identity: str, environment: Environment) -> bool:
        """Whether its live tags show that another resource took it over; a warning reports that it stays."""
        if manager := _usurper(tags, environment):
            environment.warn(f"{self.place(environment, identity)} is left in place: {manager}")
        return bool(manager)

    def require_held(self, tags: Mapping[str, str], identity: str, environment: Environment) -> None:
        """Refuse to change what another resource took over, as its live tags show.

        Raises:
            Refused: it did.
        """
        if manager := _usurper(tags, environment):
            hint = "remove it from this stack (pulumi state delete <its URN>, and the program), or import it"
            problem = f"is no longer this resource's: {manager}"
            raise Refused.at(self.place(environment, identity), "taken", problem, hint)


def _usurper(tags: Mapping[str, str], environment: Environment) -> str:
    """Who took over the resource with `tags`; empty where nobody did."""
    owner = environment.owner
    if owner is None or not owner.has_lost(tags):
        return ""
    return manager_of(tags, is_own_stack=owner.is_of_stack(tags))[0]


def none_stays(old: Iterable[Any], new: Any) -> bool:
    """Whether `new` has no member of `old`: such subnets are those of another network, as far as we know."""
    return not is_known(new) or set(old).isdisjoint(new)


def owner_tags(environment: Environment) -> dict[str, str]:
    """Tags that identify the owner of a resource."""
    return environment.owner.tags() if environment.owner else {MANAGED[0]: MANAGED[1]}


@contextmanager
def finishing(identity: str, outputs: object) -> Iterator[None]:
    """Record the resource if something inside fails: it exists, and the next update continues.

    Raises:
        Incomplete: something failed.
    """
    try:
        yield
    except Incomplete:
        raise
    except OutsideFailure as error:
        raise Incomplete(error.problems, id=identity, outputs=outputs) from error
