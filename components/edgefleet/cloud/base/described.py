"""Kinds that their service describes as a whole; an update sets only the differences."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from edgefleet.cloud.base.resource import CloudResource, Namesake, finishing
from edgefleet.cloud.base.table import Change, Described, Table, found, plain, read_back
from edgefleet.errors import EdgefleetError, OutsideFailure
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
    ENDS_LATE: ClassVar[bool] = False
    """Whether its deletion ends long after the call; what it uses can be deleted only then."""
    IN_USE: ClassVar[frozenset[str]] = IN_USE
    """AWS's error codes for a resource in use."""

    @abstractmethod
    def describe(self, identity: str, environment: Environment) -> dict[str, Any] | None:
        """Its description by the service; None if it does not exist."""

    def request(self, spec: Any, environment: Environment) -> dict[str, Any]:
        """Parameters of its create call, besides its tags."""
        values, table = plain(spec), self.TABLE
        token = {table.token: ec2.client_token(environment)} if table.token else {}
        return {**{key: values[name] for name, key in table.fields.items()}, **table.besides(spec), **token}

    def tagged_by(self, current: Described) -> str:
        """Its name in the service's tag calls: an ARN or id."""
        return str(found(current, self.TABLE.tagged or self.TABLE.key))

    def inputs(self, current: Described, environment: Environment) -> dict[str, Any]:
        """Its live inputs, plain, without tags."""
        del environment
        paths = {**self.TABLE.fields, **self.TABLE.settings}
        return {name: read_back(self.Spec, name, current, path) for name, path in paths.items()}

    def outputs(self, current: Described, environment: Environment) -> Any:
        """The outputs, from the service's description."""
        del environment
        return self.Outputs(**{name: found(current, path) for name, path in self.TABLE.outputs.items()})

    def settle(self, current: Described, spec: Any, environment: Environment) -> Described:
        """Set the differences from `spec`, also after an interrupted create; the new description."""
        current = self.ready(current, environment)
        if not self.TABLE.changes:
            return current
        live, goal = self.inputs(current, environment), plain(spec)
        for change in self.TABLE.changes:
            names = change.inputs
            if not all(is_same(self.Spec, name, live[name] or None, goal[name] or None) for name in names):
                self._apply(change, current, spec, environment)
                current = self.ready(current, environment, is_changed=True)
        return current

    def ready(self, current: Described, environment: Environment, *, is_changed: bool = False) -> Described:
        """Its description once it is ready; at once if its table has no readiness.

        Raises:
            OutsideFailure: it never will, or takes too long.
        """
        readiness = self.TABLE.readiness
        if readiness is None or (not is_changed and value_at(current, readiness.at) == readiness.good):
            return current
        identity = self.id_of(current)
        place = self.place(environment, identity)

        def look() -> Described | None:
            current = self.look(identity, environment) or {}
            state = value_at(current, readiness.at)
            if state in readiness.bad:
                problem = f"could not be created: {readiness.reason(current) or 'AWS does not give a reason'}"
                raise OutsideFailure.at(place, "failed", problem, readiness.hint)
            return current if state == readiness.good else None

        goal = f"{place}: {readiness.good.lower()}"
        return until(look, environment.clock, what=goal, patience=environment.patience(readiness.patience))

    def look(self, identity: str, environment: Environment) -> dict[str, Any] | None:
        """Its description, also if it failed or is being deleted."""
        return self.describe(identity, environment)

    def id_of(self, current: Described) -> str:
        """Its id."""
        return str(current[self.TABLE.key])

    def named(self, current: Described) -> dict[str, Any]:
        """The parameters by which calls name it."""
        return {self.TABLE.key: current[self.TABLE.key]}

    def call(self, current: Described, environment: Environment, method: str, **parameters: Any) -> Any:
        """The answer to a call of its service that names it."""
        place, named = self.place(environment, self.id_of(current)), self.named(current)
        return environment.call(self.TAGGING.service, method, place, **{**named, **parameters})

    def seek(self, current: Described, environment: Environment, method: str, **parameters: Any) -> Any:
        """As `call`; an empty answer where AWS reports that what is meant does not exist."""
        place, named = self.place(environment, self.id_of(current)), self.named(current)
        return environment.aws.seek(self.TAGGING.service, method, place, **{**named, **parameters}) or {}

    def remove(self, current: Described, environment: Environment) -> None:
        """Delete it; called again while it is in use."""
        self.seek(current, environment, self.TABLE.delete)
        if self.ENDS_LATE:
            self._until_gone(self.id_of(current), environment)

    def _until_gone(self, identity: str, environment: Environment) -> None:
        """Wait until it is no longer described."""
        goal = f"{self.place(environment, identity)}: removed"
        patience = self.TABLE.readiness.patience if self.TABLE.readiness else self.PATIENCE

        def look() -> bool | None:
            return True if self.look(identity, environment) is None else None

        until(look, environment.clock, what=goal, patience=environment.patience(patience))

    def users(self, identity: str, environment: Environment) -> list[str]:
        """Its users, for messages."""
        del identity, environment
        return []

    def live_tags(self, current: Described, environment: Environment) -> dict[str, str]:
        """Its live tags, by a call of their own unless its description has them."""
        if not self.TAGGING.read:
            return self.TAGGING.parsed(current.get(self.TAGGING.tags))
        return self.TAGGING.live(environment.aws, self.tagged_by(current))

    def read(self, identity: str, environment: Environment, recorded: Mapping[str, Any]) -> Found[Any] | None:
        """Its live state."""
        del recorded
        current = self.describe(identity, environment)
        if current is None:
            return None
        tags = self.live_tags(current, environment)
        inputs = {**self.inputs(current, environment), "tags": without_ownership(tags)}
        return Found(id=identity, inputs=inputs, outputs=self.outputs(current, environment), tags=tags)

    def change(self, identity: str, new: Any, environment: Environment) -> Any:
        """Set the differences from its live state."""
        current: Described = self.describe(identity, environment) or self.fail_missing(identity, environment)
        with finishing(identity, self.outputs(current, environment)):
            live = self.live_tags(current, environment)
            self.require_held(live, identity, environment)
            self.TAGGING.set(environment.aws, self.tagged_by(current), self.tags(new, environment), live=live)
            current = self.settle(current, new, environment)
        return self.outputs(current, environment)

    def destroy(self, identity: str, environment: Environment, inputs: Mapping[str, Any]) -> None:
        """Delete it; waits for resources that use it, and reports them if they remain."""
        del inputs
        current = self.describe(identity, environment)
        if current is None or self.is_taken(self.live_tags(current, environment), identity, environment):
            return
        while_in_use(
            lambda: self.remove(current, environment),
            environment.clock,
            users=lambda: self.users(identity, environment),
            codes=self.IN_USE,
            patience=environment.patience(self.PATIENCE),
        )

    def _apply(self, change: Change, current: Described, spec: Any, environment: Environment) -> None:
        if change.otherwise and not plain(spec)[change.inputs[0]]:
            self.call(current, environment, change.otherwise)
        else:
            self.call(current, environment, change.method, **change.parameters(spec))

    def _finished(self, current: Described, spec: Any, environment: Environment) -> Created[Any]:
        """The created resource, with all its settings."""
        identity = self.id_of(current)
        with finishing(identity, self.outputs(current, environment)):
            current = self.settle(current, spec, environment)
        return Created(id=identity, outputs=self.outputs(current, environment))


