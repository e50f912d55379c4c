"""`edgefleet init`: write the fleet secret of a stack, once.

The secret is 32 random bytes that every credential of the fleet's sites is derived from. It goes into the
stack's configuration, encrypted the way the Pulumi CLI does it with a passphrase, so that either engine
reads it. A secret that is there is never replaced: all sites would get new credentials.
"""

import json
import secrets as randomness
from base64 import b64encode
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from edgefleet.commands import options
from edgefleet.commands import secrets as stack_secrets
from edgefleet.commands.emulator import is_emulated
from edgefleet.commands.screen import remark
from edgefleet.commands.session import Session, session_of
from edgefleet.commands.stack import load
from edgefleet.engine.configuration import PASSPHRASE_FILE, PASSPHRASE_VARIABLES, empty_passphrase
from edgefleet.errors import InvalidInput, Problem, Refused
from edgefleet.fleetfile.fleet import Fleet
from edgefleet.fleetfile.hub_secrets import hub_references
from edgefleet.io import disk
from edgefleet.model.site_resource import passphrase
from edgefleet.model.stack_secrets import Reference, references

WIFI, WORKLOADS = "passphrase", "workloads"
LARGEST = 65_536
"""Bytes of a file with a secret."""
WORDS = 24
"""Bytes of randomness in a generated passphrase."""


def command(
    context: typer.Context,
    *,
    stack: options.Stack,
    if_missing: Annotated[
        bool, typer.Option("--if-missing", help="Succeed if there is one already.")
    ] = False,
    passphrase: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[=FILE]",
            help="Also set the Wi-Fi passphrase or other secret NAME: from FILE, else prompted for, or from "
            "stdin, where each of several is one line.",
        ),
    ] = None,
) -> None:
    """Write the fleet secret of a stack, once.

    The secret goes into stacks/Pulumi.STACK.yaml, encrypted. An existing one is never replaced.
    """
    initialise(session_of(context), stack, if_missing=if_missing, passphrases=passphrase or [])


def initialise(
    session: Session, stack: str, *, if_missing: bool = False, passphrases: Sequence[str] = ()
) -> None:
    """Write the fleet secret of `stack` where there is none, and the passphrases named.

    Raises:
        Refused: there is a fleet secret, and no passphrase is named.
    """
    fleet = load(session.project, stack)
    _provide_passphrase(session)
    stored = stack_secrets.read(session, stack)
    new: dict[str, str] = {}
    if stored.fleet_secret is None:
        new[stack_secrets.FLEET_SECRET] = new_fleet_secret()
    elif not (if_missing or passphrases):
        raise _is_there(stack)
    places = [place for site in fleet.sites.values() for place in references(site)]
    places += hub_references(fleet.hub_workloads)
    kinds = {place.name: place.what for place in places}
    names = [each for each in passphrases if "=" not in each]
    given = {name: _ask(session, kinds.get(name, "secret"), name, len(names)) for name in names}
    given |= dict(map(_read, (each for each in passphrases if "=" in each)))
    _check_given(places, given)
    passphrases_now = stored.passphrases | given
    passphrases_now |= _invented(session, fleet, places, passphrases_now.keys())
    if passphrases_now != stored.passphrases:
        new[stack_secrets.PASSPHRASES] = json.dumps(passphrases_now, sort_keys=True)
    if new:
        _check_passphrase(session, fleet)
        stack_secrets.write(session, stack, new)
        remark(session, f"stacks/Pulumi.{stack}.yaml: wrote {', '.join(sorted(new))}, encrypted")
    missing = {name: what for name, what in sorted(kinds.items()) if name not in passphrases_now}
    _tell_missing(session, stack, missing)


def new_fleet_secret() -> str:
    """32 random bytes in base64."""
    return b64encode(randomness.token_bytes(32)).decode()


