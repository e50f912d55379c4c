"""The secrets in a stack's configuration, read and written as the Pulumi CLI does it with a passphrase."""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import yaml

from edgefleet.commands.session import Session
from edgefleet.commands.stack import FOLDER
from edgefleet.engine.configuration import read_configuration, stack_crypter
from edgefleet.errors import InvalidInput, OutsideFailure
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.io import disk
from edgefleet.site.inputs import Assembly, StackSecrets, assemble

FLEET_SECRET = "fleet:secret"  # noqa: S105 - the name of the key
PASSPHRASES = "fleet:passphrases"
HUB_KEY = "fleet:hubKey"


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """The secrets of a stack's configuration."""

    fleet_secret: str | None = field(repr=False)
    """32 random bytes in base64; `None` where the stack has none yet."""
    passphrases: dict[str, str] = field(repr=False)
    """dict[name -> a secret that the fleet file refers to]."""
    hub_key: str = field(default="", repr=False)
    """PEM of the key of the hub's intermediate authority; empty where it is derived."""


def read(session: Session, stack: str) -> Secrets:
    """The secrets of `stack`.

    Raises:
        InvalidInput: the passphrase is missing or wrong, or the file is damaged.
        Refused: they are not encrypted with a passphrase.
    """
    values = read_configuration(session.project, stack, session.environment)
    return Secrets(
        fleet_secret=values.get(FLEET_SECRET),
        passphrases=_passphrases(values.get(PASSPHRASES), stack),
        hub_key=values.get(HUB_KEY) or "",
    )


def _passphrases(text: str | None, stack: str) -> dict[str, str]:
    try:
        passphrases = json.loads(text) if text else {}
    except ValueError:
        passphrases = None
    if isinstance(passphrases, dict) and all(isinstance(value, str) for value in passphrases.values()):
        return passphrases
    raise InvalidInput.at(
        f"stacks/Pulumi.{stack}.yaml",
        "bad-passphrases",
        "is not a JSON object of names and passphrases",
        f"set each with: edgefleet init -s {stack} --passphrase NAME",
        path=PASSPHRASES,
    )


def required(session: Session, stack: str) -> StackSecrets:
    """The secrets that the inputs of sites are made with.

    Raises:
        InvalidInput: the stack has no fleet secret yet.
    """
    secrets = read(session, stack)
    if secrets.fleet_secret is None:
        raise InvalidInput.at(
            f"stacks/Pulumi.{stack}.yaml",
            "no-fleet-secret",
            "this stack has no fleet secret, from which every site's credentials are derived",
            f"write one, once: edgefleet init -s {stack}",
            path=FLEET_SECRET,
        )
    return StackSecrets(stack=stack, fleet_secret=secrets.fleet_secret, passphrases=secrets.passphrases)


def assembled(session: Session, stack: str, fleet: Fleet, sites: Collection[str] | None = None) -> Assembly:
    """The inputs of `sites` of the stack's fleet, or of all of them, checked.

    Raises:
        InvalidInput: the stack lacks a secret, an identity would end too soon, or a medium is too small.
    """
    return assemble(fleet, required(session, stack), today=session.now(), sites=sites)


def write(session: Session, stack: str, values: dict[str, str]) -> None:
    """Add `values` (dict[key -> plain text]) as secrets to ``stacks/Pulumi.<stack>.yaml``.

    Raises:
        InvalidInput: the passphrase is missing or wrong.
        OutsideFailure: the file cannot be written.
    """
    file = session.writable(f"{FOLDER}/Pulumi.{stack}.yaml")
    text = (disk.read(file) or b"").decode()
    document: dict[str, Any] = yaml.safe_load(text) or {}
    salt = document.get("encryptionsalt")
    crypter = stack_crypter(
        str(salt) if salt else None, project=session.project, stack=stack, environ=session.environment
    )
    secure = {key: {"secure": crypter.encrypt(value)} for key, value in values.items()}
    target = document | {"encryptionsalt": crypter.salt, "config": (document.get("config") or {}) | secure}
    edited = _edited(text, document, target, secure)
    if yaml.safe_load(edited) != target:
        raise OutsideFailure.at(
            file,
            "stack-file",
            "the secrets could not be added to this file without damaging it",
            "write its config as a block with one key per line, and run again",
        )
    disk.write(file, edited.encode(), mode=0o644)


def _edited(text: str, document: dict[str, Any], target: dict[str, Any], secure: dict[str, Any]) -> str:
    """`text` with the salt and the values added; comments and order stay."""
    if set(secure) & set(document.get("config") or {}) or ("config" in document and not document["config"]):
        return yaml.safe_dump(target, sort_keys=False)  # a replaced value: rewrite the file
    lines = text.splitlines()
    block = [f"  {line}" for line in yaml.safe_dump(secure, sort_keys=True, width=10_000).splitlines()]
    if "config" in document:
        at = next((index for index, line in enumerate(lines) if line.rstrip() == "config:"), None)
        if at is None:
            return yaml.safe_dump(target, sort_keys=False)
        lines[at + 1 : at + 1] = block
    else:
        lines += ["config:", *block]
    if "encryptionsalt" not in document:
        lines.insert(0, f"encryptionsalt: {target['encryptionsalt']}")
    return "\n".join(lines) + "\n"
