"""Kinds that their service describes as a whole; an update sets only the differences."""

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
    """A kind that a table describes; the kind overrides what the table cannot express."""

    TABLE: ClassVar[Table]
    TAGGING: ClassVar[Tagging]
    PATIENCE: ClassVar[float] = 120.0
    """Seconds to wait for its users before its deletion fails."""
    IN_USE: ClassVar[frozenset[str]] = IN_USE
    """AWS's error codes for a resource in use."""

    @abstractmethod
    def describe(self, identity: str, outside: Environment) -> dict[str, Any] | None:
        """Its description by the service; None if it does not exist."""

    def request(self, spec: Any, outside: Environment) -> dict[str, Any]:
        """Parameters of its create call, besides its tags."""
        del outside
        values = plain(spec)
        return {parameter: values[name] for name, parameter in self.TABLE.fields.items()}

    def tagged_by(self, current: Described) -> str:
        """Its name in the service's tag calls: an ARN or id."""
        return str(current[self.TABLE.key])

    def inputs(self, current: Described, outside: Environment) -> dict[str, Any]:
        """Its live inputs, plain, without tags."""
        del outside
        paths = {**self.TABLE.fields, **self.TABLE.settings}
        return {name: read_back(self.Spec, name, value_at(current, path)) for name, path in paths.items()}

    def outputs(self, current: Described, outside: Environment) -> Any:
        """The outputs, from the service's description."""
        del outside
        return self.Outputs(**{name: value_at(current, path) for name, path in self.TABLE.outputs.items()})

    def settle(self, current: Described, spec: Any, outside: Environment) -> Described:
        """Set the differences from `spec`, also after an interrupted create; the new description."""
        current = self.ready(current, outside)
        if not self.TABLE.changes:
            return current
        live, goal = self.inputs(current, outside), plain(spec)
        for change in self.TABLE.changes:
            names = change.inputs
            if not all(is_same(self.Spec, name, live[name] or None, goal[name] or None) for name in names):
                self._apply(change, current, spec, outside)
                current = self.ready(current, outside, is_changed=True)
        return current

    def ready(self, current: Described, outside: Environment, *, is_changed: bool = False) -> Described:
        """Its description once it is ready; at once if its table has no readiness.

        Raises:
            OutsideFailure: it never will, or takes too long.
        """
        readiness = self.TABLE.readiness
        if readiness is None or (not is_changed and value_at(current, readiness.at) == readiness.good):
            return current
        identity = self.id_of(current)
        place = self.place(outside, identity)

        def look() -> Described | None:
            current = self.look(identity, outside) or {}
            state = value_at(current, readiness.at)
            if state in readiness.bad:
                problem = f"could not be created: {readiness.reason(current) or 'AWS does not give a reason'}"
                raise OutsideFailure(
                    Problem(code="failed", where=place, problem=problem, hint=readiness.hint)
                )
            return current if state == readiness.good else None

        goal = f"{place}: {readiness.good.lower()}"
        return until(look, outside.clock, what=goal, patience=readiness.patience)

    def look(self, identity: str, outside: Environment) -> dict[str, Any] | None:
        """Its description, also if it failed or is being deleted."""
        return self.describe(identity, outside)

    def id_of(self, current: Described) -> str:
        """Its id."""
        return str(current[self.TABLE.key])

    def named(self, current: Described) -> dict[str, Any]:
        """The parameters by which calls name it."""
        return {self.TABLE.key: current[self.TABLE.key]}

    def remove(self, current: Described, outside: Environment, place: str) -> None:
        """Delete it; called again while it is in use."""
        outside.aws.seek(self.TAGGING.service, self.TABLE.delete, place, **self.named(current))

    def until_gone(self, identity: str, outside: Environment) -> None:
        """Wait until it is no longer described."""
        goal = f"{self.place(outside, identity)}: removed"
        patience = self.TABLE.readiness.patience if self.TABLE.readiness else self.PATIENCE

        def look() -> bool | None:
            return True if self.look(identity, outside) is None else None

        until(look, outside.clock, what=goal, patience=patience)

    def users(self, identity: str, outside: Environment) -> list[str]:
        """Its users, for messages."""
        del identity, outside
        return []

    def live_tags(self, current: Described, outside: Environment) -> dict[str, str]:
        """Its live tags, by a call of their own unless its description has them."""
        if not self.TAGGING.read:
            return self.TAGGING.parsed(current.get(self.TAGGING.tags))
        return self.TAGGING.live(outside.aws, self.tagged_by(current))

    def read(self, identity: str, outside: Environment, recorded: Mapping[str, Any]) -> Found[Any] | None:
        """Its live state."""
        del recorded
        current = self.describe(identity, outside)
        if current is None:
            return None
        inputs = {
            **self.inputs(current, outside),
            "tags": without_ownership(self.live_tags(current, outside)),
        }
        return Found(id=identity, inputs=inputs, outputs=self.outputs(current, outside))

    def update(self, identity: str, new: Any, outside: Environment, recorded: Mapping[str, Any]) -> Any:
        """Set the differences from its live state."""
        del recorded
        current: Described = self.describe(identity, outside) or self.fail_missing(identity, outside)
        with finishing(identity, self.outputs(current, outside)):
            live = self.live_tags(current, outside)
            self.TAGGING.set(outside.aws, self.tagged_by(current), self.tags(new, outside), live=live)
            current = self.settle(current, new, outside)
        return self.outputs(current, outside)

    def destroy(self, identity: str, outside: Environment, inputs: Mapping[str, Any]) -> None:
        """Delete it; waits for resources that use it, and reports them if they remain."""
        del inputs
        current = self.describe(identity, outside)
        if current is not None:
            place = self.place(outside, identity)
            while_in_use(
                lambda: self.remove(current, outside, place),
                outside.clock,
                users=lambda: self.users(identity, outside),
                codes=self.IN_USE,
                patience=self.PATIENCE,
            )

    def _apply(self, change: Change, current: Described, spec: Any, outside: Environment) -> None:
        call, place = outside.aws.call, self.place(outside, self.id_of(current))
        if change.otherwise and not plain(spec)[change.inputs[0]]:
            call(self.TAGGING.service, change.otherwise, place, **self.named(current))
        else:
            call(self.TAGGING.service, change.method, place, **self.named(current), **change.parameters(spec))

    def _finished(self, current: Described, spec: Any, outside: Environment) -> Created[Any]:
        """The created resource, with all its settings."""
        identity = self.id_of(current)
        with finishing(identity, self.outputs(current, outside)):
            current = self.settle(current, spec, outside)
        return Created(id=identity, outputs=self.outputs(current, outside))


