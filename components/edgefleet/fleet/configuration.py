"""What a stack's configuration holds for edgefleet: secrets, and nothing else.

The namespace is ``fleet`` in every project: Pulumi passes the namespace of a provider's own name to its
default provider, and the fleet secret must never get into a provider's state.
"""

from typing import Any

import pulumi

from edgefleet.errors import InvalidInput
from edgefleet.fleet.plainly import plainly

NAMESPACE = "fleet"


def fleet_secret() -> pulumi.Output[str]:
    """The secret that all of the fleet's credentials are derived from.

    Raises:
        ProgramError: the stack has none; the message gives the command that writes one.
    """
    return _required(
        "secret",
        code="no-fleet-secret",
        problem="this stack has no fleet secret, from which every site's credentials are derived",
        hint="write one, once: edgefleet init -s {stack}, or: head -c 32 /dev/urandom | base64 "
        "| pulumi config set --secret {key} -s {stack}",
    )


def hub_key() -> pulumi.Output[str]:
    """The key of the hub's intermediate authority, where its root is kept offline.

    Raises:
        ProgramError: the stack has none; the message gives the command that writes one.
    """
    return _required(
        "hubKey",
        code="no-hub-key",
        problem="the hub has its own chain, and this stack does not have its key",
        hint="pulumi config set --secret {key} -s {stack} < intermediate.key",
    )


def wifi_passphrases() -> pulumi.Output[dict[str, str]]:
    """dict[name of a Wi-Fi secret -> passphrase]; empty where the stack has none."""
    value: pulumi.Output[Any] | None = pulumi.Config(NAMESPACE).get_secret_object("passphrases")
    return pulumi.Output.secret({}) if value is None else value


def _required(name: str, *, code: str, problem: str, hint: str) -> pulumi.Output[str]:
    """The secret `name`; `hint` may speak of its ``{key}`` and of the ``{stack}``.

    Raises:
        ProgramError: the stack has none.
    """
    with plainly():
        value: pulumi.Output[str] | None = pulumi.Config(NAMESPACE).get_secret(name)
        if value is None:
            stack, key = pulumi.get_stack(), f"{NAMESPACE}:{name}"
            where, command = f"stacks/Pulumi.{stack}.yaml", hint.format(key=key, stack=stack)
            raise InvalidInput.at(where, code, problem, command, path=key)
        return value
