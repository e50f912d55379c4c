"""What the kinds of AWS resources have in common: where they are, their tags, and what is known ahead.

A kind whose id AWS chooses is a subclass of `CloudResource` in a file of its own. It says what it is made of
(`Spec`, `Outputs`), which inputs make another one (`REPLACE_ON`), and has `create`, `read`, `update` and
`delete`; the rest has defaults here.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from typing import Annotated, Any, ClassVar, NoReturn

from edgefleet.errors import EdgefleetError, OutsideFailure, Problem, Refused
from edgefleet.io import ec2
from edgefleet.io.arn_tags import Tagging
from edgefleet.io.aws import error_code
from edgefleet.io.outside import Created, Found, Incomplete, Outside
from edgefleet.io.ownership import MANAGED, PREFIX, without_ownership
from edgefleet.io.waiting import until, while_in_use
from edgefleet.model.effects import Effect
from edgefleet.model.paths import format_path
from edgefleet.model.spec import outside_name, spec

MOST_TAGS = 40
"""Tags that may be asked for; AWS takes 50, of which up to 6 are ours."""


@spec
class Placed:
    """Where a resource is."""

    region: Annotated[str | None, Effect.NONE] = None
    """AWS region where it is not the provider's."""


@spec
class Tagged(Placed):
    """Where a resource is and how it is tagged."""

    tags: Annotated[dict[str, str], Effect.NONE] = field(default_factory=dict)
    """Tags beside the ones that say whose it is."""


@spec
class Labelled:
    """Tags of a resource that is in no region."""

    tags: Annotated[dict[str, str], Effect.NONE] = field(default_factory=dict)
    """Tags beside the ones that say whose it is."""


class CloudResource:
    """One kind of AWS resource."""

    TOKEN: ClassVar[str]
    Spec: ClassVar[type[Any]]
    Outputs: ClassVar[type[Any]]
    REPLACE_ON: ClassVar[frozenset[str]] = frozenset()
    """Inputs, by outside name, whose change makes another one; a change of region always does."""
    CLAIMS: ClassVar[tuple[str, ...]] = ()
    """Inputs that two cannot have alike at the same time, so that of two such the old one goes first."""
    CHANGING: ClassVar[frozenset[str]] = frozenset()
    """Outputs, by outside name, that an update may change."""
    STABLE: ClassVar[frozenset[str]] = frozenset()
    """Outputs that no update changes: all but `CHANGING`."""

    def __init_subclass__(cls) -> None:
        """Complete what follows from the specs."""
        if not hasattr(cls, "Outputs"):
            return  # a base of kinds
        names = map(outside_name, cls.Outputs.__dataclass_fields__)
        cls.STABLE = frozenset(names) - cls.CHANGING
        if "region" in cls.Spec.__dataclass_fields__:
            cls.REPLACE_ON = cls.REPLACE_ON | {"region"}

    def identity(self, spec: Any) -> str:
        """The id that `spec` will have; empty where AWS chooses it."""
        del spec
        return ""

    def inspect(self, spec: Any) -> Iterable[Problem]:
        """What is wrong with `spec` beyond the types of its fields."""
        return tag_problems(getattr(spec, "tags", {}))

    def inspect_change(self, old: Any, new: Any) -> Iterable[Problem]:
        """What is wrong with going from `old` to `new`, each right by itself; asked in preview and up."""
        del old, new
        return ()

    def drifted(self, outputs: Mapping[str, Any]) -> list[str]:
        """Paths of recorded outputs that say: this is not as asked for, whatever the inputs."""
        del outputs
        return []

    def plan(self, spec: Any, outside: Outside) -> Any:
        """The outputs, plain, that are certain before `spec` is made; typed where all are."""
        del spec, outside
        return {}

    def foresee(self, known: Mapping[str, Any], because: str, outside: Outside) -> Mapping[str, Any]:
        """The outputs that are certain although the input at path `because` is not known yet."""
        del known, because, outside
        return {}

    def place(self, outside: Outside, identity: str = "") -> str:
        """What a call works on, for messages: ``Vpc hub (vpc-0a1b)``."""
        kind = self.TOKEN.rpartition(":")[2]
        name = outside.owner.name if outside.owner else ""
        shown = f"({identity})" if name and identity else identity
        return " ".join(filter(None, [kind, name, shown]))

    def gone(self, identity: str, outside: Outside) -> NoReturn:
        """Say that what was to be changed is not there.

        Raises:
            OutsideFailure: always.
        """
        hint = "run refresh, then up makes it again"
        problem = "is no longer there: somebody has removed it"
        raise OutsideFailure(
            Problem(code="gone", where=self.place(outside, identity), problem=problem, hint=hint)
        )

    def tags(self, spec: Any, outside: Outside) -> dict[str, str]:
        """All tags of the resource: those asked for and those that say whose it is."""
        return {**spec.tags, **owner_tags(outside)}


