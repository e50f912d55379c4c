"""The resource of a region's rollouts: `up` signs the pointers of new releases, and starts their rollout.

It is registered after all sites. The store has the rollouts themselves; steps move them without it.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from edgefleet.errors import InvalidInput, Problem
from edgefleet.io.environment import Created, Environment, Found, Resource
from edgefleet.io.signing import Signing, signing
from edgefleet.model.rollout_resource import ROLLOUT, RolloutInputs, RolloutOutputs
from edgefleet.model.unknown import is_known
from edgefleet.rollout.publication import DAY, Publisher, Renewal, check_delegated
from edgefleet.rollout.release_keys import channel_key
from edgefleet.rollout.stored import clear, rollouts

LEFT = 3
"""The part of their time before their end in which pointers are signed again: a third."""
NOT_YET = (
    "no release key is delegated yet, so nodes take no release: edgefleet keys delegate lets {} sign; "
    "what is signed now holds then"
)


@dataclass(frozen=True)
class Rollout(Resource):
    """The resource, with the clock that it reads."""

    now: Callable[[], int] = lambda: int(time.time())

    TOKEN: ClassVar[str] = ROLLOUT
    Spec: ClassVar[type[Any]] = RolloutInputs
    Outputs: ClassVar[type[Any]] = RolloutOutputs
    REPLACE_ON: ClassVar[frozenset[str]] = frozenset({"fleet", "region", "store"})
    CLAIMS: ClassVar[tuple[str, ...]] = ("store",)

    def identity(self, spec: RolloutInputs) -> str:
        """``<store>/rollouts``."""
        return f"{spec.store.rstrip('/')}/rollouts"

    def inspect(self, spec: RolloutInputs) -> Iterable[Problem]:
        """Sites in waves that there are not."""
        if not is_known(spec.waves, spec.sites):
            return
        waves = {wave.name for wave in spec.waves if is_known(wave)}
        for name, site in spec.sites.items():
            if is_known(site, *spec.waves) and is_known(site.wave) and site.wave not in waves:
                problem, hint = f"{site.wave} is no wave of this rollout", "name one of waves"
                yield Problem(code="no-wave", path=f"sites.{name}.wave", problem=problem, hint=hint)

    def drifted(self, outputs: Mapping[str, Any]) -> list[str]:
        """The end of pointers that is near: up signs them again."""
        begun, ends = outputs.get("signedAt"), outputs.get("signedUntil")
        is_near = ends is not None and self.now() > ends - (ends - begun) / LEFT
        return ["signedUntil"] if is_near else []

    def create(self, spec: RolloutInputs, environment: Environment) -> Created[RolloutOutputs]:
        """Sign the pointers of all sites, and start a rollout.

        Raises:
            Refused: nodes would refuse what the key signs.
            OutsideFailure: the store or the key does not answer.
        """
        return Created(id=self.identity(spec), outputs=self._published(spec, environment, {}))

    def read(
        self, identity: str, environment: Environment, recorded: Mapping[str, Any]
    ) -> Found[RolloutOutputs] | None:
        """The newest rollout of the store; gone where it has none."""
        uri, separator, _ = identity.rpartition("/rollouts")
        if not separator:
            hint = "give <store>/rollouts, for example s3://shops-edgefleet-eu/images/rollouts"
            raise InvalidInput.at(identity, "id", "is not the id of a region's rollouts", hint)
        there = rollouts(environment.store(uri))
        if not there:
            return None
        return Found(
            id=identity,
            outputs=RolloutOutputs(
                rollout=there[-1],
                signed_by=str(recorded.get("signedBy", "")),
                signed_at=int(recorded.get("signedAt", 0)),
                signed_until=int(recorded.get("signedUntil", 0)),
            ),
        )

    def update(
        self, identity: str, new: RolloutInputs, environment: Environment, recorded: Mapping[str, Any]
    ) -> RolloutOutputs:
        """Start the rollout of what is new; a change of waves or policy alone changes no running one.

        Raises:
            Refused: nodes would refuse what the key signs.
            OutsideFailure: the store or the key does not answer.
        """
        del identity
        return self._published(new, environment, recorded)

    def delete(
        self,
        identity: str,
        environment: Environment,
        inputs: Mapping[str, Any],
        *,
        successor: Mapping[str, Any] | None = None,
    ) -> None:
        """Remove rollouts, pointers and statuses; nodes keep what they run."""
        del identity
        if successor is None:
            clear(environment.store(str(inputs["store"])))

    def _published(
        self, spec: RolloutInputs, environment: Environment, recorded: Mapping[str, Any]
    ) -> RolloutOutputs:
        store, by = environment.store(spec.store), _signing(spec, environment)
        key = channel_key(by.public, spec.sign_key)
        if check_delegated(store, spec, key, self.now()) == "not yet":
            environment.warn(NOT_YET.format(spec.sign_key))
        renews: Renewal = "end" if self.drifted(recorded) else "none"
        renews = renews if recorded.get("signedBy") == key.id else "another key"
        now = self.now()
        publisher = Publisher(store=store, key=key, signer=by.open(), now=self.now)
        running, is_renewed = publisher.publish(spec, renews=renews)
        return RolloutOutputs(
            rollout=running.id,
            signed_by=key.id,
            signed_at=now if is_renewed else recorded["signedAt"],
            signed_until=now + spec.expires * DAY if is_renewed else recorded["signedUntil"],
        )


def _signing(spec: RolloutInputs, environment: Environment) -> Signing:
    """The release key; of KMS with this user's own credentials, as the hub's role need not have it."""
    aws = environment.aws if environment.aws.endpoint else None
    return signing(spec.sign_key, environment.project, aws=aws)
