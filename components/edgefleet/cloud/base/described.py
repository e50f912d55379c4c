"""Kinds that their service describes as a whole, and that are set to what differs from that."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from edgefleet.cloud.base.resource import CloudResource, exists, finishing
from edgefleet.cloud.base.table import Change, Described, Table, plain, read_back
from edgefleet.errors import EdgefleetError, OutsideFailure, Problem
from edgefleet.io import ec2
from edgefleet.io.aws import error_code
from edgefleet.io.environment import Created, Environment, Found
from edgefleet.io.ownership import without_ownership
from edgefleet.io.tagging import EC2, Tagging, value_at
from edgefleet.io.waiting import IN_USE, until, while_in_use
from edgefleet.model.differ import is_same


class DescribedResource(CloudResource):
    """A kind that its table describes; what a table cannot say, the kind overrides."""

    TABLE: ClassVar[Table]
    TAGGING: ClassVar[Tagging]
    PATIENCE: ClassVar[float] = 120.0
    """Seconds that something else may go on using it while it is to be removed."""
    IN_USE: ClassVar[frozenset[str]] = IN_USE
    """Codes by which AWS says that something still uses it."""

    @abstractmethod
    def describe(self, identity: str, outside: Environment) -> dict[str, Any] | None:
        """As the service describes it; None where it is gone."""

    def request(self, spec: Any, outside: Environment) -> dict[str, Any]:
        """Parameters of the call that makes it, beside its tags."""
        del outside
        values = plain(spec)
        return {parameter: values[name] for name, parameter in self.TABLE.fields.items()}

    def tagged_by(self, found: Described) -> str:
        """What the service's tag calls name it by: its ARN or id."""
        return str(found[self.TABLE.key])

    def inputs(self, found: Described, outside: Environment) -> dict[str, Any]:
        """The inputs, plain, that describe it as it is; tags are added."""
        del outside
        paths = {**self.TABLE.fields, **self.TABLE.settings}
        return {name: read_back(self.Spec, name, value_at(found, path)) for name, path in paths.items()}

    def outputs(self, found: Described, outside: Environment) -> Any:
        """The outputs of what the service describes."""
        del outside
        return self.Outputs(**{name: value_at(found, path) for name, path in self.TABLE.outputs.items()})

    def settle(self, found: Described, spec: Any, outside: Environment) -> Described:
        """Set what differs from `spec`, also after an interrupted create; as it is described then."""
        found = self.ready(found, outside)
        if not self.TABLE.changes:
            return found
        live, asked = self.inputs(found, outside), plain(spec)
        for change in self.TABLE.changes:
            names = change.inputs
            if not all(is_same(self.Spec, name, live[name] or None, asked[name] or None) for name in names):
                self._apply(change, found, spec, outside)
                found = self.ready(found, outside, is_changed=True)
        return found

    def ready(self, found: Described, outside: Environment, *, is_changed: bool = False) -> Described:
        """It as described once it works; at once where its table has no readiness.

        Raises:
            OutsideFailure: it never will, or takes too long.
        """
        readiness = self.TABLE.readiness
        if readiness is None or (not is_changed and value_at(found, readiness.at) == readiness.good):
            return found
        identity = self.id_of(found)
        place = self.place(outside, identity)

        def look() -> Described | None:
            found = self.look(identity, outside) or {}
            state = value_at(found, readiness.at)
            if state in readiness.bad:
                problem = f"could not be created: {readiness.reason(found) or 'AWS does not give a reason'}"
                raise OutsideFailure(
                    Problem(code="failed", where=place, problem=problem, hint=readiness.hint)
                )
            return found if state == readiness.good else None

        what = f"{place}: {readiness.good.lower()}"
        return until(look, outside.clock, what=what, patience=readiness.patience)

    def look(self, identity: str, outside: Environment) -> dict[str, Any] | None:
        """As described, also where it failed or is being removed."""
        return self.describe(identity, outside)

    def id_of(self, found: Described) -> str:
        """Its id."""
        return str(found[self.TABLE.key])

    def named(self, found: Described) -> dict[str, Any]:
        """The parameters by which calls name it."""
        return {self.TABLE.key: found[self.TABLE.key]}

    def remove(self, found: Described, outside: Environment, place: str) -> None:
        """Remove it; called again while it is in use."""
        outside.aws.seek(self.TAGGING.service, self.TABLE.delete, place, **self.named(found))

    def until_gone(self, identity: str, outside: Environment) -> None:
        """Wait until it is no longer described."""
        what = f"{self.place(outside, identity)}: removed"
        patience = self.TABLE.readiness.patience if self.TABLE.readiness else self.PATIENCE

        def look() -> bool | None:
            return True if self.look(identity, outside) is None else None

        until(look, outside.clock, what=what, patience=patience)

    def users(self, identity: str, outside: Environment) -> list[str]:
        """What still uses it, for messages."""
        del identity, outside
        return []

    def live_tags(self, found: Described, outside: Environment) -> dict[str, str]:
        """Its tags as they are; asked for unless the service describes them with the rest."""
        if not self.TAGGING.read:
            return self.TAGGING.parsed(found.get(self.TAGGING.tags))
        return self.TAGGING.live(outside.aws, self.tagged_by(found))

    def read(self, identity: str, outside: Environment, recorded: Mapping[str, Any]) -> Found[Any] | None:
        """As it is."""
        del recorded
        found = self.describe(identity, outside)
        if found is None:
            return None
        inputs = {
            **self.inputs(found, outside),
            "tags": without_ownership(self.live_tags(found, outside)),
        }
        return Found(id=identity, inputs=inputs, outputs=self.outputs(found, outside))

    def update(self, identity: str, new: Any, outside: Environment, recorded: Mapping[str, Any]) -> Any:
        """Set what differs from how it is."""
        del recorded
        found: Described = self.describe(identity, outside) or self.gone(identity, outside)
        with finishing(identity, self.outputs(found, outside)):
            live = self.live_tags(found, outside)
            self.TAGGING.set(outside.aws, self.tagged_by(found), self.tags(new, outside), live=live)
            found = self.settle(found, new, outside)
        return self.outputs(found, outside)

    def destroy(self, identity: str, outside: Environment, inputs: Mapping[str, Any]) -> None:
        """Remove it; AWS keeps it while anything uses it, so that is waited for, then named."""
        del inputs
        found = self.describe(identity, outside)
        if found is not None:
            place = self.place(outside, identity)
            while_in_use(
                lambda: self.remove(found, outside, place),
                outside.clock,
                users=lambda: self.users(identity, outside),
                codes=self.IN_USE,
                patience=self.PATIENCE,
            )

    def _apply(self, change: Change, found: Described, spec: Any, outside: Environment) -> None:
        call, place = outside.aws.call, self.place(outside, self.id_of(found))
        if change.otherwise and not plain(spec)[change.inputs[0]]:
            call(self.TAGGING.service, change.otherwise, place, **self.named(found))
        else:
            call(self.TAGGING.service, change.method, place, **self.named(found), **change.parameters(spec))

    def _finished(self, found: Described, spec: Any, outside: Environment) -> Created[Any]:
        """It as created, with all its settings."""
        identity = self.id_of(found)
        with finishing(identity, self.outputs(found, outside)):
            found = self.settle(found, spec, outside)
        return Created(id=identity, outputs=self.outputs(found, outside))


