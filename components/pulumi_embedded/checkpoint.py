"""One resource's state, and a stack's checkpoint in the CLI's format, version 3.

The field names and their order are `ResourceV3` of the CLI (``sdk/go/common/apitype/core.go``). An unknown
field is refused by name, because writing the state back would lose it. Only stack traces of registrations
are read and dropped: they cost a kilobyte each, and nothing depends on them.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from pulumi_embedded.errors import InvalidInput, Problem, Refused
from pulumi_embedded.project import CLI_HINT
from pulumi_embedded.sdk import installed_sdk
from pulumi_embedded.secrets import Crypter
from pulumi_embedded.values import CONTAINERS, SECRET, SIGNATURE, Bag, reveal

VERSION: Final = 3
STACK_TYPE: Final = "pulumi:pulumi:Stack"
PROVIDER_PREFIX: Final = "pulumi:providers:"


@dataclass(slots=True, kw_only=True, eq=False)
class State:
    """The recorded state of a resource, compared by identity."""

    urn: str
    type: str
    custom: bool = False
    delete: bool = False
    """The old half of a replacement: to be deleted."""
    id: str = ""
    inputs: Bag = field(default_factory=Bag)
    outputs: Bag = field(default_factory=Bag)
    parent: str = ""
    protect: bool = False
    external: bool = False
    dependencies: tuple[str, ...] = ()
    init_errors: tuple[str, ...] = ()
    provider: str = ""
    """``<urn>::<id>`` of the provider."""
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    pending_replacement: bool = False
    """Deleted in order to be replaced, and not created again yet."""
    additional_secret_outputs: tuple[str, ...] = ()
    custom_timeouts: dict[str, float] | None = None
    import_id: str = ""
    retain_on_delete: bool = False
    deleted_with: str = ""
    created: str = ""
    modified: str = ""
    """Times as RFC 3339."""
    source_position: str = ""
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    hide_diff: tuple[str, ...] = ()
    alias: str = ""
    """Its URN in the state before this run, if different; never written."""
    recorded: dict[str, Any] | None = None
    """Its unchanged form in the checkpoint, if any."""

    @property
    def name(self) -> str:
        """Last part of the URN."""
        return self.urn.rsplit("::", 1)[-1]

    @property
    def is_provider(self) -> bool:
        """Return whether this is a provider's own record."""
        return self.type.startswith(PROVIDER_PREFIX)

    def copy(self, **changes: Any) -> "State":
        """Return another state with some fields changed."""
        return replace(self, **{"recorded": None, **changes})

    def references(self, *, parent: bool = True) -> set[str]:
        """Return the URNs it depends on: dependencies, provider, deleted-with and, if asked, its parent."""
        urns = {*self.dependencies, *(urn for deps in self.property_dependencies.values() for urn in deps)}
        if self.provider:
            urns.add(provider_urn(self.provider))
        if self.deleted_with:
            urns.add(self.deleted_with)
        if parent and self.parent:
            urns.add(self.parent)
        return urns


_PLAIN: Final[dict[str, tuple[str, type]]] = {
    "custom": ("custom", bool),
    "delete": ("delete", bool),
    "id": ("id", str),
    "type": ("type", str),
    "parent": ("parent", str),
    "protect": ("protect", bool),
    "external": ("external", bool),
    "dependencies": ("dependencies", tuple),
    "initErrors": ("init_errors", tuple),
    "provider": ("provider", str),
    "propertyDependencies": ("property_dependencies", dict),
    "pendingReplacement": ("pending_replacement", bool),
    "additionalSecretOutputs": ("additional_secret_outputs", tuple),
    "customTimeouts": ("custom_timeouts", dict),
    "importID": ("import_id", str),
    "retainOnDelete": ("retain_on_delete", bool),
    "deletedWith": ("deleted_with", str),
    "created": ("created", str),
    "modified": ("modified", str),
    "sourcePosition": ("source_position", str),
    "ignoreChanges": ("ignore_changes", tuple),
    "hideDiff": ("hide_diff", tuple),
    "replaceOnChanges": ("replace_on_changes", tuple),
}
"""dict[name in the file -> (attribute, type)]; a tuple is of texts, and a list in the file."""
_DAMAGE: Final = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What reading a document of another form raises."""
_SEPARATORS: Final = 3
"""Least number of ``::`` in a URN."""
_KNOWN: Final = frozenset({"urn", "inputs", "outputs", "stackTrace", *_PLAIN})

_CIPHERTEXT: Final = re.compile(rf'"{SIGNATURE}":\s*"{SECRET}",\s*"ciphertext":\s*"([^"]*)"'.encode())
"""A secret, as the CLI writes it too; a value of any resource may be named ``ciphertext``."""
_URN: Final = re.compile(rb'"urn":\s*"([^"]*)"')


def provider_urn(reference: str) -> str:
    """Return the URN of a provider reference."""
    return reference.rpartition("::")[0]


def now() -> str:
    """Return the time in the checkpoints' format."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def serialize(state: State, crypter: Crypter) -> dict[str, Any]:
    """Write a state as `ResourceV3`, secrets encrypted."""
    if state.recorded is not None:
        return state.recorded
    document: dict[str, Any] = {"urn": state.urn}
    for name, (attribute, kind) in _PLAIN.items():
        value = getattr(state, attribute)
        if value or name in {"custom", "type"}:
            document[name] = list(value) if kind is tuple else value
        if name == "type":
            for bag in ("inputs", "outputs"):
                if data := getattr(state, bag).data:
                    document[bag] = seal(data, crypter)
    state.recorded = document
    return document


