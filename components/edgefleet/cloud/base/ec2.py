"""Kinds of EC2's: found by their tags, described together with others, tagged in one call."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from edgefleet.cloud.base.resource import CloudResource, finishing
from edgefleet.io import ec2
from edgefleet.io.environment import Created, Found, Outside
from edgefleet.io.ownership import without_ownership
from edgefleet.io.waiting import while_in_use


class Ec2Resource(CloudResource):
    """A kind of EC2's: found by its tags, described together with others, tagged in one call."""

    THING: ClassVar[ec2.Thing]
    PATIENCE: ClassVar[float] = 120.0
    """Seconds that something else may go on using it while it is to be removed."""

    @abstractmethod
    def make(self, spec: Any, outside: Outside, place: str) -> Mapping[str, Any]:
        """Make it with all its tags; as EC2 describes it."""

    def settle(self, found: Mapping[str, Any], spec: Any, outside: Outside) -> Mapping[str, Any]:
        """Set what differs from `spec`, also after an interrupted create; as EC2 describes it then."""
        del spec, outside
        return found

    @abstractmethod
    def inputs(self, found: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
        """The inputs, plain, that describe it as it is; tags are added."""

    @abstractmethod
    def outputs(self, found: Mapping[str, Any], outside: Outside) -> Any:
        """The outputs of what EC2 describes."""

    @abstractmethod
    def remove(self, found: Mapping[str, Any], outside: Outside, place: str) -> None:
        """Remove it; called again while it is in use."""

    def users(self, identity: str, outside: Outside) -> list[str]:
        """What still uses it, for messages."""
        del identity, outside
        return []

    def create(self, spec: Any, outside: Outside) -> Created[Any]:
        """Make it, or go on with the one that an earlier run made without hearing so."""
        place = self.place(outside)
        found = ec2.find(outside, self.THING, place) or self.make(spec, outside, place)
        identity = str(found[self.THING.id])
        with finishing(identity, self.outputs(found, outside)):
            found = self.settle(found, spec, outside)
        return Created(id=identity, outputs=self.outputs(found, outside))

    def read(self, identity: str, outside: Outside, recorded: Mapping[str, Any]) -> Found[Any] | None:
        """As it is."""
        del recorded
        found = ec2.get(outside.aws, self.THING, identity)
        if found is None:
            return None
        inputs = {**self.inputs(found, outside), "tags": without_ownership(ec2.tags_of(found))}
        return Found(id=identity, inputs=inputs, outputs=self.outputs(found, outside))

    def update(self, identity: str, new: Any, outside: Outside, recorded: Mapping[str, Any]) -> Any:
        """Set what differs from how it is."""
        del recorded
        found: Mapping[str, Any] = ec2.get(outside.aws, self.THING, identity) or self.gone(identity, outside)
        with finishing(identity, self.outputs(found, outside)):
            wanted = self.tags(new, outside)
            ec2.set_tags(outside.aws, identity, live=ec2.tags_of(found), wanted=wanted)
            found = self.settle(found, new, outside)
        return self.outputs(found, outside)

    def destroy(self, identity: str, outside: Outside, inputs: Mapping[str, Any]) -> None:
        """Remove it; AWS keeps it while anything uses it, so that is waited for, then named."""
        del inputs
        found = ec2.get(outside.aws, self.THING, identity)
        if found is not None:
            place = self.place(outside, identity)
            while_in_use(
                lambda: self.remove(found, outside, place),
                outside.clock,
                users=lambda: self.users(identity, outside),
                patience=self.PATIENCE,
            )