class Ec2Resource(DescribedResource):
    """A kind of EC2: found by its tags, described together with others."""

    KIND: ClassVar[ec2.Ec2Kind]
    TAGGING = EC2
    INTERFACES: ClassVar[str] = ""
    """Filter for the network interfaces that use it, ``vpc-id``."""

    def make(self, spec: Any, environment: Environment, place: str) -> Described:
        """Create it with all its tags; EC2's description."""
        answer = environment.call(
            "ec2",
            self.TABLE.create,
            place,
            **self.request(spec, environment),
            TagSpecifications=ec2.tagged(self.KIND.type, self.tags(spec, environment)),
        )
        described: Described = answer[self.TABLE.answer] if self.TABLE.answer else answer
        return described

    def create(self, spec: Any, environment: Environment) -> Created[Any]:
        """Create it, or continue with one of an interrupted run."""
        place = self.place(environment)
        current = ec2.find(environment, self.KIND, place) or self.make(spec, environment, place)
        return self._finished(current, spec, environment)

    def describe(self, identity: str, environment: Environment) -> dict[str, Any] | None:
        """By its id."""
        return ec2.get(environment.aws, self.KIND, identity)

    def outputs(self, current: Described, environment: Environment) -> Any:
        """The outputs; the ARN is built from type and id if EC2 does not describe it."""
        if self.TABLE.outputs:
            return super().outputs(current, environment)
        name = f"{self.KIND.type}/{self.id_of(current)}"
        return self.Outputs(arn=environment.aws.arn("ec2", name, account=current.get("OwnerId")))

    def users(self, identity: str, environment: Environment) -> list[str]:
        """Network interfaces."""
        return ec2.interfaces(environment.aws, self.INTERFACES, identity) if self.INTERFACES else []


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

    def make(self, spec: Any, environment: Environment, place: str) -> None:
        """Create it with all its tags; `EXISTS` handles an existing one."""
        tags = {self.TAGGING.tags: self.TAGGING.form(self.tags(spec, environment))}
        environment.call(
            self.TAGGING.service, self.TABLE.create, place, **self.request(spec, environment), **tags
        )

    def describe(self, identity: str, environment: Environment) -> dict[str, Any] | None:
        """By its name."""
        place, named = self.place(environment, identity), {self.TABLE.key: identity}
        answer = environment.aws.seek(self.TAGGING.service, self.TABLE.read, place, **named)
        return None if answer is None else dict(answer[self.TABLE.answer])

    def namesake(self, spec: Any, environment: Environment) -> Namesake | None:
        """By its name."""
        current = self.describe(self.name_of(spec), environment)
        if current is None:
            return None
        return Namesake(self.id_of(current), self.live_tags(current, environment))

    def create(self, spec: Any, environment: Environment) -> Created[Any]:
        """Create it, or continue with one of an interrupted run."""
        name = self.name_of(spec)
        place = self.place(environment, name)
        current = None if self.EXISTS else self.describe(name, environment)
        is_new = current is None
        try:
            if is_new:
                self.make(spec, environment, place)
        except EdgefleetError as error:
            if error_code(error) not in self.EXISTS:
                raise
            is_new = False
        current = current or self._awaited(name, environment)
        if not is_new:
            self.require_mine(self.live_tags(current, environment), self.id_of(current), environment)
        return self._finished(current, spec, environment)

    def _awaited(self, name: str, environment: Environment) -> dict[str, Any]:
        """The new resource, which some services describe only after a moment."""
        what = f"{self.place(environment, name)}: there"
        return until(lambda: self.describe(name, environment), environment.clock, what=what, patience=60)


class ChosenId(NamedResource):
    """A kind that has a name, and an id that AWS chooses."""

    def identity(self, spec: Any) -> str:
        """Empty: AWS chooses it."""
        del spec
        return ""

    def name_of(self, spec: Any) -> str:
        """Its name."""
        return str(spec.name)