class NamedResource(CloudResource):
    """A kind whose name is asked for and unique: making one that is there is refused, or taken over.

    It is taken over only where its tags say that an earlier run made it for this very resource.
    """

    TAGGING: ClassVar[Tagging]

    EXISTS: ClassVar[frozenset[str]] = frozenset()
    """Codes by which AWS says that one of this name is there."""
    LOOKS_FIRST: ClassVar[bool] = False
    """Whether the service answers with what is there in place of refusing, so that one looks beforehand."""

    def name_of(self, spec: Any) -> str:
        """What `describe` finds it by before it has an id."""
        return self.identity(spec)

    def id_of(self, found: Mapping[str, Any], name: str) -> str:
        """Its id."""
        del found
        return name

    def make(self, spec: Any, outside: Outside, place: str) -> None:
        """Make it with all its tags. What exists already is left to `EXISTS`."""
        raise NotImplementedError

    def describe(self, identity: str, outside: Outside) -> dict[str, Any] | None:
        """As the service describes it; None where it is gone."""
        raise NotImplementedError

    def settle(self, found: Mapping[str, Any], spec: Any, outside: Outside) -> None:
        """Set what differs from `spec`, also after an interrupted create."""
        del found, spec, outside

    def inputs(self, found: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
        """The inputs, plain, that describe it as it is; tags are added."""
        raise NotImplementedError

    def outputs(self, found: Mapping[str, Any], outside: Outside) -> Any:
        """The outputs of what the service describes."""
        raise NotImplementedError

    def remove(self, found: Mapping[str, Any], outside: Outside, place: str) -> None:
        """Remove it; called again while it is in use."""
        raise NotImplementedError

    def tagged_by(self, found: Mapping[str, Any]) -> str:
        """What the service's tag calls name it by; its ARN or name."""
        raise NotImplementedError

    def live_tags(self, found: Mapping[str, Any], outside: Outside) -> dict[str, str]:
        """Its tags as they are; asked for unless the service describes them with the rest."""
        return self.TAGGING.live(outside.aws, self.tagged_by(found))

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

    def delete(
        self,
        identity: str,
        outside: Outside,
        inputs: Mapping[str, Any],
        *,
        successor: Mapping[str, Any] | None = None,
    ) -> None:
        """Remove it; what still uses it is waited for, then named."""
        del inputs
        found = None if successor is not None else self.describe(identity, outside)
        if found is not None:
            place = self.place(outside, identity)
            while_in_use(lambda: self.remove(found, outside, place), outside.clock)

    def _awaited(self, identity: str, outside: Outside) -> dict[str, Any]:
        """What was just made, which some services show only after a moment."""
        what = f"{self.place(outside, identity)}: there"
        return until(lambda: self.describe(identity, outside), outside.clock, what=what, patience=60)

    def _settled(self, identity: str, found: Mapping[str, Any], spec: Any, outside: Outside) -> Any:
        outputs = self.outputs(found, outside)
        with finishing(identity, outputs):
            self.settle(found, spec, outside)
            if self.CHANGING:
                outputs = self.outputs(self.describe(identity, outside) or found, outside)
        return outputs


class IamResource(NamedResource):
    """A kind of IAM's, which describes tags with the rest."""

    def live_tags(self, found: Mapping[str, Any], outside: Outside) -> dict[str, str]:
        """Its tags, as described."""
        del outside
        return ec2.as_dict(found.get("Tags"))


class Ec2Resource(CloudResource):
    """A kind of EC2's: found by its tags, described together with others, tagged in one call."""

    THING: ClassVar[ec2.Thing]
    PATIENCE: ClassVar[float] = 120.0
    """Seconds that something else may go on using it while it is to be removed."""

    def make(self, spec: Any, outside: Outside, place: str) -> Mapping[str, Any]:
        """Make it with all its tags; as EC2 describes it."""
        raise NotImplementedError

    def settle(self, found: Mapping[str, Any], spec: Any, outside: Outside) -> Mapping[str, Any]:
        """Set what differs from `spec`, also after an interrupted create; as EC2 describes it then."""
        del spec, outside
        return found

    def inputs(self, found: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
        """The inputs, plain, that describe it as it is; tags are added."""
        raise NotImplementedError

    def outputs(self, found: Mapping[str, Any], outside: Outside) -> Any:
        """The outputs of what EC2 describes."""
        raise NotImplementedError

    def remove(self, found: Mapping[str, Any], outside: Outside, place: str) -> None:
        """Remove it; called again while it is in use."""
        raise NotImplementedError

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

    def delete(
        self,
        identity: str,
        outside: Outside,
        inputs: Mapping[str, Any],
        *,
        successor: Mapping[str, Any] | None = None,
    ) -> None:
        """Remove it; AWS keeps it while anything uses it, so that is waited for, then named."""
        del inputs
        found = None if successor is not None else ec2.get(outside.aws, self.THING, identity)
        if found is not None:
            place = self.place(outside, identity)
            while_in_use(
                lambda: self.remove(found, outside, place),
                outside.clock,
                users=lambda: self.users(identity, outside),
                patience=self.PATIENCE,
            )


def owner_tags(outside: Outside) -> dict[str, str]:
    """Tags that say whose a resource is."""
    return outside.owner.tags() if outside.owner else {MANAGED[0]: MANAGED[1]}


@contextmanager
def finishing(identity: str, outputs: object) -> Iterator[None]:
    """Whatever fails inside, the resource exists: it is recorded, and the next update goes on with it.

    Raises:
        Incomplete: something failed.
    """
    try:
        yield
    except Incomplete:
        raise
    except OutsideFailure as error:
        raise Incomplete(error.problems, id=identity, outputs=outputs) from error


def tag_problems(tags: Mapping[str, str]) -> Iterator[Problem]:
    """Tags that AWS would refuse, or that are ours."""
    longest_key, longest_value = 128, 256
    for key, value in tags.items():
        path = format_path(("tags", key))
        if key.startswith(PREFIX) or (key == MANAGED[0] and value != MANAGED[1]):
            hint = "choose another key; this one says who looks after the resource"
            yield Problem(code="tag", path=path, problem="is edgefleet's own tag", hint=hint)
        elif key.lower().startswith("aws:"):
            yield Problem(
                code="tag", path=path, problem="begins with aws:", hint="choose another key; these are AWS's"
            )
        elif not 0 < len(key) <= longest_key or len(value) > longest_value:
            hint = f"keys have 1 to {longest_key} characters, values {longest_value} at most"
            yield Problem(code="tag", path=path, problem="is too long or empty", hint=hint)
    if len(tags) > MOST_TAGS:
        problem, hint = f"has {len(tags)} tags", f"use {MOST_TAGS} at most; AWS takes 50, and some are ours"
        yield Problem(code="tag", path="tags", problem=problem, hint=hint)


def exists(place: str, token: str, name: str) -> Refused:
    """The error where something of this name is there that this stack does not manage."""
    problem = "is there already, and this stack does not manage it"
    hint = f"import it (pulumi import {token} <name in the program> {name}), or choose another name"
    return Refused(Problem(code="exists", where=place, problem=problem, hint=hint))