def deserialize(document: Mapping[str, Any], crypter: Crypter | None) -> State:
    """Read a `ResourceV3`; its secrets are decrypted when first looked at.

    Raises:
        Refused: it has a field that this engine does not know.
        ValueError: its URN or a field is malformed.
    """
    unknown = sorted(document.keys() - _KNOWN)
    if unknown:
        raise Refused(
            Problem(
                path=str(document.get("urn", "")),
                problem=f"the state uses {', '.join(unknown)}, which the embedded engine does not handle",
                hint=CLI_HINT,
                code="unsupported",
            )
        )
    fields = {
        attribute: _field(document[name], kind)
        for name, (attribute, kind) in _PLAIN.items()
        if name in document
    }
    urn = _field(document["urn"], str)
    if urn.count("::") < _SEPARATORS:
        raise ValueError(urn)
    recorded = {name: value for name, value in document.items() if name != "stackTrace"}
    return State(
        urn=urn,
        inputs=Bag(load=_opener(urn, document.get("inputs"), crypter)),
        outputs=Bag(load=_opener(urn, document.get("outputs"), crypter)),
        recorded=recorded,
        **fields,
    )


def _field(value: Any, kind: type) -> Any:
    """A field's value; null is what the Go engine writes for some that are empty."""
    if kind is tuple:
        return tuple(_field(item, str) for item in _field(value, list))
    if value is not None and type(value) is not kind:
        raise ValueError(f"{type(value).__name__} in place of {kind.__name__}")
    return value


def _opener(urn: str, data: Any, crypter: Crypter | None) -> Callable[[], dict[str, Any]]:
    _field(data, dict)

    def load() -> dict[str, Any]:
        try:
            return dict(unseal(data or {}, crypter))
        except _DAMAGE as error:
            problem = "a value in the state of this resource is damaged"
            hint = "restore the checkpoint from its .bak or from the newest file in .pulumi/backups"
            raise InvalidInput(
                Problem(path=urn, problem=problem, hint=hint, code="checkpoint-damaged")
            ) from error

    return load


def seal(value: Any, crypter: Crypter) -> Any:
    """Encrypt the secrets in a value; keys are put in order."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            text = json.dumps(
                reveal(value["value"]), separators=(",", ":"), ensure_ascii=False, sort_keys=True
            )
            return {SIGNATURE: SECRET, "ciphertext": crypter.encrypt(text)}
        return {key: seal(value[key], crypter) for key in sorted(value)}
    return [seal(item, crypter) for item in value] if isinstance(value, list) else value


def unseal(value: Any, crypter: Crypter | None) -> Any:
    """Decrypt the secrets in a value."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return {SIGNATURE: SECRET, "value": _unseal_one(value, crypter)}
        return {
            key: unseal(item, crypter) if type(item) in CONTAINERS else item for key, item in value.items()
        }
    return [unseal(item, crypter) for item in value] if isinstance(value, list) else value


def _unseal_one(value: Mapping[str, Any], crypter: Crypter | None) -> Any:
    if "plaintext" in value:
        return _flat(json.loads(value["plaintext"]))
    if crypter is None:
        raise InvalidInput(
            Problem(
                problem="the state holds secrets, but no salt to decrypt them with",
                hint="restore the encryptionsalt line of the stack file",
                code="bad-salt",
            )
        )
    return _flat(json.loads(crypter.decrypt(value["ciphertext"])))


