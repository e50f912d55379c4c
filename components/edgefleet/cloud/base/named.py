"""Kinds that have a name: making one that is there is refused, unless an earlier run made it."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from edgefleet.cloud.base.resource import CloudResource, exists, finishing
from edgefleet.errors import EdgefleetError
from edgefleet.io import ec2
from edgefleet.io.arn_tags import Tagging
from edgefleet.io.aws import error_code
from edgefleet.io.environment import Created, Found, Outside
from edgefleet.io.ownership import without_ownership
from edgefleet.io.waiting import until, while_in_use


class DescribedResource(CloudResource):
    """A kind that its service describes as a whole, and that is set to what differs."""

    TAGGING: ClassVar[Tagging]
    TAGGED_BY: ClassVar[str]
    """Where its description has what the service's tag calls name it by: its ARN or name."""

    @abstractmethod
    def describe(self, identity: str, outside: Outside) -> dict[str, Any] | None:
        """As the service describes it; None where it is gone."""

    def settle(self, found: Mapping[str, Any], spec: Any, outside: Outside) -> None:
        """Set what differs from `spec`, also after an interrupted create."""
        del found, spec, outside

    @abstractmethod
    def inputs(self, found: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
        """The inputs, plain, that describe it as it is; tags are added."""

    @abstractmethod
    def outputs(self, found: Mapping[str, Any], outside: Outside) -> Any:
        """The outputs of what the service describes."""

    def tagged_by(self, found: Mapping[str, Any]) -> str:
        """What the service's tag calls name it by."""
        return str(found[self.TAGGED_BY])

    def live_tags(self, found: Mapping[str, Any], outside: Outside) -> dict[str, str]:
        """Its tags as they are; asked for unless the service describes them with the rest."""
        return self.TAGGING.live(outside.aws, self.tagged_by(found))

    def read(self, identity: str, outside: Outside, recorded: Mapping[str, Any]) -> Found[Any] | None:
        """As it is."""
        del recorded
        found = self.describe(identity, outside)
        if found is None:
            return None
        inputs = self.inputs(found, outside)
        if "tags" in self.Spec.__dataclass_fields__:
            inputs["tags"] = without_ownership(self.live_tags(found, outside))
        return Found(id=identity, inputs=inputs, outputs=self.outputs(found, outside))

    def update(self, identity: str, new: Any, outside: Outside, recorded: Mapping[str, Any]) -> Any:
        """Set what differs from how it is."""
        del recorded
        found = self.describe(identity, outside) or self.gone(identity, outside)
        with finishing(identity, self.outputs(found, outside)):
            live = self.live_tags(found, outside)
            self.TAGGING.set(outside.aws, self.tagged_by(found), self.tags(new, outside), live=live)
        return self._settled(identity, found, new, outside)

    def _settled(self, identity: str, found: Mapping[str, Any], spec: Any, outside: Outside) -> Any:
        outputs = self.outputs(found, outside)
        with finishing(identity, outputs):
            self.settle(found, spec, outside)
            if self.CHANGING:
                outputs = self.outputs(self.describe(identity, outside) or found, outside)
        return outputs


class MadeByName(DescribedResource):
    """A kind whose name is asked for and unique: making one that is there is refused, or taken over.

    It is taken over only where its tags say that an earlier run made it for this very resource.
    """

    EXISTS: ClassVar[frozenset[str]] = frozenset()
    """Codes by which AWS says that one of this name is there."""
    LOOKS_FIRST: ClassVar[bool] = False
    """Whether the service answers with what is there in place of refusing, so that one looks beforehand."""

    def identity(self, spec: Any) -> str:
        """Its name."""
        return str(spec.name)

    def name_of(self, spec: Any) -> str:
        """What `describe` finds it by before it has an id."""
        return self.identity(spec)

    def id_of(self, found: Mapping[str, Any], name: str) -> str:
        """Its id."""
        del found
        return name

    @abstractmethod
    def make(self, spec: Any, outside: Outside, place: str) -> None:
        """Make it with all its tags. What exists already is left to `EXISTS`."""

    def create(self, spec: Any, outside: Outside) -> Created[Any]:
        """Make it, or go on with the one that an earlier run made without hearing so."""
        name = self.name_of(spec)
        place = self.place(outside, name)
        found = self.describe(name, outside) if self.LOOKS_FIRST else None
        is_new = found is None
        try:
            if is_new:
                self.make(spec, outside, place)
        except EdgefleetError as error:
            if error_code(error) not in self.EXISTS:
                raise
            is_new = False
        found = found or self._awaited(name, outside)
        if not is_new:
            live = self.live_tags(found, outside)
            if outside.owner is None or not outside.owner.is_mine(live, place):
                raise exists(place, self.TOKEN, self.id_of(found, name))
        identity = self.id_of(found, name)
        return Created(id=identity, outputs=self._settled(identity, found, spec, outside))

    def _awaited(self, identity: str, outside: Outside) -> dict[str, Any]:
        """What was just made, which some services show only after a moment."""
        what = f"{self.place(outside, identity)}: there"
        return until(lambda: self.describe(identity, outside), outside.clock, what=what, patience=60)


class NamedResource(MadeByName):
    """Such a kind that is removed as soon as nothing uses it any more."""

    @abstractmethod
    def remove(self, found: Mapping[str, Any], outside: Outside, place: str) -> None:
        """Remove it; called again while it is in use."""

    def destroy(self, identity: str, outside: Outside, inputs: Mapping[str, Any]) -> None:
        """Remove it; what still uses it is waited for, then named."""
        del inputs
        found = self.describe(identity, outside)
        if found is not None:
            place = self.place(outside, identity)
            while_in_use(lambda: self.remove(found, outside, place), outside.clock)


class ChosenId(NamedResource):
    """A kind that has a name, and an id that AWS chooses."""

    ID: ClassVar[str]
    """Where its description has the id."""
    LOOKS_FIRST = True

    def identity(self, spec: Any) -> str:
        """AWS chooses it."""
        del spec
        return ""

    def name_of(self, spec: Any) -> str:
        """Its name."""
        return str(spec.name)

    def id_of(self, found: Mapping[str, Any], name: str) -> str:
        """Its id."""
        del name
        return str(found[self.ID])


class IamResource(NamedResource):
    """A kind of IAM's, which describes tags with the rest."""

    def live_tags(self, found: Mapping[str, Any], outside: Outside) -> dict[str, str]:
        """Its tags, as described."""
        del outside
        return ec2.as_dict(found.get("Tags"))