class Ec2Resource(DescribedResource):
    """A kind of EC2: found by its tags, described together with others."""

    KIND: ClassVar[ec2.Ec2Kind]
    TAGGING = EC2
    INTERFACES: ClassVar[str] = ""
    """Filter for the network interfaces that use it, ``vpc-id``."""

    def make(self, spec: Any, outside: Environment, place: str) -> Described:
        """Create it with all its tags; EC2's description."""
        answer = outside.aws.call(
            "ec2",
            self.TABLE.create,
            place,
            **self.request(spec, outside),
            TagSpecifications=ec2.tagged(self.KIND.type, self.tags(spec, outside)),
        )
        described: Described = answer[self.TABLE.answer] if self.TABLE.answer else answer
        return described

    def create(self, spec: Any, outside: Environment) -> Created[Any]:
        """Create it, or continue with one of an interrupted run."""
        place = self.place(outside)
        current = ec2.find(outside, self.KIND, place) or self.make(spec, outside, place)
        return self._finished(current, spec, outside)

    def describe(self, identity: str, outside: Environment) -> dict[str, Any] | None:
        """By its id."""
        return ec2.get(outside.aws, self.KIND, identity)

    def outputs(self, current: Described, outside: Environment) -> Any:
        """The outputs; the ARN is built from type and id if EC2 does not describe it."""
        if self.TABLE.outputs:
            return super().outputs(current, outside)
        name = f"{self.KIND.type}/{self.id_of(current)}"
        return self.Outputs(arn=outside.aws.arn("ec2", name, account=current.get("OwnerId")))

    def users(self, identity: str, outside: Environment) -> list[str]:
        """Network interfaces."""
        return ec2.interfaces(outside.aws, self.INTERFACES, identity) if self.INTERFACES else []


class NamedResource(DescribedResource):
    """A kind with a unique, declared name: an existing one is refused, or taken over.

    It is taken over only if its tags show that an earlier run created it for this resource.
    """

    EXISTS: ClassVar[frozenset[str]] = frozenset()
    """AWS's error codes for an existing name.

    Where there are none, the service answers with what is there in place of refusing: `create` looks first.
    """

    def identity(self, spec: Any) -> str:
        """Its name."""
        return str(spec.name)

    def name_of(self, spec: Any) -> str:
        """The name for `describe` before it has an id."""
        return self.identity(spec)

    def make(self, spec: Any, outside: Environment, place: str) -> None:
        """Create it with all its tags; `EXISTS` handles an existing one."""
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
        """Create it, or continue with one of an interrupted run."""
        name = self.name_of(spec)
        place = self.place(outside, name)
        current = None if self.EXISTS else self.describe(name, outside)
        is_new = current is None
        try:
            if is_new:
                self.make(spec, outside, place)
        except EdgefleetError as error:
            if error_code(error) not in self.EXISTS:
                raise
            is_new = False
        current = current or self._awaited(name, outside)
        if not is_new:
            live = self.live_tags(current, outside)
            if outside.owner is None or not outside.owner.is_mine(live, place):
                raise exists(place, self.TOKEN, self.id_of(current))
        return self._finished(current, spec, outside)

    def _awaited(self, name: str, outside: Environment) -> dict[str, Any]:
        """The new resource, which some services describe only after a moment."""
        what = f"{self.place(outside, name)}: there"
        return until(lambda: self.describe(name, outside), outside.clock, what=what, patience=60)


class ChosenId(NamedResource):
    """A kind that has a name, and an id that AWS chooses."""

    def identity(self, spec: Any) -> str:
        """Empty: AWS chooses it."""
        del spec
        return ""

    def name_of(self, spec: Any) -> str:
        """Its name."""
        return str(spec.name)