class Ec2Resource(DescribedResource):
    """A kind of EC2's: found by its tags, described together with others."""

    KIND: ClassVar[ec2.Ec2Kind]
    TAGGING = EC2
    INTERFACES: ClassVar[str] = ""
    """Filter by which network interfaces that use it are found, ``vpc-id``."""

    def make(self, spec: Any, outside: Environment, place: str) -> Described:
        """Make it with all its tags; as EC2 describes it."""
        made = outside.aws.call(
            "ec2",
            self.TABLE.create,
            place,
            **self.request(spec, outside),
            TagSpecifications=ec2.tagged(self.KIND.type, self.tags(spec, outside)),
        )
        described: Described = made[self.TABLE.answer] if self.TABLE.answer else made
        return described

    def create(self, spec: Any, outside: Environment) -> Created[Any]:
        """Make it, or go on with the one that an earlier run made without hearing so."""
        place = self.place(outside)
        found = ec2.find(outside, self.KIND, place) or self.make(spec, outside, place)
        return self._finished(found, spec, outside)

    def describe(self, identity: str, outside: Environment) -> dict[str, Any] | None:
        """By its id."""
        return ec2.get(outside.aws, self.KIND, identity)

    def outputs(self, found: Described, outside: Environment) -> Any:
        """The outputs; an ARN is made up of its type and id where EC2 does not describe it."""
        if self.TABLE.outputs:
            return super().outputs(found, outside)
        name = f"{self.KIND.type}/{self.id_of(found)}"
        return self.Outputs(arn=outside.aws.arn("ec2", name, account=found.get("OwnerId")))

    def users(self, identity: str, outside: Environment) -> list[str]:
        """Network interfaces."""
        return ec2.interfaces(outside.aws, self.INTERFACES, identity) if self.INTERFACES else []


class NamedResource(DescribedResource):
    """A kind whose name is asked for and unique: making one that is there is refused, or taken over.

    It is taken over only where its tags say that an earlier run made it for this very resource.
    """

    EXISTS: ClassVar[frozenset[str]] = frozenset()
    """Codes by which AWS says that one of this name is there.

    Where there are none, the service answers with what is there in place of refusing: `create` looks first.
    """

    def identity(self, spec: Any) -> str:
        """Its name."""
        return str(spec.name)

    def name_of(self, spec: Any) -> str:
        """What `describe` finds it by before it has an id."""
        return self.identity(spec)

    def make(self, spec: Any, outside: Environment, place: str) -> None:
        """Make it with all its tags. What exists already is left to `EXISTS`."""
        tags = {self.TAGGING.tags: self.TAGGING.form(self.tags(spec, outside))}
        outside.aws.call(
            self.TAGGING.service, self.TABLE.create, place, **self.request(spec, outside), **tags
        )

    def describe(self, identity: str, outside: Environment) -> dict[str, Any] | None:
        """By its name."""
        place, named = self.place(outside, identity), {self.TABLE.key: identity}
        answer = outside.aws.seek(self.TAGGING.service, self.TABLE.read, place, **named)
        return None if answer is None else dict(answer[self.TABLE.answer])

    def create(self, spec: Any, outside: Environment) -> Created[Any]:
        """Make it, or go on with the one that an earlier run made without hearing so."""
        name = self.name_of(spec)
        place = self.place(outside, name)
        found = None if self.EXISTS else self.describe(name, outside)
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
                raise exists(place, self.TOKEN, self.id_of(found))
        return self._finished(found, spec, outside)

    def _awaited(self, name: str, outside: Environment) -> dict[str, Any]:
        """What was just made, which some services show only after a moment."""
        what = f"{self.place(outside, name)}: there"
        return until(lambda: self.describe(name, outside), outside.clock, what=what, patience=60)


class ChosenId(NamedResource):
    """A kind that has a name, and an id that AWS chooses."""

    def identity(self, spec: Any) -> str:
        """AWS chooses it."""
        del spec
        return ""

    def name_of(self, spec: Any) -> str:
        """Its name."""
        return str(spec.name)