def _flat(value: Any) -> Any:
    """Remove the marks of secrets inside a secret: the outer mark covers them."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return _flat(json.loads(value["ciphertext"]))
        return {key: _flat(item) for key, item in value.items()}
    return [_flat(item) for item in value] if isinstance(value, list) else value


@dataclass(slots=True, kw_only=True)
class Pending:
    """An operation that was begun and whose outcome is unknown."""

    type: str
    """``creating updating deleting reading importing``."""
    resource: State


@dataclass(slots=True, kw_only=True)
class Checkpoint:
    """A stack's state."""

    resources: list[State] = field(default_factory=list)
    """In order: each after the resources that it needs."""
    pending: list[Pending] = field(default_factory=list)
    salt: str = ""
    """The ``encryptionsalt`` that its secrets are encrypted under."""
    metadata: dict[str, Any] = field(default_factory=dict)


def write(checkpoint: Checkpoint, stack: str, crypter: Crypter) -> bytes:
    """Spell a checkpoint as the CLI's file.

    Args:
        checkpoint: The checkpoint.
        stack: ``organization/<project>/<stack>``.
        crypter: Encrypts its secrets.
    """
    engine = f"v{installed_sdk()}"
    latest: dict[str, Any] = {
        "manifest": {"time": now(), "magic": sha256(engine.encode()).hexdigest(), "version": engine},
        "secrets_providers": {"type": "passphrase", "state": {"salt": crypter.salt}},
    }
    if checkpoint.resources:
        latest["resources"] = [serialize(state, crypter) for state in checkpoint.resources]
    if checkpoint.pending:
        latest["pending_operations"] = [
            {"resource": serialize(item.resource, crypter), "type": item.type} for item in checkpoint.pending
        ]
    latest["metadata"] = checkpoint.metadata
    document = {"version": VERSION, "checkpoint": {"stack": stack, "latest": latest}}
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def read(content: bytes, where: str, crypter_for: Callable[[str], Crypter | None]) -> Checkpoint:
    """Read the CLI's file.

    Args:
        content: The file's bytes.
        where: Its path, for messages.
        crypter_for: Returns the crypter that goes with a salt.

    Raises:
        InvalidInput: the file is damaged.
        Refused: it is of another version or uses what this engine does not do.
    """
    try:
        document = json.loads(content)
        if document["version"] == VERSION:
            return _latest(document["checkpoint"].get("latest") or {}, where, crypter_for)
        version, features = document["version"], ", ".join(document.get("features") or [])
    except _DAMAGE as error:
        raise _damaged(where) from error
    problem = f"the checkpoint is of version {version} ({features or 'unnamed features'}), not of version 3"
    raise Refused(Problem(where=where, problem=problem, hint=CLI_HINT, code="checkpoint-version"))


def check_secrets(content: bytes, where: str, crypter: Crypter) -> None:
    """Verify that each secret of a checkpoint or journal can be decrypted.

    Raises:
        InvalidInput: one cannot; with the URN of its resource.
    """
    for ciphertext in _CIPHERTEXT.finditer(content):
        try:
            crypter.decrypt(ciphertext[1].decode())
        except (InvalidInput, ValueError) as error:
            named = [*_URN.finditer(content, 0, ciphertext.start())]
            urn = named[-1][1].decode(errors="replace") if named else ""
            raise InvalidInput(
                Problem(
                    where=where,
                    path=urn,
                    problem="a secret cannot be decrypted with this stack's passphrase: it is damaged",
                    hint="restore the stack file and the state from the same backup; they belong together",
                    code="secret-damaged",
                )
            ) from error


def _latest(
    latest: Mapping[str, Any], where: str, crypter_for: Callable[[str], Crypter | None]
) -> Checkpoint:
    secrets = latest.get("secrets_providers") or {}
    if secrets and secrets.get("type") != "passphrase":
        problem = f"its secrets are kept by {secrets.get('type')}, not by a passphrase"
        raise Refused(Problem(where=where, problem=problem, hint=CLI_HINT, code="unsupported"))
    for name in ("snippets", "extensions"):
        if latest.get(name):
            problem = f"the checkpoint has {name}, which the embedded engine does not handle"
            raise Refused(Problem(where=where, problem=problem, hint=CLI_HINT, code="unsupported"))
    salt = _field((secrets.get("state") or {}).get("salt", ""), str)
    crypter = crypter_for(salt) if salt else None
    return Checkpoint(
        resources=[deserialize(item, crypter) for item in latest.get("resources") or []],
        pending=[
            Pending(type=_field(item["type"], str), resource=deserialize(item["resource"], crypter))
            for item in latest.get("pending_operations") or []
        ],
        salt=salt,
        metadata=_field(latest.get("metadata"), dict) or {},
    )


def _damaged(where: str) -> InvalidInput:
    return InvalidInput(
        Problem(
            where=where,
            problem="the checkpoint is damaged",
            hint=f"restore it from {where}.bak or from the newest file in .pulumi/backups",
            code="checkpoint-damaged",
        )
    )