def _is_there(stack: str) -> Refused:
    return Refused.at(
        f"stacks/Pulumi.{stack}.yaml",
        "secret-is-there",
        "the stack has a fleet secret; replacing it changes every site's credentials",
        "keep it; --if-missing skips this step; raise keyGeneration to renew one site",
        path=stack_secrets.FLEET_SECRET,
    )


def _provide_passphrase(session: Session) -> None:
    """Generate a passphrase if neither the environment nor the project has one."""
    file = session.writable(PASSPHRASE_FILE)
    if session.environment.keys() & set(PASSPHRASE_VARIABLES) or file.exists():
        return
    disk.write(file, f"{randomness.token_urlsafe(WORDS)}\n".encode())
    remark(
        session,
        f"created {PASSPHRASE_FILE} (0600): it opens this project's secrets; keep a copy, "
        "outside version control. PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE overrides it.",
    )


def _check_passphrase(session: Session, fleet: Fleet) -> None:
    """Refuse to encrypt the secrets of real sites with an empty passphrase; of emulated ones, warn."""
    problem = empty_passphrase(session.project, session.environment)
    if problem and not is_emulated(fleet):
        hint = "set a passphrase, or unset the variable and run edgefleet init again, which generates one"
        raise Refused.at("PULUMI_CONFIG_PASSPHRASE", "empty-passphrase", problem, hint)
    if problem:
        remark(session, f"warning: {problem}")


def _check_given(places: Sequence[Reference], given: Mapping[str, str]) -> None:
    """Refuse secrets that are not what stands in their places."""
    wrong = {name: passphrase for name, text in given.items() if not passphrase.accepts(text)}
    for place in places:
        if place.name in given and not place.grammar.accepts(given[place.name]):
            wrong[place.name] = place.grammar
    if wrong:
        raise InvalidInput(
            Problem(
                code="bad-passphrase",
                path=name,
                problem=f"this is not {grammar.what}",
                hint=f"{grammar.hint}; enter it again",
            )
            for name, grammar in sorted(wrong.items())
        )


def _ask(session: Session, what: str, name: str, count: int) -> str:
    """The secret `name`, one of `count`; a single one is all that stdin has."""
    if session.is_interactive:
        return str(typer.prompt(f"{what} {name}", hide_input=True, err=True))
    return _lines(session.stdin.readline() if count > 1 else session.stdin.read())


def _read(given: str) -> tuple[str, str]:
    """(name, secret) of ``NAME=FILE``.

    Raises:
        InvalidInput: the file does not exist, or is no text.
    """
    name, _, file = given.partition("=")
    data = disk.read(Path(file), limit=LARGEST)
    try:
        text = None if data is None else data.decode()
    except UnicodeDecodeError:
        text = None
    if text is None:
        raise InvalidInput.at(file, "no-secret", "is no file with text", "write --passphrase NAME=FILE")
    return name, _lines(text)


def _lines(text: str) -> str:
    """`text` without the end of its last line."""
    return text.replace("\r\n", "\n").rstrip("\r\n")


def _invented(
    session: Session, fleet: Fleet, places: Sequence[Reference], known: Collection[str]
) -> dict[str, str]:
    """Generated secrets of Wi-Fi and workloads, for a fleet in the emulated cloud to come up unchanged."""
    named = {place.name for place in places if place.path[-1] == WIFI or place.path[0] == WORKLOADS}
    missing = sorted(named.difference(known))
    if not missing or not is_emulated(fleet):
        return {}
    remark(session, f"generated a secret for {', '.join(missing)}, as {fleet.region} is emulated")
    return {name: randomness.token_urlsafe(WORDS) for name in missing}


def _tell_missing(session: Session, stack: str, missing: Mapping[str, str]) -> None:
    """Name what the stack lacks: dict[secret -> what it is]."""
    if missing:
        named = ", ".join(f"{name} ({what})" for name, what in missing.items())
        flags = " ".join(f"--passphrase {name}" for name in missing)
        remark(session, f"secrets are missing: {named}; set them with: edgefleet init -s {stack} {flags}")
