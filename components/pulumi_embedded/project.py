"""The settings of a run: Pulumi.yaml, the stack's file, and the location of the state.

Whatever it finds that this engine does not do is refused by name, so that a run never means less than it
states.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import yaml

from pulumi_embedded.errors import InvalidInput, OutsideFailure, Problem, Refused
from pulumi_embedded.secrets import Crypter

_PROJECT_KEYS = frozenset(
    {
        *("name", "description", "runtime", "main", "stackConfigDir", "backend", "plugins"),
        *("author", "website", "license", "template"),
    }
)
_STACK_KEYS = frozenset({"config", "encryptionsalt", "secretsprovider"})
_PLUGINS = {"analyzers": "the policy pack", "languages": "the language host"}
_BACKEND_VARIABLE = "PULUMI_BACKEND_URL"
_NAME = re.compile(r"(?!\.)[A-Za-z0-9_.-]{1,100}")
"""A project or a stack, as the CLI has it (pkg ``tokens``); here no name begins with a dot, either."""
_TAG_ERRORS = (ValueError, LookupError, AttributeError, TypeError, RecursionError)
"""What PyYAML raises besides `YAMLError`, for ``!!timestamp soon`` and ``!!bool 2`` for example."""
PROJECT_HINT = "run this in a project's folder"
CLI_HINT = "use the Pulumi CLI for this stack"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A Pulumi project with its state in a directory."""

    name: str
    root: Path
    """Folder of Pulumi.yaml."""
    program: Path
    """Folder or file of the program."""
    stacks: Path
    """Folder of the stacks' files."""
    state: Path
    """The ``.pulumi`` folder."""
    providers: tuple[str, ...] = ()
    """Packages whose provider Pulumi.yaml declares under ``plugins``."""

    def require_hosted(self, packages: Collection[str]) -> None:
        """Refuse a project that declares other providers than those.

        Raises:
            Refused: by name.
        """
        path = self.root / "Pulumi.yaml"
        problems = [
            _unhandled(
                path, "plugins.providers", f"the provider {name!r} is not one the embedded engine hosts"
            )
            for name in self.providers
            if name not in packages
        ]
        if problems:
            raise Refused(problems)

    @property
    def folder(self) -> Path:
        """Folder of the program: it works there, and the providers too, as with the CLI."""
        return self.program if self.program.is_dir() else self.program.parent

    def stack_file(self, stack: str) -> Path:
        """Return the path of a stack's configuration."""
        return self.stacks / f"Pulumi.{stack}.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A stack's configuration for the program."""

    values: dict[str, str] = field(default_factory=dict, repr=False)
    """``namespace:key`` -> text; objects are JSON."""
    secrets: frozenset[str] = frozenset()
    """Keys whose value is secret."""
    recorded: dict[str, Any] = field(default_factory=dict, repr=False)
    """As written in the file, for the history; secrets encrypted."""

    def masked(self) -> dict[str, str]:
        """Return the values with the secret ones hidden, for the first event of a run."""
        return {key: "[secret]" if key in self.secrets else value for key, value in self.values.items()}

    def package(self, name: str) -> dict[str, Any]:
        """Return the configuration of a package's default provider: key -> (text, is secret)."""
        prefix = f"{name}:"
        return {
            key.removeprefix(prefix): (value, key in self.secrets)
            for key, value in self.values.items()
            if key.startswith(prefix)
        }


def open_project(root: Path, environ: Mapping[str, str]) -> Project:
    """Read Pulumi.yaml.

    Args:
        root: Folder of Pulumi.yaml.
        environ: The process's environment; the CLI's variables are honoured or refused.

    Raises:
        InvalidInput: there is no project, or it is not one of Python.
        Refused: its state is elsewhere, or it uses an unsupported feature.
    """
    root = root.resolve()
    path = root / "Pulumi.yaml"
    document = _read_yaml(path, PROJECT_HINT)
    _refuse_unknown(document, _PROJECT_KEYS, path)
    name = document.get("name")
    if not isinstance(name, str) or not name:
        raise InvalidInput(
            Problem(where=str(path), path="name", problem="missing", hint="give the project a name")
        )
    check_name(name, "project", where=str(path))
    _check_runtime(document.get("runtime"), path)
    program = root / str(document.get("main", "."))
    if not program.exists():
        problem = f"{program} does not exist"
        raise InvalidInput(
            Problem(where=str(path), path="main", problem=problem, hint="name the program's folder")
        )
    return Project(
        name=name,
        root=root,
        program=program,
        stacks=root / str(document.get("stackConfigDir", ".")),
        state=_state_folder(root, document, environ) / ".pulumi",
        providers=_providers(document.get("plugins") or {}, path),
    )


