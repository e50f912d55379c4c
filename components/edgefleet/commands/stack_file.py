"""Writing secrets into a stack's configuration as the Pulumi CLI would, keeping all else as it is."""

from typing import Any

import yaml

from edgefleet.commands.session import Session
from edgefleet.commands.stack import FOLDER
from edgefleet.errors import OutsideFailure, Problem


def write(session: Session, stack: str, values: dict[str, str]) -> None:
    """Add `values` (dict[key -> plain text]) as secrets to ``stacks/Pulumi.<stack>.yaml``.

    Raises:
        InvalidInput: the passphrase is missing or wrong.
        OutsideFailure: the file cannot be written.
    """
    from edgefleet.engine.configuration import stack_crypter
    from edgefleet.io import disk

    file = session.project / FOLDER / f"Pulumi.{stack}.yaml"
    text = (disk.read(file) or b"").decode()
    document: dict[str, Any] = yaml.safe_load(text) or {}
    salt = document.get("encryptionsalt")
    crypter = stack_crypter(
        str(salt) if salt else None, project=session.project, stack=stack, environ=session.environment
    )
    secure = {key: {"secure": crypter.encrypt(value)} for key, value in values.items()}
    wanted = document | {"encryptionsalt": crypter.salt, "config": (document.get("config") or {}) | secure}
    edited = _edited(text, document, wanted, secure)
    if yaml.safe_load(edited) != wanted:
        raise OutsideFailure(
            Problem(
                code="stack-file",
                where=str(file),
                problem="the secrets could not be added to this file without harming it",
                hint="write its config as a block, one key a line, and run again",
            )
        )
    disk.write(file, edited.encode(), mode=0o644)


def _edited(text: str, document: dict[str, Any], wanted: dict[str, Any], secure: dict[str, Any]) -> str:
    """`text` with the salt and the values added; comments and order stay."""
    if set(secure) & set(document.get("config") or {}) or ("config" in document and not document["config"]):
        return yaml.safe_dump(wanted, sort_keys=False)  # something is replaced, so the file is written anew
    lines = text.splitlines()
    block = [f"  {line}" for line in yaml.safe_dump(secure, sort_keys=True, width=10_000).splitlines()]
    if "config" in document:
        at = next((index for index, line in enumerate(lines) if line.rstrip() == "config:"), None)
        if at is None:
            return yaml.safe_dump(wanted, sort_keys=False)
        lines[at + 1 : at + 1] = block
    else:
        lines += ["config:", *block]
    if "encryptionsalt" not in document:
        lines.insert(0, f"encryptionsalt: {wanted['encryptionsalt']}")
    return "\n".join(lines) + "\n"
