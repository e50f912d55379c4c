"""The resource of a fleet's roster: the names of its sites, as the last `up` left them.

A removed site registers nothing, so within a run only a resource that recorded the names shows which are
gone. It is registered when all sites are, and the summary of the fleet is reported with it.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from edgefleet.errors import Problem
from edgefleet.io.environment import Created, Environment, Found, Resource
from edgefleet.model.names import Name
from edgefleet.model.site_resource import ROSTER
from edgefleet.model.spec import Unordered, spec


@spec
class RosterInputs:
    """The sites of one region of a fleet."""

    fleet: Name
    """Name of the fleet."""
    region: Name
    """Name of the region."""
    sites: Annotated[tuple[Name, ...], Unordered()] = ()
    """Names of its sites."""


@spec
class RosterOutputs:
    """The size of the fleet."""

    count: int
    """Number of sites."""


class Roster(Resource):
    """The resource; it exists in the state alone."""

    TOKEN: ClassVar[str] = ROSTER
    Spec: ClassVar[type[Any]] = RosterInputs
    Outputs: ClassVar[type[Any]] = RosterOutputs

    def identity(self, spec: RosterInputs) -> str:
        """``<fleet>/<region>``."""
        return f"{spec.fleet}/{spec.region}"

    def inspect(self, spec: RosterInputs) -> Iterable[Problem]:
        """Nothing beyond the names' own rule."""
        del spec
        return ()

    def plan(self, spec: RosterInputs, environment: Environment) -> RosterOutputs:
        """Known ahead."""
        del environment
        return RosterOutputs(count=len(spec.sites))

    def create(self, spec: RosterInputs, environment: Environment) -> Created[RosterOutputs]:
        """Nothing is created outside the state."""
        return Created(id=self.identity(spec), outputs=self.plan(spec, environment))

    def read(
        self, identity: str, environment: Environment, recorded: Mapping[str, Any]
    ) -> Found[RosterOutputs]:
        """As recorded."""
        del environment
        return Found(id=identity, outputs=RosterOutputs(count=int(recorded.get("count", 0))))

    def update(
        self, identity: str, new: RosterInputs, environment: Environment, recorded: Mapping[str, Any]
    ) -> RosterOutputs:
        """Nothing is changed outside the state."""
        del identity, recorded
        return self.plan(new, environment)

    def delete(
        self,
        identity: str,
        environment: Environment,
        inputs: Mapping[str, Any],
        *,
        successor: Mapping[str, Any] | None = None,
    ) -> None:
        """Nothing is removed outside the state."""