def check_name(name: str, kind: Literal["project", "stack"], *, where: str = "") -> None:
    """Refuse a name that is not the CLI's kind of name: files of the state are named by it.

    Raises:
        InvalidInput: it is not.
    """
    if not _NAME.fullmatch(name):
        hint = "use at most 100 letters, digits, -, _ and ., not a . at the start"
        problem = f"{name!r} is not a {kind}'s name"
        raise InvalidInput(Problem(where=where, problem=problem, hint=hint, code=f"{kind}-name"))


def _check_runtime(runtime: Any, path: Path) -> None:
    name = runtime.get("name") if isinstance(runtime, dict) else runtime
    if name != "python":
        raise _refused(path, "runtime.name", f"{name!r} is not Python")
    options = runtime.get("options") if isinstance(runtime, dict) else None
    if isinstance(options, dict) and options.get("typechecker") not in (None, "none"):
        raise _refused(path, "runtime.options.typechecker", "the embedded engine checks no types")


def _providers(plugins: Any, path: Path) -> tuple[str, ...]:
    """Return the packages that have a provider of the project's own; refuse all else that is plugged in."""
    if not isinstance(plugins, dict):
        raise InvalidInput(
            Problem(where=str(path), path="plugins", problem="is not a mapping", hint="write keys and values")
        )
    problems = [
        _unhandled(path, f"plugins.{kind}", f"{_PLUGINS.get(kind, 'a plugin')} {name!r} has no effect")
        for kind, entries in plugins.items()
        if kind != "providers"
        for name in _names(entries)
    ]
    if problems:
        raise Refused(problems)
    return tuple(_names(plugins.get("providers")))


def _names(plugins: Any) -> list[str]:
    found = plugins if isinstance(plugins, list) else []
    return [str(plugin.get("name", "")) if isinstance(plugin, dict) else str(plugin) for plugin in found]


def stack_document(project: Project, stack: str) -> dict[str, Any]:
    """Read a stack's file; a missing one is empty, as for the CLI.

    Raises:
        InvalidInput: the file is not YAML, or the name is not a stack's.
        Refused: it uses what this engine does not do.
    """
    check_name(stack, "stack")
    path = project.stack_file(stack)
    if not path.exists():
        return {}
    document = _read_yaml(path, "")
    _refuse_unknown(document, _STACK_KEYS, path)
    provider = document.get("secretsprovider") or "passphrase"
    if provider != "passphrase":
        raise _refused(path, "secretsprovider", f"secrets are kept by {provider}, not by a passphrase")
    return document


def load_config(document: Mapping[str, Any], project: Project, crypter: Crypter | None) -> Config:
    """Turn a stack's file into the program's configuration.

    Args:
        document: From `stack_document`.
        project: Its name is the namespace of keys without one.
        crypter: Decrypts ``secure:`` values; needed only if there are any.

    Raises:
        InvalidInput: a secret cannot be decrypted, or a value is not one that JSON has.
    """
    values: dict[str, str] = {}
    secrets: set[str] = set()
    recorded: dict[str, Any] = {}
    try:
        for raw, value in (document.get("config") or {}).items():
            key = raw if ":" in str(raw) else f"{project.name}:{raw}"
            plain, is_secret = _decrypt(value, crypter)
            values[key] = plain if isinstance(plain, str) else json.dumps(plain, separators=(",", ":"))
            recorded[key] = _recorded(value, is_secret=is_secret)
            if is_secret:
                secrets.add(key)
    except (AttributeError, TypeError, ValueError, RecursionError) as error:
        problem = "the configuration in the stack file is not a mapping of plain values"
        hint = "write texts, numbers, lists and mappings; quote dates"
        raise InvalidInput(Problem(path="config", problem=problem, hint=hint, code="config")) from error
    return Config(values=values, secrets=frozenset(secrets), recorded=recorded)


def _recorded(value: Any, *, is_secret: bool) -> Any:
    """Write a value in the form of the CLI's history."""
    if isinstance(value, dict) and set(value) == {"secure"}:
        return value
    if isinstance(value, dict | list):
        return {"string": json.dumps(value, separators=(",", ":")), "secret": is_secret, "object": True}
    return value if isinstance(value, str) else json.dumps(value)


