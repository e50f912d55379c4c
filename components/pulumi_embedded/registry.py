"""The providers of a run: each is a resource in the state, to which others refer by its id.

A default provider is created for the first resource without a provider; its configuration is the stack's
``<package>:`` keys. Explicit ones are resources of the program (``pulumi:providers:<package>``).
"""

import threading
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from pulumi_embedded import builtin
from pulumi_embedded.checkpoint import PROVIDER_PREFIX, State
from pulumi_embedded.errors import Problem, Refused
from pulumi_embedded.project import CLI_HINT
from pulumi_embedded.provider_call import ProviderError
from pulumi_embedded.providers import CallsEngine, Checked, Client, Diff, Factory, Read, Recommends
from pulumi_embedded.values import UNKNOWN, Bag, has_unknown, secret

_INTERNAL = frozenset({"__internal"})
"""Inputs of a provider that it does not get (the CLI's ``filterProviderConfig``)."""


class Registry:
    """The configured providers, by reference; also the `Lifecycle` of providers' own resources."""

    def __init__(self, factories: Mapping[str, Factory], engine: Any) -> None:
        """Create no provider yet; `engine` answers their calls, as the service at the CLI's address does."""
        self._factories, self._engine = factories, engine
        self._lock = threading.Lock()
        self._ensuring = threading.Lock()
        self._clients: dict[str, Client] = {}
        self._unconfigured: dict[str, Client] = {}
        self._versions: dict[str, str] = {}

    def require(self, package: str, version: str = "") -> None:
        """Refuse packages that this engine does not host, and versions of them.

        Raises:
            Refused: by name.
        """
        if package not in self._factories:
            hosted = ", ".join(sorted(self._factories.keys() - {builtin.PACKAGE}))
            raise Refused(
                Problem(
                    problem=f"the embedded engine hosts {hosted}, not the package {package!r} used here",
                    hint=CLI_HINT,
                    code="other-package",
                )
            )
        if version and version != (hosted := self._version(package)):
            there = f"version {hosted}" if hosted else "without a version"
            problem = (
                f"the program asks for a plugin version, {package} {version}; this engine hosts it {there}"
            )
            raise Refused(Problem(problem=problem, hint=CLI_HINT, code="other-version"))

    def _version(self, package: str) -> str:
        if package not in self._versions:
            self._versions[package] = Client(self._factories[package]()).version()
        return self._versions[package]

    def instead_of(self, token: str) -> str:
        """Return what a hosted package recommends in place of a component; empty if it does not."""
        factory = self._factories.get(token.partition(":")[0])
        servicer = factory() if factory else None
        return servicer.instead_of(token) if isinstance(servicer, Recommends) else ""

    def get(self, reference: str) -> Client | None:
        """Return a configured provider."""
        with self._lock:
            return self._clients.get(reference)

    def ensure(self, reference: str, olds: Mapping[str, State]) -> Client:
        """Return a provider, configured from the state if the program has not done so.

        Args:
            reference: The reference of its resources to it.
            olds: The providers that the state has, by reference; also those that only wait to be deleted.

        Raises:
            ProviderError: the state does not have it, or it cannot be configured.
        """
        client = self.get(reference)
        if client is not None:
            return client
        with self._ensuring:  # a destroy begins with many threads that need the same provider
            return self.get(reference) or self._from_state(reference, olds)

    def _from_state(self, reference: str, olds: Mapping[str, State]) -> Client:
        state = olds.get(reference)
        if state is None:
            raise ProviderError(f"the state lacks the provider {reference}")
        self.adopt(state)
        client = self.get(reference)
        assert client is not None  # noqa: S101 - adopt put it there
        return client

    def adopt(self, state: State, inputs: Bag | None = None) -> None:
        """Configure an unchanged provider with its inputs in the state."""
        reference = f"{state.urn}::{state.id}"
        if self.get(reference) is None:
            self._register(state.urn, state.id, inputs or state.inputs)

    # the lifecycle of providers' own resources

    def check(self, urn: str, olds: Bag | None, news: Bag) -> Checked:
        """Check a provider's configuration."""
        client = self._fresh(urn)
        checked = client.check_config(urn, _config(olds) if olds is not None else None, _config(news))
        with self._lock:
            self._unconfigured[urn] = client
        extra = {key: value for key, value in news.data.items() if key in _INTERNAL}
        inputs = Bag({**checked.inputs.data, **extra}) if extra else checked.inputs
        return Checked(inputs=inputs, failures=checked.failures)

    def diff(self, old: State, new: State) -> Diff:
        """Compare a provider's configurations."""
        client = self._unconfigured.get(new.urn) or self._fresh(new.urn)
        diff = client.diff_config(new.urn, (_config(old.inputs), old.outputs), _config(new.inputs))
        if diff.changes is None:
            return Diff(changes=old.outputs != _config(new.inputs), replaces=diff.replaces, diffs=diff.diffs)
        return diff

    def create(self, new: State, *, preview: bool) -> tuple[str, Bag]:
        """Configure a new provider; in a preview its id is not known."""
        id_ = UNKNOWN if preview else str(uuid4())
        config = _config(new.inputs)
        self._register(new.urn, id_, config)
        return id_, config

    def update(self, old: State, new: State, *, preview: bool) -> Bag:  # noqa: ARG002 - the same in a preview
        """Configure a provider again under its id."""
        config = _config(new.inputs)
        with self._lock:
            self._clients.pop(f"{new.urn}::{old.id}", None)
        self._register(new.urn, old.id, config)
        return config

    def delete(self, old: State) -> None:
        """Forget a provider."""

    def read(self, state: State) -> Read:
        """Return the recorded state: a provider exists only there."""
        return Read(id=state.id, outputs=state.outputs, inputs=state.inputs)

    def _fresh(self, urn: str) -> Client:
        package = urn.split("::")[2].rpartition("$")[2].removeprefix(PROVIDER_PREFIX)
        self.require(package)
        servicer = self._factories[package]()
        if isinstance(servicer, CallsEngine):
            servicer.attach_engine(self._engine)
        return Client(servicer)

    def _register(self, urn: str, id_: str, inputs: Bag) -> None:
        with self._lock:
            client = self._unconfigured.pop(urn, None)
        client = client or self._fresh(urn)
        if not has_unknown(inputs.data):
            client.configure(urn, id_, _config(inputs))
        with self._lock:
            self._clients[f"{urn}::{id_}"] = client


def _config(bag: Bag) -> Bag:
    """Return a provider's inputs without those for the engine."""
    if not _INTERNAL & bag.data.keys():
        return bag
    return Bag({key: value for key, value in bag.data.items() if key not in _INTERNAL})


def default_inputs(config: Mapping[str, Any]) -> Bag:
    """Return a default provider's inputs.

    Args:
        config: From `Config.package`: key -> (text, is secret).
    """
    return Bag({key: secret(value) if hidden else value for key, (value, hidden) in sorted(config.items())})
