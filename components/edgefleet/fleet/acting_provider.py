"""Which provider acts for a component: the one that it is given, or one that its `cloud` describes.

A component with both takes the given one where the two agree, and refuses what differs before anything is
called. What `cloud` leaves open is taken from the stack's configuration, as by the default provider.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any

import pulumi

from edgefleet.errors import InvalidInput, Problem
from edgefleet.fleet.open_inputs import derived, is_open, public
from edgefleet.fleet.provider import Provider
from edgefleet.keys.derivation import stack_holder
from edgefleet.model.cloud import Cloud
from edgefleet.model.spec import outside_name, to_plain
from edgefleet.model.syntax import shown
from edgefleet.model.type_introspection import fields_of

PACKAGE = "edgefleet"


def acting_provider(
    component: pulumi.ComponentResource,
    name: str,
    cloud: Mapping[str, Any],
    *,
    holder: pulumi.Output[str] | None,
    path: str,
) -> pulumi.ProviderResource | None:
    """The provider of the parts of `component`; `None` for the default one.

    Args:
        component: it may be given a provider, or inherit one.
        name: its name in the program.
        cloud: the settings that it declares.
        holder: see `ProviderArgs`; None without a fleet secret.
        path: where `cloud` stands, for messages.

    Raises:
        InvalidInput: it is given a provider of another cloud than it declares.
    """
    given = component.get_provider(f"{PACKAGE}::")
    if given is None:
        if not cloud and holder is None:
            return None
        own = {} if holder is None else {"holder": holder}
        settings: Any = {**_configured(), **cloud, **own}
        return Provider(f"{name}/cloud", settings, pulumi.ResourceOptions(parent=component))
    if problems := list(_conflicts(settings_of(given), cloud, path)):
        raise InvalidInput(problems)
    return given


def holder_of(
    secret: pulumi.Output[str], fleet: pulumi.Input[str], region: pulumi.Input[str]
) -> pulumi.Output[str]:
    """See `ProviderArgs`; it is public."""
    holder = derived(
        lambda secret, fleet, region: stack_holder(secret, fleet=fleet, region=region), secret, fleet, region
    )
    return public(holder, fleet, region)


def settings_in(cloud: Cloud) -> dict[str, Any]:
    """The settings that `cloud` declares, by the names of `ProviderArgs`; each may be an output."""
    values = {field.name: getattr(cloud, field.name) for field in fields(cloud)}
    hidden = {name: value for name, value in values.items() if is_open(value)}
    settings = to_plain(Cloud(**{name: value for name, value in values.items() if name not in hidden}))
    return settings | {outside_name(name): derived(_plain(name), value) for name, value in hidden.items()}


def _plain(name: str) -> Callable[[Any], Any]:
    return lambda value: to_plain(Cloud(**{name: value})).get(outside_name(name))


def settings_of(provider: pulumi.ProviderResource | None) -> Mapping[str, Any] | None:
    """The settings of a provider; `None` where the program sees only a reference to it."""
    return provider.settings if isinstance(provider, Provider) else None


def is_hidden(provider: pulumi.ProviderResource | None, region: Any) -> bool:
    """Whether the program cannot tell that the region of `provider` is `region`."""
    settings = settings_of(provider)
    if provider is None or settings is None:
        return provider is not None
    own = settings.get("region")
    return own is not region and any(isinstance(value, pulumi.Output) for value in (own, region))


def _configured() -> dict[str, str]:
    """What the stack's configuration sets for the default provider."""
    config = pulumi.Config(PACKAGE)
    values = {key: config.get(key) for key in fields_of(Cloud)}
    return {key: value for key, value in values.items() if value is not None}


def _conflicts(settings: Mapping[str, Any] | None, cloud: Mapping[str, Any], path: str) -> Iterator[Problem]:
    for key, declared in cloud.items():
        actual = None if settings is None else settings.get(key)
        is_open = settings is None or any(isinstance(value, pulumi.Output) for value in (declared, actual))
        if is_open and (key == "region" or declared is actual):
            continue  # each part names the region itself
        if is_open:
            problem = "cannot be compared with what the given provider has"
            hint = f"remove {key} from cloud: the provider has it"
        elif declared != actual:
            has = "no" if actual is None else f"the other {shown(actual)} as its"
            problem = f"is {shown(declared)}, and the given provider has {has} {key}"
            hint = "write the same in both, or give no provider: cloud describes one"
        else:
            continue
        yield Problem(code="other-provider", path=f"{path}.{key}", problem=problem, hint=hint)