def _decrypt(value: Any, crypter: Crypter | None) -> tuple[Any, bool]:
    """Return a configuration value in clear, and whether any of it was secret."""
    if isinstance(value, dict):
        if set(value) == {"secure"} and isinstance(value["secure"], str):
            if crypter is None:
                raise InvalidInput(
                    Problem(
                        problem="the stack file has secure values but no encryptionsalt",
                        hint="restore the encryptionsalt line",
                        code="bad-salt",
                    )
                )
            return crypter.decrypt(value["secure"]), True
        items = {key: _decrypt(item, crypter) for key, item in value.items()}
        return {key: item for key, (item, _) in items.items()}, any(flag for _, flag in items.values())
    if isinstance(value, list):
        pairs = [_decrypt(item, crypter) for item in value]
        return [item for item, _ in pairs], any(flag for _, flag in pairs)
    return value, False


def _state_folder(root: Path, document: Mapping[str, Any], environ: Mapping[str, str]) -> Path:
    """Find the folder that holds ``.pulumi``; every other kind of backend is refused by name."""
    backend = document.get("backend")
    declared = backend.get("url") if isinstance(backend, dict) else None
    chosen = environ.get(_BACKEND_VARIABLE)
    if not declared and not chosen:
        return _logged_in(root, environ)
    folder = _file_url(str(declared), root, "backend.url of Pulumi.yaml") if declared else None
    if chosen:
        other = _file_url(chosen, root, _BACKEND_VARIABLE)
        if folder is not None and other != folder:
            raise Refused(
                Problem(
                    problem=f"{_BACKEND_VARIABLE} is {chosen}, but Pulumi.yaml's backend is {declared}",
                    hint="unset the variable or change backend.url: a stack has one state",
                    code="backend",
                )
            )
        folder = other
    assert folder is not None  # noqa: S101 - one of the two was given
    return folder


def _logged_in(root: Path, environ: Mapping[str, str]) -> Path:
    """Find the folder that the CLI is logged in to, its default."""
    home = Path(environ.get("HOME") or Path.home())
    folder = environ.get("PULUMI_CREDENTIALS_PATH") or environ.get("PULUMI_HOME") or home / ".pulumi"
    path = Path(folder) / "credentials.json"
    try:
        url = json.loads(path.read_text()).get("current")
    except FileNotFoundError:
        url = None
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise InvalidInput(
            Problem(
                where=str(path),
                problem="the login of the Pulumi CLI cannot be read",
                hint="declare the backend in Pulumi.yaml (`backend: {url: 'file://.'}`), or log in again",
                code="backend",
            )
        ) from error
    if not url:
        raise Refused(
            Problem(
                where=str(root / "Pulumi.yaml"),
                path="backend.url",
                problem=(
                    "no backend is declared and the CLI is logged in to none: the location of the "
                    "state is unknown"
                ),
                hint="declare one: `backend: {url: 'file://.'}`",
                code="backend",
            )
        )
    return _file_url(str(url), root, f"Pulumi.yaml declares no backend, and the login in {path}")


def _file_url(url: str, root: Path, named: str) -> Path:
    """Return the folder of a ``file:`` address."""
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.query:
        shown = f"{parts.scheme}://{parts.hostname or ''}" if parts.scheme != "file" else url
        raise Refused(
            Problem(
                problem=f"{named} is {shown}: the embedded engine keeps state in a directory only",
                hint=CLI_HINT,
                code="backend",
            )
        )
    path = Path(url.removeprefix("file://")).expanduser()
    return (path if path.is_absolute() else root / path).resolve()


def _read_yaml(path: Path, hint: str) -> dict[str, Any]:
    try:
        document = yaml.safe_load(path.read_text()) or {}
    except FileNotFoundError as error:
        problem = Problem(where=str(path), problem="there is no such file", hint=hint, code="no-project")
        raise InvalidInput(problem) from error
    except OSError as error:
        problem = Problem(
            where=str(path), problem=f"cannot be read: {error.strerror}", hint="make it readable"
        )
        raise OutsideFailure(problem) from error
    except (yaml.YAMLError, *_TAG_ERRORS) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise InvalidInput(Problem(where=where, problem="is not YAML", hint="fix the syntax")) from error
    if not isinstance(document, dict):
        raise InvalidInput(Problem(where=str(path), problem="is not a mapping", hint="write keys and values"))
    return document


def _refuse_unknown(document: Mapping[str, Any], supported: frozenset[str], path: Path) -> None:
    problems = [
        Problem(
            where=str(path),
            path=str(key),
            problem="the embedded engine does not handle this setting",
            hint=CLI_HINT,
            code="unsupported",
        )
        for key in document
        if key not in supported
    ]
    if problems:
        raise Refused(problems)


def _refused(path: Path, at: str, problem: str) -> Refused:
    return Refused(_unhandled(path, at, problem))


def _unhandled(path: Path, at: str, problem: str) -> Problem:
    return Problem(where=str(path), path=at, problem=problem, hint=CLI_HINT, code="unsupported")
