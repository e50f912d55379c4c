"""A stack's configuration and passphrase, in the CLI's format, read without starting an engine.

Importing an engine takes a second, importing this a tenth of one.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from edgefleet.engine.errors import translated
from pulumi_embedded.project import load_config, open_project, stack_document
from pulumi_embedded.secrets import Crypter, find_passphrase, new_salt, open_salt

PASSPHRASE_VARIABLES: Final = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")
PASSPHRASE_FILE: Final = ".edgefleet/passphrase"  # noqa: S105 - the name of the file
"""File of the passphrase that `edgefleet init` generates, relative to the project."""


def with_passphrase(environ: Mapping[str, str], project: Path) -> dict[str, str]:
    """Return the environment `environ`; if it has no passphrase, with the project's own file."""
    variables = dict(environ)
    file = project / PASSPHRASE_FILE
    if not variables.keys() & set(PASSPHRASE_VARIABLES) and file.exists():
        variables["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(file.resolve())
    return variables


def empty_passphrase(project: Path, environ: Mapping[str, str]) -> str:
    """What is wrong where the passphrase of a project's stacks is empty; else empty."""
    variables = with_passphrase(environ, project)
    if not variables.keys() & set(PASSPHRASE_VARIABLES) or find_passphrase(variables):
        return ""
    return "the passphrase of this stack is empty: its files alone open every secret of the fleet"


def read_configuration(project: Path, stack: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return a stack's configuration with its secrets in clear: ``namespace:key`` -> text, objects as JSON.

    Raises:
        InvalidInput: the passphrase is missing or wrong, or a file is damaged.
        Refused: the secrets are not encrypted with a passphrase.
    """
    with translated(stack):
        opened = open_project(project, environ)
        document = stack_document(opened, stack)
        salt = document.get("encryptionsalt")
        crypter = open_salt(_passphrase(project, environ), str(salt)) if salt else None
        return load_config(document, opened, crypter).values


def stack_crypter(salt: str | None, *, project: Path, stack: str, environ: Mapping[str, str]) -> Crypter:
    """Return the crypter of a stack's secrets; `salt` is the stack file's, None for a new one.

    Raises:
        InvalidInput: the passphrase is missing or wrong.
    """
    with translated(stack):
        passphrase = _passphrase(project, environ)
        return open_salt(passphrase, salt) if salt else new_salt(passphrase)


def _passphrase(project: Path, environ: Mapping[str, str]) -> str:
    return find_passphrase(with_passphrase(environ, project))
