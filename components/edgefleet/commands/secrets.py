"""The fleet secret and the Wi-Fi passphrases of a stack, read from its configuration."""

import json
from dataclasses import dataclass, field

from edgefleet.commands.session import Session
from edgefleet.errors import InvalidInput, Problem

FLEET_SECRET = "fleet:secret"  # noqa: S105 - the name of the key
PASSPHRASES = "fleet:passphrases"
HUB_KEY = "fleet:hubKey"


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What a stack's configuration keeps secret."""

    fleet_secret: str | None = field(repr=False)
    """32 random bytes in base64; `None` where the stack has none yet."""
    passphrases: dict[str, str] = field(repr=False)
    """dict[name -> Wi-Fi passphrase]."""
    hub_key: str = field(default="", repr=False)
    """PEM of the key of the hub's intermediate authority; empty where it is derived."""


def read(session: Session, stack: str) -> Secrets:
    """The secrets of `stack`.

    Raises:
        InvalidInput: the passphrase is missing or wrong, or the file is damaged.
        Refused: they are kept by something else than a passphrase.
    """
    from edgefleet.engine.configuration import read_configuration

    values = read_configuration(session.project, stack, session.environment)
    return Secrets(
        fleet_secret=values.get(FLEET_SECRET),
        passphrases=_passphrases(values.get(PASSPHRASES), stack),
        hub_key=values.get(HUB_KEY) or "",
    )


def _passphrases(text: str | None, stack: str) -> dict[str, str]:
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        found = None
    if isinstance(found, dict) and all(isinstance(each, str) for each in found.values()):
        return found
    raise InvalidInput(
        Problem(
            code="bad-passphrases",
            where=f"stacks/Pulumi.{stack}.yaml",
            path=PASSPHRASES,
            problem="is not an object of names and passphrases",
            hint=f"set each with: edgefleet init -s {stack} --passphrase NAME",
        )
    )


def required_fleet_secret(session: Session, stack: str) -> tuple[str, dict[str, str]]:
    """The fleet secret and the passphrases.

    Raises:
        InvalidInput: the stack has no fleet secret yet.
    """
    found = read(session, stack)
    if found.fleet_secret is None:
        raise InvalidInput(
            Problem(
                code="no-fleet-secret",
                where=f"stacks/Pulumi.{stack}.yaml",
                path=FLEET_SECRET,
                problem="this stack has no fleet secret, from which every site's credentials are derived",
                hint=f"write one, once: edgefleet init -s {stack}",
            )
        )
    return found.fleet_secret, found.passphrases
